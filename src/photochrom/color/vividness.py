"""The vividness dial: it maps one number to the four parameters that decode a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photochrom.errors import ConfigError, Option


@dataclass(frozen=True)
class Decoding:
    """One way to turn logits z into colour: the mean of softmax((z - γ log w) / T), times factors.

    gamma: 1 undoes the rebalancing of training, 0 keeps it.
    temperature: 1 gives the mean (dull, safe), towards 0 the mode (vivid, patchy).
    gain: factor on ab.
    chroma_power: how much of the chroma that a photo loses in the mean it gets back, 0 for none, 1
    for all (`photochrom.color.bins.chroma_factor`).
    """

    gamma: float
    temperature: float
    gain: float
    chroma_power: float = 0.0


@dataclass(frozen=True)
class Dial:
    """Decodings at evenly spaced vividness, 0 (faithful) to 1 (vivid), linearly interpolated.

    The stops lie on the best curve of error against colourfulness on validation photos
    (benchmarks/fit_dial.py).
    """

    stops: tuple[Decoding, ...]

    def at(self, vividness: float) -> Decoding:
        """The decoding at a vividness in 0..1; raises ConfigError outside."""
        if not 0 <= vividness <= 1:
            raise ConfigError(Option("vividness", vividness), "must lie in 0..1")
        positions = np.linspace(0, 1, len(self.stops))
        columns = zip(*self.as_lists(), strict=True)
        return Decoding(*(float(np.interp(vividness, positions, column)) for column in columns))

    def as_lists(self) -> list[list[float]]:
        """The stops as (γ, T, gain, chroma power) lists, for JSON."""
        return [[s.gamma, s.temperature, s.gain, s.chroma_power] for s in self.stops]

    @classmethod
    def from_lists(cls, stops: Sequence[Sequence[float]]) -> Dial:
        """The inverse of `as_lists`; a missing last number is 0."""
        return cls(tuple(Decoding(*stop) for stop in stops))


UNFITTED = Dial((Decoding(1.0, 0.6, 1.0), Decoding(0.75, 0.6, 1.1), Decoding(0.5, 0.6, 1.25)))
"""For a model whose dial was not fitted; the stops are roughly those of a first trial network."""

GAIN_ONLY = Dial((Decoding(0.0, 1.0, 1.0), Decoding(0.0, 1.0, 1.5), Decoding(0.0, 1.0, 2.0)))
"""For a network that predicts ab itself: vividness 0 keeps its ab, 1 doubles the chroma."""

PLAIN_GAIN = Dial((Decoding(0.0, 1.0, 0.5), Decoding(0.0, 1.0, 1.0), Decoding(0.0, 1.0, 1.5)))
"""For other people's networks, which predict ab or RGB: vividness 0.5 keeps their colours."""
