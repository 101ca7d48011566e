"""Make colour photos grey, colour them with the pipeline, and score every photo.

The grey input is the photo's own CIE L, coded as 8-bit sRGB grey, at the photo's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from itertools import islice
from typing import Any

from photochrom.workshop.evaluation.classifier import Classifier
from photochrom.workshop.evaluation.contenders import BestConstant
from photochrom.workshop.evaluation.gallery import Gallery
from photochrom.workshop.evaluation.measurements import Measurements
from photochrom.workshop.evaluation.original import originals_from
from photochrom.workshop.evaluation.plan import REAL, Plan
from photochrom.workshop.evaluation.record import record_of
from photochrom.workshop.evaluation.tracks import Tracks


def evaluate_photos(
    sources: Sequence[str],
    plan: Plan,
    classifier: Classifier,
    *,
    selection: Container[str] | None = None,
    limit: int | None = None,
    gallery: Gallery | None = None,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Score everything that the plan names, in one pass over colour photos.

    sources: tar shards, folders of shards, or folders of photos.
    selection: the keys of the photos that are meant, by default all; limit: the first so many.
    gallery: gets the pictures of every row but the best constant's.
    advance: called after every photo.
    Returns the record that figures.json holds. Raises DataError where there are no photos, or a
    table that the plan brings names none of them.
    """
    measurements = Measurements(classifier)
    tracks = Tracks(plan.settings) if plan.tracks else None
    rows = {row.name for row in plan.rows}
    for original in islice(originals_from(sources, selection), limit):
        measurements.open(original)
        for row in plan.rows:
            answer = row.answer(original)
            measurements.add(row.name, answer, original)
            if gallery is not None and not isinstance(row, BestConstant):
                gallery.keep(original.key, row.name, answer.picture)
        if gallery is not None:
            gallery.keep(original.key, REAL, original.real)
        for setting in plan.curve_settings:
            if setting.name not in rows:
                measurements.add_quickly(setting.name, setting.answer(original), original)
        if tracks is not None:
            tracks.add(original)
        advance()
    return record_of(plan, measurements, tracks, sources)
