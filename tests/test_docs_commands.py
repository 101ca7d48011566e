"""The documentation's commands, run as they stand in a folder as a reader would have it.

Every block of `sh` or `python` is short (it runs in the usual suite), long (`-m long`), or listed
here with the reason why it cannot run.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from support import graphs
from support.documented import BLOCK, PAGES, REPOSITORY, Block, blocks, readers_folder

ELSEWHERE: dict[str, list[tuple[str, str]]] = {
    "installs from the package registry; the suite itself runs in what `make test` installs": [
        ("README.md", "make colorize"),
        ("README.md", "pip install '.[app]'"),
        ("CONTRIBUTING.md", "make quick"),
        ("docs/batch.md", "pip install"),
        ("docs/integrations.md", "pip install"),
        ("docs/models.md", "pip install '.[cuda]'"),
        ("docs/models.md", "pip install '.[gpu]'"),
        ("docs/paper.md", "pip install"),
        ("docs/server.md", "pip install"),
        ("docs/start/photos.md", "pipx install"),
        ("docs/start/photos.md", "python3 -m venv"),
        ("docs/start/photos.md", "uvx"),
        ("docs/start/programmers.md", "pip install"),
        ("docs/start/researchers.md", "pip install"),
        ("docs/training.md", "pip install"),
        ("docs/video.md", "pip install"),
    ],
    "runs until Ctrl-C; tests/cli/test_serve.py starts and ends it": [
        ("README.md", "photochrom app"),
        ("docs/server.md", "photochrom app"),
        ("docs/server.md", "photochrom serve --root-path"),
        ("docs/start/programmers.md", "photochrom serve"),
    ],
    "runs until Ctrl-C; tests/cli/test_watch.py and tests/batch/test_watch.py start and end it": [
        ("docs/batch.md", "photochrom colorize scans/ -o coloured/ --recursive --watch"),
        ("docs/batch.md", "from pathlib"),
    ],
    "needs a running server; tests/server/test_documented.py runs it": [
        ("docs/server.md", "curl"),
        ("docs/server.md", "from pathlib"),
        ("docs/server.md", "import httpx2"),
    ],
    "needs the internet: models, weights or photos that others publish": [
        ("docs/data.md", "photochrom data unsplash"),
        ("docs/models.md", "photochrom models pull"),
        ("docs/repair.md", "photochrom models pull"),
        ("docs/models.md", "make compare"),
        ("docs/models.md", "photochrom colorize photo.jpg --model ddcolor:0.7"),
        ("docs/models.md", "photochrom models convert eccv16"),
        ("docs/training.md", "git clone https://github.com/daniela997/FilmDamageSimulator"),
        ("docs/training.md", "photochrom train configs/damage.toml"),
        ("docs/training.md", "photochrom export out/damage/latest"),
        ("docs/training.md", "photochrom train configs/koala.toml --set 'embedder.model="),
        ("docs/training.md", "photochrom train configs/photochrom.toml --set data.stream=true"),
    ],
    "needs npm; tests/site builds one and opens it": [
        ("docs/site.md", "photochrom site"),
        ("docs/site.md", "python3 -m http.server"),
    ],
    "needs a dozen decoders, npm packages and compilers": [
        ("docs/reversible.md", "python benchmarks/jpeg_decoders.py"),
    ],
    "needs clones of repositories; tests/workshop/data/test_gather.py makes some": [
        ("docs/data.md", "photochrom data gather"),
    ],
    "needs a container engine; tests/integrations/test_container.py runs its command without": [
        ("docs/integrations.md", "podman"),
    ],
    "needs an object store and a cluster; tests/batch/test_cluster.py has imitations": [
        ("docs/batch.md", "photochrom colorize s3://"),
    ],
    "needs the photos whose things are outlined, of which the repository has three": [
        ("docs/hints.md", "python benchmarks/strokes.py"),
    ],
    "needs clones of the repositories that benchmarks/reference_pairs.csv names": [
        ("docs/references.md", "python benchmarks/reference.py"),
    ],
    "needs film clips that others publish": [
        ("docs/video.md", "python benchmarks/video.py --clips"),
        ("docs/video.md", "python benchmarks/video.py --speed"),
    ],
    "takes a quarter of an hour": [
        ("docs/video.md", "python benchmarks/video_memory.py"),
    ],
    "needs several GPUs or machines": [
        ("docs/training.md", "torchrun --standalone"),
        ("docs/training.md", "torchrun --nnodes"),
        ("docs/training.md", "srun"),
        ("docs/training.md", "from ray.train"),
    ],
    "a template: CONFIG and NAME stand for a run of the reader's": [
        ("docs/training.md", "photochrom train CONFIG"),
    ],
    "needs whole runs of all networks: an hour and a half on two cores": [
        ("docs/paper.md", "python benchmarks/tutorial_pictures.py"),
        ("docs/results.md", "runs/paper.sh"),
    ],
    "a record of runs on photos that are not in the repository": [
        ("docs/training-log.md", ""),
    ],
}
LONG: dict[str, list[str]] = {
    "docs/add-your-model.md": ["photochrom evaluate"],
    "docs/data.md": [
        "photochrom data prepare",
        "grep",
        "photochrom data stats",
        "photochrom train",
        "python benchmarks/prepare.py",
    ],
    "docs/evaluation.md": ["photochrom evaluate"],
    "docs/formats.md": ["python benchmarks/tone.py"],
    "docs/hints.md": ["python benchmarks/hints.py"],
    "docs/paper.md": ["photochrom"],
    "docs/quantization.md": ["photochrom", "python benchmarks/quantized.py"],
    "docs/reversible.md": ["python benchmarks/reversible.py"],
    "docs/start/researchers.md": ["photochrom"],
    "docs/video.md": ["python benchmarks/video.py --shots"],
    "docs/training.md": [
        "photochrom train configs/photochrom.toml --set 'data.train",
        "photochrom data embed",
        "photochrom train configs/photochrom.toml --set data.on_demand",
    ],
}
BEFORE = {"docs/training.md": "photochrom data prepare ~/photos out/mine"}
"""What a page's reader has done before."""
LEAVES = {
    "README.md": ["grandmother.color.jpg"],
    "docs/add-your-model.md": ["photo.color.jpg", "out/sepia/report.html"],
    "docs/batch.md": ["coloured/1912/a.color.tif", "coloured/b.color.jpg"],
    "docs/data.md": ["out/mine/manifest.csv", "out/stats.png"],
    "docs/formats.md": ["scan.color.tif", "scan.color.png", "wide.tif"],
    "docs/hints.md": ["grandmother.color.jpg"],
    "docs/integrations.md": [
        "home/.config/darktable/luarc",
        "home/.config/darktable/lua/photochrom.lua",
        "home/.config/fish/completions/photochrom.fish",
        "home/.local/bin/photochrom-files",
        "home/.local/share/kio/servicemenus/photochrom.desktop",
        "home/.local/share/nautilus/scripts/Colour photos",
        "home/.local/share/photochrom/completion.bash",
        "home/.local/share/photochrom/completion.zsh",
    ],
    "docs/models.md": ["lite.jpg", "photo.color.jpg"],
    "docs/paper.md": ["out/square.color.jpg", "out/koala-seen/index.html", "out/unet-sheet.jpg"],
    "docs/presets.md": ["portrait.jpg", "warmer.jpg", "fifties.jpg"],
    "docs/quantization.md": ["small.onnx", "photo.color.jpg"],
    "docs/references.md": ["led.jpg", "coloured/b.color.jpg", "corrected/grandmother.jpg"],
    "docs/repair.md": ["photo.repaired.jpg", "clean.png", "damage.png", "color.png"],
    "docs/reversible.md": ["photo.color.jpg", "photo.gray.jpg"],
    "docs/start/archives.md": ["coloured/photochrom-ledger.sqlite"],
    "docs/start/photos.md": ["bold.jpg", "warm.jpg", "grandmother.variants.jpg"],
    "docs/start/programmers.md": ["photo.color-2.tif", "color.jpg"],
    "docs/start/researchers.md": ["mine.onnx", "photo.color.jpg", "out/report/report.html"],
    "docs/training.md": ["out/photochrom/latest/model.safetensors"],
    "docs/video.md": ["reel.color.mp4", "shots.html", "mine.mkv"],
    "docs/variants.md": ["choice/grandmother.variants.jpg", "blue-dress.jpg", "sure.png"],
}
"""Files that a page's commands leave."""
LANGUAGES = {"sh", "python", "toml", "json", "xml", "js", "bibtex", "nginx", "text"}
BRIEF = " --minutes 0.1 --set loss.prior_photos=8"
"""Makes a training end soon; a checkpoint is written."""

COMMANDS = [block for block in blocks() if block.language in ("sh", "python")]


def is_elsewhere(block: Block) -> bool:
    return any(block.starts(*entry) for entries in ELSEWHERE.values() for entry in entries)


def is_long(block: Block) -> bool:
    return any(block.starts(block.page, start) for start in LONG.get(block.page, ()))


SHORT = [block for block in COMMANDS if not is_elsewhere(block) and not is_long(block)]


def shortened(block: Block) -> str:
    """The block's text, with trainings that end after seconds instead of hours."""
    lines = block.text.replace("\\\n", "").splitlines()
    return "\n".join(
        f"{line.partition(' #')[0]}{BRIEF}" if line.startswith("photochrom train") else line
        for line in lines
    )


@pytest.fixture
def folder(tmp_path: Path, page: str) -> Path:
    readers_folder(tmp_path)
    if page == "docs/add-your-model.md":
        write_sepia(tmp_path)
    return tmp_path


def check_left(page: str, folder: Path, *, whole: bool) -> None:
    """Whether the files are there; of a page with long blocks, only after those."""
    if whole == (page in LONG):
        missing = [name for name in LEAVES.get(page, ()) if not (folder / name).is_file()]
        assert not missing


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({block.page for block in SHORT}))
def test_short_commands_run(page: str, folder: Path) -> None:
    if page == "docs/formats.md" and shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    for block in SHORT:
        if block.page == page:
            block.run(folder)
    check_left(page, folder, whole=False)


@pytest.mark.long
@pytest.mark.workshop
@pytest.mark.parametrize("page", sorted(LONG))
def test_long_commands_run(page: str, folder: Path) -> None:
    from support import photo_files  # needs Pillow

    drawing = photo_files.jpeg(photo_files.graphic())
    (folder / "home" / "photos" / "drawing.jpg").write_bytes(drawing)  # one that prepare drops
    if page in BEFORE:
        Block(page, "sh", BEFORE[page]).run(folder)
    for block in COMMANDS:
        if block.page == page and not is_elsewhere(block):
            block.run(folder, shortened(block))
    check_left(page, folder, whole=True)


def write_sepia(folder: Path) -> None:
    """The model that the page speaks of: L in -1..1 to ab / 110, and the TOML file beside it."""
    onnx = pytest.importorskip("onnx")
    weights = onnx.numpy_helper.from_array(graphs.np.full((2, 1, 1, 1), 0.1, "float32"), "w")
    node = onnx.helper.make_node("Conv", ["data", "w"], ["out"])
    sides = ("h", "w")
    shapes = [("data", (1, 1, *sides))], [("out", (1, 2, *sides))]
    graphs.save(folder / "sepia.onnx", *shapes, [node], [weights])
    page = (REPOSITORY / "docs" / "add-your-model.md").read_text(encoding="utf-8")
    toml = next(text for language, text in BLOCK.findall(page) if language == "toml")
    (folder / "sepia.toml").write_text(toml, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_block_is_fenced_and_says_its_language(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {language for language, _ in BLOCK.findall(text)} <= LANGUAGES
    rest = BLOCK.sub("", text)
    assert "```" not in rest, "a fence within a list, or without an end"
    paragraphs = rest.split("\n\n")
    starts = [part for part in paragraphs if part.startswith("    ") and "photochrom" in part]
    assert not starts, "indented commands: fence them"


def test_the_lists_name_blocks_that_are_there() -> None:
    entries = [entry for entries in ELSEWHERE.values() for entry in entries]
    entries += [(page, start) for page, starts in LONG.items() for start in starts]
    stale = [entry for entry in entries if not any(b.starts(*entry) for b in COMMANDS)]
    assert not stale
    assert not [b.text for b in COMMANDS if is_elsewhere(b) and is_long(b)]


def test_nothing_is_installed_by_a_test() -> None:
    installers = re.compile(r"^(pip|pipx|uvx|make|.*/pip) ", re.MULTILINE)
    assert not [b.text for b in COMMANDS if installers.search(b.text) and not is_elsewhere(b)]


def test_every_page_with_commands_says_what_they_leave() -> None:
    running = {block.page for block in COMMANDS if not is_elsewhere(block)}
    assert set(LEAVES) == running - {"docs/evaluation.md"}  # which prints
