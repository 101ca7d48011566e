"""Photos no network saw, coloured by each of them, in one picture: the paper's figure 21.

    python benchmarks/paper_picture.py OUT.jpg MODEL.onnx [MODEL.onnx ...]

Rows: the photos of examples/color. Columns: grey, each model at its default vividness (networks
that say only ab: at vividness 0, as they say it), the real photo.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.colorizer import Colorizer
from photochrom.options import ColorizeOptions
from photochrom.workshop.contact_sheet import save_sheet

EXAMPLES = Path(__file__).parents[1] / "examples"
LEFT_OUT = {"square"}
"""A crop of another one of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    arguments = parser.parse_args()
    colorizers = [Colorizer(model) for model in arguments.models]
    rows = []
    for path in sorted(EXAMPLES.glob("*.jpg")):
        if path.stem in LEFT_OUT:
            continue
        with Image.open(path) as image:
            gray = np.asarray(image.convert("RGB"))
        with Image.open(EXAMPLES / "color" / path.name) as image:
            real = np.asarray(image.convert("RGB"))
        ours = []
        for colorizer in colorizers:
            vivid = (
                ColorizeOptions.vividness if colorizer.session.contract.output == "bins" else 0.0
            )
            ours.append(colorizer.colorize(path, vividness=vivid).rgb)
        rows.append([gray, *ours, real])
    save_sheet(rows, arguments.output, height=144, width=144 * 2 * (len(colorizers) + 2))


if __name__ == "__main__":
    main()
