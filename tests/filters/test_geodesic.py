"""Distances around edges, against Dijkstra's algorithm and against what geometry says."""

from __future__ import annotations

import heapq
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.filters.geodesic import EDGE_COST, FREE_SLOPE, StepCosts


def dijkstra(lightness: np.ndarray, seed: tuple[int, int]) -> np.ndarray:
    step = 1 / min(lightness.shape)
    distance = np.full(lightness.shape, np.inf)
    distance[seed] = 0
    queue = [(0.0, seed)]
    while queue:
        length, (row, column) = heapq.heappop(queue)
        if length > distance[row, column]:
            continue
        for down, right in product((-1, 0, 1), repeat=2):
            near = row + down, column + right
            if not (0 <= near[0] < lightness.shape[0] and 0 <= near[1] < lightness.shape[1]):
                continue
            way = step * np.hypot(down, right)
            change = abs(float(lightness[near]) - float(lightness[row, column]))
            longer = length + np.hypot(way, EDGE_COST * max(change - FREE_SLOPE * way, 0))
            if longer < distance[near]:
                distance[near] = longer
                heapq.heappush(queue, (longer, near))
    return distance


@pytest.mark.parametrize("name", ["cat", "harbour"])
def test_the_distances_are_dijkstras(examples: Path, lab_of, name: str) -> None:
    small = Image.open(examples / f"{name}.jpg").resize((72, 48))
    lightness = lab_of(np.asarray(small))[..., 0]
    seeds = [(10, 20), (47, 0)]
    found = StepCosts(lightness).distances(seeds)
    for distance, seed in zip(found, seeds, strict=True):
        # Passes end when none changes anything by more than 0.01; measured 1e-5 at most.
        assert np.abs(distance - dijkstra(lightness, seed)).max() < 0.01


def test_in_an_even_picture_they_are_short_sides() -> None:
    distance = StepCosts(np.full((40, 60), 50, np.float32)).distances([(0, 0)])[0]
    assert distance[0, 0] == 0
    assert distance[0, 40] == pytest.approx(1)
    assert distance[20, 20] == pytest.approx(np.sqrt(2) / 2)


def test_a_gentle_slope_costs_nothing_and_an_edge_much() -> None:
    slope = np.tile(np.linspace(20, 70, 60, dtype=np.float32), (40, 1))  # 0.85 a pixel of 1/40
    even = StepCosts(np.full((40, 60), 50, np.float32)).distances([(20, 5)])
    np.testing.assert_allclose(StepCosts(slope).distances([(20, 5)]), even, atol=1e-5)
    edge = np.where(np.arange(60) < 30, 30, 70).astype(np.float32) * np.ones((40, 1), np.float32)
    over = StepCosts(edge).distances([(20, 5)])[0]
    np.testing.assert_allclose(over[:, :30], even[0][:, :30], atol=1e-5)
    assert over[:, 30:].min() > EDGE_COST * (40 - FREE_SLOPE / 40) - 0.1  # the climb of 40


def test_the_way_goes_round_a_wall() -> None:
    wall = np.full((40, 40), 50, np.float32)
    wall[:30, 20] = 0
    distance = StepCosts(wall).distances([(5, 15)])[0]
    # To the wall's foot at row 30 and up again: twice 25 rows, against 10 columns straight on.
    assert distance[5, 25] > 2 * 25 / 40
    assert distance[5, 25] < 2
