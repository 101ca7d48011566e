"""How exactly lightness survives: 16-bit photos coloured, and a ramp of all codes.

    python benchmarks/fidelity.py [--photo FILE ...]

Lightness is that of scikit-image, of the file that is written, where the colours are in gamut
anyway. Without --photo, the example photographs are made 16-bit with grain of less than one 8-bit
code, so that all codes occur.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyvips
from skimage.color import rgb2lab

from photochrom import Colorizer

EXAMPLES = Path(__file__).parents[1] / "examples"


def deep(path: Path) -> np.ndarray:
    """A grey photo (H, W), uint16."""
    image = pyvips.Image.new_from_file(str(path)).colourspace("grey16")[0].numpy()
    if image.dtype == np.uint16 and len(np.unique(image)) > 4096:
        return image
    grain = np.random.default_rng(0).uniform(-128, 128, image.shape)
    return (image + grain).clip(0, 65535).astype(np.uint16)


def lightness(codes: np.ndarray) -> np.ndarray:
    rgb = codes if codes.ndim == 3 else np.repeat(codes[..., None], 3, axis=2)
    return rgb2lab(rgb.astype(np.float64) / 65535)[..., 0]


def in_gamut(colored: np.ndarray) -> np.ndarray:
    """Where no channel is at its end, so nothing was reduced."""
    inside: np.ndarray = np.all((colored > 0) & (colored < 65535), axis=2)
    return inside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path, nargs="+")
    arguments = parser.parse_args()
    photos = arguments.photo or sorted(EXAMPLES.glob("*.jpg"))
    colorizer = Colorizer()
    print("| photo | mean dL | within 0.01 | largest | in gamut |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for path in photos:
            photo, target = deep(path), Path(name) / "out.tif"
            colorizer.colorize(photo).save(target, overwrite=True)
            colored = pyvips.Image.new_from_file(str(target)).numpy()
            inside = in_gamut(colored)
            difference = np.abs(lightness(colored) - lightness(photo))[inside]
            close = 100 * (difference <= 0.01).mean()
            print(
                f"| {path.stem} | {difference.mean():.5f} | {close:.2f} % "
                f"| {difference.max():.3f} | {100 * inside.mean():.1f} % |"
            )
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    result = colorizer.colorize(ramp)
    levels = [len(np.unique(result.rgb[..., band])) for band in range(3)]
    distinct = len(np.unique(lightness(result.rgb).round(6)))
    print(f"\nramp of 65536 levels: {levels} in R, G, B; {distinct} of lightness")


if __name__ == "__main__":
    main()
