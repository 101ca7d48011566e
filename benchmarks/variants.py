"""How far variants lie apart, whether in whole objects, and how much the best of them gains.

    python benchmarks/variants.py SHARD_OR_FOLDER ... [--limit 64] [--every 8] [--first 1]

Colour photos are made grey and coloured in four ways each: by the ordinary colouring alone, by four
stops of the vividness dial, by `Colorizer.variants`, and (the way not to do it) by drawing a colour
for every place on its own. Figures, means over photos, on the network's small copy:

- best: ab error of the best of the four, as a person who chooses would get it; and the others'.
- apart: mean ab distance between two of them.
- coherent: share of a variant's squared difference from the ordinary colouring that is left after
  a blur over 1/12 of the short side; differences of whole objects survive it, speckles do not.
- roughness: total variation of the difference, a pixel, relative to its mean size.
"""

from __future__ import annotations

import argparse
from itertools import combinations, islice

import numpy as np

from photochrom.color.lab import Array, gray_from_lightness, lab_from_srgb
from photochrom.color.metrics import ab_error
from photochrom.colorizer import Colorizer
from photochrom.filters.upsample import refine
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo
from photochrom.workshop.data.sources import photos_from

STOPS = (ColorizeOptions.vividness, 0.0, 0.25, 1.0)


def place_by_place(colorizer: Colorizer, lightness: Array, seed: int) -> Array:
    """Colours drawn for every cell of the network's grid on its own."""
    contract = colorizer.session.contract
    decoding = contract.dial.at(ColorizeOptions.vividness)
    logits = colorizer.session.logits(lightness).transpose(1, 2, 0)
    noise = np.random.default_rng(seed).gumbel(size=logits.shape)
    drawn = contract.bins[(logits - decoding.gamma * contract.log_weights + noise).argmax(axis=-1)]
    return refine(drawn * np.float32(decoding.gain), lightness)


def blurred(field: Array, radius: int) -> Array:
    for axis in (0, 1):
        kernel = np.ones(2 * radius + 1) / (2 * radius + 1)
        pad = [(0, 0)] * field.ndim
        pad[axis] = (radius, radius)
        padded = np.pad(field, pad, mode="edge")
        field = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return field


def differences(ways: list[Array]) -> list[float]:
    """apart, coherent, roughness of one photo's colourings."""
    apart = np.mean([ab_error(one, other) for one, other in combinations(ways, 2)])
    coherent, roughness = [], []
    for other in ways[1:]:
        field = other - ways[0]
        smooth = blurred(field, min(field.shape[:2]) // 24)
        coherent.append(np.square(smooth).sum() / max(np.square(field).sum(), 1e-9))
        variation = sum(
            np.linalg.norm(np.diff(field, axis=axis), axis=-1).mean() for axis in (0, 1)
        )
        roughness.append(variation / max(np.linalg.norm(field, axis=-1).mean(), 1e-9))
    return [float(apart), float(np.mean(coherent)), float(np.mean(roughness))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--limit", type=int, default=64, help="photos")
    parser.add_argument("--every", type=int, default=1, help="take one photo in so many")
    parser.add_argument("--first", type=int, default=0, help="index of the first")
    parser.add_argument("--count", type=int, default=4, help="variants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    colorizer = Colorizer(arguments.model, threads=arguments.threads)
    rows: dict[str, list[list[float]]] = {}
    winners = []
    chosen = islice(photos_from(arguments.sources), arguments.first, None, arguments.every)
    for _, real in islice(chosen, arguments.limit):
        gray = gray_from_lightness(lab_from_srgb(real.astype(np.float32) / 255)[..., 0])
        variants = colorizer.variants(gray, arguments.count, seed=arguments.seed)
        size = variants[0].ab.shape[:2]
        small = lab_from_srgb(Photo(gray).small_copy(*size))[..., 0]
        truth = lab_from_srgb(Photo(real).small_copy(*size))[..., 1:]
        ordinary = variants[0].ab
        drawn = [place_by_place(colorizer, small, s) for s in range(1, arguments.count)]
        ways = {
            "ordinary": [ordinary],
            "vividness": [colorizer.colorize(gray, vividness=v).ab for v in STOPS],
            "variants": [result.ab for result in variants],
            "place by place": [ordinary, *drawn],
        }
        for name, several in ways.items():
            errors = [ab_error(ab, truth) for ab in several]
            if name == "variants":
                winners.append(int(np.argmin(errors)) + 1)
            others = float(np.mean(errors[1:] or errors))
            apart = differences(several) if len(several) > 1 else [0.0, 1.0, 0.0]
            rows.setdefault(name, []).append([min(errors), others, *apart])
    print(f"{len(rows['ordinary'])} photos, {arguments.count} variants, {colorizer.session.name}")
    print("| | best | gain % | the others | apart | coherent | roughness |\n|---|" + "---|" * 6)
    alone = np.mean([row[0] for row in rows["ordinary"]])
    for name, values in rows.items():
        best, others, apart, coherent, roughness = np.mean(values, axis=0)
        gain = abs(round(100 * (1 - best / alone), 1))  # the ordinary one is among them
        print(
            f"| {name} | {best:.2f} | {gain} | {others:.2f} | {apart:.2f} | "
            f"{coherent:.2f} | {roughness:.3f} |"
        )
    counts = [f"{number}: {winners.count(number)}" for number in range(1, arguments.count + 1)]
    print(f"the best variant was number {', '.join(counts)}")


if __name__ == "__main__":
    main()
