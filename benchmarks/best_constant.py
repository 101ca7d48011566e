"""The one (a, b) nearest to a set's colours: the tint that every model has to beat.

    python benchmarks/best_constant.py SHARD_OR_FOLDER ... [--limit 5000]

Prints the mean colour, which has the least squared error, and the geometric median, which has the
least ab error (Weiszfeld's iteration), over every twelfth pixel of both axes.
"""

from __future__ import annotations

import argparse
from itertools import islice

import numpy as np

from photochrom.color.lab import lab_from_srgb
from photochrom.workshop.data.sources import photos_from


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    colors = [
        lab_from_srgb(photo[6::12, 6::12].astype(np.float32) / 255)[..., 1:].reshape(-1, 2)
        for _, photo in islice(photos_from(arguments.sources), arguments.limit)
    ]
    ab = np.concatenate(colors)
    mean = center = ab.mean(axis=0)
    for _ in range(50):
        closeness = 1 / np.maximum(np.linalg.norm(ab - center, axis=1, keepdims=True), 1e-3)
        center = (ab * closeness).sum(axis=0) / closeness.sum()
    print(f"{len(colors)} photos, {len(ab)} pixels")
    print(f"mean: a {mean[0]:.2f}, b {mean[1]:.2f}")
    print(f"geometric median: a {center[0]:.2f}, b {center[1]:.2f}")


if __name__ == "__main__":
    main()
