from __future__ import annotations

import numpy as np
import pytest
import torch

from photochrom.workshop.data.draws import Draws

pytestmark = pytest.mark.workshop


def test_a_sample_draws_the_same_in_any_company() -> None:
    together, alone = Draws(5, [3, 7, 1000]), Draws(5, [7])
    for columns in (1, 5, 100, 2):  # across the generator's blocks too
        assert torch.equal(together.uniform(columns)[1:2], alone.uniform(columns))


def test_every_argument_matters() -> None:
    drawn = [
        tuple(Draws(seed, [sample], stream).uniform(4)[0].tolist())
        for seed, sample, stream in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 2**40, 0))
    ]
    assert len(set(drawn)) == 5


def test_calls_go_on_where_the_last_ended() -> None:
    pieces = Draws(0, range(3))
    found = torch.cat([pieces.uniform(2), pieces.on_cpu(3), pieces.uniform()], 1)
    assert torch.equal(found, Draws(0, range(3)).uniform(6))


def test_uniform() -> None:
    drawn = Draws(0, range(2000)).uniform(10)
    assert drawn.dtype == torch.float32
    assert drawn.min() >= 0
    assert drawn.max() < 1
    # four deviations of a mean and of a correlation of 20,000 draws
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.0082)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.09


def test_the_same_on_every_machine() -> None:
    # computed with NumPy 2; Philox is the same everywhere
    assert Draws(0, [64]).uniform(3)[0].tolist() == pytest.approx(
        [0.57308388, 0.95030093, 0.7616595], abs=1e-7
    )
