"""How often the border of a scan or an album's page is found, and how well; on photos without one.

    python benchmarks/borders.py PHOTOS... [--limit N]

PHOTOS: shards or folders of photos. Each is looked at as it is, on a scanner's bed
(`photochrom evaluate --degrade` has the same), and as a print with a white frame that lies a
little askew on an album's page. A proposal is good where it covers the photo to nine tenths: the
intersection of both rectangles by their union.
"""

from __future__ import annotations

import argparse
from itertools import islice

import numpy as np
from PIL import Image

from photochrom.crops import Crop
from photochrom.pipeline.borders import border_of
from photochrom.workshop.data.sources import photos_from
from photochrom.workshop.evaluation.degradations import scan_border

GOOD = 0.9
PAGES = (40, 60, 110, 200)
FRAME, MARGIN, ASKEW = (0.02, 0.05), (0.08, 0.3), 1.2


def on_album_page(photo: Image.Image, random: np.random.Generator) -> tuple[np.ndarray, Crop]:
    """A print on a page, and where its photo lies, without the turn."""
    short = min(photo.size)
    frame = int(random.uniform(*FRAME) * short)
    print_ = Image.new("L", (photo.width + 2 * frame, photo.height + 2 * frame), 235)
    print_.paste(photo.convert("L"), (frame, frame))
    above, below, left, right = (random.uniform(*MARGIN, 4) * short).astype(int)
    shape = (print_.height + above + below, print_.width + left + right)
    page = random.choice(PAGES) + random.normal(0, 4, shape) + np.linspace(-4, 4, shape[1])
    picture = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    angle = random.uniform(-ASKEW, ASKEW)
    turned = print_.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    mask = Image.new("L", print_.size, 255).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    picture.paste(turned, (left, above), mask)
    x = left + frame + (turned.width - print_.width) // 2
    y = above + frame + (turned.height - print_.height) // 2
    return np.asarray(picture), Crop(int(x), int(y), *photo.size)


def overlap(one: Crop | None, other: Crop) -> float:
    """Intersection by union; 0 for no crop."""
    if one is None:
        return 0.0
    across = max(0, min(one.right, other.right) - max(one.left, other.left))
    down = max(0, min(one.bottom, other.bottom) - max(one.top, other.top))
    both = across * down
    return both / (one.width * one.height + other.width * other.height - both)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    alone: list[bool] = []
    found: dict[str, list[float]] = {"scanner's bed": [], "album's page": []}
    for _, pixels in islice(photos_from(options.photos), options.limit):
        picture = Image.fromarray(pixels)
        alone.append(border_of(np.asarray(picture.convert("L"))) is not None)
        scan = scan_border(pixels, random)
        place = Crop(scan.left, scan.top, *picture.size)
        found["scanner's bed"].append(overlap(border_of(scan.photo), place))
        page, place = on_album_page(picture, random)
        found["album's page"].append(overlap(border_of(page), place))
    print(f"{len(alone)} photos; without a border: a proposal for {np.mean(alone):.1%}")
    for name, values in found.items():
        share, median = np.mean(np.array(values) > GOOD), np.median(values)
        print(f"{name}: good {share:.1%}, median overlap {median:.3f}")


if __name__ == "__main__":
    main()
