"""The README's picture: example photos, grey, coloured and real.

python benchmarks/results_picture.py docs/results.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import Colorizer
from photochrom.sheet import save_sheet

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = ("harbour", "otter", "ceremony", "cat")


def main() -> None:
    colorizer = Colorizer()
    rows = []
    for name in SHOWN:
        grey = EXAMPLES / f"{name}.jpg"
        real = EXAMPLES / "colour" / f"{name}.jpg"
        pictures = [Image.open(grey).convert("RGB"), Image.open(real).convert("RGB")]
        left, right = (np.asarray(picture) for picture in pictures)
        rows.append([left, colorizer.colorize(grey).rgb, right])
    save_sheet(rows, Path(sys.argv[1]), height=190, width=1020)


if __name__ == "__main__":
    main()
