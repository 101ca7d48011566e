"""Strips of a few rows, in which photos are decoded, coloured and encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.rgb_space import RgbSpace

Pixels = NDArray[Any]
"""(H, W, bands): uint8, uint16, or float32 with white at 1."""

STRIP_PIXELS = 192 * 1024
"""Pixels a strip; from 128k to 256k the speed is the same, below it Python's overhead shows."""

FetchRows = Callable[[int, int], Pixels]
"""(first row, count) -> (count, W, bands); called with ascending rows, by one thread at a time."""


@dataclass(frozen=True)
class StripPlan:
    """How an image is cut: whole rows, `rows` at a time."""

    width: int
    height: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> StripPlan:
        """Strips of about STRIP_PIXELS."""
        return cls(width, height, min(height, max(1, STRIP_PIXELS // width)))

    def spans(self) -> list[tuple[int, int]]:
        """(first row, count) of every strip."""
        return [
            (top, min(self.rows, self.height - top)) for top in range(0, self.height, self.rows)
        ]


@dataclass(frozen=True)
class Coding:
    """What the codes of a picture mean: a space and a type of number."""

    space: RgbSpace
    kind: np.dtype[Any]


class RowWindows:
    """Windows of rows over strips that come one after the other; they may overlap, and descend."""

    def __init__(self, strips: Iterator[Pixels]) -> None:
        self._strips = strips
        self._held: list[Pixels] = []
        self._top = 0
        self._bottom = 0

    def __call__(self, top: int, bottom: int) -> Pixels:
        """The rows from `top` to before `bottom`; no later window may begin above `top`."""
        while self._bottom < bottom:
            strip = next(self._strips)
            self._held.append(strip)
            self._bottom += len(strip)
        while self._top + len(self._held[0]) <= top:
            self._top += len(self._held.pop(0))
        whole = np.concatenate(self._held) if len(self._held) > 1 else self._held[0]
        self._held, self._top = [whole[top - self._top :]], top
        return self._held[0][: bottom - top]
