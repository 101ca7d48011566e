"""A workspace: the same colours as the pipeline's, asked again without doing all of it again."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb, srgb_from_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import ConfigError, HintError, InColorError, ModelError
from photochrom.options import Hint
from photochrom.pipeline.suggestions import hex_of
from photochrom.workspace import Workspace

HINTS = [Hint(100, 60, (40, 30)), Hint(300, 200, (-20, 40)), Hint(20, 280, (0, -40))]


@pytest.fixture(scope="module")
def cat(examples: Path) -> Path:
    return examples / "cat.jpg"


@pytest.fixture
def workspace(colorizer: Colorizer, cat: Path) -> Workspace:
    return colorizer.workspace(cat)


def test_results_do_not_depend_on_earlier_ones(
    colorizer: Colorizer, workspace: Workspace, cat: Path
) -> None:
    workspace.result(vividness=0.9)
    workspace.result(hints=HINTS[:1])
    workspace.result(hints=HINTS[1:], size=128)
    workspace.suggestions(50, 50)
    again = workspace.result(hints=HINTS)
    fresh = colorizer.colorize(cat, hints=HINTS)
    assert np.array_equal(again.ab, fresh.ab)
    assert np.array_equal(again.rgb, fresh.rgb)


class Counted:
    """Counts how often networks are asked, while they are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, session: object) -> None:
        self.count = 0
        predict = session.predict  # type: ignore[attr-defined]

        def counting(*arguments: object) -> object:
            self.count += 1
            return predict(*arguments)

        monkeypatch.setattr(session, "predict", counting)


def test_only_changed_options_are_computed(
    colorizer: Colorizer, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Counted(monkeypatch, colorizer.session)
    workspace.result()
    workspace.result()
    assert asked.count == 1
    workspace.result(hints=HINTS[:1])
    assert asked.count == 2  # with the hint; without is known
    workspace.result(hints=HINTS[:2])
    assert asked.count == 3
    workspace.suggestions(10, 10)
    workspace.suggestions(300, 200)
    assert asked.count == 3  # the distribution is another answer, and no colours


def test_it_goes_at_once_when_nobody_needs_it(colorizer: Colorizer, cat: Path) -> None:
    gc.disable()
    try:
        workspace = colorizer.workspace(cat)
        workspace.result(hints=HINTS)
        gone = weakref.ref(workspace)
        del workspace
        assert gone() is None  # a batch would fill memory with what waits for the collector
    finally:
        gc.enable()


def test_variants_are_those_of_the_colorizer(
    colorizer: Colorizer, workspace: Workspace, cat: Path
) -> None:
    wanted = colorizer.variants(cat, 5, seed=3)
    for number, other in enumerate(wanted):
        found = workspace.result(variant=number, seed=3)
        assert np.array_equal(found.ab, other.ab), number


def test_a_variant_takes_hints(colorizer: Colorizer, examples: Path) -> None:
    workspace = colorizer.workspace(examples / "harbour.jpg")
    hint = Hint(400, 40, (10, 5))  # a sky of evening
    variant = workspace.result(variant=1, seed=1)
    found = workspace.result(variant=1, seed=1, hints=[hint])
    assert workspace.ab_at(400, 40, found) == pytest.approx((10, 5), abs=3)
    usual = workspace.result(hints=[hint])
    ground = np.s_[130:]  # houses and water, of 192 rows
    near, far = (
        np.linalg.norm(found.ab[ground] - other.ab[ground], axis=-1).mean()
        for other in (variant, usual)
    )
    # Measured 1.3 and 12: away from the hint it stays the variant.
    assert near < far / 3, (near, far)


def test_suggestions_are_likely_distinct_and_within_the_gamut(workspace: Workspace) -> None:
    for x, y in ((225, 150), (10, 10), (440, 290), (0, 0), (450, 299)):
        light = workspace.lightness_at(x, y)
        found = workspace.suggestions(x, y)
        assert 2 <= len(found) <= 6
        probabilities = [one.probability for one in found]
        assert probabilities == sorted(probabilities, reverse=True)
        assert 0.9 < sum(probabilities) <= 1.0001  # less what is too unlikely to be shown
        for one in found:
            lab = np.array([light, *one.ab], np.float32)
            shown = lab_from_srgb(srgb_from_lab(lab))
            assert shown == pytest.approx(lab, abs=0.3)
            code = np.array(list(bytes.fromhex(hex_of(one.ab, light)[1:]))) / 255
            assert lab_from_srgb(code)[0] == pytest.approx(light, abs=0.6)
        colors = np.array([one.ab for one in found])
        apart = np.linalg.norm(colors[:, None] - colors, axis=-1)
        assert apart[~np.eye(len(found), dtype=bool)].min() >= 7


def test_the_real_color_is_among_the_suggestions(examples: Path, colorizer: Colorizer) -> None:
    """On photos whose colours are known: the nearest suggestion is nearer than the result."""
    better, nearest, own = 0, [], []
    random = np.random.default_rng(5)
    for name in ("harbour", "otter", "colosseum", "students"):
        gray = colorizer.workspace(examples / f"{name}.jpg")
        real = lab_from_srgb(np.asarray(Image.open(examples / "color" / f"{name}.jpg")) / 255)
        height, width = gray.photo.upright_size
        result = gray.result()
        for _ in range(10):
            x, y = random.integers(4, width - 4), random.integers(4, height - 4)
            wanted = real[y - 3 : y + 4, x - 3 : x + 4, 1:].mean(axis=(0, 1))
            offered = np.array([one.ab for one in gray.suggestions(x, y)])
            nearest.append(np.linalg.norm(offered - wanted, axis=-1).min())
            own.append(np.linalg.norm(gray.ab_at(x, y, result) - wanted))
            better += nearest[-1] < own[-1]
    # Measured: see the assertion's own numbers; half of the error is gone.
    assert np.mean(nearest) < 0.75 * np.mean(own), (np.mean(nearest), np.mean(own), better)


@pytest.mark.workshop
def test_a_model_of_one_color_a_place_suggests_that(examples: Path, tmp_path: Path) -> None:
    from support.linear_model import write_model

    workspace = Colorizer(write_model(tmp_path / "ab.onnx", "stretch")).workspace(
        examples / "cat.jpg"
    )
    assert not workspace.predicts_distribution
    [only] = workspace.suggestions(100, 100)
    assert only.probability is None
    with pytest.raises(HintError, match="takes no hints"):
        workspace.check_hints(HINTS)
    with pytest.raises(ModelError):
        workspace.result(variant=1)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (451, 0), (0, 300), (float("nan"), 0)])
def test_a_place_outside_is_refused(workspace: Workspace, x: float, y: float) -> None:
    with pytest.raises(HintError, match=r"must lie in|must be"):
        workspace.suggestions(x, y)


def test_wrong_wishes_are_refused(workspace: Workspace, examples: Path, colorizer) -> None:
    with pytest.raises(ConfigError, match=r"variant=12: must lie in 0\.\.11"):
        workspace.result(variant=12)
    with pytest.raises(ConfigError, match="seed"):
        workspace.result(variant=1, seed=-1)
    with pytest.raises(ConfigError, match="vividness"):
        workspace.result(vividness=1.1)
    color = colorizer.workspace(examples / "color" / "harbour.jpg")
    assert color.in_color
    with pytest.raises(InColorError):
        color.result(recolor=False)
    assert not workspace.in_color
