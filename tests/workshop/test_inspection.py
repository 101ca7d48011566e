"""What `photochrom inspect` draws, against the networks themselves."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.workshop

torch = pytest.importorskip("torch")

from photochrom.color.bins import gamut_bins  # noqa: E402
from photochrom.errors import ConfigError, ModelError, OutputExistsError, PhotoError  # noqa: E402
from photochrom.workshop.inspection import run  # noqa: E402
from photochrom.workshop.inspection.features import catch, look, most_different  # noqa: E402
from photochrom.workshop.inspection.reading import Model, spread  # noqa: E402
from photochrom.workshop.inspection.run import inspect_photo  # noqa: E402
from photochrom.workshop.inspection.subject import read_subject  # noqa: E402
from photochrom.workshop.training.checkpoint import Progress, save_checkpoint  # noqa: E402
from photochrom.workshop.training.config import config_from_dict  # noqa: E402
from photochrom.workshop.training.embedder import load_embedder  # noqa: E402
from photochrom.workshop.training.networks import build_network  # noqa: E402
from support import tiny_workshop  # noqa: E402

OTTER = tiny_workshop.PHOTOS / "otter.jpg"
SIZES = {"alpha": 64, "beta": 64, "koala": 96, "unet": 96}
PLAIN = {"result-grey", "result-colored", "result-real", "lab-l", "lab-a", "lab-b"} | {
    *("nine-pixels", "first-layer", "half-size", "deep")
}
MORE = {
    "alpha": set(),
    "beta": set(),
    "koala": {"labels", "fusion-own", "fusion-zero", "fusion-change"},
    "unet": {"labels", "confidence", "points", *(f"distribution-{n}" for n in range(1, 5))},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A checkpoint of a network of each kind, untrained, but for the encoder and the embedder."""
    folder = tmp_path_factory.mktemp("checkpoints")

    def make(kind: str) -> Path:
        target = folder / kind
        if target.exists():
            return target
        table = tiny_workshop.tiny_table(Path("no.tar"), Path("no.tar"))
        table["name"] = kind
        table["data"]["fit"] = "pad" if kind == "koala" else "crop"
        table["network"] = {"architecture": kind, "decoder": [16, 16, 16]}
        table["embedder"] = {"model": "tf_efficientnet_lite2", "weights": "package"}
        table["validation"]["size"] = SIZES[kind]
        config = config_from_dict(table, "the test")
        torch.manual_seed(3)
        network = build_network(config.network, len(gamut_bins()))
        bins = len(gamut_bins()) if kind == "unet" else 0
        progress = Progress(
            7,
            np.full(bins, 1 / max(bins, 1), np.float32),
            {},
            embedder=load_embedder(config.embedder).digest() if kind == "koala" else "",
        )
        optimizer = torch.optim.AdamW(network.parameters())
        save_checkpoint(target, config, progress, network, network, optimizer)
        return target

    return make


@pytest.fixture(scope="module")
def seen(checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory):
    """The folder of pictures of each network, drawn once."""
    folder = tmp_path_factory.mktemp("seen")

    def draw(kind: str) -> Path:
        if not (folder / kind).exists():
            inspect_photo(OTTER, checkpoint(kind), folder / kind)
        return folder / kind

    return draw


class Page(HTMLParser):
    """What a reader's browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))


@pytest.mark.parametrize("kind", list(SIZES))
def test_pictures_and_page(kind: str, seen: Callable[[str], Path]) -> None:
    folder = seen(kind)
    names = {path.stem for path in folder.glob("*.png")}
    assert names == PLAIN | MORE[kind]
    assert {path.name for path in folder.iterdir()} == {f"{n}.png" for n in names} | {"index.html"}
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            picture.load()
            assert min(picture.size) >= SIZES[kind] // 2, path.name
    # otter.jpg is 1024 x 576: whole multiples of 32, near its shape
    expected = {"alpha": (128, 64), "beta": (128, 64), "koala": (96, 64), "unet": (160, 96)}
    with Image.open(folder / "result-colored.png") as picture:
        assert picture.size == expected[kind]


@pytest.mark.parametrize("kind", ["koala", "unet"])
def test_page_needs_nothing_else(kind: str, seen: Callable[[str], Path]) -> None:
    folder = seen(kind)
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.images) == len(list(folder.glob("*.png")))
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in page.images)
    assert all(image["alt"] for image in page.images)
    assert not {"script", "link", "iframe"} & set(page.tags)
    without_data = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.search(r"https?:|url\(|@import|src=", without_data)
    headings = [tag for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings == ["h1"] + ["h2"] * (len(headings) - 1)
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text


@pytest.mark.parametrize("kind", ["alpha", "koala"])
def test_networks_of_ab_say_that_they_have_no_distribution(kind, seen) -> None:
    text = (seen(kind) / "index.html").read_text(encoding="utf-8")
    assert "has neither a distribution nor a confidence" in text


def test_alpha_says_that_it_has_no_classifier(seen) -> None:
    assert "no classifier beside it" in (seen("alpha") / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["unet", "koala"])
def test_labels_of_a_known_photo(kind: str, checkpoint: Callable[[str], Path]) -> None:
    model = Model(checkpoint(kind))
    subject = read_subject(OTTER, 256, model.config.data.fit)  # 96 pixels are too few to tell
    labels = model.read(subject, None).labels
    assert labels is not None
    assert "otter" in labels.names
    assert len(labels.names) == 5
    assert labels.shares == sorted(labels.shares, reverse=True)
    assert 0 < sum(labels.shares) <= 1


def test_fusion_is_compared_with_zeros(checkpoint: Callable[[str], Path]) -> None:
    model = Model(checkpoint("koala"))
    subject = read_subject(OTTER, SIZES["koala"], "pad")
    reading = model.read(subject, None)
    assert reading.blind is not None
    with torch.no_grad():
        zeros = torch.zeros(1, 1000)
        coarse = 128 * model.network(subject.lightness, zeros)
    # the colours shown are enlarged along edges, which keeps the means of cells
    assert float((reading.blind.mean((2, 3)) - coarse.mean((2, 3))).abs().max()) < 0.1
    assert float((reading.ab - reading.blind).abs().max()) > 0.05


def shaken(network: torch.nn.Module) -> torch.nn.Module:
    """Give batch norms statistics that matter, as training does."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            draw = torch.Generator().manual_seed(1)
            module.running_mean += 0.2 * torch.randn(module.num_features, generator=draw)
            module.running_var *= 0.5 + torch.rand(module.num_features, generator=draw)
    return network


@pytest.mark.parametrize("kind", list(SIZES))
@torch.no_grad()
def test_arithmetic_of_nine_pixels_is_the_networks_own(kind, checkpoint) -> None:
    model = Model(checkpoint(kind))
    network = shaken(model.network)
    subject = read_subject(OTTER, SIZES[kind], model.config.data.fit)
    lightness = subject.lightness
    empty = torch.zeros_like(lightness)
    extra = {"koala": [torch.zeros(1, 1000)], "unet": [empty.expand(-1, 2, -1, -1), empty]}
    first = look(network, [lightness, *extra.get(kind, [])]).first
    if kind == "unet":
        taken = torch.cat([lightness / 50 - 1, empty, empty, empty], 1)
        own = network.encoder.bn1(network.encoder.conv_stem(taken))[0]
    else:
        own = network.down[0](lightness / 50 - 1)[0]
    assert torch.equal(first.responses, own)
    channels, height, width = own.shape
    places = [(0, 0), (height - 1, width - 1), (0, width // 2), (height // 2, width // 3)]
    for channel in range(channels):
        for row, column in places:
            nine = first.at(channel, row, column)
            # single precision, nine products of numbers around 1
            assert nine.response == pytest.approx(float(own[channel, row, column]), abs=2e-5)
            assert nine.total == pytest.approx(float(nine.products.sum()) + nine.bias, abs=2e-5)
            assert torch.equal(nine.products, nine.pixels * nine.weights)
    best = first.most_interesting((slice(0, 64), slice(0, 64)))
    assert best.response > 0
    row, column = first.center(best.row, best.column)
    middle = best.pixels[first.size // 2, first.size // 2]
    assert middle == first.plane[row, column]
    assert 0 <= row < 64
    assert 0 <= column < 64


def test_place_to_look_at_is_honoured(checkpoint: Callable[[str], Path]) -> None:
    model = Model(checkpoint("unet"))
    subject = read_subject(OTTER, SIZES["unet"], "crop")
    row, column = subject.place((512, 288))  # the middle of 1024 x 576
    assert (row, column) == (48, 80)
    reading = model.read(subject, (row, column))
    nine = reading.features.first.strongest_at(row, column)
    found = reading.features.first.center(nine.row, nine.column)
    assert max(abs(found[0] - row), abs(found[1] - column)) <= 1  # every second pixel is a centre
    assert nine.response == float(reading.features.first.responses[:, nine.row, nine.column].max())
    assert reading.distribution is not None
    first = reading.distribution.points[0]
    assert max(abs(first.place[0] - row), abs(first.place[1] - column)) <= 4
    assert float(first.shares.sum()) == pytest.approx(1, abs=1e-4)
    entropy = -(first.shares * np.log(first.shares)).sum() / np.log(len(first.shares))
    assert first.confidence == pytest.approx(1 - entropy, abs=1e-4)


def test_hooks_are_removed_even_after_a_failure() -> None:
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.ReLU(inplace=True))
    with catch({"conv": layer[0]}) as caught:
        layer(-torch.ones(1, 1, 2, 2) * layer[0].weight.sign() * 3)
    assert caught["conv"].min() < 0  # a copy, not what ReLU made of it in place
    with pytest.raises(ZeroDivisionError), catch({"conv": layer[0]}):
        raise ZeroDivisionError
    assert all(not module._forward_hooks for module in layer.modules())


def test_look_leaves_no_hooks(checkpoint: Callable[[str], Path]) -> None:
    model = Model(checkpoint("alpha"))
    model.read(read_subject(OTTER, 64, "crop"), None)
    assert all(not module._forward_hooks for module in model.network.modules())


def test_most_different_leaves_out_twins_and_sleepers() -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 16, 16, generator=draw)
    spark = torch.zeros(16, 16)
    spark[3, 3] = 9  # a single place
    maps = torch.stack([a, 3 * a + 1, b, torch.zeros(16, 16), spark, torch.ones(16, 16)])
    assert most_different(maps, 2) == [1, 2]  # 1 varies most; 0 is its twin
    assert sorted(most_different(maps, 9)) == [0, 1, 2]
    assert most_different(torch.zeros(3, 4, 4), 9) == []


def test_points_differ_in_confidence_and_lie_apart() -> None:
    confidence = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    cells = spread(confidence)
    values = [confidence[cell] for cell in cells]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > 0.8
    distances = [np.hypot(a[0] - b[0], a[1] - b[1]) for a in cells for b in cells if a != b]
    assert min(distances) >= 0.15 * 60


def test_stored_orientation_is_turned_upright(tmp_path: Path) -> None:
    with Image.open(OTTER) as photo:
        exif = Image.Exif()
        exif[274] = 6  # shown after a quarter turn clockwise
        photo.transpose(Image.Transpose.ROTATE_90).save(
            tmp_path / "turned.jpg", exif=exif, quality=95
        )
    turned = read_subject(tmp_path / "turned.jpg", 64, "crop")
    plain = read_subject(OTTER, 64, "crop")
    assert turned.size == plain.size == (576, 1024)
    difference = np.abs(turned.real().astype(int) - plain.real().astype(int))
    assert difference.mean() < 3  # a second JPEG


def test_gray_photo_has_no_real_colors(checkpoint, tmp_path: Path) -> None:
    gray = tiny_workshop.PHOTOS.parent / "otter.jpg"
    files = inspect_photo(gray, checkpoint("alpha"), tmp_path / "seen")
    assert {file.stem for file in files} == (PLAIN | {"index"}) - {"result-real"}
    assert "This photo has no colour" in files[0].read_text(encoding="utf-8")


def test_place_outside_the_photo(checkpoint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"at=\(1024, 0\): is outside otter\.jpg, .*1024 x 576"):
        inspect_photo(OTTER, checkpoint("alpha"), tmp_path / "seen", at=(1024, 0))
    assert list(tmp_path.iterdir()) == []


def test_unreadable_photo(checkpoint, tmp_path: Path) -> None:
    words = tmp_path / "words.jpg"
    words.write_text("no photo", encoding="utf-8")
    with pytest.raises(PhotoError, match=r"words\.jpg: not an image of a kind"):
        inspect_photo(words, checkpoint("alpha"), tmp_path / "seen")
    with pytest.raises(PhotoError, match=r"none\.jpg: no such file"):
        inspect_photo(tmp_path / "none.jpg", checkpoint("alpha"), tmp_path / "seen")
    assert [path.name for path in tmp_path.iterdir()] == ["words.jpg"]


def test_what_is_no_checkpoint(checkpoint, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "latest").symlink_to(checkpoint("alpha"), target_is_directory=True)
    for name, words in (
        ("model.onnx", "is a file, but only a training checkpoint"),
        ("nowhere", "no checkpoint there; name a folder that photochrom train wrote"),
        ("run", "is a run's folder; name its checkpoint"),
    ):
        with pytest.raises(ModelError, match=words):
            inspect_photo(OTTER, tmp_path / name, tmp_path / "seen")
    assert not (tmp_path / "seen").exists()


def test_existing_folder_is_kept_unless_told(checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / "labels.png").write_bytes(b"of an earlier network")
    with pytest.raises(OutputExistsError, match=r"seen: exists already; add overwrite=True"):
        inspect_photo(OTTER, checkpoint("alpha"), folder)
    assert len(list(folder.iterdir())) == 2
    inspect_photo(OTTER, checkpoint("alpha"), folder, overwrite=True)
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert not (folder / "labels.png").exists()
    assert (folder / "index.html").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"seen"}
    with pytest.raises(PhotoError, match=r"mine\.txt: is a file; name a folder"):
        inspect_photo(OTTER, checkpoint("alpha"), folder / "mine.txt", overwrite=True)


def test_nothing_half_written_stays(checkpoint, tmp_path: Path, monkeypatch) -> None:
    written: list[Path] = []

    def full_disk(path: Path, _data: bytes) -> int:
        written.append(path)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return 0

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(PhotoError, match=r"seen: No space left on device; make room"):
        inspect_photo(OTTER, checkpoint("alpha"), tmp_path / "seen")
    assert len(written) == 4
    assert list(tmp_path.iterdir()) == []


def test_every_picture_has_a_name_that_is_cleared(seen) -> None:
    drawn = {path.stem for kind in SIZES for path in seen(kind).glob("*.png")}
    assert drawn == set(run.NAMES)
