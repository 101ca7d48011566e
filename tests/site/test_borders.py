"""The border around a photo is found as by `photochrom.pipeline.borders`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom import Photo, border_of
from photochrom.color.lab import lab_from_srgb
from photochrom.pipeline import borders

pytestmark = pytest.mark.browser

Picture = NDArray[np.uint8]
BODY = """async ({ borderOf }, height, width, gray) => {
  const { Field } = await import("/fields.js");
  const reduced = async (rows, columns) => {
    if (rows !== gray.height || columns !== gray.width) throw new Error(`${rows} x ${columns}`);
    return new Field(rows, columns, 3).map((_, i) => gray.data[Math.floor(i / 3)]);
  };
  return borderOf({ height, width, reduced });
}"""


@pytest.fixture(scope="module")
def photo(examples: Path) -> Image.Image:
    with Image.open(examples / "students.jpg") as image:
        image.thumbnail((450, 450))
        return image.convert("L").copy()


def _around(
    photo: Image.Image,
    level: float,
    widths: tuple[int, int, int, int],
    noise: float = 2.0,
    angle: float = 0.0,
) -> Picture:
    """A photo on a page; widths: above, below, left and right."""
    above, below, left, right = widths
    size = (above + photo.height + below, left + photo.width + right)
    random = np.random.default_rng(1)
    page = Image.fromarray(random.normal(level, noise, size).clip(0, 255).astype(np.uint8))
    mask = Image.new("L", photo.size, 255).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    page.paste(photo.rotate(angle, Image.Resampling.BICUBIC, expand=True), (left, above), mask)
    return np.asarray(page)


def _found(engine: Any, picture: Picture) -> str | None:
    height, width = picture.shape
    scale = min(1.0, 1024 / max(height, width))
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    copy = np.ascontiguousarray(Photo(picture).upright_copy(rows, columns)[..., 0])
    return engine.run("borders.js", BODY, height, width, copy)


def _text(picture: Picture) -> str | None:
    crop = border_of(picture)
    return None if crop is None else str(crop)


@pytest.mark.parametrize("level", [15, 60, 110, 235])
@pytest.mark.parametrize(
    "widths", [(80, 90, 60, 150), (12, 12, 12, 12), (40, 0, 0, 60), (0, 30, 0, 0)]
)
def test_a_photo_inside_a_page(
    engine: Any, photo: Image.Image, level: float, widths: tuple[int, int, int, int]
) -> None:
    page = _around(photo, level, widths)

    found = _found(engine, page)

    assert found == _text(page)
    assert (found is None) == (widths == (0, 30, 0, 0))  # one side alone is no border


def test_a_large_scan_is_searched_reduced(engine: Any, photo: Image.Image) -> None:
    page = _around(photo.resize((1300, 901)), 60, (211, 160, 90, 123))

    assert _found(engine, page) == _text(page) is not None


def test_frames_inside_each_other(engine: Any, photo: Image.Image) -> None:
    print_ = Image.fromarray(_around(photo, 238, (20, 20, 20, 20), noise=0))
    page = Image.fromarray(_around(print_, 50, (70, 60, 90, 80)))
    scan = _around(page, 250, (30, 30, 30, 30), noise=0.5)

    assert _found(engine, scan) == _text(scan) is not None


@pytest.mark.parametrize("angle", [-1.0, 0.7, 1.6])
def test_a_photo_that_lies_askew(engine: Any, photo: Image.Image, angle: float) -> None:
    page = _around(photo, 60, (80, 80, 80, 80), angle=angle)

    assert _found(engine, page) == _text(page) is not None


@pytest.mark.parametrize("name", ["cat", "harbour", "students", "astronaut", "otter", "ceremony"])
def test_photos_without_a_border(engine: Any, examples: Path, name: str) -> None:
    picture = np.asarray(Image.open(examples / f"{name}.jpg").convert("L"))

    assert _found(engine, picture) is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (64, 64)])
def test_what_has_no_photo_in_it(engine: Any, shape: tuple[int, int]) -> None:
    assert _found(engine, np.full(shape, 128, np.uint8)) is None


def test_two_tones_are_no_border(engine: Any) -> None:
    halves = np.full((100, 150), 40, np.uint8)
    halves[60:] = 200

    assert _found(engine, halves) is None


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_random_frames_are_found_as_by_python(engine: Any, photo: Image.Image) -> None:
    random = np.random.default_rng(7)
    small = photo.resize((120, 80))
    for _ in range(25):
        above, below, left, right = (int(width) for width in random.integers(0, 20, 4))
        page = _around(
            small, random.uniform(0, 255), (above, below, left, right), random.uniform(0, 4)
        )
        copy = Photo(page).upright_copy(*page.shape)
        lightness = np.ascontiguousarray(lab_from_srgb(copy)[..., 0])

        inside = engine.run("borders.js", "({ insideBorders }, l) => insideBorders(l)", lightness)

        assert tuple(inside.values()) == borders._inside(lightness)
