"""A job on a film, with a network that sees little, so that tests take little."""

from __future__ import annotations

import pytest

pytest.importorskip("av", reason="needs the packages of the extra 'video'")

from photochrom.options import ColorizeOptions
from photochrom.video.job import FilmJob, Model
from photochrom.video.options import VideoOptions
from photochrom.video.source import Film

SIZE = 32


@pytest.fixture(scope="session")
def color(colorizer):
    """Colour a film; returns the report."""

    def run(source, target, settings=None, *, options=None, **video):
        options = options or ColorizeOptions(size=SIZE, vividness=1.0)
        model = Model(colorizer.members, colorizer.name)
        job = FilmJob(Film(source), model, target, options, VideoOptions(**video), threads=1)
        return job.run(settings=settings)

    return run
