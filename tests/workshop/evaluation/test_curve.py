from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from photochrom.errors import DataError
from photochrom.workshop.evaluation.curve import plot_curves


@pytest.fixture
def record() -> dict[str, Any]:
    """The shape of real figures: error grows with vividness, and so does colourfulness."""

    def point(vividness: float, worse: float) -> dict[str, float]:
        return {
            "vividness": vividness,
            "psnr": 24.3 - 1.7 * vividness - worse,
            "ab_error": 13.6 + 2.8 * vividness + worse,
            "colorfulness_ratio": 0.5 + 0.5 * vividness,
        }

    gray = {"psnr": 22.1, "ab_error": 17.8, "colorfulness_ratio": 0.0}
    constant = {"psnr": 22.4, "ab_error": 17.4, "colorfulness_ratio": 0.11}
    return {
        "rows": [
            {"name": "grey", "model": None, "all": gray},
            {"name": "best constant", "model": None, "all": constant},
            {"name": "ours 0.5", "model": "ours", "all": point(0.5, 0.0)},
        ],
        "curves": {
            "ours": [point(vividness, 0.0) for vividness in (0.0, 0.5, 1.0)],
            "theirs": [point(vividness, 0.6) for vividness in (0.0, 0.5, 1.0)],
        },
    }


def test_a_picture_of_two_panels(tmp_path: Path, record: dict[str, Any]) -> None:
    plot_curves(record, tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        assert image.format == "PNG"
        assert image.size == (1320, 550)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # Both lines' colours, #30506f and #b4452c, in both halves; a few hundred pixels each.
    for color in ((0x30, 0x50, 0x6F), (0xB4, 0x45, 0x2C)):
        drawn = (np.abs(pixels - color).max(axis=2) < 8).nonzero()[1]
        assert (drawn < 660).sum() > 100
        assert (drawn >= 660).sum() > 100


def test_what_is_drawn(
    tmp_path: Path, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    plot_curves(record, tmp_path / "curve.png")
    (figure,) = figures
    for axes, key in zip(figure.axes, ("psnr", "ab_error"), strict=True):
        lines = {str(line.get_label()): line for line in axes.lines}
        for name, points in record["curves"].items():
            expected = [[point["colorfulness_ratio"], point[key]] for point in points]
            np.testing.assert_allclose(lines[name].get_xydata(), expected)
        words = [text.get_text() for text in axes.texts]
        assert words == ["0", "0.5", "1"] * 2 + ["grey", "best constant"]


def test_a_folder_that_is_not_there(tmp_path: Path, record: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"curve\.png: cannot be written"):
        plot_curves(record, tmp_path / "nowhere" / "curve.png")
