"""Make colour photos grey, colour them with the pipeline, and score every photo.

The grey input is the photo's own CIE L, coded as 8-bit sRGB grey, at the photo's own size.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
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
from photochrom.data.shards import IMAGE_SUFFIXES, decode_rgb, decoded_photos
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
) -> dict[str, Any]:
    """Score grey, the best constant and the model on colour photos.

    sources: tar shards, folders of shards, or folders of photos.
    sheet: where to write a contact sheet of the first photos (grey, each vividness, real).
    Returns {"photos": n, "model": name, "rows": [...]}; each row has its name and, for all photos
    and the odd ones, the mean figures, the gains over grey and the seconds a photo.
    Raises DataError where there are no photos.
    """
    scores: dict[str, list[list[float]]] = {}
    rows: list[list[Picture]] = []
    for real in islice(_photos(sources), limit):
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
    return _summary(scores, colorizer.session.name)


def _photos(sources: Sequence[str]) -> Iterator[Picture]:
    for source in map(Path, sources):
        files = sorted(f for f in source.glob("*") if f.suffix.lower() in IMAGE_SUFFIXES)
        if files:
            for file in files:
                yield decode_rgb(file.read_bytes(), str(file))
        else:
            yield from (photo for _, photo in decoded_photos([source]))


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


def _summary(scores: dict[str, list[list[float]]], model: str) -> dict[str, Any]:
    tables = {name: np.asarray(values) for name, values in scores.items()}
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
    return {"photos": len(tables["real"]), "model": model, "rows": rows}
