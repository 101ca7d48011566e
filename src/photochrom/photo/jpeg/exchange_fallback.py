"""The exchange of blocks in Python, for where the library was not built."""

from __future__ import annotations

import re
from functools import lru_cache

from photochrom.photo.jpeg.exchange_request import (
    DAMAGED,
    IN_COLOR,
    Codes,
    Exchange,
    ExchangeError,
    Stream,
)
from photochrom.photo.jpeg.scans import DC_FIRST, DC_REFINED, SEQUENTIAL_SCAN, ScanLayout

_RESTART = re.compile(rb"\xff+([\xd0-\xd7])")
_LONGEST_CODE = 16
_LARGEST_DC = 11
"""Bits of a difference of DC."""


def exchanged_by_python(request: Exchange) -> bytes:
    """The scan's data; raises ExchangeError."""
    layout = request.layout
    main = _Blocks(request.data, layout)
    streams = [
        _Blocks(part.data, part.layout) if isinstance(part, Stream) else None
        for part in request.added
    ]
    zeros = [_text(Codes.of_zeros(layout, place), 0) for place in range(len(layout.blocks))]
    written, bits = b"", list[str]()
    for mcu in range(layout.mcus):
        if mcu and layout.interval and mcu % layout.interval == 0:
            for reader in (main, *streams):
                if reader is not None:
                    reader.restart()
            marker = bytes([0xFF, 0xD0 + (mcu // layout.interval - 1) % 8])
            written, bits = written + _bytes(bits) + marker, []
        for place, count in enumerate(layout.blocks):
            for _ in range(count):
                block = main.block(place)
                if place < request.kept:
                    bits.append(block)
                elif request.neutral and layout.first == 0 and block != zeros[place]:
                    raise ExchangeError(IN_COLOR)
        for part, reader in zip(request.added, streams, strict=True):
            if reader is not None:
                bits.append(reader.block(0))
            elif isinstance(part, Codes):
                bits.append(_text(part, mcu) * part.repeats)
    return written + _bytes(bits)


def _text(codes: Codes, mcu: int) -> str:
    """The bits of an MCU's block."""
    place = mcu if len(codes.bits) > 1 else 0
    return f"{codes.bits[place]:0{codes.lengths[place]}b}"


def _bytes(bits: list[str]) -> bytes:
    """Bits as coded data; ones fill the last byte."""
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text or "0", 2).to_bytes(len(text) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")


class _Blocks:
    """Reads the blocks of a scan as texts of bits."""

    def __init__(self, data: bytes, layout: ScanLayout) -> None:
        coded = data[layout.data.start : layout.data.end]
        self._layout = layout
        self._intervals = _RESTART.split(coded)[::2]
        self._markers = _RESTART.findall(coded)
        self._dc = [_symbols(table) for table in layout.dc]
        self._ac = [_symbols(table) for table in layout.ac]
        self._number = -1
        self._begin()

    def _begin(self) -> None:
        self._number += 1
        self._run = 0
        data = self._intervals[self._number].replace(b"\xff\0", b"\xff")
        self._end = 8 * len(data)
        self._bits = f"{int.from_bytes(data, 'big'):0{self._end}b}" + "0" * _LONGEST_CODE
        self._place = 0

    def restart(self) -> None:
        """Go on behind a restart marker."""
        expected = bytes([0xD0 + self._number % 8])
        if self._markers[self._number : self._number + 1] != [expected]:
            raise ExchangeError(DAMAGED)
        if self._end - self._place >= 8:
            raise ExchangeError(DAMAGED)
        self._begin()

    def block(self, place: int) -> str:
        """The bits of the next block, of the component at a place of the scan."""
        start, coding = self._place, self._layout.coding
        if coding == DC_REFINED:
            self._place += 1
        elif coding in (SEQUENTIAL_SCAN, DC_FIRST):
            size = self._symbol(self._dc[place])
            if size + self._layout.low > _LARGEST_DC:
                raise ExchangeError(DAMAGED)
            self._place += size
            if coding == SEQUENTIAL_SCAN:
                self._skip_ac(self._ac[place])
        else:
            self._skip_run(self._ac[place])
        if self._place > self._end:
            raise ExchangeError(DAMAGED)
        return self._bits[start : self._place]

    def _skip_ac(self, table: list[tuple[int, int]]) -> None:
        index = 1
        while index < 64:
            symbol = self._symbol(table)
            if symbol == 0:
                return
            if symbol & 15 == 0 and symbol != 0xF0:
                raise ExchangeError(DAMAGED)
            index += 1 + (symbol >> 4)
            self._place += symbol & 15
        if index > 64:
            raise ExchangeError(DAMAGED)

    def _skip_run(self, table: list[tuple[int, int]]) -> None:
        """Skip a block of zeros of a band of AC: a run of such blocks is one code."""
        if self._run == 0:
            symbol = self._symbol(table)
            exponent = symbol >> 4
            if symbol & 15 or exponent == 15:
                raise ExchangeError(IN_COLOR)
            behind = self._bits[self._place : self._place + exponent]
            self._run = (1 << exponent) + int(behind or "0", 2)
            self._place += exponent
        self._run -= 1

    def _symbol(self, table: list[tuple[int, int]]) -> int:
        ahead = self._bits[self._place : self._place + _LONGEST_CODE]
        length, symbol = table[int(ahead, 2)] if len(ahead) == _LONGEST_CODE else (0, 0)
        if not length:
            raise ExchangeError(DAMAGED)
        self._place += length
        return symbol


@lru_cache(maxsize=16)
def _symbols(table: bytes) -> list[tuple[int, int]]:
    """By the next 16 bits: the length of the code that they begin with, 0 for none; its symbol."""
    found, index = list[tuple[int, int]](), 16
    for length, count in enumerate(table[:16], 1):
        for symbol in table[index : index + count]:
            found += [(length, symbol)] * (1 << (_LONGEST_CODE - length))
        index += count
    if len(found) > 1 << _LONGEST_CODE:
        raise ExchangeError(DAMAGED)
    return found + [(0, 0)] * ((1 << _LONGEST_CODE) - len(found))
