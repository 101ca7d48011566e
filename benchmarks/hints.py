"""What hints do: are they honoured, and how much does a photo gain from a few of them.

    python benchmarks/hints.py MODEL PHOTOS... [--limit N] [--threads N] [--json]
        [--near X --far X] [--short]

MODEL is a name, or an .onnx file. Every photo is made grey, coloured by the full pipeline with
hints, and compared at its own size. Three sets of points, all with fixed seeds:

- regions: ten, at the centres of the ten largest superpixels of L (scikit-image's SLIC, 64
  segments, compactness 1, sigma 1; the centre is the superpixel's pixel nearest to its mean place),
  each with the real photo's mean ab of the 7 x 7 pixels around. Reported: the ab error beside that
  without hints. At a compactness of 10 superpixels are a lattice in even areas, all of one size,
  and the ten largest lie in a corner.
- nested: the first 0, 1, 2, 5, 10, 20, 50 of one random order of points, colours as above.
  Reported: the mean PSNR of each count.
- arbitrary: ten random points with random sRGB colours, which the photo never had.
- one: the first of the nested, alone, and the first of the arbitrary, alone. Reported: the ab error
  with the former; the share of pixels that the latter moves by more than 5 ab units.

--near, --far: instead of those of `photochrom.pipeline.hint_propagation`; 1e9 to believe the
    network everywhere.
--short: without the nested points.

A hint is honoured where the result's pixel is within 5 ab units of the requested colour, after that
was reduced to what sRGB has at the pixel's lightness. The settings of
`photochrom.pipeline.hint_propagation` were chosen on photos with an even index, so the odd ones are
reported beside all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from skimage.measure import regionprops
from skimage.segmentation import slic

from photochrom.color import metrics
from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab
from photochrom.colorizer import Colorizer
from photochrom.options import Hint
from photochrom.pipeline import hint_propagation
from photochrom.workshop.evaluation.original import Original, lab_of, originals_from

COUNTS = (0, 1, 2, 5, 10, 20, 50)
HONOURED = 5.0
AROUND = 3
"""Pixels to each side of a point whose mean is its real colour."""

Point = tuple[int, int]
"""Row and column."""


def region_centers(lightness: Array, count: int) -> list[Point]:
    segments = slic(
        lightness, n_segments=64, compactness=1, sigma=1, channel_axis=None, start_label=1
    )
    largest = sorted(regionprops(segments), key=lambda region: (-region.area, region.label))
    centers = []
    for region in largest[:count]:
        offset = region.coords - region.coords.mean(axis=0)
        centers.append(tuple(region.coords[np.square(offset).sum(axis=1).argmin()].tolist()))
    return centers


def random_points(shape: Sequence[int], count: int, random: np.random.Generator) -> list[Point]:
    places = (random.random((count, 2)) * shape[:2]).astype(int)
    return [tuple(place) for place in places.tolist()]


def real_hints(points: Sequence[Point], lab: Array) -> list[Hint]:
    hints = []
    for row, column in points:
        near = np.s_[
            max(0, row - AROUND) : row + AROUND + 1, max(0, column - AROUND) : column + AROUND + 1
        ]
        a, b = lab[near][..., 1:].reshape(-1, 2).mean(axis=0).tolist()
        hints.append(Hint(column, row, (a, b)))
    return hints


def arbitrary_hints(points: Sequence[Point], random: np.random.Generator) -> list[Hint]:
    colors = lab_from_srgb(random.random((len(points), 3)))[:, 1:].tolist()
    paired = zip(points, colors, strict=True)
    return [Hint(column, row, (a, b)) for (row, column), (a, b) in paired]


def missed(hints: Sequence[Hint], lab: Array, gray: Array) -> list[float]:
    """How far the result is from each hint's colour, ab units."""
    distances = []
    for hint in hints:
        place = int(hint.y), int(hint.x)
        requested = np.array([gray[place], *hint.ab], np.float32)
        possible = lab_from_srgb(srgb_from_lab(requested))
        distances.append(float(np.linalg.norm(lab[place][1:] - possible[1:])))
    return distances


def measure(
    colorizer: Colorizer, original: Original, counts: Sequence[int] = COUNTS
) -> dict[str, Any]:
    """Figures of one photo."""
    random = np.random.default_rng(original.index)
    real, gray = original.lab, lab_of(np.repeat(original.gray[..., None], 3, axis=2))[..., 0]
    order = real_hints(random_points(real.shape, max(COUNTS), random), real)
    regions = real_hints(region_centers(real[..., 0], 10), real)
    arbitrary = arbitrary_hints(random_points(real.shape, 10, random), random)
    figures: dict[str, Any] = {"index": original.index, "psnr": {}, "missed": {}}
    for count in counts:
        picture = colorizer.colorize(original.gray, hints=order[:count]).rgb
        figures["psnr"][count] = metrics.psnr(picture, original.real)
        lab = lab_of(picture)
        if count == 0:
            figures["without"] = metrics.ab_error(lab[..., 1:], real[..., 1:])
            plain = lab[..., 1:]
        if count == 1:
            figures["one"] = metrics.ab_error(lab[..., 1:], real[..., 1:])
        figures["missed"]["nested"] = missed(order[:count], lab, gray)
    lab = lab_of(colorizer.colorize(original.gray, hints=regions).rgb)
    figures["with"] = metrics.ab_error(lab[..., 1:], real[..., 1:])
    figures["missed"]["regions"] = missed(regions, lab, gray)
    lab = lab_of(colorizer.colorize(original.gray, hints=arbitrary).rgb)
    figures["missed"]["arbitrary"] = missed(arbitrary, lab, gray)
    lab = lab_of(colorizer.colorize(original.gray, hints=arbitrary[:1]).rgb)
    figures["moved"] = float((np.linalg.norm(lab[..., 1:] - plain, axis=-1) > HONOURED).mean())
    return figures


def summary(photos: Sequence[dict[str, Any]]) -> dict[str, Any]:
    without, with_hints, with_one = (
        float(np.mean([photo[name] for photo in photos])) for name in ("without", "with", "one")
    )
    return {
        "photos": len(photos),
        "honoured_percent": {
            name: round(
                100
                * float(np.mean(np.concatenate([p["missed"][name] for p in photos]) <= HONOURED)),
                2,
            )
            for name in ("regions", "nested", "arbitrary")
        },
        "ab_error_without": round(without, 3),
        "ab_error_with_ten": round(with_hints, 3),
        "ab_error_lower_percent": round(100 * (1 - with_hints / without), 2),
        "ab_error_lower_percent_with_one": round(100 * (1 - with_one / without), 2),
        "moved_by_one_percent": round(100 * float(np.mean([p["moved"] for p in photos])), 2),
        "psnr": {
            count: round(float(np.mean([p["psnr"][count] for p in photos])), 3)
            for count in photos[0]["psnr"]
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--near", type=float, default=hint_propagation.NEAR)
    parser.add_argument("--far", type=float, default=hint_propagation.FAR)
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    hint_propagation.NEAR, hint_propagation.FAR = arguments.near, arguments.far
    counts = (0, 1) if arguments.short else COUNTS
    colorizer = Colorizer(arguments.model, threads=arguments.threads)
    originals = islice(originals_from(arguments.photos), arguments.limit)
    photos = [measure(colorizer, original, counts) for original in originals]
    subsets = {
        "all": photos,
        "even": [photo for photo in photos if photo["index"] % 2 == 0],
        "odd": [photo for photo in photos if photo["index"] % 2],
    }
    rows = {name: summary(subset) for name, subset in subsets.items() if subset}
    if arguments.json:
        print(json.dumps({"model": colorizer.session.name, **rows}))
        return
    for name, row in rows.items():
        honoured = ", ".join(f"{k} {v:.1f} %" for k, v in row["honoured_percent"].items())
        print(f"{name}, {row['photos']} photos")
        print(f"  honoured: {honoured}")
        print(
            f"  ten regions: ab error {row['ab_error_without']:.2f} -> "
            f"{row['ab_error_with_ten']:.2f} ({row['ab_error_lower_percent']:.1f} % lower)"
        )
        print(
            f"  one: ab error {row['ab_error_lower_percent_with_one']:.1f} % lower; "
            f"a random colour moves {row['moved_by_one_percent']:.0f} % of the pixels"
        )
        print("  PSNR: " + ", ".join(f"{k}: {v:.2f}" for k, v in row["psnr"].items()))


if __name__ == "__main__":
    main()
