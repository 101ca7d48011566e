"""The robustness track: the same photos as old cameras, prints and scanners leave them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from photochrom.color import metrics
from photochrom.workshop.evaluation.contenders import Setting
from photochrom.workshop.evaluation.degradations import DEGRADATIONS
from photochrom.workshop.evaluation.original import Original, Picture, lab_of


class Tracks:
    """The ab errors of models on degraded photos."""

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._settings = settings
        self._errors: dict[str, dict[str, list[float]]] = {
            name: defaultdict(list) for name in DEGRADATIONS
        }

    def add(self, original: Original) -> None:
        """Degrade a photo in every way, colour each with every model, compare with the real ab.

        Noise repeats: its generator is seeded by the degradation's name and the photo's key.
        """
        for name, degrade in DEGRADATIONS.items():
            degraded = degrade(original.real, _generator(name, original.key))
            for setting in self._settings:
                colored = setting.colorizer.colorize(degraded.photo, setting.options).rgb
                photo = _cut(colored, degraded.top, degraded.left, original.real)
                error = metrics.ab_error(lab_of(photo)[..., 1:], original.lab[..., 1:])
                self._errors[name][setting.name].append(error)

    def tables(self, clean: Mapping[str, float]) -> dict[str, list[dict[str, Any]]]:
        """A table a degradation: each row's mean ab error, and how far it is above the clean one.

        clean: the rows' mean ab errors on the same photos, undegraded.
        """
        return {
            name: [_line(row, float(np.mean(values)), clean[row]) for row, values in errors.items()]
            for name, errors in self._errors.items()
        }


def _line(row: str, error: float, clean: float) -> dict[str, Any]:
    line = {"name": row, "ab_error": round(error, 4), "clean": round(clean, 4)}
    return line | ({"above_clean_percent": round(100 * (error / clean - 1), 2)} if clean else {})


def _generator(name: str, key: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{name}/{key}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def _cut(scan: Picture, top: int, left: int, like: Picture) -> Picture:
    """The photo's own pixels out of a larger scan."""
    height, width = like.shape[:2]
    return scan[top : top + height, left : left + width]
