"""Find damage with a network: dust, hairs, scratches, creases.

The network (`photochrom-damage`) is small and fully convolutional: it takes a grey picture and
gives each pixel's probability of being damaged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import Array
from photochrom.models.paths import SHIPPED
from photochrom.models.session import session_options
from photochrom.photo import Photo
from photochrom.photo.strips import Pixels, RowWindows
from photochrom.restoration.mask import BAND, DamageMask, Mask, mask_of_bands
from photochrom.restoration.pieces import Pieces

NETWORK_NAME = "photochrom-damage"
NETWORK = SHIPPED / "damage.onnx"
_INPUT, _OUTPUT = "gray", "damage"
_CONTEXT = 48
"""Pixels around a tile that the network sees, and whose results are not used."""
_TILE = 416
_INPUT_SIDE = _TILE + 2 * _CONTEXT
"""Larger photos are all seen in squares of it: ONNX Runtime keeps memory for each other shape."""
_SENSITIVITIES, _LOGITS = (0.0, 0.5, 1.0), (3.0, 0.0, -10.0)
"""The logit (the logarithm of the odds) of the probability that damage needs, by sensitivity."""
LIKELY = -11.0
"""The logit from which pixels connected with such ones are marked, too."""
LEAST = 6
"""Pixels above the needed logit that a connected piece of damage has at least."""
_MULTIPLE = 16
"""The sides of the network's input are multiples of it."""
_MOST_PIXELS = 5e7
"""A larger photo is searched on a copy, reduced by a whole number."""
_STEPS, _MIDDLE = 8, 128
"""Codes of the likelihood: eight to a unit of the logit, 0 at 128."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class DamageLikelihood:
    """How likely each pixel of a photo is to be damaged; a mask of any sensitivity follows from it.

    width, height: of the photo as it is stored. factor: by how much it was reduced to be searched.
    codes: (h, w), uint8: the logit of the probability in eighths, 128 for a half.
    """

    width: int
    height: int
    factor: int
    codes: Pixels

    @classmethod
    def of(cls, photo: Photo) -> DamageLikelihood:
        """Search a photo; raises PhotoError where the file is damaged."""
        factor = reduction_of(photo)
        height, width = (-(-side // factor) for side in (photo.height, photo.width))
        windows = RowWindows(_gray_strips(photo, factor))
        codes = np.empty((height, width), np.uint8)
        for top in range(0, height, _TILE):
            bottom = min(height, top + _TILE)
            first, last = max(0, top - _CONTEXT), min(height, bottom + _CONTEXT)
            _search(windows(first, last), slice(top - first, bottom - first), codes[top:bottom])
        return cls(photo.width, photo.height, factor, codes)

    def mask(self, sensitivity: float) -> DamageMask:
        """The damage, for a sensitivity of 0 (only what is certain) to 1."""
        return self.above(float(np.interp(sensitivity, _SENSITIVITIES, _LOGITS)))

    def above(self, logit: float, likely: float = LIKELY, least: int = LEAST) -> DamageMask:
        """The pieces of damage with enough pixels above a logit.

        likely: the logit that its other pixels need. least: how many it has above the first one.
        """
        certain, connected = (_STEPS * level + _MIDDLE for level in (logit, min(logit, likely)))
        pieces = Pieces(self.codes.shape[1])
        for top in range(0, len(self.codes), BAND):
            codes = self.codes[top : top + BAND]
            pieces.add(codes > connected, codes > certain)
        found, factor = pieces.kept(least), self.factor

        def rows(top: int, bottom: int) -> Mask:
            first, last = top // factor, -(-bottom // factor)
            band = found.rows(first, last).repeat(factor, 0).repeat(factor, 1)
            return band[top - first * factor :][: bottom - top, : self.width]

        return mask_of_bands(self.width, self.height, rows)


def reduction_of(photo: Photo) -> int:
    """By how much a photo is reduced for the search."""
    return max(1, math.ceil(math.sqrt(photo.width * photo.height / _MOST_PIXELS)))


def codes_of(probable: Array) -> Pixels:
    """Probabilities as the codes of a `DamageLikelihood`."""
    with np.errstate(divide="ignore"):
        logits = np.log(probable) - np.log1p(-probable)
    return (logits * _STEPS + _MIDDLE).round().clip(0, 255).astype(np.uint8)


def _search(gray: Array, core: slice, codes: Pixels) -> None:
    """Write the likelihood of some rows of (h, w) into `codes`, by tiles of columns."""
    width = gray.shape[1]
    for left in range(0, width, _TILE):
        right = min(width, left + _TILE)
        first, last = max(0, left - _CONTEXT), min(width, right + _CONTEXT)
        padded = _padded(gray[:, first:last])[None, None]
        probable = _session().run([_OUTPUT], {_INPUT: padded})[0][0, 0]
        codes[:, left:right] = codes_of(probable[core, left - first : right - first])


def _padded(part: Array) -> Array:
    """A part enlarged to a size that the network takes."""
    large = max(part.shape) > _TILE
    margins = [(0, _INPUT_SIDE - side if large else -side % _MULTIPLE) for side in part.shape]
    return np.pad(part, margins, mode="edge")


@cache
def _session() -> Any:
    options = session_options(None)
    return onnxruntime.InferenceSession(str(NETWORK), options, providers=["CPUExecutionProvider"])


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
