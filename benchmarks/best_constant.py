"""The one (a, b) nearest to a set's colours: the tint that every model has to beat.

    python benchmarks/best_constant.py SHARD_OR_FOLDER ... [--limit 5000]

Prints the mean colour, which minimises the squared error.
"""

from __future__ import annotations

import argparse
from itertools import islice

import numpy as np

from photochrom.color import lab_from_srgb
from photochrom.data.shards import decoded_photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    means = [
        lab_from_srgb(photo[::4, ::4].astype(np.float32) / 255)[..., 1:].mean(axis=(0, 1))
        for _, photo in islice(decoded_photos(arguments.sources), arguments.limit)
    ]
    a, b = np.mean(means, axis=0)
    print(f"{len(means)} photos: a {a:.2f}, b {b:.2f}")


if __name__ == "__main__":
    main()
