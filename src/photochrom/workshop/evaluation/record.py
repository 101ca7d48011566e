"""The record of an evaluation, as figures.json holds it; docs/evaluation.md lists its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from photochrom.errors import DataError
from photochrom.workshop.evaluation.contenders import Contender, Setting
from photochrom.workshop.evaluation.figures import UNKNOWN, Measured, figures_of, figures_of_real
from photochrom.workshop.evaluation.frechet import split_halves_distance
from photochrom.workshop.evaluation.measurements import Measurements, Passed
from photochrom.workshop.evaluation.plan import ALL, ODD, REAL, Plan
from photochrom.workshop.evaluation.tracks import Tracks

PER_PHOTO = ("psnr", "ssim", "ab_error", "ciede2000", "colorfulness")

Figures = Callable[[str, Sequence[int]], dict[str, float]]
"""From a row's name and the photos that are meant to their figures."""


def record_of(
    plan: Plan, measurements: Measurements, tracks: Tracks | None, sources: Sequence[str]
) -> dict[str, Any]:
    """Put together what was measured.

    Raises DataError where a subset or the table of kinds names none of the photos.
    """
    subsets = _subsets(plan, measurements.photos)
    measured = {
        name: measurements.measured(name) for name in (REAL, *(row.name for row in plan.rows))
    }
    truth = np.array(
        [plan.labels.get(photo.key, UNKNOWN) for photo in measurements.photos], np.int64
    )

    def figures(row: str, lines: Sequence[int]) -> dict[str, float]:
        colored, gray, real = (measured[name].pick(lines) for name in (row, "grey", REAL))
        return figures_of(colored, gray, real, truth[lines])

    record: dict[str, Any] = {
        "photos": len(measurements.photos),
        "sources": list(sources),
        "rows": [
            _identity(row) | {name: figures(row.name, lines) for name, lines in subsets.items()}
            for row in plan.rows
        ],
        "real": {
            name: figures_of_real(measured[REAL].pick(lines), truth[lines])
            for name, lines in subsets.items()
        },
        "subsets": {name: len(lines) for name, lines in subsets.items()},
        **_floor(measured[REAL]),
        "calibration": {
            row: calibration.bins() for row, calibration in measurements.calibrations.items()
        },
        "confidence_rank_correlation": _rank_correlations(measurements),
        "per_photo": _per_photo(plan, measurements),
    }
    if plan.kinds is not None:
        record["kinds"] = _by_kind(plan, measurements.photos, plan.kinds, figures)
    if tracks is not None:
        clean = {
            setting.name: measurements.mean(setting.name, "ab_error") for setting in plan.settings
        }
        record["tracks"] = tracks.tables(clean)
    colorfulness = measurements.mean(REAL, "colorfulness")
    if plan.curve and colorfulness:
        record["curves"] = _curves(plan, measurements, colorfulness)
    return record


def _identity(row: Contender) -> dict[str, Any]:
    model, vividness = (row.model, row.vividness) if isinstance(row, Setting) else (None, None)
    return {"name": row.name, "model": model, "vividness": vividness}


def _subsets(plan: Plan, photos: Sequence[Passed]) -> dict[str, list[int]]:
    """The photos of every subset, as lines of the measurements."""
    subsets = {ALL: list(range(len(photos)))}
    odd = [line for line, photo in enumerate(photos) if photo.index % 2]
    if odd:
        subsets[ODD] = odd
    for name, keys in plan.subsets.items():
        subsets[name] = [line for line, photo in enumerate(photos) if photo.key in keys]
        if not subsets[name]:
            raise DataError(
                f"subset {name}", "none of its keys is a photo's", "name this set's table"
            )
    return subsets


def _floor(real: Measured) -> dict[str, float]:
    floor = split_halves_distance(real.features)
    return {"frechet_floor": round(floor, 4)} if floor == floor else {}


def _rank_correlations(measurements: Measurements) -> dict[str, float]:
    correlations = {
        row: place.rank_correlation() for row, place in measurements.calibrations.items()
    }
    return {row: round(value, 4) for row, value in correlations.items() if value == value}


def _per_photo(plan: Plan, measurements: Measurements) -> list[dict[str, Any]]:
    rows = [*(row.name for row in plan.rows), REAL]
    return [
        {
            "key": photo.key,
            "width": photo.width,
            "height": photo.height,
            "scores": {row: _shown(measurements.scores[row][line]) for row in rows},
        }
        for line, photo in enumerate(measurements.photos)
    ]


def _shown(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(scores[name], 4) for name in PER_PHOTO if name in scores}


def _by_kind(
    plan: Plan, photos: Sequence[Passed], kinds: Mapping[str, str], figures: Figures
) -> dict[str, Any]:
    """The figures of each kind of photo, the commonest kind first."""
    if not any(photo.key in kinds for photo in photos):
        raise DataError(
            None, "no photo's key is in the table of kinds", "name the manifest of this set"
        )
    own = [kinds.get(photo.key, "unknown") for photo in photos]
    tables: dict[str, Any] = {}
    for kind in sorted(set(own), key=lambda kind: (-own.count(kind), kind)):
        lines = [line for line, other in enumerate(own) if other == kind]
        rows = [{"name": row.name, **figures(row.name, lines)} for row in plan.rows]
        tables[kind] = {"photos": len(lines), "rows": rows}
    return tables


def _curves(
    plan: Plan, measurements: Measurements, real: float
) -> dict[str, list[dict[str, float]]]:
    """The points of each model's curve; real: the colourfulness of the real photos."""
    curves: dict[str, list[dict[str, float]]] = {}
    for setting in plan.curve_settings:
        psnr, ab_error, colorfulness = (
            measurements.mean(setting.name, score) for score in ("psnr", "ab_error", "colorfulness")
        )
        point = {
            "vividness": setting.vividness,
            "psnr": round(psnr, 4),
            "ab_error": round(ab_error, 4),
            "colorfulness_ratio": round(colorfulness / real, 4),
        }
        curves.setdefault(setting.model, []).append(point)
    return curves
