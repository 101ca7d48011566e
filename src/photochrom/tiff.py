"""What libvips does not tell of a TIFF file: whether all of its pixels are there.

TIFF 6.0 and BigTIFF, first directory only.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips, of tiles
_TYPES = {3: "H", 4: "I", 16: "Q"}


def data_end(file: BinaryIO) -> int:
    """Where the last strip or tile of the first picture ends, in bytes; 0 for no readable TIFF."""
    try:
        return _data_end(file)
    except (struct.error, KeyError, ValueError):
        return 0


def _data_end(file: BinaryIO) -> int:
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    (version,) = struct.unpack(order + "H", head[2:4])
    big = {42: False, 43: True}[version]
    (start,) = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])
    file.seek(start)
    (entries,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
    size, form = (20, "HHQ") if big else (12, "HHI")
    directory = file.read(entries * size)
    places: dict[int, tuple[int, ...]] = {}
    for first in range(0, entries * size, size):
        entry = directory[first : first + size]
        tag, kind, count = struct.unpack_from(order + form, entry)
        if tag not in _OFFSETS + _COUNTS:
            continue
        layout = f"{order}{count}{_TYPES[kind]}"
        value = entry[struct.calcsize("=" + form) :]
        if struct.calcsize(layout) > len(value):
            file.seek(struct.unpack(order + ("Q" if big else "I"), value)[0])
            value = file.read(struct.calcsize(layout))
        places[tag] = struct.unpack_from(layout, value)
    ends = [0]
    for offsets, counts in zip(_OFFSETS, _COUNTS, strict=True):
        pairs = zip(places.get(offsets, ()), places.get(counts, ()), strict=False)
        ends += [offset + count for offset, count in pairs]
    return max(ends)
