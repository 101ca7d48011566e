"""IPTC records, and the Photoshop resources that hold them in JPEG.

JPEG has them inside a sequence of "8BIM" resources, TIFF has either in a tag of its own. Here both
are kept apart: the records as they are, and the other resources as a sequence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

PREFIX = b"Photoshop 3.0\0"
"""Before the resources, where they stand in a JPEG."""
_RECORDS = 0x0404
_PROTECTED, _ADDRESS = 0x040A, 0x040B
_PATHS = range(2000, 2999)
_THUMBNAILS = frozenset({0x0409, 0x040C})
"""They would show the photo grey."""


def split_photoshop_block(block: bytes) -> tuple[bytes | None, bytes | None]:
    """IPTC records and other resources of a JPEG's block, or of a TIFF's resources.

    Without the thumbnail; None for each that is not there.
    """
    records, others = None, b""
    for number, whole, data in _resources(block.removeprefix(PREFIX)):
        if number == _RECORDS:
            records = data
        elif number not in _THUMBNAILS:
            others += whole
    return records, others or None


def join_photoshop_block(records: bytes | None, others: bytes | None) -> bytes | None:
    """The resources of both, behind the prefix; None where there is neither."""
    head = b"" if records is None else _resource(records)
    block = PREFIX + (others or b"") + head
    return block if block != PREFIX else None


def paths_in(others: bytes | None) -> int:
    """How many clipping paths the resources hold."""
    return sum(number in _PATHS for number, _, _ in _resources(others or b""))


def without_paths(others: bytes) -> bytes:
    """The resources without clipping paths, which are given in shares of the whole photo."""
    return b"".join(whole for number, whole, _ in _resources(others) if number not in _PATHS)


def copyright_in(others: bytes | None) -> tuple[bool, str]:
    """Whether Photoshop's resources mark the photo as protected, and the address they give."""
    found = {number: data for number, _, data in _resources(others or b"")}
    address = found.get(_ADDRESS, b"").decode("latin-1").strip("\0 ")
    return any(found.get(_PROTECTED, b"")), address


def _resource(records: bytes) -> bytes:
    data = records + bytes(len(records) % 2)
    return b"8BIM" + struct.pack(">HHI", _RECORDS, 0, len(records)) + data


def _resources(block: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, the whole resource and its data, as far as they are sound."""
    start = 0
    while block[start : start + 4] == b"8BIM" and start + 12 <= len(block):
        (number, length) = struct.unpack_from(">HB", block, start + 4)
        place = start + 7 + length
        place += (length + 1) % 2  # the name with its length is padded to even
        if place + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, place)
        end = place + 4 + size
        if end > len(block):
            return
        yield number, block[start : end + size % 2], block[place + 4 : end]
        start = end + size % 2
