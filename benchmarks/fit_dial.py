"""Fit the vividness dial of an exported model on validation photos.

    python benchmarks/fit_dial.py MODEL.onnx PHOTOS... --output dial.json [--size 192]

Tries a grid of (γ, T, gain) on the photos with an even index and picks the stops on the way from
faithful (least ab error) to vivid: for each colourfulness aimed at, the decoding with the least ab
error that reaches it, among those that the eye accepts (T at least 0.5: lower leaves hard blotches;
gain at most 1.35: more oversaturates what is already vivid).

Scored at the network's scale, on the small copy, without the final upsampling: a few hundred
decodings would otherwise take hours. `photochrom evaluate` then scores the stops in full.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np

from photochrom import metrics
from photochrom.bins import annealed_mean
from photochrom.color import lab_from_srgb, srgb_from_lab
from photochrom.colorizer import network_size
from photochrom.data.sources import photos_from
from photochrom.dial import Decoding
from photochrom.resize import resize
from photochrom.session import Session

GAMMAS = (1.0, 0.75, 0.5, 0.25, 0.0)
TEMPERATURES = (1.0, 0.8, 0.65, 0.5)
GAINS = (0.9, 1.0, 1.1, 1.2, 1.3, 1.35)
VIVID = 1.05
"""Colourfulness aimed at by the dial's end, as a ratio to the real photos'."""
MIDDLE = 0.86
"""The same for the default; the full-size pipeline then measures about 5 % less."""
STOPS = 5


def score(session: Session, sources: list[str], size: int) -> dict[Decoding, list[list[float]]]:
    contract = session.contract
    scores: dict[Decoding, list[list[float]]] = {}
    for index, (_, photo) in enumerate(photos_from(sources)):
        if index % 2:
            continue
        height, width = network_size(*photo.shape[:2], size)
        real = resize(photo.astype(np.float32) / 255, height, width)
        lab = lab_from_srgb(real)
        cells = height // contract.stride, width // contract.stride
        coarse = resize(lab, *cells)
        truth = np.rint(srgb_from_lab(coarse) * 255).astype(np.uint8)
        logits = session.logits(lab[..., 0])[None]
        vivid = metrics.colourfulness(truth)
        for gamma, temperature in itertools.product(GAMMAS, TEMPERATURES):
            ab = annealed_mean(logits, contract.bins, contract.log_weights, gamma, temperature)
            ab = ab[0].transpose(1, 2, 0)
            for gain in GAINS:
                ours = np.concatenate([coarse[..., :1], ab * gain], axis=-1)
                picture = np.rint(srgb_from_lab(ours) * 255).astype(np.uint8)
                scores.setdefault(Decoding(gamma, temperature, gain), []).append(
                    [
                        metrics.ab_error(ab * gain, coarse[..., 1:]),
                        metrics.psnr(picture, truth),
                        metrics.colourfulness(picture),
                        vivid,
                    ]
                )
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--size", type=int)
    arguments = parser.parse_args()
    session = Session(arguments.model)
    scores = score(session, arguments.photos, arguments.size or session.contract.size)
    table = {}
    for decoding, values in scores.items():
        ab_error, psnr, ours, real = np.mean(values, axis=0)
        table[decoding] = (float(ab_error), float(psnr), float(ours / real))
    faithful = min(table, key=lambda decoding: table[decoding][0])
    most = max(ratio for _, _, ratio in table.values())
    places = np.linspace(0, 1, STOPS)
    targets = np.interp(places, [0, 0.5, 1], [table[faithful][2], MIDDLE, min(VIVID, most)])
    stops = [faithful]
    for target in targets[1:]:
        reach = [decoding for decoding in table if table[decoding][2] >= target]
        stops.append(min(reach, key=lambda decoding: table[decoding][0]))
    print("| vividness | γ | T | gain | ab error | PSNR dB | colourfulness |")
    print("|---|---|---|---|---|---|---|")
    for place, stop in zip(places, stops, strict=True):
        ab_error, psnr, ratio = table[stop]
        print(
            f"| {place:.2f} | {stop.gamma:g} | {stop.temperature:g} | {stop.gain:g} "
            f"| {ab_error:.2f} | {psnr:.2f} | {ratio:.2f} |"
        )
    record = {"stops": [[stop.gamma, stop.temperature, stop.gain] for stop in stops]}
    arguments.output.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
