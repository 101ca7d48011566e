"""Colours changed after the network, on the small copy."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.cli.main import app
from photochrom.errors import ConfigError
from photochrom.pipeline.adjustments import SHIFT, Adjustments


@pytest.fixture(scope="module")
def result(colorizer, examples):
    return colorizer.colorize(examples / "students.jpg")


def test_nothing_changes_nothing(result):
    assert result.adjusted() is result


def test_saturation_is_a_factor(result, lab_of, chroma_of):
    half = result.adjusted(saturation=0.5)
    assert np.allclose(half.ab, result.ab / 2)
    found = chroma_of(lab_of(half.rgb)[..., 1:]) / chroma_of(lab_of(result.rgb)[..., 1:])
    assert found == pytest.approx(0.5, abs=0.02)  # the gamut's end, and 8 bit
    gray = lab_of(result.adjusted(saturation=0).rgb)
    assert np.abs(gray[..., 1:]).max() < 0.1


def test_warmth_and_tint_move_colors_as_they_say(result, lab_of):
    plain = lab_of(result.rgb)
    middle = (plain[..., 0] > 30) & (plain[..., 0] < 70)  # where the gamut has room
    for change, axis, sign in (
        ({"warmth": 0.5}, 2, 1), ({"warmth": -0.5}, 2, -1),
        ({"tint": 0.5}, 1, 1), ({"tint": -0.5}, 1, -1),
    ):  # fmt: skip
        moved = (lab_of(result.adjusted(**change).rgb) - plain)[middle]
        assert np.median(moved[:, axis]) == pytest.approx(sign * SHIFT / 2, abs=1)
        assert abs(np.median(moved[:, 3 - axis])) < 1


def test_lightness_stays(result, lab_of):
    changed = result.adjusted(saturation=2, warmth=1, tint=-1, smooth=1)
    assert np.abs(lab_of(changed.rgb)[..., 0] - lab_of(result.rgb)[..., 0]).mean() < 0.2


def test_smoothing_evens_out_inside_and_not_over_edges(colorizer, examples):
    from dataclasses import replace

    result = colorizer.colorize(examples / "students.jpg")
    lightness = np.full_like(result.lightness, 30)
    half = lightness.shape[1] // 2
    lightness[:, half:] = 80
    random = np.random.default_rng(0)
    ab = random.normal(0, 8, result.ab.shape).astype(np.float32)
    ab[:, half:] += (30, -30)
    noisy = replace(result, ab=ab, lightness=lightness)
    smooth = noisy.adjusted(smooth=0.5)
    for side, mean in ((np.s_[:, : half - 2], (0, 0)), (np.s_[:, half + 2 :], (30, -30))):
        assert smooth.ab[side].std(axis=(0, 1)).max() < 0.25 * noisy.ab[side].std(axis=(0, 1)).min()
        assert smooth.ab[side].mean(axis=(0, 1)) == pytest.approx(mean, abs=0.5)


def test_the_network_is_not_run_again(colorizer, examples, monkeypatch):
    result = colorizer.colorize(examples / "cat.jpg")
    monkeypatch.setattr(type(colorizer.session), "_run", lambda *_: pytest.fail("ran the network"))
    assert result.adjusted(saturation=1.3, warmth=0.2, smooth=0.2).rgb.shape == result.rgb.shape


@pytest.mark.parametrize(
    "wrong",
    [
        {"saturation": -0.1}, {"saturation": 3.1}, {"warmth": 1.1}, {"tint": -2.0},
        {"smooth": -0.5}, {"saturation": float("nan")},
    ],
)  # fmt: skip
def test_out_of_range(wrong):
    with pytest.raises(ConfigError, match="must lie in"):
        Adjustments(**wrong)


def test_by_command(examples, tmp_path, lab_of, chroma_of):
    from PIL import Image
    from typer.testing import CliRunner

    chroma = {}
    for saturation in ("1", "2"):
        target = tmp_path / f"{saturation}.png"
        done = CliRunner().invoke(
            app,
            ["colorize", str(examples / "cat.jpg"), "-o", str(target), "--saturation", saturation],
        )
        assert done.exit_code == 0, done.output
        chroma[saturation] = chroma_of(lab_of(np.asarray(Image.open(target)))[..., 1:])
    assert chroma["2"] > 1.7 * chroma["1"]
