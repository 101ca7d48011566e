"""The Huffman codes of a JPEG that stand for blocks of one shade."""

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
            codes[data[at]] = code_of_zero(counts, data[at + 17 : at + 17 + sum(counts)])
            at += 17 + sum(counts)
    return codes


def code_of_zero(counts: bytes | bytearray, symbols: bytes | bytearray) -> str:
    """The bits that stand for symbol zero in a table: no difference of DC, no further AC.

    counts: of codes of 1 to 16 bits. symbols: in the order of their codes.
    A code that the table lacks is 16 ones.
    """
    return codes_of(counts, symbols).get(0, _LONGEST)


def codes_of(counts: bytes | bytearray, symbols: bytes | bytearray) -> dict[int, str]:
    """The bits of each symbol of a table, of its first code where there are several.

    counts: of codes of 1 to 16 bits. symbols: in the order of their codes.
    """
    codes: dict[int, str] = {}
    code, place = 0, 0
    for length, count in enumerate(counts, 1):
        code *= 2
        for symbol in symbols[place : place + count]:
            codes.setdefault(symbol, f"{code:0{length}b}"[-length:])
            code += 1
        place += count
    return codes
