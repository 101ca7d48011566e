"""The pictures of docs/paper.md, from the runs that the tutorial makes.

    python benchmarks/tutorial_pictures.py OUT docs/paper

OUT holds the run folders alpha, alpha-start, beta, beta-short, koala, koala-short and unet. The
pictures of a run that is not there are left as they are.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom import Colorizer
from photochrom.workshop.inspection.drawings import INK, MARK
from photochrom.workshop.inspection.reading import Model
from photochrom.workshop.inspection.run import inspect_photo
from photochrom.workshop.inspection.subject import Subject, read_subject, to_bytes

EXAMPLES = Path(__file__).parents[1] / "examples"
COLOR = EXAMPLES / "color"
UNSEEN = ("harbour", "colosseum", "otter", "cat")
EPOCHS = (4, 20, 40, 100, 300, 1000)
"""Of alpha, that are shown."""
WIDTH, NARROW = 900, 760
GAP = 6
QUALITY = 80
Pixels = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    target: Path = arguments.target
    target.mkdir(parents=True, exist_ok=True)
    draw_activations(target / "activations.png")
    draw_convolution(target / "convolution.png")
    draw_dial(target / "dial.jpg")
    drawn: tuple[tuple[str, Callable[[Path, Path], None]], ...] = (
        ("alpha", draw_layers),
        ("alpha", draw_alpha),
        ("alpha-start", draw_brown_first),
        ("beta", draw_beta),
        ("koala-short", draw_short),
        ("koala", draw_koala),
        ("unet", draw_unet),
    )
    for name, draw in drawn:
        if (arguments.runs / name / "latest" / "checkpoint.json").is_file():
            draw(arguments.runs / name, target)
        else:
            print(f"{arguments.runs / name}: no run there; its pictures stay as they are")
    total = sum(file.stat().st_size for file in target.iterdir())
    print(f"{target}: {total / 1e6:.2f} MB")


def draw_activations(path: Path) -> None:
    """The paper's figures 2, 3 and 4."""
    x = np.linspace(-4, 4, 401)
    curves = {"sigmoid": 1 / (1 + np.exp(-x)), "tanh": np.tanh(x), "ReLU": np.maximum(x, 0)}
    figure = Figure((9, 2.6), layout="constrained", facecolor="white")
    for axes, (name, y) in zip(figure.subplots(1, 3), curves.items(), strict=True):
        axes.axhline(0, color="#b9bfc6", lw=1)
        axes.axvline(0, color="#b9bfc6", lw=1)
        axes.plot(x, y, color="#c2610c", lw=2.5)
        axes.set_title(name, fontsize=14, color=INK)
        axes.tick_params(labelsize=11, colors=INK)
        axes.set_ylim({"sigmoid": (-0.1, 1.1), "tanh": (-1.2, 1.2), "ReLU": (-0.3, 4)}[name])
    figure.savefig(path, dpi=110, metadata={"Software": None})


def draw_convolution(path: Path) -> None:
    """A filter on its way: without padding, with it, and with a stride of two (figure 6)."""
    figure = Figure((9, 3.3), layout="constrained", facecolor="white")
    kinds = ((7, 0, 1), (7, 1, 1), (7, 1, 2))
    for axes, (size, padding, stride) in zip(figure.subplots(1, 3), kinds, strict=True):
        places = (size - 3 + 2 * padding) // stride + 1
        title = f"padding {padding}, stride {stride}\n{size} × {size} → {places} × {places}"
        axes.set_title(title, fontsize=13, color=INK)
        _draw_grid(axes, size, padding, stride, places)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_grid(axes: Axes, size: int, padding: int, stride: int, places: int) -> None:
    for row in range(-padding, size + padding):
        for column in range(-padding, size + padding):
            inside = 0 <= row < size and 0 <= column < size
            face, edge = ("#dfe6ee", "#8a97a5") if inside else ("white", "#ccd2d8")
            axes.add_patch(Rectangle((column, row), 1, 1, fc=face, ec=edge, lw=1))
    middles = [place * stride + 1.5 - padding for place in range(places)]
    axes.plot(*np.meshgrid(middles, middles), "o", ms=6, color="#c2610c", ls="none")
    for place, style in ((0, "-"), (1, "--")):
        corner = (place * stride - padding, -padding)
        axes.add_patch(Rectangle(corner, 3, 3, fc="none", ec=MARK, lw=2.5, ls=style))
    axes.set(xlim=(-1.2, size + 1.2), ylim=(size + 1.2, -1.2), aspect="equal")
    axes.set_axis_off()


def draw_layers(run: Path, target: Path) -> None:
    """Figures 15 to 19, of the photo that alpha knows by heart."""
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        inspect_photo(COLOR / "square.jpg", run / "latest", seen)
        lab = [_read(seen / f"lab-{letter}.png") for letter in "lab"]
        save_grid([lab], target / "lab.jpg", ("L", "a", "b"))
        widths = {"nine-pixels": 520, "first-layer": 720, "half-size": 720, "deep": 720}
        for name, width in widths.items():
            small = _shrink(_read(seen / f"{name}.png"), width)
            small.save(target / f"{name}.jpg", quality=QUALITY)


def draw_alpha(run: Path, target: Path) -> None:
    """Figure 14: the photo that alpha learnt; and one it never saw."""
    model = Model(run / "latest")
    rows = [colored(model, name) for name in ("square", "otter")]
    save_grid(rows, target / "alpha.jpg", ("grey", "alpha", "real"), NARROW)


def draw_brown_first(start: Path, target: Path) -> None:
    """What alpha's contact sheets show over its first epochs, and at its end."""
    pictures = []
    for epoch in EPOCHS:
        folder = start if epoch < 100 else start.with_name("alpha")
        sheet = _read(folder / f"sheet-{epoch:08d}.jpg")
        side = 160  # a sheet's height: grey, coloured and real follow each other
        pictures.append(sheet.crop((side, 0, 2 * side, side)))
    words = [f"{epoch} epochs" for epoch in EPOCHS]
    save_grid([pictures], target / "brown-first.jpg", words)


def draw_beta(run: Path, target: Path) -> None:
    """Photos that beta never saw."""
    model = Model(run / "latest")
    rows = [colored(model, name) for name in UNSEEN]
    save_grid(rows, target / "beta.jpg", ("grey", "beta", "real"), NARROW)


def draw_short(run: Path, target: Path) -> None:
    """The short trainings of koala and, beside it, of beta."""
    koala, beta = Model(run / "latest"), Model(run.with_name("beta-short") / "latest")
    rows = []
    for name in ("harbour", "cat"):
        gray, ours, real = colored(koala, name)
        rows.append([gray, colored(beta, name)[1], ours, real])
    save_grid(rows, target / "short.jpg", ("grey", "beta, short", "koala, short", "real"))


def draw_koala(run: Path, target: Path) -> None:
    """The white square of figure 20, what the classifier says, and what the fusion changes."""
    model = Model(run / "latest")
    rows = []
    for name in UNSEEN:
        subject = _subject(model, name)
        reading = model.read(subject, None)
        assert reading.labels is not None
        labelled = zip(reading.labels.names, reading.labels.shares, strict=True)
        print(name, *(f"{n} {s:.0%}" for n, s in labelled))
        shown = (None, reading.blind, reading.ab)
        rows.append([*map(subject.picture, shown), subject.real()])
    words = ("grey", "without the classifier", "koala", "real")
    save_grid(rows, target / "koala.jpg", words)
    square = to_bytes(_subject(model, "harbour").copy.rgb)
    framed = Image.new("RGB", (square.shape[1] + 4, square.shape[0] + 4), "#9aa3ad")
    framed.paste(Image.fromarray(square).convert("L"), (2, 2))
    framed.save(target / "padding.jpg", quality=QUALITY)


def draw_unet(run: Path, target: Path) -> None:
    """The same photos by the network over bins; how sure it is of one of them."""
    model = Model(run / "latest")
    rows = [colored(model, name) for name in UNSEEN]
    save_grid(rows, target / "unet.jpg", ("grey", "ours", "real"), NARROW)
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        inspect_photo(COLOR / "otter.jpg", run / "latest", seen)
        names = ("points", "confidence", "distribution-1", "distribution-4")
        pictures = [_read(seen / f"{name}.png") for name in names]
        save_grid([pictures[:2], pictures[2:]], target / "sure.jpg", (), 740)


def draw_dial(path: Path) -> None:
    """The model that ships, at three settings of its dial."""
    colorizer = Colorizer()
    photo = EXAMPLES / "colosseum.jpg"
    settings = (0.0, 0.5, 1.0)
    pictures = [colorizer.colorize(photo, vividness=v).rgb for v in settings]
    save_grid([pictures], path, [f"vividness {v:g}" for v in settings])


def colored(model: Model, name: str) -> list[Pixels]:
    """Grey, coloured by a network, real."""
    subject = _subject(model, name)
    reading = model.read(subject, None)
    return [subject.picture(None), subject.picture(reading.ab), subject.real()]


def _subject(model: Model, name: str) -> Subject:
    return read_subject(COLOR / f"{name}.jpg", model.config.validation.size, model.config.data.fit)


def save_grid(
    rows: Sequence[Sequence[Pixels | Image.Image]],
    path: Path,
    words: Sequence[str],
    width: int = WIDTH,
) -> None:
    """Rows of pictures of one shape a row, a word over each column."""
    head = 30 if words else 0
    cell = (width - GAP * (len(rows[0]) - 1)) // len(rows[0])
    lines = [[_shrink(_image(picture), cell) for picture in row] for row in rows]
    heights = [max(picture.height for picture in line) for line in lines]
    grid = Image.new("RGB", (width, head + sum(heights) + GAP * (len(lines) - 1)), "white")
    top = head
    for line, height in zip(lines, heights, strict=True):
        for index, picture in enumerate(line):
            grid.paste(picture, (index * (cell + GAP), top + (height - picture.height) // 2))
        top += height + GAP
    pen, font = ImageDraw.Draw(grid), ImageFont.load_default(18)
    for index, word in enumerate(words):
        pen.text((index * (cell + GAP) + cell / 2, 14), word, INK, font, anchor="mm")
    grid.save(path, quality=QUALITY)


def _image(picture: Pixels | Image.Image) -> Image.Image:
    return picture if isinstance(picture, Image.Image) else Image.fromarray(picture)


def _shrink(picture: Image.Image, width: int) -> Image.Image:
    height = round(picture.height * width / picture.width)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _read(path: Path) -> Image.Image:
    """A picture on white, whatever is see-through of it."""
    with Image.open(path) as stored:
        shown = stored.convert("RGBA")
    white = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(white, shown).convert("RGB")


if __name__ == "__main__":
    main()
