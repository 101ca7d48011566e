"""What an exchange of blocks is asked: the scan, what stays of it, and what stands in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.jpeg.huffman import code_of_zero
from photochrom.photo.jpeg.scans import ScanLayout


class ExchangeError(ValueError):
    """The scan cannot be written anew; says why."""


DAMAGED = "its coded data is damaged"
IN_COLOR = "it has colour in its data"


@dataclass(frozen=True, eq=False)
class Codes:
    """The blocks of a component as codes.

    bits, lengths: of each MCU's code, or one for all; 1 to 32 bits. repeats: blocks in an MCU.
    """

    bits: NDArray[np.uint32]
    lengths: NDArray[np.uint8]
    repeats: int

    @classmethod
    def of_zeros(cls, layout: ScanLayout, place: int) -> Codes:
        """The blocks of zeros of the component at a place of a scan, without difference of DC."""
        code = ""
        if layout.needs_dc:
            code += _zero(layout.dc[place])
        if layout.needs_ac:
            code += _zero(layout.ac[place])
        code = code or "0"  # the bit of a refinement
        return cls.alike(int(code, 2), len(code), layout.blocks[place])

    @classmethod
    def alike(cls, bits: int, length: int, repeats: int) -> Codes:
        """The same code for all blocks."""
        return cls(np.array([bits], np.uint32), np.array([length], np.uint8), repeats)


def _zero(table: bytes) -> str:
    return code_of_zero(table[:16], table[16:])


@dataclass(frozen=True, eq=False)
class Stream:
    """The blocks of a component in a scan of its own, one for each MCU.

    data: the file. layout: of the scan, which has the restart interval of the other one.
    """

    data: bytes
    layout: ScanLayout


@dataclass(frozen=True, eq=False)
class Exchange:
    """A scan that is to be written anew.

    data: the file. layout: of the scan. kept: its components whose codes are copied, from the first
    one. neutral: whether blocks of the others must be zeros alone. added: the components that
    follow in each MCU, two at most. room: bytes that the new scan may have.
    """

    data: bytes
    layout: ScanLayout
    kept: int
    neutral: bool
    added: tuple[Codes | Stream, ...]
    room: int

    def check(self) -> None:
        """Raise ValueError where lengths do not fit each other."""
        layout = self.layout
        for scan, data in [(layout, self.data), *self._streams()]:
            tables = [table for table in (*scan.dc, *scan.ac) if table]
            if not 0 <= scan.data.start <= scan.data.end <= len(data) or any(
                len(table) != 272 for table in tables
            ):
                raise ValueError("a scan lies outside its file")
        if len(self.added) > 2 or layout.mcus < 1 or layout.interval < 0:
            raise ValueError("an exchange of more than two components")
        for codes in self.added:
            if isinstance(codes, Codes):
                _check_codes(codes, layout.mcus)
            elif len(codes.layout.blocks) != 1 or codes.layout.interval != layout.interval:
                raise ValueError("the MCUs of two scans differ")

    def _streams(self) -> list[tuple[ScanLayout, bytes]]:
        return [(part.layout, part.data) for part in self.added if isinstance(part, Stream)]


def _check_codes(codes: Codes, mcus: int) -> None:
    arrays: tuple[NDArray[Any], ...] = (codes.bits, codes.lengths)
    if any(array.shape not in ((1,), (mcus,)) for array in arrays) or len(codes.bits) != len(
        codes.lengths
    ):
        raise ValueError("the codes are not those of the MCUs")
    if not 1 <= codes.lengths.min() <= codes.lengths.max() <= 32 or not 0 <= codes.repeats <= 16:
        raise ValueError("a code has 1 to 32 bits")
