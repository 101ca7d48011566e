"""The Huffman codes of a JPEG's first scan that stand for blocks of one shade."""

from __future__ import annotations

from photochrom.photo.jpeg.markers import DHT, segments
from photochrom.photo.jpeg.structure import Frame

_LONGEST = "1" * 16
"""In place of a code that a table lacks."""


def blank_bytes(data: bytes | bytearray, frame: Frame, mcus: int) -> int:
    """Bytes that a number of MCUs of one and the same shade take at most, without restart markers.

    Each block is a difference of zero and an end of block.
    """
    bits = "".join(_blank_codes(data, frame))
    stuffed = "1" * 8 in bits * (1 + 8 // len(bits))  # a byte of ones is followed by a zero
    return -(-mcus * len(bits) // 8) * (2 if stuffed else 1)


def _blank_codes(data: bytes | bytearray, frame: Frame) -> list[str]:
    """The two codes of each block of an MCU, in the order of the data."""
    codes = _codes_of_zero(data)
    count = len(frame.sampling)
    scanned = frame.data - 3 - 2 * count
    own = {frame.header.components[n][0]: frame.sampling[n] for n in range(count)}
    found = []
    for name, tables in zip(
        data[scanned : frame.data - 3 : 2], data[scanned + 1 : frame.data - 3 : 2], strict=True
    ):
        down, across = own.get(name, (1, 1)) if count > 1 else (1, 1)
        block = codes.get(tables >> 4, _LONGEST) + codes.get(0x10 | tables & 15, _LONGEST)
        found += [block] * (down * across)
    return found


def _codes_of_zero(data: bytes | bytearray) -> dict[int, str]:
    """The code of symbol zero in every table, by the table's class and number."""
    codes = {}
    for marker, place, length in segments(data):
        at, end = place + 4, place + 2 + length
        while marker == DHT and at + 17 <= end:
            counts = data[at + 1 : at + 17]
            codes[data[at]] = _code_of_zero(counts, data[at + 17 : at + 17 + sum(counts)])
            at += 17 + sum(counts)
    return codes


def _code_of_zero(counts: bytes | bytearray, symbols: bytes | bytearray) -> str:
    code, place = 0, 0
    for length, count in enumerate(counts, 1):
        code *= 2
        if (index := symbols.find(0, place, place + count)) >= 0:
            return f"{code + index - place:0{length}b}"[-length:]
        code += count
        place += count
    return _LONGEST
