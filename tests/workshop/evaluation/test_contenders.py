from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.evaluation.contenders import (
    BEST_CONSTANT,
    BestConstant,
    Folder,
    Gray,
    Setting,
)
from photochrom.workshop.evaluation.original import Original, lab_of, originals_from
from photochrom.workshop.evaluation.plan import CURVE, Plan
from support.known_colors import KnownColors

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def original(crops: list[np.ndarray]) -> Original:
    return Original("c0", 0, crops[0])


def test_gray_has_the_photos_lightness_and_no_color(original: Original) -> None:
    picture = Gray().answer(original).picture
    lab = lab_of(picture)
    # half a code is at most 0.25 L
    assert np.abs(lab[..., 0] - original.lab[..., 0]).max() < 0.3
    assert np.abs(lab[..., 1:]).max() < 1e-3


def test_best_constant_is_one_tint(original: Original) -> None:
    lab = lab_of(BestConstant().answer(original).picture)
    roomy = (lab[..., 0] > 30) & (lab[..., 0] < 90)
    # eight bits hold ab to about one unit there
    assert np.abs(lab[..., 1:][roomy] - BEST_CONSTANT).max() < 1.5


def test_folder_gives_the_file_of_the_key(original: Original, tmp_path: Path) -> None:
    Image.fromarray(255 - original.real).save(tmp_path / "c0.png")
    Image.fromarray(original.real).save(tmp_path / "c1.png")
    answer = Folder("theirs", tmp_path).answer(original)
    assert np.array_equal(answer.picture, 255 - original.real)
    assert answer.confidence is answer.seconds is None


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_folder_resizes_what_has_another_size(
    original: Original, tmp_path: Path, suffix: str
) -> None:
    height, width = original.real.shape[:2]
    double = Image.fromarray(original.real).resize((2 * width, 2 * height))
    double.save(tmp_path / f"c0{suffix}", quality=95)
    picture = Folder("theirs", tmp_path).answer(original).picture
    assert picture.shape == original.real.shape
    # there and back again costs some sharpness, and JPEG some colour
    assert np.abs(picture.astype(float) - original.real).mean() < 6


def test_folder_without_the_picture(original: Original, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no picture of c0; .* c0\.png"):
        Folder("theirs", tmp_path).answer(original)
    (tmp_path / "c0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"c0\.png: not a readable image"):
        Folder("theirs", tmp_path).answer(original)


def test_setting_says_model_and_vividness(original: Original) -> None:
    known = KnownColors([original.real], [np.ones((2, 3))])
    setting = Setting(known, 0.5)  # type: ignore[arg-type]
    assert setting.name == "known 0.5"
    answer = setting.answer(original)
    assert np.array_equal(answer.picture, original.real)
    assert answer.confidence is not None
    assert answer.seconds is not None
    assert answer.seconds > 0
    assert np.array_equal(known.seen[0], original.gray)


def test_rows_of_a_plan(tmp_path: Path) -> None:
    models = [KnownColors([], name=name) for name in ("a", "b")]
    plan = Plan(models, [0, 1], folders=[Folder("theirs", tmp_path)], curve=True)  # type: ignore[arg-type]
    names = [row.name for row in plan.rows]
    assert names == ["grey", "best constant", "a 0", "a 1", "b 0", "b 1", "theirs"]
    assert [(s.model, s.vividness) for s in plan.curve_settings] == [
        (model, value) for model in "ab" for value in CURVE
    ]
    assert Plan(models, [0]).curve_settings == ()  # type: ignore[arg-type]


def test_names_that_would_be_two_rows(tmp_path: Path) -> None:
    model = KnownColors([])
    with pytest.raises(ConfigError, match=r"two rows would be called 'known 0\.5'"):
        Plan([model, model], [0.5])  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="two rows would be called 'real'"):
        Plan([model], [0.5], folders=[Folder("real", tmp_path)])  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="a subset cannot be called 'odd'"):
        Plan([model], [0.5], subsets={"odd": {"c0"}})  # type: ignore[list-item]


def test_selected_photos_keep_their_index(folder: Path, crops: list[np.ndarray]) -> None:
    found = list(originals_from([str(folder)], {"c2", "c5"}))
    assert [(original.key, original.index) for original in found] == [("c2", 2), ("c5", 5)]
    assert np.array_equal(found[1].real, crops[5])
    with pytest.raises(DataError, match=r"no photos there that meet the conditions"):
        list(originals_from([str(folder)], {"c9"}))


def test_one_key_for_two_photos(folder: Path) -> None:
    with pytest.raises(DataError, match="c0: two photos have this key"):
        list(originals_from([str(folder), str(folder)]))
