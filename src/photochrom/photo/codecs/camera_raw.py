"""Raw files of cameras: the finished picture of full size that most of them hold.

LibRaw, by way of rawpy, finds it; the sensor's own data is not developed.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from photochrom.errors import PhotoError
from photochrom.photo.codecs.decoded import Decoded, check_pixel_count, guarded, package
from photochrom.photo.file_access import opened
from photochrom.photo.formats import RAW
from photochrom.photo.jpeg.header import exif_segment
from photochrom.photo.jpeg.markers import header_of
from photochrom.photo.metadata.exif import as_exif
from photochrom.photo.tiff.pictures import DEVELOP, undeveloped
from photochrom.photo.tiff.tags import ORIENTATION, Directory, Entry

NOTE = "the camera's own finished picture in the raw file is coloured, not the sensor's data"
_LEAST = 0.9
"""The share of the sensor's width and height that a picture of full size has; cameras trim it."""
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's turns, and EXIF's."""
_QUARTERS = {3: 2, 5: 1, 6: 3}
"""LibRaw's turns, and quarters counter-clockwise."""
_SUB_DIRECTORIES, _PHOTOMETRIC = 330, 262
_SENSOR = frozenset({32803, 34892})
"""Photometric interpretations of a sensor's data: a mosaic of colors, or linear values."""
_MOST = 64
"""Directories, and values of a tag, that are looked at."""


def is_raw(source: Path | bytes) -> bool:
    """Whether a TIFF is a camera's raw file: one with a sensor's data in it, as most DNGs are."""
    with opened(source) as file:
        head = file.read(8)
        if len(head) < 8:
            return False
        order = "<" if head[:2] == b"II" else ">"
        if struct.unpack(order + "H", head[2:4])[0] != 42:
            return False
        (first,) = struct.unpack(order + "I", head[4:8])
        pending, seen = [first], 0
        while pending and seen < _MOST:
            seen += 1
            file.seek(pending.pop(0))
            tags = _tags(file, order)
            if _SENSOR & set(tags.get(_PHOTOMETRIC, ())):
                return True
            pending += tags.get(_SUB_DIRECTORIES, ())
    return False


def _tags(file: BinaryIO, order: str) -> dict[int, tuple[int, ...]]:
    """The numbers of a directory's tags of whole numbers; empty for all others."""
    count = file.read(2)
    if len(count) < 2:
        return {}
    entries = file.read(12 * struct.unpack(order + "H", count)[0])
    tags: dict[int, tuple[int, ...]] = {}
    for start in range(0, len(entries) - 11, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", entries, start)
        letter = {3: "H", 4: "I", 13: "I"}.get(kind)
        if letter is None or number > _MOST:
            tags[tag] = ()
            continue
        layout = f"{order}{number}{letter}"
        packed = entries[start + 8 : start + 12]
        if struct.calcsize(layout) > 4:
            file.seek(struct.unpack(order + "I", packed)[0])
            packed = file.read(struct.calcsize(layout))
        fits = len(packed) >= struct.calcsize(layout)
        tags[tag] = struct.unpack_from(layout, packed) if fits else ()
    return tags


def finished_picture(data: bytes, name: str, limit: int) -> bytes | Decoded:
    """The picture of full size in a raw file: a JPEG's bytes, or pixels.

    limit: pixels; a larger picture is refused. Raises MissingExtraError without rawpy, PhotoError
    where there is no such picture, or it is smaller than the sensor's.
    """
    library = package("rawpy", RAW)
    try:
        opened_raw = library.imread(io.BytesIO(data))
    except library.LibRawError as error:
        raise PhotoError(
            name, "a raw file of a kind that LibRaw does not open, or damaged", DEVELOP
        ) from error
    with opened_raw as raw:
        sizes = raw.sizes
        check_pixel_count(name, sizes.width, sizes.height, limit)
        try:
            found = raw.extract_thumb()
        except library.LibRawError as error:
            raise undeveloped(name) from error
    if found.format == library.ThumbFormat.JPEG:
        picture: bytes | Decoded = _turned(bytes(found.data), _TURNS.get(sizes.flip, 1))
        width, height = guarded(name, lambda: _jpeg_size(found.data))
    else:
        turned = np.rot90(found.data, _QUARTERS.get(sizes.flip, 0))
        picture = Decoded(np.ascontiguousarray(turned), notes=(NOTE,))
        height, width = found.data.shape[:2]
    short, long = sorted((sizes.width, sizes.height))
    if min(width, height) < _LEAST * short or max(width, height) < _LEAST * long:
        raise PhotoError(
            name,
            f"a camera's raw file, whose finished picture is only {width} x {height} of "
            f"{sizes.width} x {sizes.height}",
            DEVELOP,
        )
    return picture


def _jpeg_size(data: bytes) -> tuple[int, int]:
    frame = header_of(data)
    if frame is None:
        raise ValueError("its finished picture is no JPEG")
    return frame.width, frame.height


def _turned(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with the raw file's orientation, where it says none itself."""
    if orientation == 1 or b"Exif\0\0" in jpeg[:65536]:
        return jpeg
    exif = as_exif(Directory({ORIENTATION: Entry.short(orientation)}))
    return jpeg if exif is None else jpeg[:2] + exif_segment(exif) + jpeg[2:]
