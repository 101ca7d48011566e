"""What a set of photos holds: how many, how large, how colourful, which colours, from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.cpus import available_cpus
from photochrom._system.threads import ordered_map
from photochrom.color.bins import gamut_bins
from photochrom.color.lab import lab_from_srgb
from photochrom.color.metrics import colorfulness
from photochrom.errors import DataError
from photochrom.workshop.data.originals import Original, originals
from photochrom.workshop.data.recipe import Fit
from photochrom.workshop.data.rendition import Rendition, one_thread_each

GRID = 5.0
"""Side of a cell of the ab histogram, Lab units: finer than the network's bins, to be seen."""
PERCENTILES = (0, 5, 25, 50, 75, 95, 100)
_REACH = 24
"""The histogram covers ab up to this many cells from neutral: more than sRGB has."""
_LOOKED_AT = 256
"""Short side of the copy that colours are measured on."""
NOT_STATED = "(not stated)"
"""The label of photos whose record has no source, or no terms."""


@dataclass(frozen=True)
class Figures:
    """Measured on every readable photo of a set.

    width, height: (N,), pixels as stored. colourfulness: (N,), Hasler and Süsstrunk.
    chroma: (N,), mean of each photo, ab units. sources, terms: photos a label.
    cells: (2R + 1, 2R + 1), share of pixels whose a and b lie in each cell, photos weighing the
    same; rows are a and columns b, from -R to R cells of GRID.
    unreadable: photos and archives that cannot be read.
    """

    width: NDArray[np.int64]
    height: NDArray[np.int64]
    colorfulness: NDArray[np.float64]
    chroma: NDArray[np.float64]
    sources: Counter[str]
    terms: Counter[str]
    cells: NDArray[np.float64]
    unreadable: int

    def summary(self) -> dict[str, Any]:
        """The figures as plain values, for JSON."""
        count = len(self.width)
        short, long = np.minimum(self.width, self.height), np.maximum(self.width, self.height)
        filled = [
            [round(GRID * (int(row) - _REACH)), round(GRID * (int(column) - _REACH)), float(share)]
            for (row, column), share in np.ndenumerate(self.cells)
            if share > 0
        ]
        return {
            "photos": count,
            "unreadable": self.unreadable,
            "short_side": _percentiles(short),
            "long_side": _percentiles(long),
            "aspect": _percentiles(long / short),
            "colorfulness": _percentiles(self.colorfulness),
            "chroma": _percentiles(self.chroma),
            "mean_chroma": round(float(self.chroma.mean()), 2),
            "bins_used": self.bins_used(),
            "sources": {name: number / count for name, number in self.sources.most_common()},
            "terms": dict(self.terms.most_common()),
            "ab": filled,
        }

    def bins_used(self) -> float:
        """Share of the cells inside sRGB that hold at least one pixel in a million."""
        inside = in_gamut()
        return float((self.cells[inside] > 1e-6).mean())


def in_gamut() -> NDArray[np.bool_]:
    """Which cells of the histogram some sRGB colour falls into, (2R + 1, 2R + 1)."""
    inside = np.zeros((2 * _REACH + 1, 2 * _REACH + 1), bool)
    rows, columns = (np.rint(gamut_bins(GRID) / GRID).astype(int) + _REACH).T
    inside[rows, columns] = True
    return inside


def measure(
    sources: Sequence[str],
    jobs: int | None = None,
    report: Callable[[int], None] = lambda *_: None,
) -> Figures:
    """Measure a set: folders, archives, shards, URLs of shards.

    jobs: threads, all cores by default. report: called after each photo with its bytes.
    Raises DataError where a source is missing or there is no readable photo.
    """
    one_thread_each()
    rows: list[tuple[int, int, float, float]] = []
    labels: Counter[str] = Counter()
    terms: Counter[str] = Counter()
    cells = np.zeros((2 * _REACH + 1, 2 * _REACH + 1))
    unreadable = 0

    def work(original: Original) -> tuple[int, dict[str, Any], _Measured | None]:
        return original.size, original.record, _measure(original)

    threads = jobs or available_cpus()
    for size, record, measured in ordered_map(work, originals(sources), threads):
        report(size)
        if measured is None:
            unreadable += 1
            continue
        row, histogram = measured
        rows.append(row)
        cells += histogram
        labels[str(record.get("source") or NOT_STATED)] += 1
        terms[str(record.get("terms") or NOT_STATED)] += 1
    if not rows:
        raise DataError(", ".join(sources), "no readable photos there", "name another source")
    width, height, color, chroma = (np.array(column) for column in zip(*rows, strict=True))
    return Figures(width, height, color, chroma, labels, terms, cells / len(rows), unreadable)


_Measured = tuple[tuple[int, int, float, float], NDArray[np.float64]]


def _measure(original: Original) -> _Measured | None:
    """Size, colourfulness, mean chroma and ab histogram of one photo; None if it is unreadable."""
    if original.content is None:
        return None
    try:
        photo = Rendition(original.content)
        pixels = photo.reduced(_LOOKED_AT, Fit.KEEP)
    except DataError:
        return None
    ab = lab_from_srgb(pixels[::3, ::3].astype(np.float32) / 255)[..., 1:].reshape(-1, 2)
    cell = np.rint(ab / GRID).astype(np.int64) + _REACH
    side = 2 * _REACH + 1
    counts = np.bincount(cell[:, 0] * side + cell[:, 1], minlength=side * side)
    chroma = float(np.linalg.norm(ab, axis=1).mean())
    row = (photo.width, photo.height, colorfulness(pixels), chroma)
    return row, counts.reshape(side, side) / len(ab)


def _percentiles(values: NDArray[Any]) -> dict[str, float]:
    percentiles = np.percentile(values, PERCENTILES)
    return {
        f"p{percent}": round(float(value), 2)
        for percent, value in zip(PERCENTILES, percentiles, strict=True)
    }
