"""How far a brush stroke of an unlikely colour reaches beyond the thing that it was painted on.

    python benchmarks/strokes.py FOLDER [--model NAME] [--way points|stroke|page] [--sheet FILE]

`strokes.json` has twenty things in photos of the folder (with the sources of those that have one),
each outlined by hand (polygons in percent of the width and height) with a stroke upon it. The
stroke is painted as the page paints it: hints of one colour, a radius of 2 % of the short side
apart. Its colour is that of four (green, violet, blue, red) that is farthest from what the network
predicts along the stroke. A pixel of the small copy is changed where its ab moves by more than 5
units. Reported: the share of changed pixels outside the thing and inside it; pixels within 2 % of
the short side of the outline count to neither.

Three ways: `points`, each point a hint for itself, as it was before strokes were known; `stroke`,
the points as one stroke; `page`, the stroke with the reach that the page gives it.

--way: one of them alone; every photo is then reported.
--sheet: with --way, a picture of all results with the outlines drawn in.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from photochrom.color.lab import Array
from photochrom.colorizer import Colorizer
from photochrom.options import Hint
from photochrom.pipeline import hints as hints_module
from photochrom.result import Result

THINGS = Path(__file__).with_suffix(".json")
COLORS = {"green": (-45, 40), "violet": (55, -40), "blue": (15, -50), "red": (60, 40)}
RADIUS = 0.02
"""Radius of the brush and width of the border that is not counted, short sides."""
CHANGED = 5.0
"""Distance from the result without hints, ab units."""
REACH = 8 * RADIUS
"""Of the page's strokes, short sides."""
WAYS = ("points", "stroke", "page")

Point = tuple[float, float]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thing:
    """One thing in a photo.

    polygons, stroke: x and y in percent of the width and height. source: where the photo is from.
    """

    photo: str
    thing: str
    polygons: list[list[Point]]
    stroke: list[Point]
    source: str = ""

    def regions(self, shape: tuple[int, int]) -> tuple[Mask, Mask]:
        """Pixels of a small copy (h, w) surely inside the thing, and surely outside."""
        mask = Image.new("L", shape[::-1])
        pen = ImageDraw.Draw(mask)
        for polygon in self.polygons:
            pen.polygon([(x * shape[1] / 100, y * shape[0] / 100) for x, y in polygon], fill=255)
        border = 2 * max(1, round(RADIUS * min(shape))) + 1
        inside = np.asarray(mask.filter(ImageFilter.MinFilter(border))) > 0
        outside = np.asarray(mask.filter(ImageFilter.MaxFilter(border))) == 0
        return inside, outside

    def places(self, height: int, width: int) -> list[Point]:
        """Points along the stroke, pixels of the photo, as the page sets them."""
        ends = np.array(self.stroke) * [width / 100, height / 100]
        spacing = RADIUS * min(height, width)
        count = round(float(np.linalg.norm(ends[1] - ends[0])) / spacing) + 1
        line = np.linspace(ends[0], ends[1], count)
        return [(float(x), float(y)) for x, y in line]


def model_ab(result: Result) -> Array:
    """What colours the full-size photo, at the small copy's own lightness, (h, w, 2)."""
    return result.chroma.slope * result.lightness[..., None] + result.chroma.offset


@dataclass(frozen=True)
class Painted:
    """A painted thing: the colour, the changed shares outside and inside, and the result."""

    color: str
    outside: float
    inside: float
    result: Result


def measure(colorizer: Colorizer, thing: Thing, path: Path, way: str) -> Painted:
    workspace = colorizer.workspace(path)
    height, width = workspace.photo.upright_size
    places = thing.places(height, width)
    plain = workspace.result(recolor=True)
    along = np.mean([workspace.ab_at(x, y, plain) for x, y in places], axis=0)
    name = max(COLORS, key=lambda one: float(np.linalg.norm(COLORS[one] - along)))
    short = min(height, width)
    reach = REACH * short if way == "page" else None
    hints = [Hint(x, y, COLORS[name], RADIUS * short, reach) for x, y in places]
    with each_for_itself() if way == "points" else nullcontext():
        result = workspace.result(hints=hints, recolor=True)
    moved = np.linalg.norm(model_ab(result) - model_ab(plain), axis=-1) > CHANGED
    inside, outside = thing.regions(moved.shape)
    return Painted(name, float(moved[outside].mean()), float(moved[inside].mean()), result)


@contextmanager
def each_for_itself() -> Iterator[None]:
    """Let no hints be one stroke."""
    strokes = hints_module._strokes
    hints_module._strokes = lambda places, *_: np.arange(len(places))
    try:
        yield
    finally:
        hints_module._strokes = strokes


def drawn(result: Result, thing: Thing, height: int = 400) -> Image.Image:
    """The result with the outlines and the stroke."""
    image = result.image.convert("RGB")
    image = image.resize((round(image.width * height / image.height), height))
    pen = ImageDraw.Draw(image)
    for points, color in [*((p, "yellow") for p in thing.polygons), (thing.stroke, "white")]:
        line = [(x * image.width / 100, y * height / 100) for x, y in points]
        pen.line([*line, line[0]] if color == "yellow" else line, fill=color)
    return image


def sheet(images: list[Image.Image], columns: int = 5) -> Image.Image:
    widths = [max(one.width for one in images[column::columns]) for column in range(columns)]
    rows = -(-len(images) // columns)
    canvas = Image.new("RGB", (sum(widths), rows * images[0].height))
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        canvas.paste(image, (sum(widths[:column]), row * image.height))
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    colorizer = Colorizer(arguments.model)
    things = [Thing(**entry) for entry in json.loads(THINGS.read_text(encoding="utf-8"))]
    for way in [arguments.way] if arguments.way else WAYS:
        painted = [measure(colorizer, one, arguments.folder / one.photo, way) for one in things]
        if arguments.way:
            for thing, one in zip(things, painted, strict=True):
                where = f"outside {one.outside:6.1%} inside {one.inside:6.1%}"
                print(f"{thing.photo:18} {thing.thing:15} {one.color:7} {where}")
        outside = np.array([one.outside for one in painted])
        inside = np.array([one.inside for one in painted])
        print(
            f"{way}: {len(things)} things, changed outside: mean {outside.mean():.1%}, largest "
            f"{outside.max():.1%}, above a tenth {np.sum(outside > 0.1)}; inside: mean "
            f"{inside.mean():.1%}"
        )
        if arguments.way and arguments.sheet:
            pictures = zip(painted, things, strict=True)
            sheet([drawn(one.result, thing) for one, thing in pictures]).save(arguments.sheet)


if __name__ == "__main__":
    main()
