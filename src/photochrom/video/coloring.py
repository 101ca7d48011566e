"""Steady colours of a film, piece by piece: network, motion, averaging, and a person's say."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.threads import ordered_map
from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.upsample import cell_mean
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo
from photochrom.photo.strips import Pixels
from photochrom.video.grain import grain_of
from photochrom.video.motion import Motion, MotionFinder
from photochrom.video.network import STEP, FilmNetwork
from photochrom.video.small import lightness_of, small_codes
from photochrom.video.source import Film
from photochrom.video.steady import AHEAD, Carried, Lead, Observation, led, spread, steady
from photochrom.video.survey import Survey, frames_from
from photochrom.video.work import Piece, piece_starts

_AHEAD_OF_THREAD = 2
"""Pictures in work for each thread."""


@dataclass(frozen=True)
class ShotSettings:
    """How one shot is coloured.

    options: vividness, adjustments, and hints in pixels of the upright key picture. key: number of
    the key picture. picture: a coloured picture of it, whose colours lead the shot.
    """

    options: ColorizeOptions = field(default_factory=ColorizeOptions)
    key: int | None = None
    picture: Path | None = None

    @property
    def leads(self) -> bool:
        """Whether a person set colours."""
        return bool(self.options.hints) or self.picture is not None


@dataclass(frozen=True)
class ColoredPiece:
    """ab maps of a piece's pictures, float16, and the colours that the next piece starts from."""

    piece: Piece
    maps: list[Any]
    state: Carried


class FilmColoring:
    """Finds colours for pieces of one film.

    settings: by number of shot. threads: of the network.
    """

    def __init__(
        self,
        film: Film,
        found: Survey,
        network: FilmNetwork,
        settings: Sequence[ShotSettings],
        threads: int,
    ) -> None:
        self.film, self.found, self.network, self.threads = film, found, network, threads
        self._settings = {shot.first: own for shot, own in zip(found.shots, settings, strict=True)}
        self._starts = sorted(self._settings)
        self.grains = {shot.first: grain_of(shot, found.grain) for shot in found.shots}
        self._begins = {first for shot in found.shots for first in piece_starts(shot)}

    def settings_of(self, piece: Piece) -> ShotSettings:
        """How a piece's shot is coloured."""
        return self._settings[piece.shot.first]

    def pieces(
        self, wanted: Sequence[Piece], state_behind: Callable[[int], Carried]
    ) -> Iterator[ColoredPiece]:
        """Colour pieces, in the film's order.

        state_behind: the colours that a piece of this number left for the next.
        """
        for run in _runs(wanted):
            yield from self._run(run, state_behind)

    def _run(
        self, run: Sequence[Piece], state_behind: Callable[[int], Carried]
    ) -> Iterator[ColoredPiece]:
        """Colour pieces that follow each other."""
        first = run[0]
        state = None if first.begins_shot else state_behind(first.number - 1)
        last = min(run[-1].end + AHEAD, run[-1].shot.end)
        held: list[Observation] = []
        with closing(self._observations(first.first, last)) as observations:
            for piece in run:
                state = None if piece.begins_shot else state
                length = piece.end - piece.first
                needed = min(piece.end + AHEAD, piece.shot.end) - piece.first
                held += islice(observations, needed - len(held))
                maps, state = steady(held[:needed], length, state)
                own = self.settings_of(piece)
                if piece.begins_shot and own.leads:
                    maps, state = self._led(piece, own, held[:needed], maps, state)
                yield ColoredPiece(piece, [ab.astype(np.float16) for ab in maps], state)
                del held[:length]

    def _observations(self, first: int, end: int) -> Generator[Observation]:
        """What is known of each picture by itself; `first` begins a piece."""
        pending: deque[tuple[Pixels, tuple[Array, Array]]] = deque()

        def observed(motions: Sequence[Motion]) -> Iterator[Observation]:
            for motion in motions:
                codes, (ab, weight) = pending.popleft()
                yield Observation(ab, weight, cell_mean(lightness_of(codes), STEP), motion)

        finder, before = MotionFinder(self.film.av), None
        begin = first if first in self._settings else first - 1  # motion needs the one before
        numbered = zip(count(begin), self._copies(begin, end), strict=False)
        with closing(
            ordered_map(self._predicted, numbered, self.threads, _AHEAD_OF_THREAD)
        ) as predicted:
            for number, codes, colors in predicted:
                if number in self._begins:
                    inside = number not in self._settings
                    yield from observed(finder.end(codes if inside else None))
                    finder = MotionFinder(self.film.av, before if inside else None)
                if number >= first:
                    pending.append((codes, colors))
                    yield from observed(finder.add(codes))
                before = codes
        yield from observed(finder.end())

    def _copies(self, first: int, end: int) -> Iterator[Pixels]:
        layout, shape = self.film.facts.layout, self.network.shape
        with closing(frames_from(self.film, self.found, first)) as frames:
            for frame in islice(frames, end - first):
                yield small_codes(self.film.av, layout.luma(frame), layout, *shape)

    def _predicted(self, item: tuple[int, Pixels]) -> tuple[int, Pixels, tuple[Array, Array]]:
        number, codes = item
        shot = self._starts[bisect_right(self._starts, number) - 1]
        vividness = self._settings[shot].options.vividness
        return number, codes, self.network.predicted(codes, vividness, self.grains[shot])

    def _led(
        self,
        piece: Piece,
        own: ShotSettings,
        observations: Sequence[Observation],
        maps: list[Array],
        state: Carried,
    ) -> tuple[list[Array], Carried]:
        """The maps of a shot's first piece with a person's colours, from the key picture on."""
        key = piece.first if own.key is None else own.key
        lead = self.lead_of(own, key)
        leads = spread(lead, observations, key - piece.first)[: len(maps)]
        colored = [led(*pair) for pair in zip(maps, leads, strict=True)]
        return colored, replace(state, lead=leads[-1])

    def lead_of(self, own: ShotSettings, key: int) -> Lead:
        """The colours that a person set at a key picture, on the map's grid."""
        if own.picture is not None:
            return self._lead_of_picture(own.picture)
        return self.network.hinted(self.codes_at(key), own.options)

    def codes_at(self, number: int) -> Pixels:
        """A whole picture's codes as stored, black 0 and white 255, with square pixels."""
        facts = self.film.facts
        width = round(facts.layout.width * facts.aspect)
        size = facts.layout.height, width
        return small_codes(self.film.av, self.luma_at(number), facts.layout, *size)

    def luma_at(self, number: int) -> Pixels:
        """The luma plane of a picture, as stored."""
        with closing(frames_from(self.film, self.found, number)) as frames:
            return self.film.facts.layout.luma(next(frames))

    def _lead_of_picture(self, path: Path) -> Lead:
        height, width = self.network.shape
        if self.film.facts.quarter_turns % 2:
            height, width = width, height
        lab = lab_from_srgb(Photo(path).upright_copy(height, width))
        ab = self.network.stored(cell_mean(lab[..., 1:], STEP))
        return Lead(ab, np.ones(ab.shape[:2], np.float32))


def _runs(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces that follow each other, together."""
    run: list[Piece] = []
    for piece in pieces:
        if run and piece.number != run[-1].number + 1:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run
