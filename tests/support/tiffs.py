"""TIFF files made byte by byte, for what no program at hand writes; and files that are damaged."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import tifffile

WIDTH, HEIGHT = 400, 300
_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 7: "B"}
Tags = dict[int, tuple[int, Any]]


def gray() -> np.ndarray:
    """A smooth picture with some noise, (300, 400), uint8, from 20 to 240: no row of it is flat."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    noise = np.random.default_rng(1).integers(-8, 9, (HEIGHT, WIDTH))
    return (130 + 60 * np.sin(x / 30) + 40 * y / HEIGHT + noise).clip(20, 240).astype(np.uint8)


def rgb() -> np.ndarray:
    """The same in three different channels."""
    one = gray()
    return np.stack([one, one // 2 + 40, 255 - one], axis=-1)


def tags_of(samples: int, bits: int, photometric: int, compression: int = 1, **more: Any) -> Tags:
    """The tags of a picture in one strip; more: further ones, as `t338=(3, [0])`."""
    tags: Tags = {
        256: (4, [WIDTH]), 257: (4, [HEIGHT]), 258: (3, [bits] * samples), 259: (3, [compression]),
        262: (3, [photometric]), 277: (3, [samples]), 278: (4, [HEIGHT]),
    }  # fmt: skip
    return tags | {int(name[1:]): value for name, value in more.items()}


def made_tiff(tags: Tags, strips: list[bytes], order: str = "<") -> bytes:
    """A TIFF of strips and of tags: (type, numbers or bytes) each; offsets and counts are added."""
    return made_pages([(tags, strips)], order)


def made_pages(pages: list[tuple[Tags, list[bytes]]], order: str = "<") -> bytes:
    """A TIFF of several pages; a tag 330 whose value is such a pair becomes a SubIFD."""
    data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for tags, strips in pages:
        place = _append_directory(data, tags, strips, order)
        struct.pack_into(order + "I", data, link, place)
        (count,) = struct.unpack_from(order + "H", data, place)
        link = place + 2 + 12 * count
    return bytes(data)


def _append_directory(data: bytearray, tags: Tags, strips: list[bytes], order: str) -> int:
    tags = dict(tags)
    if 330 in tags:
        tags[330] = (4, [_append_directory(data, *tags[330], order)])
    starts = []
    for strip in strips:
        starts.append(len(data))
        data += strip + bytes(len(strip) % 2)
    names = (324, 325) if 322 in tags else (273, 279)
    tags.setdefault(names[0], (4, starts))
    tags.setdefault(names[1], (4, [len(strip) for strip in strips]))
    place, table, values = len(data), b"", b""
    behind = place + 2 + 12 * len(tags) + 4
    for tag, (kind, numbers) in sorted(tags.items()):
        code = f"{order}{len(numbers)}{_CODES.get(kind, 'B')}"
        raw = numbers if isinstance(numbers, bytes) else struct.pack(code, *numbers)
        count = len(numbers) // (2 if kind == 5 else 1)
        if len(raw) > 4:
            value = struct.pack(order + "I", behind + len(values))
            values += raw + bytes(len(raw) % 2)
        else:
            value = raw.ljust(4, b"\0")
        table += struct.pack(order + "HHI", tag, kind, count) + value
    data += struct.pack(order + "H", len(tags)) + table + bytes(4) + values
    return place


def written(pixels: np.ndarray, **options: Any) -> bytes:
    """A TIFF by tifffile."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, metadata=None, **options)
    return stream.getvalue()


def strips_of(data: bytes) -> list[tuple[int, int]]:
    """Where the strips or tiles of the first page are: (offset, count) each."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return list(zip(page.dataoffsets, page.databytecounts, strict=True))


def with_damage(data: bytes, strip: int) -> bytes:
    """With 40 wrong bytes in the middle of a strip."""
    offset, count = strips_of(data)[strip]
    wrong = np.random.default_rng(strip).integers(0, 256, 40, np.uint8).tobytes()
    start = offset + count // 2
    return data[:start] + wrong + data[start + len(wrong) :]


def packed(values: np.ndarray, bits: int) -> np.ndarray:
    """Rows of numbers of so many bits, each row beginning with a byte."""
    ones = (values.astype(np.uint32)[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(ones.reshape(len(values), -1).astype(np.uint8), axis=1)
