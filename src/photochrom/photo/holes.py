"""Parts of a file that were never written: zeros, or ones, where its data should be.

Copies that were broken off, and cards and disks that fail, leave them. Decoders without a checksum
take them for data, and give black or flat pixels without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo.file_access import opened

MOST_EMPTY = 0.1
"""The share of coded data that may be empty; with more, a picture is refused."""
_LEAST = 64
"""Equal bytes, 0 or 255, that data of most codes has nowhere."""
_EMPTY = re.compile(rb"\x00{64,}|\xff{64,}")
_BLOCK = 4096
"""Bytes of a file system's block, which is written as a whole or not at all."""
_MOST_ALIKE = 16
_PIECE = 4096 * _BLOCK


def note_of_palette(palette: bytes, entry_bytes: int, used: NDArray[np.int64]) -> str | None:
    """What is empty of a table of colours, as a line for the photo's notes; None where nothing is.

    used: the numbers of the colours that the picture has; nobody uses many that are all the same.
    """
    whole = len(palette) // entry_bytes * entry_bytes
    table = np.frombuffer(palette[:whole], np.uint8).reshape(-1, entry_bytes)[:, :3]
    colors = table[used[used < len(table)]]
    most = max((colors == empty).all(axis=1).sum() for empty in (0, 255))
    if most < _MOST_ALIKE:
        return None
    return "damaged: a part of its table of colours is empty, so some colours are wrong"


def empty_bytes(coded: bytes) -> int:
    """How many bytes of coded data are empty."""
    if bytes(_LEAST) not in coded and b"\xff" * _LEAST not in coded:
        return 0
    return sum(len(match[0]) for match in _EMPTY.finditer(coded))


def note_of_coded(pieces: Iterable[bytes], name: str) -> str | None:
    """What is empty of coded data, as a line for the photo's notes; None where nothing is.

    Raises PhotoError where that is more than `MOST_EMPTY` of it.
    """
    empty = size = 0
    for piece in pieces:
        empty += empty_bytes(piece)
        size += len(piece)
    return _note(empty, size, name)


def note_of_blocks(origin: Path | bytes, spans: Iterable[tuple[int, int]], name: str) -> str | None:
    """The same of data that may have many zeros where the picture is black, such as WebP's.

    A hole is told from them by where it begins and ends: at a block of the file system.
    spans: where pieces of data begin and end, in bytes from the file's beginning.
    """
    empty = size = 0
    for start, end in spans:
        empty += sum(last - first for first, last in _empty_blocks(origin, start, end))
        size += end - start
    return _note(empty, size, name)


def _note(empty: int, size: int, name: str) -> str | None:
    if not empty:
        return None
    if empty > MOST_EMPTY * size:
        raise PhotoError(
            name,
            f"damaged, {_percent(empty, size)} of its data is empty",
            "copy it again from its source",
        )
    return f"damaged: {empty} bytes of its data are empty, so a part of the picture may be wrong"


def note_of_pixels(
    origin: Path | bytes, starts: Iterable[int], end: int, row_bytes: int
) -> str | None:
    """What of uncompressed pixels was never written, as a line for the photo's notes, or None.

    Black pixels are zeros as well; a hole is told from them by where it begins and ends: at a block
    of the file system, and in the middle of a row.
    starts: where strips or tiles begin, in bytes from the file's beginning. end: of the last.
    """
    places = np.sort(np.fromiter(starts, np.int64))
    places = places[places > 0]
    if not len(places) or row_bytes < 1:
        return None
    empty = 0
    for first, last in _empty_blocks(origin, int(places[0]), end):
        start = int(places[np.searchsorted(places, first, side="right") - 1])
        if (first - start) % row_bytes:
            empty += last - first
    if not empty:
        return None
    share = _percent(empty, end - int(places[0]))
    return f"damaged: {share} of its pixels are empty, as in a file that was not written whole"


def _percent(part: int, whole: int) -> str:
    return f"{max(1, round(100 * part / whole))} %"


def _empty_blocks(origin: Path | bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where whole blocks of zeros begin and end, between bytes that are not zero, or the end."""
    found: list[tuple[int, int]] = []
    first = -(-start // _BLOCK) * _BLOCK
    begun, before = None, start < first
    with opened(origin) as file:
        if before:
            file.seek(first - 1)
            before = file.read(1) != b"\0"
        file.seek(first)
        for place in range(first, end, _PIECE):
            data = np.frombuffer(file.read(min(_PIECE, end - place)), np.uint8)
            whole = np.pad(data, (0, -len(data) % _BLOCK)).reshape(-1, _BLOCK)
            empty = ~np.any(whole, axis=1)
            for index in np.flatnonzero(np.diff(empty, prepend=begun is not None)).tolist():
                at = place + index * _BLOCK
                last = before if index == 0 else bool(whole[index - 1, -1])
                if empty[index]:
                    begun = at if last else -1
                elif begun is not None:
                    if begun >= 0 and whole[index, 0]:
                        found.append((begun, at))
                    begun = None
            if len(whole):
                before = bool(whole[-1, -1])
    if begun is not None and begun >= 0:
        found.append((begun, end))
    return found
