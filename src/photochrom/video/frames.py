"""A film's pictures with their colours, one after the other, for other people's pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from photochrom.color.lab import Array
from photochrom.options import ColorizeOptions
from photochrom.photo.strips import Pixels
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.inference import Member
from photochrom.video.coloring import FilmColoring, ShotSettings
from photochrom.video.network import FilmNetwork, Painter
from photochrom.video.rendering import FilmRenderer
from photochrom.video.source import Film
from photochrom.video.steady import Carried
from photochrom.video.survey import Survey
from photochrom.video.work import pieces_of


@dataclass(frozen=True)
class VideoFrame:
    """One picture of a film, coloured.

    Parameters
    ----------
    time
        Seconds of the film at which it is shown.
    luma
        (H, W), uint8 or uint16: the film's own Y plane, as decoded.
    chroma
        Cb and Cr for this luma, in the film's own matrix, range, depth and subsampling.
    ab
        (h, w, 2), CIE Lab units, on a small grid of the picture's extent, as stored.
    shot
        The number of its shot, from 0.

    Examples
    --------
    >>> from photochrom import Colorizer
    >>> frame = next(Colorizer(threads=1).video("film.mp4"))
    >>> frame.luma.shape, frame.chroma[0].shape
    ((64, 96), (32, 48))
    """

    time: float
    luma: Pixels
    chroma: tuple[Pixels, Pixels]
    ab: Array
    shot: int


def colored_frames(
    film: Film,
    found: Survey,
    members: Sequence[Member],
    name: str,
    options: ColorizeOptions,
    threads: int,
) -> Iterator[VideoFrame]:
    """The pictures of a film, coloured; found: its survey."""
    network = FilmNetwork(members, name, film.facts, options.size)
    settings = [ShotSettings(options)] * len(found.shots)
    coloring = FilmColoring(film, found, network, settings, threads)
    pieces = pieces_of(found.shots, [None] * len(found.shots), None)
    painter = Painter(Adjustments.of(options))
    numbers = {shot.first: number for number, shot in enumerate(found.shots)}
    base = film.facts.time_base

    def unreachable(_: int) -> Carried:
        raise AssertionError("no piece is passed over")

    with closing(FilmRenderer(film, found, network, threads)) as renderer:
        for one in coloring.pieces(pieces, unreachable):
            shot = numbers[one.piece.shot.first]
            pictures = renderer.planes(one.piece.first, one.maps, painter)
            for ab, (time, luma, (cb, cr)) in zip(one.maps, pictures, strict=True):
                yield VideoFrame(float(time * base), luma, (cb, cr), ab.astype("float32"), shot)
