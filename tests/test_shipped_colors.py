"""The colours that ship: a worse model, or a wrong dial, does not pass unseen.

`python tests/test_shipped_colors.py` stores what the models in the package give. Do so where they
change on purpose, and look at the pictures.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import Colorizer
from photochrom.color import metrics
from photochrom.color.lab import lab_from_srgb

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STORED = Path(__file__).with_name("shipped_colors")
MODELS = ("photochrom", "photochrom-free", "photochrom-lite")
PICTURE, SIDE = "harbour", 160


def measure(model: str) -> tuple[dict[str, float], Image.Image]:
    """Means over the examples, and one small coloured picture."""
    colorizer = Colorizer(model, device="cpu")
    scores, small = [], None
    for path in sorted((EXAMPLES / "color").glob("*.jpg")):
        real = np.asarray(Image.open(path))
        ours = colorizer.colorize(EXAMPLES / path.name).rgb
        ab, real_ab = (lab_from_srgb(picture / 255)[..., 1:] for picture in (ours, real))
        scores.append((metrics.psnr(ours, real), metrics.ab_error(ab, real_ab)))
        if path.stem == PICTURE:
            small = Image.fromarray(ours)
            small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    assert small is not None
    psnr_mean, ab_error = np.mean(scores, axis=0)
    return {"psnr": round(float(psnr_mean), 3), "ab_error": round(float(ab_error), 3)}, small


@pytest.mark.workshop
@pytest.mark.parametrize("model", MODELS)
def test_the_shipped_colors_are_those_that_were_stored(model: str) -> None:
    figures, picture = measure(model)
    wanted = json.loads((STORED / "figures.json").read_text(encoding="utf-8"))[model]
    # Processors round a network's sums otherwise; int8 is the most sensitive.
    assert figures["psnr"] == pytest.approx(wanted["psnr"], abs=0.05)
    assert figures["ab_error"] == pytest.approx(wanted["ab_error"], abs=0.1)
    stored = np.asarray(Image.open(STORED / f"{model}.png"), np.float32)
    assert np.abs(np.asarray(picture, np.float32) - stored).mean() < 1


def store() -> None:
    STORED.mkdir(exist_ok=True)
    figures = {}
    for model in MODELS:
        figures[model], picture = measure(model)
        picture.save(STORED / f"{model}.png")
    text = json.dumps(figures, indent=1) + "\n"
    (STORED / "figures.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    store()
