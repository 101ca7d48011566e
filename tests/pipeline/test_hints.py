"""Colours that a person sets, from the JSON file to the full-size result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb, srgb_from_lab
from photochrom.errors import HintError
from photochrom.options import Hint
from photochrom.pipeline.hints import PlacedHints, load_hints

HONOURED = 5.0
"""ab units, within which a hint must be met."""


def write(folder: Path, record: object) -> Path:
    path = folder / "hints.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def test_a_file_of_hints(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "hints": [
                {"x": 812, "y": 400, "color": "#8a5a3c", "radius": 12},
                {"x": 10, "y": 20, "ab": [0, -7.5]},
            ]
        },
    )
    brown, blue = load_hints(path).hints
    assert (brown.x, brown.y, brown.radius) == (812, 400, 12)
    # by scikit-image's rgb2lab
    assert brown.ab == pytest.approx((16.35, 25.3), abs=0.05)
    assert (blue.ab, blue.radius) == ((0, -7.5), None)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([], "object"),
        ({"hint": []}, "did you mean hints"),
        ({"hints": [{"x": 1, "y": 1, "colour": "#000000"}]}, "hint 1.*did you mean color"),
        ({"hints": [{"x": 1, "y": 1}]}, "either color or|either as color"),
        ({"hints": [{"x": 1, "y": 1, "color": "red"}]}, "#rrggbb"),
        ({"hints": [{"x": 1, "y": 1, "ab": [1]}]}, "two numbers"),
        ({"hints": [{"y": 1, "color": "#ffffff"}]}, "x is missing"),
        ({"hints": [{"x": 1, "y": 1, "ab": [0, 0], "radius": 0}]}, "radius is .*above 0"),
        ({"hints": [{"x": 1, "y": 1, "ab": [0, 0], "reach": -2}]}, "reach is .*above 0"),
        ({"strokes": [{"effect": "rub", "points": [[1, 1]], "radius": 9}]}, "stroke 1.*known: era"),
        ({"strokes": [{"effect": "ersae", "points": [[1, 1]], "radius": 9}]}, "did you mean erase"),
        ({"strokes": [{"effect": "erase", "points": [], "radius": 9}]}, "at least one"),
        ({"strokes": [{"effect": "erase", "points": [[1]], "radius": 9}]}, "at least one"),
        ({"strokes": [{"effect": "erase", "points": [[1, 1]]}]}, "radius is missing"),
        ({"strokes": [{"effect": "erase", "points": [[1, 1]], "radius": 9, "value": 1}]}, "no val"),
        ({"strokes": [{"effect": "vividness", "points": [[1, 1]], "radius": 9}]}, "value is None"),
        ({"strokes": [5]}, "stroke 1: is 5"),
        ({"hints": {"x": 1}}, "list"),
        ({"hints": [[1, 2, 3]]}, "hint 1: is .*object"),
        ({"hints": [{"x": 1, "y": 1, "ab": [0, 0], "color": "#000000"}]}, "either as color"),
        ({"hints": [{"x": 1, "y": 1, "ab": [0, 300]}]}, "-128..128"),
        ({"hints": [{"x": "1", "y": 1, "ab": [0, 0]}]}, "must be numbers"),
        ({"hints": [{"x": True, "y": 1, "ab": [0, 0]}]}, "must be numbers"),
        ({"hints": [{"x": 10**400, "y": 1, "ab": [0, 0]}]}, "must be numbers"),
        ({"hints": [{"x": 1, "y": float("nan"), "ab": [0, 0]}]}, "must be numbers"),
    ],
)
def test_the_fault_is_one_line(tmp_path: Path, record: object, words: str) -> None:
    path = write(tmp_path, record)
    with pytest.raises(HintError, match=words) as caught:
        load_hints(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_json(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(HintError, match="not valid JSON"):
        load_hints(path)
    path.write_text("[" * 10**5, encoding="utf-8")
    with pytest.raises(HintError, match="not valid JSON"):
        load_hints(path)
    path.write_bytes(b'{"hints": "\xff"}')
    with pytest.raises(HintError, match="not valid JSON"):
        load_hints(path)
    with pytest.raises(HintError, match=r"absent\.json"):
        load_hints(tmp_path / "absent.json")


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text('{"hints": [{"x": 1, "y": 2, "ab": [3, 4]}]}', encoding="utf-8-sig")
    assert load_hints(path).hints == (Hint(1, 2, (3, 4)),)


def test_of_two_hints_in_one_pixel_of_the_small_copy_the_last_counts() -> None:
    hints = [Hint(10, 10, (1, 1)), Hint(60, 60, (2, 2)), Hint(11, 10, (3, 3))]
    placed = PlacedHints.of(hints, (400, 400), (32, 32), "photo.jpg")
    assert placed.ab.tolist() == [[2, 2], [3, 3]]


def test_hints_are_placed_on_the_small_copy() -> None:
    placed = PlacedHints.of([Hint(199, 99, (20, 30), radius=10)], (100, 200), (32, 64), "photo.jpg")
    assert placed.pixels == [(31, 63)]
    hint_ab, hint_mask = placed.inputs(gain=2.0)
    assert hint_mask[31, 63] == 1
    assert hint_mask.sum() == 16  # a radius of 3.2 rounds to 3; the corner cuts the square
    assert hint_ab[31, 63].tolist() == [10, 15]  # the decoding's gain follows
    assert not hint_ab[hint_mask == 0].any()


@pytest.mark.parametrize(("x", "y"), [(200, 5), (-1, 5), (5, 100)])
def test_a_hint_outside_the_photo(x: float, y: float) -> None:
    with pytest.raises(HintError, match=r"photo\.jpg: hint 1.*must lie in"):
        PlacedHints.of([Hint(x, y, (0, 0))], (100, 200), (32, 64), "photo.jpg")


def found_ab(colorizer, lab_of, path: Path, hints: list[Hint]) -> np.ndarray:
    return lab_of(colorizer.colorize(path, hints=hints).rgb)[..., 1:]


def test_hints_are_honoured_in_the_full_size_result(colorizer, lab_of, examples: Path) -> None:
    # moderate colours at places of middle lightness, where sRGB has them
    wanted = {(120, 150): (25, 15), (300, 100): (-15, 20), (220, 250): (0, -25)}
    photo = examples / "cat.jpg"
    hints = [Hint(x, y, ab) for (x, y), ab in wanted.items()]
    ab = found_ab(colorizer, lab_of, photo, hints)
    missed = [np.linalg.norm(ab[y, x] - color) for (x, y), color in wanted.items()]
    assert max(missed) < HONOURED
    plain = found_ab(colorizer, lab_of, photo, [])
    assert min(np.linalg.norm(plain[y, x] - c) for (x, y), c in wanted.items()) > HONOURED


def test_a_hint_spreads_but_not_over_the_whole_picture(colorizer, lab_of, examples: Path) -> None:
    photo = examples / "harbour.jpg"
    plain = found_ab(colorizer, lab_of, photo, [])
    height, width = plain.shape[:2]
    sky = Hint(width // 2, height // 12, (30, 10))
    moved = np.linalg.norm(found_ab(colorizer, lab_of, photo, [sky]) - plain, axis=-1)
    assert moved[: height // 8].mean() > 5 * moved[-height // 4 :].mean()
    assert (moved > HONOURED).mean() > 0.02  # more than a dot


def test_contradicting_neighbors_do_not_explode(colorizer, lab_of, examples: Path) -> None:
    hints = [Hint(200, 150, (40, 0)), Hint(203, 150, (-40, 0))]
    plain = found_ab(colorizer, lab_of, examples / "cat.jpg", [])
    ab = found_ab(colorizer, lab_of, examples / "cat.jpg", hints)
    assert np.abs(ab).max() < max(np.abs(plain).max(), 60)


def test_colors_that_srgb_lacks_are_reduced_as_everywhere(
    colorizer, lab_of, examples: Path
) -> None:
    photo = examples / "harbour.jpg"
    lightness = lab_of(colorizer.colorize(photo).rgb)[..., 0]
    points = [(x, y) for x in (50, 200, 350) for y in (30, 120, 210)]
    hints = [Hint(x, y, (-80, -60)) for x, y in points]
    ab = found_ab(colorizer, lab_of, photo, hints)
    for x, y in points:
        asked = np.array([lightness[y, x], -80, -60], np.float32)
        possible = lab_from_srgb(srgb_from_lab(asked))[1:]
        assert np.linalg.norm(possible - (-80, -60)) > HONOURED
        assert np.linalg.norm(ab[y, x] - possible) < HONOURED


def test_hints_of_a_sideways_photo_are_upright(
    colorizer, lab_of, examples: Path, tmp_path: Path
) -> None:
    with Image.open(examples / "ceremony.jpg") as upright:
        exif = Image.Exif()
        exif[274] = 6  # orientation: shown turned by a quarter, clockwise
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways.png", exif=exif)
        width, height = upright.size
    assert width != height
    point = (width - 20, height // 3)
    color = (20, -20)
    ab = found_ab(colorizer, lab_of, tmp_path / "sideways.png", [Hint(*point, color)])
    assert ab.shape[:2] == (height, width)
    assert np.linalg.norm(ab[point[1], point[0]] - color) < HONOURED


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 4000)])
def test_hints_on_the_smallest_and_longest_photos(colorizer, lab_of, shape) -> None:
    gray = np.random.default_rng(0).integers(90, 160, shape).astype(np.uint8)
    hint = Hint(shape[1] - 1, shape[0] - 1, (15, 15))
    ab = lab_of(colorizer.colorize(gray, hints=[hint]).rgb)[..., 1:]
    assert np.linalg.norm(ab[-1, -1] - hint.ab) < HONOURED


def test_no_hints_change_nothing(colorizer, examples: Path) -> None:
    photo = examples / "cat.jpg"
    assert np.array_equal(colorizer.colorize(photo).rgb, colorizer.colorize(photo, hints=[]).rgb)
