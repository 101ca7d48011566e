"""A picture of results: colour photos made grey, coloured, and as they are.

python benchmarks/results_picture.py docs/results.jpg
python benchmarks/results_picture.py FILE.jpg --model NAME PHOTO...
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import Colorizer
from photochrom.color.lab import gray_from_lightness, lab_from_srgb
from photochrom.workshop.contact_sheet import save_sheet

EXAMPLES = Path(__file__).parents[1] / "examples" / "color"
SHOWN = ("harbour", "otter", "ceremony", "cat")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--vividness", type=float, default=0.5)
    arguments = parser.parse_args()
    colorizer = Colorizer(arguments.model)
    rows = []
    for path in arguments.photos or [EXAMPLES / f"{name}.jpg" for name in SHOWN]:
        with Image.open(path) as picture:
            real = np.asarray(picture.convert("RGB"))
        gray = gray_from_lightness(lab_from_srgb(real.astype(np.float32) / 255)[..., 0])
        colored = colorizer.colorize(gray, vividness=arguments.vividness).rgb
        rows.append([np.stack([gray] * 3, axis=-1), colored, real])
    save_sheet(rows, arguments.output, height=190, width=1020)


if __name__ == "__main__":
    main()
