"""An exact walk through the Huffman-coded data of a JPEG, by `walk.c`: what of it is impossible.

Nothing is decoded: codes are counted, block after block, scan after scan. Sound data is just what
the picture's size needs. Damage shows where a code does not exist, or a value, or where data is
missing or left over. After ITU-T T.81, annexes B, F and G.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.kernel import library
from photochrom.photo.jpeg.markers import ALONE, BETWEEN_SCANS, DHT, DQT, DRI, EOI, SOI, SOS, number
from photochrom.photo.jpeg.structure import Frame

_MOST_BLOCKS = 10
"""In an MCU."""
_MOST_SCANS = 100
"""libvips refuses a picture of more."""
_BLOCK = 64
_UNKNOWN = -1
"""In place of the bit up to which a coefficient is known."""
_SEQUENTIAL, _DC_FIRST, _DC_REFINED, _AC_FIRST, _AC_REFINED = range(5)
_TABLE = 16 + 256
"""Bytes of a Huffman table: counts of codes, and symbols."""
_HOLE = bytes(64)
"""Data that was never written or read, unless it is much of one shade."""
_NAMED = 0x13
"""Bits of a table's number 0..3, and of its class or precision."""
_PADDING = re.compile(rb"[\x00\xff]*")
"""What some encoders put behind the data, and decoders pass over."""
_ALIKE = 64
"""Bytes like padding that data may end in, where padding follows."""
_MARKER = re.compile(rb"\xff([\x01-\xfe])")


@dataclass(frozen=True)
class Walk:
    """What a walk found.

    sound: whether the data is just what the picture needs. row: of pixels, the first of the row of
    MCUs where it is impossible; the picture's height where data is left over only. end: where the
    picture's data ends. ended: whether its end is marked.
    """

    sound: bool
    row: int
    end: int
    ended: bool


def walk(data: bytes | bytearray, frame: Frame) -> Walk | None:
    """Walk through the scans of a JPEG file; None without the library, and for other processes.

    frame: of the data.
    """
    loaded = library()
    blocks = sum(down * across for down, across in frame.sampling)
    usual = frame.huffman and frame.header.precision == 8 and frame.height and frame.width
    if loaded is None or not usual or len(frame.sampling) > 4:
        return None
    if any(max(factors) > 4 for factors in frame.sampling) or (
        frame.one_scan and len(frame.sampling) > 1 and blocks > _MOST_BLOCKS
    ):
        return None
    function = loaded.photochrom_walk_scan
    function.restype, function.argtypes = ctypes.c_int64, [ctypes.POINTER(_Scan)]
    return _Walker(function, data, frame).walk()


class _Scan(ctypes.Structure):
    """`struct scan` of walk.c."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("coding", "components")),
        ("blocks", 4 * ctypes.c_int32),
        *((name, ctypes.c_int32) for name in ("first", "last", "low")),
        *((name, ctypes.c_int64) for name in ("mcus", "interval")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("start", "end")),
        *((name, 4 * ctypes.c_void_p) for name in ("dc", "ac", "steps")),
        ("history", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("place", "mcu")),
    ]


class _Impossible(Exception):  # noqa: N818 - it ends a walk
    """The data is no sound JPEG's, from a row on."""

    def __init__(self, row: int, place: int) -> None:
        super().__init__(row, place)
        self.row, self.place = row, place


class _Walker:
    """The tables that are in force at a place of a file, and what is known of its coefficients."""

    def __init__(
        self, function: Callable[[Any], int], data: bytes | bytearray, frame: Frame
    ) -> None:
        self._function, self._data, self._frame = function, data, frame
        self._bytes = np.frombuffer(data, np.uint8)
        self._names = [name for name, _, _ in frame.header.components]
        self._numbers = [table for _, _, table in frame.header.components]
        self._huffman: dict[int, NDArray[np.uint8]] = {}
        self._steps: dict[int, NDArray[np.uint16]] = {}
        self._interval = 0
        self._scans = 0
        self._known = np.full((len(frame.sampling), _BLOCK), _UNKNOWN)
        self._history: dict[int, NDArray[np.uint64]] = {}

    def walk(self) -> Walk:
        """Read markers and scans up to the end of the picture."""
        try:
            end, ended = self._read_all()
            self._check_scans(end, ended)
        except _Impossible as fault:
            return Walk(False, fault.row, fault.place, False)
        return Walk(True, self._frame.height, end, ended)

    def _read_all(self) -> tuple[int, bool]:
        """Where the picture ends, and whether that is marked."""
        data, place = self._data, 2
        while True:
            start, code, place = self._next_marker(place)
            if code in (None, EOI, SOI):
                return start, code == EOI
            if code in ALONE:
                continue
            length = number(data, place)
            if self._scans and (code not in BETWEEN_SCANS or length < 2):
                raise _Impossible(self._frame.height, start)
            if place + length > len(data):
                return start, False
            if code == SOS:
                place = self._scan(data[place + 2 : place + length], place + length)
            else:
                self._read_segment(code, data[place + 2 : place + length])
                place += length

    def _next_marker(self, place: int) -> tuple[int, int | None, int]:
        """Where the next marker begins, its code, and where it ends.

        Raises _Impossible where other data than padding comes first, behind a scan.
        """
        data = self._data
        if self._scans:
            padding = _PADDING.match(data, place)
            assert padding is not None
            end = padding.end()
            if end == len(data):
                return place, None, end
            left_over = end == place or data[end - 1] != 0xFF
            padded = end - 1 > place
            if left_over or (padded and self._ends_like_padding(place)):
                raise _Impossible(self._frame.height, place)
            place = end - 1
        found = _MARKER.search(data, place)
        return (len(data), None, 0) if found is None else (found.start(), found[1][0], found.end())

    def _ends_like_padding(self, place: int) -> bool:
        """Whether a hole may begin before the data's end, and go on behind it."""
        found = _PADDING.match(self._data, max(0, place - _ALIKE))
        return found is not None and found.end() >= place

    def _read_segment(self, code: int | None, body: bytes | bytearray) -> None:
        if code == DRI:
            if len(body) != 2:
                raise _Impossible(0, 0)
            self._interval = number(body, 0)
        elif code == DHT:
            self._read_huffman(body)
        elif code == DQT:
            self._read_quantization(body)

    def _read_huffman(self, body: bytes | bytearray) -> None:
        place = 0
        while place < len(body):
            size = 17 + sum(body[place + 1 : place + 17])
            if place + size > len(body) or size > 1 + _TABLE or body[place] & ~_NAMED:
                raise _Impossible(0, 0)
            table = np.zeros(_TABLE, np.uint8)
            table[: size - 1] = np.frombuffer(body[place + 1 : place + size], np.uint8)
            self._huffman[body[place]] = table
            place += size

    def _read_quantization(self, body: bytes | bytearray) -> None:
        place = 0
        while place < len(body):
            dtype = np.dtype(">u2" if body[place] >> 4 else ">u1")
            end = place + 1 + _BLOCK * dtype.itemsize
            if end > len(body) or body[place] & ~_NAMED:
                raise _Impossible(0, 0)
            steps = np.frombuffer(body[place + 1 : end], dtype).astype(np.uint16)
            self._steps[body[place] & 3] = np.maximum(steps, 1)
            place = end

    def _scan(self, header: bytes | bytearray, start: int) -> int:
        """Walk through a scan; where its data ends."""
        fault = _Impossible(0, start)
        count = header[0] if header else 0
        self._scans += 1
        if not 1 <= count <= 4 or len(header) != 4 + 2 * count or self._scans > _MOST_SCANS:
            raise fault
        names = header[1 : 1 + 2 * count : 2]
        if len(set(names)) < count or not set(names) <= set(self._names):
            raise fault
        numbers = [self._names.index(name) for name in names]
        scan = _Scan(components=count, interval=self._interval, start=start, end=len(self._data))
        scan.data = self._bytes.ctypes.data
        self._set_coding(scan, numbers, header[-3:], fault)
        rows = self._set_blocks(scan, numbers, fault)
        ac_tables, _others = self._set_tables(scan, numbers, header[2 : 2 + 2 * count : 2], fault)
        if self._function(scan):
            across, height = rows
            raise _Impossible(min(self._frame.height, scan.mcu // across * height), scan.place)
        if self._data.find(_HOLE, start, scan.place) >= 0 and not _may_be_zeros(ac_tables):
            raise _Impossible(self._frame.height, start)
        return scan.place

    def _set_coding(
        self, scan: _Scan, numbers: list[int], band: bytes | bytearray, fault: _Impossible
    ) -> None:
        """Which coefficients the scan has; raises where another must have come before."""
        if not self._frame.progressive:
            scan.coding, scan.last = _SEQUENTIAL, _BLOCK - 1
            if (self._known[numbers] != _UNKNOWN).any():
                raise fault
            self._known[numbers] = 0
            return
        first, last, high, low = band[0], band[1], band[2] >> 4, band[2] & 15
        sound = first <= last < _BLOCK and low <= 13 and (high == 0 or low == high - 1)
        sound &= last == 0 if first == 0 else len(numbers) == 1
        before = self._known[numbers, first : last + 1]
        if not sound or (before != (high or _UNKNOWN)).any():
            raise fault
        if first and self._known[numbers[0], 0] == _UNKNOWN:
            raise fault
        self._known[numbers, first : last + 1] = low
        scan.coding = (_AC_FIRST if first else _DC_FIRST) + (high > 0)
        scan.first, scan.last, scan.low = first, last, low

    def _set_blocks(self, scan: _Scan, numbers: list[int], fault: _Impossible) -> tuple[int, int]:
        """How many MCUs the scan has; those in a row, and their height in pixels."""
        frame = self._frame
        highest = max(down for down, _ in frame.sampling)
        widest = max(across for _, across in frame.sampling)
        if len(numbers) > 1:
            blocks = [frame.sampling[n][0] * frame.sampling[n][1] for n in numbers]
            if sum(blocks) > _MOST_BLOCKS:
                raise fault
            down, across, height = frame.mcu_rows, -(-frame.width // frame.mcu[1]), frame.mcu[0]
        else:
            own = frame.sampling[numbers[0]]
            blocks, height = [1], 8 * highest // own[0]
            down = -(-frame.height * own[0] // (8 * highest))
            across = -(-frame.width * own[1] // (8 * widest))
        scan.blocks[: len(blocks)] = blocks
        scan.mcus = down * across
        if scan.coding in (_AC_FIRST, _AC_REFINED):
            history = self._history.setdefault(numbers[0], np.zeros(scan.mcus, np.uint64))
            scan.history = history.ctypes.data
        return across, height

    def _set_tables(
        self, scan: _Scan, numbers: list[int], named: bytes | bytearray, fault: _Impossible
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[Any]]]:
        """Set the scan's tables; those for AC that it needs, and all others that it points to."""
        ac_tables, others = list[NDArray[np.uint8]](), list[NDArray[Any]]()
        for place, (component, tables) in enumerate(zip(numbers, named, strict=True)):
            steps = self._steps.get(self._numbers[component])
            dc, ac = self._huffman.get(tables >> 4), self._huffman.get(0x10 | tables & 15)
            needs_dc = scan.coding in (_SEQUENTIAL, _DC_FIRST)
            needs_ac = scan.coding in (_SEQUENTIAL, _AC_FIRST, _AC_REFINED)
            if steps is None or (needs_dc and dc is None) or (needs_ac and ac is None):
                raise fault
            scan.steps[place] = steps.ctypes.data
            others.append(steps)
            if needs_dc and dc is not None:
                scan.dc[place] = dc.ctypes.data
                others.append(dc)
            if needs_ac and ac is not None:
                scan.ac[place] = ac.ctypes.data
                ac_tables.append(ac)
        return ac_tables, others

    def _check_scans(self, end: int, ended: bool) -> None:
        """Raise _Impossible where scans are missing: some of a picture whose end is marked."""
        missing = (self._known[:, 0] == _UNKNOWN).any()
        if missing or (not ended and (self._known != 0).any()):
            raise _Impossible(0, end)


def _may_be_zeros(tables: list[NDArray[np.uint8]]) -> bool:
    """Whether a sound scan with these tables for AC may have many zeros on end.

    The first code of a table is all zeros. Where it does not end a block, all blocks would have the
    same coefficients, and all of them.
    """
    return all(not table[16] & 15 and table[16] != 0xF0 for table in tables)
