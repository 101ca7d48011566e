"""The pipeline: a photo in, a coloured photo out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.color import Array, lab_from_srgb
from photochrom.dial import Decoding
from photochrom.errors import ConfigError, PhotoError
from photochrom.photo import Photo, Turn, check_target, keeps_orientation
from photochrom.session import MULTIPLE, Prediction, Session
from photochrom.stream import Pixels, StripPlan, coloured_strips
from photochrom.upsample import LinearChroma, linear_chroma, refine

DEFAULT_VIVIDNESS = 0.5
LONGEST = 4
"""The small copy is at most this many times as long as it is wide; longer photos are squeezed."""

BLANK = 1.5
"""Spread of L below which a picture shows nothing: its colours fade, a blank card stays grey."""

WHITE = 100.0
"""L of the padding."""


@dataclass(frozen=True)
class Result:
    """One coloured photo, not yet written: colours on a small copy, pixels still in the source.

    photo: the input.
    model: the name of the model.
    ab: (h, w, 2), Lab units, on the small copy, upright.
    confidence: (h / s, w / s), 0..1, at the network's stride s, upright; None where the model does
    not say how sure it is.
    """

    photo: Photo
    model: str
    ab: Array
    confidence: Array | None
    _chroma: LinearChroma
    _threads: int | None

    @cached_property
    def rgb(self) -> Pixels:
        """The coloured photo, (H, W, 3) or (H, W, 4), upright sRGB, of the input's depth."""
        stored = np.concatenate(list(self._strips()))
        return np.ascontiguousarray(self.photo.turn.apply(stored))

    def save(
        self,
        path: str | Path,
        *,
        quality: int = 95,
        mark: bool = True,
        overwrite: bool = False,
    ) -> Path:
        """Write the coloured photo; its suffix chooses the format.

        quality: of JPEG and WebP, 1..100.
        mark: say in XMP that the colours are computed.
        Raises OutputExists where the file exists and overwrite is false, PhotoError where it
        cannot be written. Nothing half-written stays.
        """
        target = Path(path)
        check_target(target, overwrite)
        strips, upright = self._strips_for(target.suffix)
        self.photo.write(
            strips, target, upright=upright, quality=quality, mark=mark, overwrite=overwrite
        )
        return target

    def encode(self, suffix: str, *, quality: int = 95, mark: bool = True) -> bytes:
        """The bytes of a file of the format that `suffix` (".jpg", ...) names."""
        strips, upright = self._strips_for(suffix)
        return self.photo.encode(strips, suffix, upright=upright, quality=quality, mark=mark)

    def _strips(self) -> Iterator[Pixels]:
        photo = self.photo
        stored = self._chroma.turned(*photo.turn.undo())
        return coloured_strips(photo.strips(), photo.plan, stored, self._threads)

    def _strips_for(self, suffix: str) -> tuple[Iterator[Pixels], bool]:
        """Strips as a format needs them: stored with the tag, or with the pixels turned."""
        turned = self.photo.turn.quarters or self.photo.turn.mirrored
        if not turned or keeps_orientation(suffix):
            return self._strips(), False
        height, width = self.photo.upright_size
        spans = StripPlan.of(width, height).spans()
        return (self.rgb[top : top + rows] for top, rows in spans), True


class Colorizer:
    """Colours photographs with one model; thread-safe, one object serves many photos."""

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
    ) -> None:
        """Load a model; see `photochrom.session.Session` for the arguments and errors."""
        self.session = Session(model, threads, providers)
        self._threads = threads

    def colorize(
        self, photo: Any, *, vividness: float = DEFAULT_VIVIDNESS, size: int | None = None
    ) -> Result:
        """Colour one photograph.

        photo: a path, an encoded file's bytes, an array (H, W) or (H, W, 3), uint8 or uint16,
        sRGB, or a PIL image.
        vividness: 0 (faithful, muted) to 1 (vivid).
        size: short side of the small copy that the network sees, pixels; the model's by default.
        Raises PhotoError where the photo cannot be read, ConfigError for an option out of range.
        """
        contract = self.session.contract
        decoding = contract.dial.at(vividness)
        opened = _open(photo)
        height, width = network_size(*opened.upright_size, size or contract.size, contract.fit)
        turned = opened.turn.quarters % 2
        stored = opened.small_copy(*((width, height) if turned else (height, width)))
        upright = np.ascontiguousarray(opened.turn.apply(stored))
        lightness = np.ascontiguousarray(lab_from_srgb(upright)[..., 0])
        prediction = self._predict(lightness, decoding)
        evidence = min(1.0, float(lightness.std()) / BLANK)
        ab = refine(prediction.ab * np.float32(decoding.gain * evidence), lightness)
        chroma = linear_chroma(ab, lightness)
        return Result(opened, self.session.name, ab, prediction.confidence, chroma, self._threads)

    def _predict(self, lightness: Array, decoding: Decoding) -> Prediction:
        """The network's answer for a small copy, which it may want to see in a white square."""
        contract = self.session.contract
        if contract.fit != "pad":
            return self.session.predict(lightness, decoding)
        height, width = lightness.shape
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = np.full((side, side), WHITE, np.float32)
        square[top : top + height, left : left + width] = lightness
        whole = self.session.predict(square, decoding)

        def cut(field: Array) -> Array:
            stride = side // len(field)
            rows = slice(top // stride, (top + height) // stride)
            return field[rows, left // stride : (left + width) // stride]

        confidence = None if whole.confidence is None else cut(whole.confidence)
        return Prediction(cut(whole.ab), confidence)


def network_size(height: int, width: int, size: int, fit: str = "stretch") -> tuple[int, int]:
    """The small copy's height and width: multiples of 32 near the photo's shape.

    size: the side aimed at, pixels: the short one, or the long one where the copy is padded to a
    square (fit "pad"). Raises ConfigError below 32 or above 2048.
    """
    if not MULTIPLE <= size <= 2048:
        raise ConfigError(f"size is {size}, but must lie in {MULTIPLE}..2048 pixels")
    scale = size / (max(height, width) if fit == "pad" else min(height, width))
    longest = size * LONGEST
    sides = [min(side * scale, longest) for side in (height, width)]
    rows, columns = (max(1, round(side / MULTIPLE)) * MULTIPLE for side in sides)
    return rows, columns


def _open(photo: Any) -> Photo:
    if isinstance(photo, Photo):
        return photo
    if isinstance(photo, str | os.PathLike):
        return Photo(Path(photo))
    if isinstance(photo, bytes | bytearray | memoryview):
        return Photo(bytes(photo))
    if isinstance(photo, np.ndarray):
        return Photo(np.ascontiguousarray(photo))
    if hasattr(photo, "getexif") and hasattr(photo, "convert"):
        return Photo(_pil_pixels(photo))
    raise PhotoError(
        f"a photo must be a path, bytes, an array or a PIL image, not {type(photo).__name__}"
    )


def _pil_pixels(image: Any) -> Pixels:
    """An upright array of a PIL image: grey, RGB or RGBA, 8 bit, or 16-bit grey."""
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
    elif image.mode in ("1", "L"):
        pixels = np.asarray(image.convert("L"))
    else:
        pixels = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    turn = Turn.from_exif(image.getexif().get(274, 1))
    return np.ascontiguousarray(turn.apply(pixels))
