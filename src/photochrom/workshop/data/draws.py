"""Random numbers that belong to samples: what a sample draws hangs on nothing but its number.

The same sample gets the same crop, grain and hints whatever the batch it is in, on however many
processes and devices, in a run that was interrupted or not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_BLOCK = 64


class Draws:
    """Uniform random numbers, one row a sample; each call goes on where the last one ended.

    NumPy's Philox, a generator made for this: keyed by (seed, stream), counted by sample.
    """

    def __init__(
        self,
        seed: int,
        samples: Sequence[int],
        stream: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepare the rows of `samples`, numbers of the samples since the run's beginning.

        stream: which use of the seed this is; two streams are independent.
        device: where `uniform` puts its numbers.
        """
        self._generators = [
            np.random.Generator(np.random.Philox(key=[seed, stream], counter=[0, 0, 0, sample]))
            for sample in samples
        ]
        self._table = np.empty((len(samples), 0), np.float32)
        self.device = torch.device(device)

    def __len__(self) -> int:
        return len(self._generators)

    def uniform(self, columns: int = 1) -> Tensor:
        """The next numbers of every sample, (samples, columns) float32 in 0..1, on the device."""
        return self.on_cpu(columns).to(self.device)

    def on_cpu(self, columns: int = 1) -> Tensor:
        """The same on the CPU, for choices that the program itself makes."""
        while self._table.shape[1] < columns:
            block = [generator.random(_BLOCK, np.float32) for generator in self._generators]
            self._table = np.concatenate([self._table, np.stack(block)], axis=1)
        taken, self._table = self._table[:, :columns], self._table[:, columns:]
        return torch.from_numpy(np.ascontiguousarray(taken))
