"""Make colour photos grey, colour them with the pipeline, and score every photo.

The grey input is the photo's own CIE L, coded as 8-bit sRGB grey, at the photo's own size.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000

from photochrom import metrics
from photochrom.color import (
    Array,
    lab_from_srgb,
    luminance_from_lightness,
    srgb_from_lab,
    srgb_from_linear,
)
from photochrom.colorizer import Colorizer
from photochrom.data.sources import photos_from
from photochrom.errors import DataError
from photochrom.sheet import save_sheet

BEST_CONSTANT = (0.65, 4.79)
"""The geometric median of the training photos' ab, from benchmarks/best_constant.py: of all tints
the one with the least ab error there."""

FIGURES = ("psnr", "ab_error", "ciede2000", "colourfulness")
SHEET_PHOTOS = 48

Picture = NDArray[np.uint8]


def evaluate_photos(
    sources: Sequence[str],
    colorizer: Colorizer,
    vividness: Sequence[float],
    *,
    size: int | None = None,
    limit: int | None = None,
    sheet: Path | None = None,
    kinds: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Score grey, the best constant and the model on colour photos.

    sources: tar shards, folders of shards, or folders of photos.
    sheet: where to write a contact sheet of the first photos (grey, each vividness, real).
    kinds: the kind of each photo by its key, for figures by kind.
    Returns {"photos": n, "model": name, "rows": [...]}; each row has its name and, for all photos
    and the odd ones, the mean figures, the gains over grey and the seconds a photo. With kinds,
    "kinds" has the same rows for each of them and "photos", how many there are of it.
    Raises DataError where there are no photos.
    """
    scores: dict[str, list[list[float]]] = {}
    rows: list[list[Picture]] = []
    keys: list[str] = []
    for key, real in islice(photos_from(sources), limit):
        keys.append(key)
        lab = lab_from_srgb(real.astype(np.float32) / 255)
        grey = _grey(lab)
        pictures = {"grey": np.repeat(grey[..., None], 3, axis=2)}
        pictures["best constant"] = _constant(lab)
        seconds = dict.fromkeys(pictures, 0.0)
        for value in vividness:
            name = f"vividness {value:g}"
            started = time.perf_counter()
            pictures[name] = colorizer.colorize(grey, vividness=value, size=size).rgb
            seconds[name] = time.perf_counter() - started
        for name, picture in (pictures | {"real": real}).items():
            scores.setdefault(name, []).append([*_score(picture, real, lab), seconds.get(name, 0)])
        if len(rows) < SHEET_PHOTOS:
            ours = [pictures[f"vividness {value:g}"] for value in vividness]
            rows.append([pictures["grey"], *ours, real])
    if not rows:
        raise DataError(f"no photos in {', '.join(sources)}")
    if sheet is not None:
        save_sheet(rows, sheet)
    tables = {name: np.asarray(values) for name, values in scores.items()}
    figures = {"photos": len(keys), "model": colorizer.session.name, "rows": _rows(tables)}
    if kinds is not None:
        if not any(key in kinds for key in keys):
            raise DataError(
                "no photo's key is in the table of kinds; name the manifest of this set"
            )
        figures["kinds"] = _by_kind(tables, [kinds.get(key, "unknown") for key in keys])
    return figures


def read_kinds(manifest: Path, column: str) -> dict[str, str]:
    """The kind of each photo by its key, from a CSV with the columns `key` and `column`.

    Raises DataError where the file cannot be read or lacks a column.
    """
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            return {row["key"]: row[column] or "unknown" for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{manifest}: not a readable manifest ({error}); name a CSV file"
        ) from error
    except KeyError as error:
        raise DataError(
            f"{manifest}: no column {error.args[0]!r}; it needs key and {column}"
        ) from error


def _grey(lab: Array) -> Picture:
    codes = srgb_from_linear(luminance_from_lightness(lab[..., 0]))
    return np.rint(codes * 255).astype(np.uint8)


def _constant(lab: Array) -> Picture:
    tinted = lab.copy()
    tinted[..., 1:] = BEST_CONSTANT
    return np.rint(srgb_from_lab(tinted) * 255).astype(np.uint8)


def _score(picture: Picture, real: Picture, lab: Array) -> list[float]:
    ours = lab_from_srgb(picture.astype(np.float32) / 255)
    return [
        metrics.psnr(picture, real),
        metrics.ab_error(ours[..., 1:], lab[..., 1:]),
        float(deltaE_ciede2000(lab, ours).mean()),
        metrics.colourfulness(picture),
    ]


def _by_kind(tables: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind)):
        pick = [index for index, own in enumerate(kinds) if own == kind]
        part = {name: table[pick] for name, table in tables.items()}
        rows = [{"name": row["name"], **row["all"]} for row in _rows(part)]
        found[kind] = {"photos": len(pick), "rows": rows}
    return found


def _rows(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, table in tables.items():
        if name == "real":
            continue
        row: dict[str, Any] = {"name": name}
        for subset, pick in (("all", np.s_[:]), ("odd", np.s_[1::2])):
            if not len(table[pick]):
                continue
            mean, grey = table[pick].mean(axis=0), tables["grey"][pick].mean(axis=0)
            real = tables["real"][pick].mean(axis=0)
            row[subset] = {
                "psnr": round(mean[0], 3),
                "psnr_gain": round(mean[0] - grey[0], 3),
                "ab_error": round(mean[1], 3),
                "ab_gain_percent": round(100 * (1 - mean[1] / grey[1]), 2) if grey[1] else 0.0,
                "ciede2000": round(mean[2], 3),
                "colourfulness_ratio": round(mean[3] / real[3], 3) if real[3] else 0.0,
                "seconds": round(mean[4], 4),
            }
        rows.append(row)
    return rows
