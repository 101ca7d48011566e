"""The blocks of commands in the documentation, and a folder as a reader of it would have it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyvips

from support.films import scene, write_film

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HINTS = """{"hints": [{"x": 812, "y": 400, "color": "#8a5a3c", "radius": 12},
           {"x": 10, "y": 20, "ab": [0, 0]}]}"""


@dataclass(frozen=True)
class Block:
    """A block of a page: its language and its text."""

    page: str
    language: str
    text: str

    def starts(self, page: str, start: str) -> bool:
        """Whether it is the block of that page that begins so."""
        return self.page == page and self.text.startswith(start)

    def run(self, folder: Path, text: str | None = None) -> None:
        """Run it in a reader's folder; a command that fails fails the test."""
        program = ["sh", "-ec"] if self.language == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*program, self.text if text is None else text],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{self.text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def blocks() -> list[Block]:
    """Every block of every page."""
    return [
        Block(str(page.relative_to(REPOSITORY)), language, text)
        for page in PAGES
        for language, text in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


def environment(folder: Path) -> dict[str, str]:
    """A home of its own, and the commands of the Python that runs the tests."""
    commands = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "PHOTOCHROM_HOME": str(folder / "home" / "models"),
    }


def readers_folder(folder: Path) -> Path:
    """Fill a folder: the repository's own, and photos under the names that the pages give them."""
    for name in ("configs", "benchmarks", "integrations", "runs"):
        (folder / name).symlink_to(REPOSITORY / name)
    examples = REPOSITORY / "examples"
    shutil.copytree(examples, folder / "examples", ignore=shutil.ignore_patterns("*.color.*"))
    color, gray = examples / "color", folder / "examples"
    shutil.copytree(color, folder / "photos")
    shutil.copytree(color, folder / "gallery")
    shutil.copytree(color, folder / "home" / "photos")
    for name, photo in {"grandmother": "students", "photo": "ceremony", "grey": "cat"}.items():
        shutil.copy(gray / f"{photo}.jpg", folder / f"{name}.jpg")
    (folder / "historic").mkdir()
    shutil.copy(gray / "cat.jpg", folder / "historic")
    (folder / "scans" / "1912").mkdir(parents=True)
    shutil.copy(gray / "otter.jpg", folder / "scans" / "b.jpg")
    for name in ("scan.tif", "scans/1912/a.tif"):
        _deep(gray / "cat.jpg").write_to_file(str(folder / name))
    pyvips.Image.new_from_file(str(gray / "ceremony.jpg")).write_to_file(str(folder / "photo.tif"))
    write_film(folder / "reel.mp4", [scene(number) for number in range(12)], codec="libx264")
    (folder / "colors.json").write_text(HINTS, encoding="utf-8")
    _archives(folder, color)
    weights = REPOSITORY / "src" / "photochrom" / "models" / "weights"
    shutil.copy(weights / "photochrom-lite.onnx", folder / "mine.onnx")
    return folder


def _deep(photo: Path) -> pyvips.Image:
    """The photo with 16 bit."""
    image = pyvips.Image.new_from_file(str(photo)).cast("ushort") * 257
    return image.cast("ushort").copy(interpretation="grey16")


def _archives(folder: Path, photos: Path) -> None:
    """A set for evaluation, and sources of the kinds that `data prepare` takes."""
    for name in ("val.tar", "theirs.tar.gz", "shards/train-000000.tar"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as packed:
            for number, photo in enumerate(sorted(photos.glob("*.jpg"))):
                packed.add(photo, f"v{number:05d}.jpg")
    with zipfile.ZipFile(folder / "old-scans.zip", "w") as packed_zip:
        packed_zip.write(photos / "cat.jpg", "cat.jpg")
