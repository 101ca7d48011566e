"""Find damage with a network: dust, hairs, scratches, creases.

The network (`photochrom-damage`) is small and fully convolutional: it takes a grey picture and
gives each pixel's probability of being damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from photochrom._system.cpus import available_cpus
from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import Array
from photochrom.models.paths import SHIPPED
from photochrom.photo import Photo
from photochrom.photo.strips import Pixels, RowWindows
from photochrom.restoration.mask import DamageMask, grown

_FILE, _INPUT, _OUTPUT = "damage.onnx", "gray", "damage"
_CONTEXT = 48
"""Pixels around a tile that the network sees, and whose results are not used."""
_TILE = 1024
_MULTIPLE = 16
"""The sides of the network's input are multiples of it."""
_LARGEST_SHORT_SIDE = 5000
"""Pixels; a larger photo is searched on a copy, reduced by a whole number."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def find(photo: Photo, sensitivity: float) -> DamageMask:
    """The damage of a photo.

    sensitivity: 0 (only what is certain) to 1. Raises PhotoError where the file is damaged.
    """
    factor = -(-min(photo.width, photo.height) // _LARGEST_SHORT_SIDE)
    height = -(-photo.height // factor)
    windows = RowWindows(_gray_strips(photo, factor))
    packed = []
    for top in range(0, height, _TILE):
        bottom = min(height, top + _TILE)
        first, last = max(0, top - _CONTEXT), min(height, bottom + _CONTEXT)
        found = _probabilities(windows(first, last)) > 1 - sensitivity
        # the edge of damage is blurred
        band = grown(found, 1)[top - first : bottom - first]
        packed.append(np.packbits(band.repeat(factor, 0).repeat(factor, 1)[:, : photo.width], 1))
    return DamageMask(photo.width, photo.height, np.concatenate(packed)[: photo.height])


def _probabilities(gray: Array) -> Array:
    """The probability of damage in each pixel of (h, w), by tiles of columns."""
    height, width = gray.shape
    probable = np.empty_like(gray)
    for left in range(0, width, _TILE):
        right = min(width, left + _TILE)
        first, last = max(0, left - _CONTEXT), min(width, right + _CONTEXT)
        part = gray[:, first:last]
        margins = [(0, -side % _MULTIPLE) for side in part.shape]
        padded = np.pad(part, margins, mode="edge")[None, None]
        output = _session().run([_OUTPUT], {_INPUT: padded})[0][0, 0]
        probable[:, left:right] = output[:height, left - first : right - first]
    return probable


@cache
def _session() -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = available_cpus()
    return onnxruntime.InferenceSession(
        str(SHIPPED / _FILE), options, providers=["CPUExecutionProvider"]
    )


def _gray_strips(photo: Photo, factor: int) -> Iterator[Array]:
    """Display codes of the photo's grey, 0..1, reduced by a whole number."""
    fetch, columns = photo.strips(), range(0, photo.width, factor)
    rows = RowWindows(fetch(*span) for span in photo.plan.spans())
    step = max(factor, photo.plan.rows // factor * factor)
    for top in range(0, photo.height, step):
        gray = _gray(photo, rows(top, min(photo.height, top + step)))
        if factor > 1:
            gray = np.add.reduceat(gray, columns, axis=1)
            gray = np.add.reduceat(gray, range(0, len(gray), factor), axis=0)
            gray /= _sizes(len(gray), factor, top, photo.height)[:, None]
            gray /= _sizes(gray.shape[1], factor, 0, photo.width)
        yield gray


def _gray(photo: Photo, strip: Pixels) -> Array:
    shown = photo.for_screen(strip)[..., : photo.color_bands].astype(np.float32) / 255
    gray = shown @ _LUMA if photo.color_bands == 3 else shown[..., 0]
    return gray.astype(np.float32)


def _sizes(count: int, factor: int, start: int, length: int) -> Array:
    """How many pixels each square of `factor` holds, from `start` on."""
    starts = start + factor * np.arange(count)
    return np.minimum(factor, length - starts).astype(np.float32)
