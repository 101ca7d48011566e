"""Other blocks in place of some components' in a scan of a JPEG, by `exchange.c`.

The codes of the components that stay are copied bit for bit. Without the library, Python does the
same work, which takes much longer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.kernel import library
from photochrom.photo.jpeg.exchange_fallback import exchanged_by_python
from photochrom.photo.jpeg.exchange_request import (
    DAMAGED,
    IN_COLOR,
    Codes,
    Exchange,
    ExchangeError,
)
from photochrom.photo.jpeg.scans import AC_FIRST, ScanLayout
from photochrom.photo.jpeg.walk import ScanStruct

_IN_COLOR = 9
"""Beside `enum fault` of walk.c."""
_SLACK = 64
"""Bytes of room that the C code may leave free, and more."""


def exchanged(request: Exchange) -> bytes:
    """The data of a scan with other blocks in place of some.

    Restart markers stand after as many MCUs as before. The last bits of a byte are ones.
    Raises ExchangeError where blocks are not zeros alone that should be, or the data is damaged.
    """
    request.check()
    loaded = library()
    if loaded is None:
        return exchanged_by_python(request)
    function = loaded.photochrom_exchange_blocks
    function.restype, function.argtypes = ctypes.c_int64, [ctypes.POINTER(_ExchangeStruct)]
    struct, out, _held = _struct_of(request)
    fault = function(struct)
    if fault:
        raise ExchangeError(IN_COLOR if fault == _IN_COLOR else DAMAGED)
    return out[: struct.written].tobytes()


class _AddedStruct(ctypes.Structure):
    """`struct added` of exchange.c."""

    _fields_ = [
        ("scan", ScanStruct),
        ("codes", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("step", ctypes.c_int64),
        ("repeats", ctypes.c_int64),
    ]


class _ExchangeStruct(ctypes.Structure):
    """`struct exchange` of exchange.c."""

    _fields_ = [
        ("scan", ScanStruct),
        ("kept", ctypes.c_int32),
        ("neutral", ctypes.c_int32),
        ("codes", 4 * ctypes.c_uint32),
        ("lengths", 4 * ctypes.c_uint32),
        ("added_count", ctypes.c_int64),
        ("added", 2 * _AddedStruct),
        ("out", ctypes.c_void_p),
        ("room", ctypes.c_int64),
        ("written", ctypes.c_int64),
    ]


def _struct_of(request: Exchange) -> tuple[_ExchangeStruct, NDArray[np.uint8], Sequence[Any]]:
    """What the C code is called with, its output, and the arrays that it points to."""
    layout = request.layout
    held: list[NDArray[Any]] = []
    out = np.empty(request.room + _SLACK, np.uint8)
    struct = _ExchangeStruct(
        kept=request.kept,
        neutral=request.neutral,
        added_count=len(request.added),
        out=out.ctypes.data,
        room=len(out),
    )
    _set_scan(struct.scan, request.data, layout, held)
    for place in range(len(layout.blocks)):
        zeros = Codes.of_zeros(layout, place)
        struct.codes[place], struct.lengths[place] = int(zeros.bits[0]), int(zeros.lengths[0])
    for place, part in enumerate(request.added):
        added = struct.added[place]
        if isinstance(part, Codes):
            bits, lengths = np.ascontiguousarray(part.bits), np.ascontiguousarray(part.lengths)
            held += [bits, lengths]
            added.codes, added.lengths = bits.ctypes.data, lengths.ctypes.data
            added.step, added.repeats = int(len(bits) > 1), part.repeats
        else:
            _set_scan(added.scan, part.data, part.layout, held)
    return struct, out, held


def _set_scan(scan: ScanStruct, data: bytes, layout: ScanLayout, held: list[NDArray[Any]]) -> None:
    """Set a scan; every step of quantisation is 1, so that no sound value is refused."""
    coded = np.frombuffer(data[layout.data.start : layout.data.end] or b"\0", np.uint8)
    steps = np.ones(64, np.uint16)
    held += [coded, steps]
    scan.coding, scan.components = layout.coding, len(layout.blocks)
    scan.blocks[: len(layout.blocks)] = layout.blocks
    scan.first, scan.last, scan.low = layout.first, layout.last, layout.low
    scan.mcus, scan.interval = layout.mcus, layout.interval
    scan.data, scan.end = coded.ctypes.data, layout.data.end - layout.data.start
    if layout.coding >= AC_FIRST:
        history = np.zeros(layout.mcus, np.uint64)
        held.append(history)
        scan.history = history.ctypes.data
    for place in range(len(layout.blocks)):
        scan.steps[place] = steps.ctypes.data
        if layout.needs_dc:
            scan.dc[place] = _pointer(layout.dc[place], held)
        if layout.needs_ac:
            scan.ac[place] = _pointer(layout.ac[place], held)


def _pointer(table: bytes, held: list[NDArray[Any]]) -> int:
    array = np.frombuffer(table, np.uint8)
    held.append(array)
    return int(array.ctypes.data)
