"""How much a photo gains from a few clicks: hints where its colours are most wrong.

    python benchmarks/worst_hints.py PHOTOS... [--limit 50] [--hints 5] [--model NAME]

Every photo is made grey and coloured. Then hints are set one after the other, each with the real
colour (the mean of 7 x 7 pixels) at the place where the error in ab, blurred over 4 % of the short
side as a person sees things and not pixels, is largest at that moment. Reported: the mean ab error
of the result before and after, over all photos at their own size, and beside it that of photos with
an odd index, on which nothing was chosen.
"""

from __future__ import annotations

import argparse
from itertools import islice

import numpy as np

from hints import real_hints
from photochrom.color import metrics
from photochrom.color.lab import Array
from photochrom.colorizer import Colorizer
from photochrom.filters.guided_filter import window_mean
from photochrom.options import Hint
from photochrom.workshop.evaluation.original import Original, lab_of, originals_from

BLUR = 0.04
"""Radius of the window, short sides."""


def worst_place(colored: Array, real: Array) -> tuple[int, int]:
    error = np.linalg.norm(colored - real, axis=-1).astype(np.float32)
    blurred = window_mean(error, max(1, round(BLUR * min(error.shape))))
    row, column = np.unravel_index(blurred.argmax(), blurred.shape)
    return int(row), int(column)


def errors(colorizer: Colorizer, original: Original, count: int) -> list[float]:
    """The ab error with 0, 1, ... hints."""
    workspace = colorizer.workspace(original.gray)
    real, hints = original.lab, list[Hint]()
    errors = []
    for _ in range(count + 1):
        ab = lab_of(workspace.result(hints=hints).rgb)[..., 1:]
        errors.append(metrics.ab_error(ab, real[..., 1:]))
        hints += real_hints([worst_place(ab, real[..., 1:])], real)
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--hints", type=int, default=5)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    colorizer = Colorizer(arguments.model)
    originals = list(islice(originals_from(arguments.photos), arguments.limit))
    table = np.array([errors(colorizer, one, arguments.hints) for one in originals])
    odd = np.array([one.index % 2 == 1 for one in originals])
    for name, rows in (("all", table), ("odd", table[odd])):
        mean = rows.mean(axis=0)
        print(f"{name}: {len(rows)} photos, ab error with 0..{arguments.hints} hints")
        print("  " + "  ".join(f"{value:.2f}" for value in mean))
        print("  " + "  ".join(f"{100 * (value / mean[0] - 1):+.1f} %" for value in mean))


if __name__ == "__main__":
    main()
