"""Fit the vividness dial of an exported model on the even validation photos.

    python benchmarks/fit_dial.py MODEL PHOTOS... --output DIAL.json

For each colourfulness along the way from faithful to vivid, the decoding (γ, T, gain, chroma
power) with the least ab error, on a sample of cells at the network's stride. Without --output it
prints the table only, which compares models whatever their own dial is: each at its best for one
colourfulness.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from photochrom.color.bins import annealed_mean, chroma_factor
from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab
from photochrom.color.vividness import Decoding, Dial
from photochrom.colorizer import network_size
from photochrom.filters.resize import resize
from photochrom.models import Contract
from photochrom.models.session import Session
from photochrom.workshop.data.sources import photos_from

Values = npt.NDArray[np.floating]

GAMMAS = (1.0, 0.75, 0.5, 0.25, 0.0)
TEMPERATURES = (1.0, 0.8, 0.65, 0.5, 0.4)
"""Lower ones leave hard blotches, to the eye."""
CHROMA_POWERS = (0.0, 0.25, 0.5, 0.75)
FAITHFUL_GAINS = (0.8, 0.9, 1.0, 1.1)
LARGEST_GAIN = 2.0
HALVINGS = 7
"""Of the interval in which a gain is sought; leaves about 0.01."""
CELLS = 400
"""Sampled from each photo; PSNR and colourfulness are those of the sample."""
COMPARED = (0.6, 0.7, 0.8, 0.86, 0.95)
"""Colourfulness at which the table stands, as a ratio to the real photos'."""


@dataclass(frozen=True)
class Sample:
    """Cells of photos: their logits and real colours.

    logits: (N, Q). lab: (N, 3). photo: (N,), which photo each cell is of, counted from 0.
    """

    logits: Array
    lab: Array
    photo: np.ndarray

    def mean(self, values: Values) -> Values:
        """Mean over each photo's cells."""
        return np.bincount(self.photo, values) / np.bincount(self.photo)


@dataclass(frozen=True)
class Figures:
    """Of one decoding, means over photos: gains over grey, and the ratio to the real photos."""

    psnr: float
    ab: float
    colorfulness: float


def take_sample(session: Session, sources: list[str], size: int, limit: int | None) -> Sample:
    random = np.random.default_rng(0)
    logits, labs, owners = [], [], []
    even = itertools.islice(photos_from(sources), 0, None, 2)
    for index, (_, photo) in enumerate(itertools.islice(even, limit)):
        height, width = network_size(photo.shape[0], photo.shape[1], size)
        lab = lab_from_srgb(resize(photo.astype(np.float32) / np.float32(255), height, width))
        predicted = session.logits(lab[..., 0])
        rows, columns = predicted.shape[1:]
        cells = random.choice(rows * columns, min(CELLS, rows * columns), replace=False)
        logits.append(predicted.reshape(len(predicted), -1).T[cells].astype(np.float16))
        labs.append(resize(lab, rows, columns).reshape(-1, 3)[cells])
        owners.append(np.full(len(cells), index))
    return Sample(np.concatenate(logits), np.concatenate(labs), np.concatenate(owners))


class Scale:
    """Scores colours of a sample against its real ones and grey."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.real = self._picture(sample.lab[:, 1:])
        self.vivid = self._colorfulness(self.real)
        self.gray_psnr = self._psnr(self._picture(0 * sample.lab[:, 1:]))
        self.gray_error = self._error(0 * sample.lab[:, 1:])

    def figures(self, ab: Array) -> Figures:
        picture = self._picture(ab)
        return Figures(
            self._psnr(picture) - self.gray_psnr,
            100 * (1 - self._error(ab) / self.gray_error),
            self._colorfulness(picture) / self.vivid,
        )

    def gain_for(self, ab: Array, ratio: float) -> float | None:
        low, high = 0.0, LARGEST_GAIN
        if self._colorfulness(self._picture(high * ab)) < ratio * self.vivid:
            return None
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            enough = self._colorfulness(self._picture(middle * ab)) >= ratio * self.vivid
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _picture(self, ab: Array) -> Array:
        lab = np.concatenate([self.sample.lab[:, :1], ab], axis=1)
        return np.rint(srgb_from_lab(lab) * 255)

    def _error(self, ab: Array) -> float:
        distance = np.linalg.norm(ab - self.sample.lab[:, 1:], axis=1)
        return float(self.sample.mean(distance).mean())

    def _psnr(self, picture: Array) -> float:
        squared = self.sample.mean(np.square(picture - self.real).mean(axis=1))
        return float((10 * np.log10(255**2 / np.maximum(squared, 1e-9))).mean())

    def _colorfulness(self, picture: Array) -> float:
        mean = self.sample.mean
        rg = picture[:, 0] - picture[:, 1]
        yb = (picture[:, 0] + picture[:, 1]) / 2 - picture[:, 2]
        variance = mean(rg**2) - mean(rg) ** 2 + mean(yb**2) - mean(yb) ** 2
        return float((np.sqrt(variance.clip(0)) + 0.3 * np.hypot(mean(rg), mean(yb))).mean())


Key = tuple[float, float, float]
"""γ, T and chroma power of a decoding."""


def decoding(key: Key, gain: float) -> Decoding:
    gamma, temperature, chroma_power = key
    return Decoding(gamma, temperature, gain, chroma_power)


def colors_without_gain(sample: Sample, contract: Contract) -> dict[Key, Array]:
    """The ab of every cell, (N, 2), as each decoding has it before the gain."""
    gammas = GAMMAS if contract.log_weights.any() else (1.0,)  # nothing to take back
    powers = CHROMA_POWERS if "chroma_power" in contract.inputs else (0.0,)
    photos = np.split(sample.logits, np.flatnonzero(np.diff(sample.photo)) + 1)
    planes = [photo.T[None, :, :, None].astype(np.float32) for photo in photos]
    colors = {}
    for gamma, temperature in itertools.product(gammas, TEMPERATURES):
        common = contract.bins, contract.log_weights, gamma
        means = [annealed_mean(photo, *common, temperature) for photo in planes]
        for power in powers:
            parts = [
                chroma_factor(photo, *common, mean, power) * mean[0, :, :, 0].T
                for photo, mean in zip(planes, means, strict=True)
            ]
            colors[gamma, temperature, power] = np.concatenate(parts, dtype=np.float32)
    return colors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--limit", type=int, help="of the even photos")
    parser.add_argument("--middle", type=float, default=0.88, help="colourfulness of the default")
    parser.add_argument("--vivid", type=float, default=1.05, help="colourfulness of the dial's end")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    session = Session(arguments.model, arguments.threads)
    contract = session.contract
    size = arguments.size or contract.size
    sample = take_sample(session, arguments.photos, size, arguments.limit)
    scale = Scale(sample)
    colors = colors_without_gain(sample, contract)

    def best(choices: list[Decoding]) -> tuple[Decoding, Figures]:
        scored = [
            (how, scale.figures(how.gain * colors[how.gamma, how.temperature, how.chroma_power]))
            for how in choices
        ]
        return max(scored, key=lambda scores: scores[1].ab)

    def at(ratio: float) -> tuple[Decoding, Figures]:
        reaching = ((key, scale.gain_for(ab, ratio)) for key, ab in colors.items())
        return best([decoding(key, gain) for key, gain in reaching if gain is not None])

    faithful = best([decoding(key, gain) for key in colors for gain in FAITHFUL_GAINS])
    low = faithful[1].colorfulness
    most = max(scale.figures(LARGEST_GAIN * ab).colorfulness for ab in colors.values())
    middle, vivid = min(arguments.middle, most), min(arguments.vivid, most)
    stops = [faithful, *map(at, ((low + middle) / 2, middle, (middle + vivid) / 2, vivid))]
    print(f"{contract.name}, size {size}, {sample.photo.max() + 1} photos\n")
    print("| | γ | T | gain | chroma power | PSNR gain dB | ab error below grey | colourfulness |")
    print("|---|---|---|---|---|---|---|---|")
    rows = [(f"vividness {index / 4:g}", *stop) for index, stop in enumerate(stops)]
    rows += [(f"at {ratio:g}", *at(ratio)) for ratio in COMPARED if ratio <= most]
    for name, how, scores in rows:
        print(
            f"| {name} | {how.gamma:g} | {how.temperature:g} | {how.gain:.2f} "
            f"| {how.chroma_power:g} | {scores.psnr:+.2f} | {scores.ab:.1f} % "
            f"| {scores.colorfulness:.2f} |"
        )
    if arguments.output:
        chosen = Dial(tuple(replace(how, gain=round(how.gain, 2)) for how, _ in stops))
        record = {"stops": chosen.as_lists()}
        arguments.output.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
