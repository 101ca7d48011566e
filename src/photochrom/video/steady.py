"""Colours that stay the same within a shot: ab maps carried along motion, both ways, and averaged.

The network colours every picture of a film alone, and its colours differ from one to the next. Here
each picture's ab map becomes a mean of its own and of those before and behind it, each moved to
where its content now lies. A colour that is carried counts as far as the lightness agrees: what
enters the picture, or was hidden, keeps its own colour at once. Lightness is compared after mean
and contrast were matched, because old films pulse in brightness.

The idea of two-way averaging with weights from lightness is EpochColor's; vectors are of FFmpeg's
`mestimate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import window_mean
from photochrom.video.motion import BLOCK, Motion, Vectors

REACH = 24.0
"""Pictures that a mean holds at most, from each side."""
AGREEMENT = 5.5
"""Difference of lightness, L, at which a carried colour counts 1 / e."""
COLOR_AGREEMENT = 60.0
"""Difference of ab at which a carried colour counts 1 / e: another object has another colour."""
PULSE = np.float32(1.3)
"""Largest change of contrast from a picture to the next that counts as pulsing of old film; more is
something new in the picture."""
MOVED_GAIN = 0.25
"""How much better, L, a moved place must agree than the same place: a still camera stays still."""
MOST_RESTORED = 2.0
"""Largest factor by which a mean of different hues gets back the chroma that it has lost."""
LEAST_CONFIDENCE = 0.15
"""Weight of the network's least certain colours beside the surest, which have 1."""
AHEAD = 32
"""Pictures behind a piece that its last pictures also take colours from."""


@dataclass(frozen=True)
class Observation:
    """What is known of one picture by itself, on the map's grid.

    ab: (h, w, 2), Lab units, predicted. weight: (h, w), 0..1. lightness: (h, w), 0..100.
    motion: of blocks of the small copy, whose sides are twice the map's.
    """

    ab: Array
    weight: Array
    lightness: Array
    motion: Motion


@dataclass(frozen=True)
class Lead:
    """Colours that a person set at a key picture: ab (h, w, 2), and how far they count, 0..1."""

    ab: Array
    weight: Array


@dataclass(frozen=True)
class Carried:
    """The mean so far, at one picture.

    colors: (h, w, 3), a, b and chroma, whose mean is not that of the mean's a and b. count: (h, w),
    the sum of weights. lightness: (h, w) of the picture. lead: the set colours here.
    """

    colors: Array
    count: Array
    lightness: Array
    lead: Lead | None = None


def steady(
    observations: Sequence[Observation], count: int, before: Carried | None
) -> tuple[list[Array], Carried]:
    """Steady ab maps of the first `count` of some pictures of one shot.

    observations: of these and of some behind them. before: the mean at the picture before the
    first, of an earlier piece of the shot; None at its beginning.
    Returns the maps, and the mean at the last of them for the next piece.
    """
    forward = _swept(observations[:count], before)
    backward: list[Carried] = []
    state: Carried | None = None
    for observation in reversed(observations):
        moved = None if state is None else carry(state, observation, observation.motion.behind)
        state = _joined(observation, moved)
        backward.append(state)
    backward = backward[::-1][:count]
    maps = []
    for one, first, second in zip(observations[:count], forward, backward, strict=True):
        ab = _both(one, first, second)
        maps.append(ab if first.lead is None else led(ab, first.lead))
    return maps, forward[-1]


def carry(state: Carried, observation: Observation, vectors: Vectors) -> Carried:
    """The mean at a neighbouring picture, moved to this one; its count tells where it agrees.

    vectors: from this picture to the neighbouring one.
    """
    layers = [state.colors, state.count[..., None], _matched(state, observation)[..., None]]
    if state.lead is not None:
        layers += [state.lead.ab, state.lead.weight[..., None]]
    still = np.concatenate(layers, axis=-1)
    moved = _moved(still, vectors)
    target = observation.lightness
    errors = window_mean(
        np.stack([np.abs(field[..., 4] - target) for field in (still, moved)], axis=-1), 1
    )
    better = errors[..., 1] + np.float32(MOVED_GAIN) < errors[..., 0]
    chosen = np.where(better[..., None], moved, still)
    error = np.where(better, errors[..., 1], errors[..., 0])
    agreement = np.exp(-np.square(error / np.float32(AGREEMENT)))
    apart = np.square(chosen[..., :2] - observation.ab).sum(axis=-1)
    agreement *= np.exp(-apart / np.float32(COLOR_AGREEMENT**2))
    lead = None
    if state.lead is not None:
        kept = np.minimum(1, chosen[..., 7] * np.minimum(1, 1.3 * np.sqrt(agreement)))
        lead = Lead(chosen[..., 5:7], kept)
    count = np.minimum(chosen[..., 3], np.float32(REACH)) * agreement
    return Carried(chosen[..., :3], count, target, lead)


def spread(lead: Lead, observations: Sequence[Observation], place: int) -> list[Lead]:
    """Set colours carried from the key picture to those around it, both ways.

    observations: of one shot. place: the key picture's.
    """
    leads: dict[int, Lead] = {place: lead}
    for step in (1, -1):
        current = lead
        last = len(observations) if step > 0 else -1
        for index in range(place + step, last, step):
            one, neighbor = observations[index], observations[index - step]
            state = Carried(_colors(neighbor), neighbor.weight, neighbor.lightness, current)
            vectors = one.motion.before if step > 0 else one.motion.behind
            moved = carry(state, one, vectors).lead
            assert moved is not None
            leads[index] = current = moved
    return [leads[index] for index in range(len(observations))]


def led(ab: Array, lead: Lead) -> Array:
    """An ab map with set colours."""
    return ab + lead.weight[..., None] * (lead.ab - ab)


def _swept(observations: Sequence[Observation], state: Carried | None) -> list[Carried]:
    swept = []
    for observation in observations:
        moved = None if state is None else carry(state, observation, observation.motion.before)
        state = _joined(observation, moved)
        swept.append(state)
    return swept


def _joined(observation: Observation, moved: Carried | None) -> Carried:
    """The mean that a picture's own colours have joined."""
    own = _colors(observation)
    if moved is None:
        return Carried(own, observation.weight, observation.lightness)
    count = moved.count + observation.weight
    share = (observation.weight / np.maximum(count, np.float32(1e-6)))[..., None]
    colors = moved.colors + share * (own - moved.colors)
    return replace(moved, colors=colors, count=count)


def _both(observation: Observation, forward: Carried, backward: Carried) -> Array:
    """The mean of both ways, in which a picture's own colours count once."""
    own = observation.weight[..., None]
    first, second = forward.count[..., None], backward.count[..., None]
    total = first + second - own
    sums = first * forward.colors + second * backward.colors - own * _colors(observation)
    mean: Array = (sums / total).astype(np.float32)
    ab, chroma = mean[..., :2], mean[..., 2:]
    reached = np.linalg.norm(ab, axis=-1, keepdims=True)
    gain = chroma / np.maximum(reached, np.float32(1e-3))
    return ab * np.clip(gain, 1, np.float32(MOST_RESTORED))


def _colors(observation: Observation) -> Array:
    """a, b and chroma."""
    ab = observation.ab
    return np.concatenate([ab, np.linalg.norm(ab, axis=-1, keepdims=True)], axis=-1)


def _matched(state: Carried, observation: Observation) -> Array:
    """The carried picture's lightness with this one's mean and contrast."""
    source, target = state.lightness, observation.lightness
    gain = np.clip((target.std() + 1) / (source.std() + 1), 1 / PULSE, PULSE)
    return (source - source.mean()) * gain + target.mean()


def _moved(fields: Array, vectors: Vectors) -> Array:
    """Values of (h, w, bands) where each pixel's content lies, linear between pixels."""
    height, width, bands = fields.shape
    step = height // len(vectors)  # map pixels of a block
    scale = np.float32(step / BLOCK)
    down, right = (
        np.repeat(np.repeat(vectors[..., axis] * scale, step, axis=0), step, axis=1)
        for axis in (0, 1)
    )
    row = (np.arange(height, dtype=np.float32)[:, None] + down).clip(0, height - 1)
    column = (np.arange(width, dtype=np.float32) + right).clip(0, width - 1)
    top, left = row.astype(np.int32), column.astype(np.int32)
    row -= top
    column -= left
    bottom, far = np.minimum(top + 1, height - 1) * width, np.minimum(left + 1, width - 1)
    top *= width
    flat = fields.reshape(-1, bands)
    upper = flat.take(top + left, axis=0)
    upper += (flat.take(top + far, axis=0) - upper) * column[..., None]
    lower = flat.take(bottom + left, axis=0)
    lower += (flat.take(bottom + far, axis=0) - lower) * column[..., None]
    upper += (lower - upper) * row[..., None]
    return upper
