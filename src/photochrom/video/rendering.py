"""From ab maps to pictures: chroma for the film's own luma."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from photochrom._system.threads import ordered_map
from photochrom.color.lab import Array
from photochrom.color.rgb_space import SRGB
from photochrom.photo.strips import Pixels
from photochrom.pipeline.luma_chroma import ChromaSolver
from photochrom.video.network import FilmNetwork, Painter
from photochrom.video.small import small_codes
from photochrom.video.source import Film
from photochrom.video.survey import Survey, frames_from

_AHEAD_OF_THREAD = 2
"""Pictures in work for each thread."""

ColoredPicture = tuple[int, Pixels, list[Pixels]]
"""Time in units of the film's time base, luma, and the two planes of chroma."""


class FilmRenderer:
    """Gives pictures of one film their colours, in the film's own planes.

    threads: of the arithmetic.
    """

    def __init__(self, film: Film, found: Survey, network: FilmNetwork, threads: int) -> None:
        self.film, self.found, self.network, self.threads = film, found, network, threads
        self._frames: Iterator[Any] = iter(())
        self._next = -1

    def planes(
        self, first: int, maps: Sequence[Array], painter: Painter
    ) -> Iterator[ColoredPicture]:
        """Time, luma and the two planes of chroma of pictures from number `first` on.

        maps: ab of each, on the map's grid.
        """
        if first != self._next:
            self.close()
            self._frames = frames_from(self.film, self.found, first)
        self._next = first + len(maps)

        def colored(item: tuple[Array, Any]) -> tuple[Pixels, list[Pixels]]:
            return self._colored(item[1], item[0], painter)

        pairs = zip(maps, self._frames, strict=False)
        times = self.found.times[first : first + len(maps)]
        results = ordered_map(colored, pairs, self.threads, _AHEAD_OF_THREAD)
        for time, (luma, chroma) in zip(times, results, strict=True):
            yield time, luma, chroma

    def close(self) -> None:
        """Close the film."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()

    def _colored(self, frame: Any, ab: Array, painter: Painter) -> tuple[Pixels, list[Pixels]]:
        layout = self.film.facts.layout
        luma = layout.luma(frame)
        codes = small_codes(self.film.av, luma, layout, *self.network.shape)
        chroma = painter(ab.astype(np.float32), codes)
        if not layout.interlaced:
            solver = ChromaSolver(SRGB, chroma, luma.shape, layout.coding)
            return luma, list(solver.planes(np.ascontiguousarray(luma)))
        planes = np.empty((2, *layout.chroma_size), layout.coding.dtype)
        for field in (0, 1):  # lines of one moment get their chroma from lines of that moment
            lines = np.ascontiguousarray(luma[field::2])
            solver = ChromaSolver(SRGB, chroma, lines.shape, layout.coding)
            rows = planes[:, field::2]
            rows[:] = solver.planes(lines)[:, : rows.shape[1]]
        return luma, list(planes)
