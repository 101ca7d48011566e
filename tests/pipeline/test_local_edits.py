"""What is set in parts of a photo: strokes of colour, their reach, and the mask brush."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips

from photochrom.colorizer import Colorizer
from photochrom.options import Hint
from photochrom.photo.strips import Pixels
from photochrom.strokes import Stroke

GREEN = (-45.0, 40.0)
SHIRT = [(430, 330), (450, 480)]
"""Ends of a line on the white shirt of the man in the middle of students.jpg, 1024 x 649."""
SHIRT_BOX = np.s_[180:620, 290:560]
"""The shirt, its wearer's arms and a margin."""


def stroke_of(ends: list[tuple[float, float]], radius: float, **limits: float) -> list[Hint]:
    """Hints along a line, one radius apart, as a brush sets them."""
    (left, top), (right, bottom) = ends
    count = round(float(np.hypot(right - left, bottom - top)) / radius) + 1
    xs, ys = np.linspace(left, right, count), np.linspace(top, bottom, count)
    return [Hint(float(x), float(y), GREEN, radius, **limits) for x, y in zip(xs, ys, strict=True)]


def moved(one: Pixels, other: Pixels, lab_of: Callable[[Pixels], np.ndarray]) -> np.ndarray:
    return np.linalg.norm((lab_of(one) - lab_of(other))[..., 1:], axis=-1)


def test_a_stroke_of_an_unlikely_color_stays_in_the_thing_under_it(
    colorizer: Colorizer, lab_of: Callable[..., np.ndarray], examples: Path
) -> None:
    photo = examples / "students.jpg"
    plain = colorizer.colorize(photo).rgb
    painted = colorizer.colorize(photo, hints=stroke_of(SHIRT, 13)).rgb
    changed = moved(painted, plain, lab_of) > 5
    assert changed[400, 440]
    assert changed[SHIRT_BOX].mean() > 0.5  # measured 0.62
    outside = np.ones(changed.shape, bool)
    outside[SHIRT_BOX] = False
    assert changed[outside].mean() < 0.1  # measured 0.03; with a point each for itself 0.66


def test_beyond_its_reach_a_hint_changes_nothing(
    colorizer: Colorizer, lab_of: Callable[..., np.ndarray], examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    plain = colorizer.colorize(photo).rgb
    hinted = colorizer.colorize(photo, hints=[Hint(700, 70, (50, 30), reach=60)]).rgb
    rows, columns = np.indices(plain.shape[:2])
    distance = np.hypot(columns - 700, rows - 70)
    assert np.array_equal(plain[distance > 60], hinted[distance > 60])
    change = moved(hinted, plain, lab_of)
    assert change[distance < 30].min() > 20
    assert change[70, 700] > 30
    wider = colorizer.colorize(photo, hints=[Hint(700, 70, (50, 30), reach=120)]).rgb
    further = (moved(wider, plain, lab_of) > 5).sum()
    assert further > 2 * (change > 5).sum()


def test_the_shortest_reach_still_colors_its_place(
    colorizer: Colorizer, lab_of: Callable[..., np.ndarray], examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    hints = [Hint(700, 70, (30, 20), reach=0.5)]
    colored = lab_of(colorizer.colorize(photo, hints=hints).rgb)
    assert colored[70, 700, 1:] == pytest.approx((30, 20), abs=5)


def test_hints_without_a_reach_do_not_depend_on_those_with_one(
    colorizer: Colorizer, examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    free, limited = Hint(200, 80, (20, 10)), Hint(700, 70, (50, 30), reach=60)
    alone = colorizer.colorize(photo, hints=[free]).rgb
    both = colorizer.colorize(photo, hints=[free, limited]).rgb
    rows, columns = np.indices(alone.shape[:2])
    beyond = np.hypot(columns - 700, rows - 70) > 60
    assert np.array_equal(alone[beyond], both[beyond])


def test_erased_hints_have_no_effect_under_the_brush(colorizer: Colorizer, examples: Path) -> None:
    photo, hints = examples / "harbour.jpg", [Hint(700, 70, (50, 30))]
    plain = colorizer.colorize(photo).rgb
    hinted = colorizer.colorize(photo, hints=hints).rgb
    erased = Stroke("erase", [(500, 60), (560, 60)], radius=45)
    result = colorizer.colorize(photo, hints=hints, strokes=[erased]).rgb
    assert not np.array_equal(plain[50:70, 500:560], hinted[50:70, 500:560])
    assert np.array_equal(plain[50:70, 500:560], result[50:70, 500:560])
    assert np.array_equal(hinted[:, 640:], result[:, 640:])


def test_a_region_has_its_own_saturation_and_vividness(
    colorizer: Colorizer, lab_of: Callable[..., np.ndarray], examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    plain = colorizer.colorize(photo).rgb
    line = [(600, 80), (800, 80)]
    gray = colorizer.colorize(photo, strokes=[Stroke("saturation", line, 50, 0)]).rgb
    inside, beyond = np.s_[60:100, 600:800], np.s_[140:]
    assert np.abs(lab_of(gray[inside])[..., 1:]).max() < 0.5
    assert np.array_equal(plain[beyond], gray[beyond])
    vivid = colorizer.colorize(photo, vividness=1).rgb
    part = colorizer.colorize(photo, strokes=[Stroke("vividness", line, 50, 1)]).rgb
    assert np.array_equal(part[inside], vivid[inside])
    assert np.array_equal(plain[beyond], part[beyond])


def test_strokes_of_one_effect_lie_over_each_other(
    colorizer: Colorizer, lab_of: Callable[..., np.ndarray], examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    line = [(600, 80), (800, 80)]
    strokes = [Stroke("saturation", line, 50, 0), Stroke("saturation", line[:1], 40, 1)]
    plain = colorizer.colorize(photo).rgb
    result = colorizer.colorize(photo, strokes=strokes).rgb
    assert np.array_equal(result[70:90, 590:610], plain[70:90, 590:610])
    assert np.abs(lab_of(result[70:90, 700:800])[..., 1:]).max() < 0.5


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_color_photo_keeps_its_own_colors_in_a_region(
    colorizer: Colorizer, examples: Path, depth: type, tmp_path: Path
) -> None:
    image = pyvips.Image.new_from_file(str(examples / "color" / "harbour.jpg"))
    if depth is np.uint16:
        image = (image * 257.0).cast("ushort").copy(interpretation="rgb16")
    path = tmp_path / "harbour.png"
    image.write_to_file(str(path))
    own = image.numpy()
    strokes = [Stroke("original", [(600, 80), (800, 80)], 50)]
    result = colorizer.colorize(path, recolor=True, strokes=strokes).rgb
    plain = colorizer.colorize(path, recolor=True).rgb
    assert result.dtype == depth
    assert np.array_equal(result[60:100, 600:800], own[60:100, 600:800])
    assert not np.array_equal(plain[60:100, 600:800], own[60:100, 600:800])
    assert np.array_equal(result[140:], plain[140:])


def test_a_gray_photo_keeps_no_colors_in_a_region(colorizer: Colorizer, examples: Path) -> None:
    strokes = [Stroke("original", [(600, 80), (800, 80)], 50)]
    result = colorizer.colorize(examples / "harbour.jpg", strokes=strokes).rgb
    part = result[60:100, 600:800]
    assert np.array_equal(part[..., 0], part[..., 1])
    assert np.array_equal(part[..., 0], part[..., 2])


def test_strokes_lie_on_the_upright_photo(
    colorizer: Colorizer, examples: Path, tmp_path: Path
) -> None:
    upright = pyvips.Image.new_from_file(str(examples / "color" / "harbour.jpg"))
    stored = upright.rot270().copy()  # a viewer turns it clockwise
    stored.set_type(pyvips.GValue.gint_type, "orientation", 6)
    path = tmp_path / "turned.png"
    stored.write_to_file(str(path))
    strokes = [Stroke("original", [(600, 80), (800, 80)], 50)]
    result = colorizer.colorize(path, recolor=True, strokes=strokes)
    own = upright.numpy()
    assert np.array_equal(result.rgb[60:100, 600:800], own[60:100, 600:800])
    assert not np.array_equal(result.rgb[200:240, 600:800], own[200:240, 600:800])
    written = tmp_path / "colored.tif"
    result.save(written)
    again = pyvips.Image.new_from_file(str(written)).autorot().numpy()
    assert np.array_equal(again[60:100, 600:800], own[60:100, 600:800])


def test_the_command_takes_strokes_in_the_file_of_hints(
    colorizer: Colorizer, examples: Path, tmp_path: Path, command: Callable[..., object]
) -> None:
    photo, target, path = examples / "cat.jpg", tmp_path / "cat.png", tmp_path / "local.json"
    record = {
        "hints": [{"x": 200, "y": 100, "ab": [20, 20], "reach": 50}],
        "strokes": [
            {"effect": "saturation", "points": [[50, 50], [90, 60]], "radius": 20, "value": 0.2},
            {"effect": "erase", "points": [[200, 120]], "radius": 15},
        ],
    }
    path.write_text(json.dumps(record), encoding="utf-8")
    command("colorize", photo, "-o", target, "--hints", path)
    result = colorizer.colorize(
        photo,
        hints=[Hint(200, 100, (20, 20), reach=50)],
        strokes=[
            Stroke("saturation", [(50, 50), (90, 60)], 20, 0.2),
            Stroke("erase", [(200, 120)], 15),
        ],
    )
    assert np.array_equal(pyvips.Image.new_from_file(str(target)).numpy(), result.rgb)
