"""Damage in the data of a JPEG: how much of the picture is missing or doubtful.

Decoders go on through damaged data, and fill what is missing with grey. libvips's strictest level
sees little of it: libjpeg's fast path takes codes that do not exist for zeros, and nobody asks
whether data is left over after the last row. So the data is walked through, code by code
(`photochrom.photo.jpeg.walk`).

Without the library that walks, the data is decoded twice more: as it is, with more rows than it
has, when a decoder may not run out of data before the picture's last row; and without its last
byte, when it must, for otherwise data is left over, which happens where damage made the decoder
lose count.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom._system.cpus import available_cpus
from photochrom._system.vips import fault_of, pyvips
from photochrom.errors import PhotoError
from photochrom.photo.file_access import opened
from photochrom.photo.jpeg.huffman import blank_bytes
from photochrom.photo.jpeg.markers import END
from photochrom.photo.jpeg.rows import LARGEST, STRIP, can_locate, decoded, warned_row
from photochrom.photo.jpeg.seams import Means, shifted_row
from photochrom.photo.jpeg.structure import (
    Frame,
    Structure,
    end_of,
    frame_of,
    height_behind_data,
    set_height,
    structure_of,
    with_plain_header,
)
from photochrom.photo.jpeg.walk import walk

MAX_LOST = 0.1
"""The share of a picture that may be missing; where more is, it is refused."""
_COARSEST = 1
"""Low bits that the coefficients of luma may lack where the end of a progressive file is missing:
one, which halves the precision."""
_MOST_HEADER = 2**20
"""Bytes in which the height is looked for; a longer header has one."""
_NARROWEST = 8
"""Pixels that can be reduced by 8. A narrower picture is not examined, nor a lower one of several
scans."""
_HOLE = re.compile(rb"(\x00{64,}|(?:\xff\x00){32,}|\xff{64,})")
"""Bytes of a part of a file that was never written or read; damaged data alone is searched."""
_PADDING = b"\x00\xff"
"""What some encoders put behind the data, and decoders pass over."""
_ALIKE = 64
"""Bytes like padding in which data may end."""
_PER_RESTART, _PER_DC, _SLACK = 3, 8, 64
"""Bytes of a restart marker, and of each component's shade behind it, at most; and bytes that are
there anyway."""
_GRAY = 128
"""What decoders fill in."""


Blocks = NDArray[np.uint8]
"""(rows, columns, bands): the mean of every block of 8 x 8 pixels."""


@dataclass(frozen=True)
class Finding:
    """What was found in a JPEG's data.

    data: to be decoded instead of the file, leniently; None where the file is sound. notes: what a
    person should know, a line each.
    """

    data: bytes | None = None
    notes: tuple[str, ...] = ()


def with_height(source: Path | bytes, name: str) -> Path | bytes:
    """The file with its height in the frame, where it stands behind the data (DNL); else itself.

    Raises PhotoError where the height stands nowhere.
    """
    with opened(source) as file:
        frame = frame_of(file.read(_MOST_HEADER))
        if frame is None or frame.height:
            return source
        file.seek(0)
        data = bytearray(file.read())
    height = height_behind_data(data, frame)
    if not height:
        raise PhotoError(name, "damaged, its height is missing", "copy it again from its source")
    set_height(data, frame, height)
    return bytes(data)


def examine(data: bytes, name: str) -> Finding:
    """Look for damage in the data of a JPEG file.

    Raises PhotoError where more than `MAX_LOST` of the picture is missing.
    """
    frame = frame_of(data)
    if frame is None or not frame.huffman or not frame.height:
        return Finding()  # libvips reads or refuses it
    found = walk(data, frame)
    if found is None:
        return _examine_decoded(data, frame, name)
    if found.sound:
        return Finding() if found.ended else Finding(data[: found.end] + END)
    structure = structure_of(data, frame)
    whole = bytes(_repaired(data, structure))
    again = walk(whole, frame)
    assert again is not None
    if again.sound and not structure.strays and not structure.headed:
        return Finding(whole)
    return Finding(whole, _note(whole, frame, structure, again.row, name))


def _examine_decoded(data: bytes, frame: Frame, name: str) -> Finding:
    """`examine` without a walk, by decoding the data several times."""
    if frame.width < _NARROWEST or not can_locate(frame):
        return Finding()
    if frame.height < _NARROWEST and not frame.one_scan:
        return Finding()
    end = end_of(data, frame)
    if end >= 0 and _is_sound(data[:end], frame):
        return Finding()
    structure = structure_of(data, frame)
    repaired = _repaired(data, structure)
    whole_scans = not structure.strays and not structure.headed
    sound = whole_scans and _is_sound(repaired[:-2], frame)
    whole = bytes(repaired)
    if sound:
        return Finding(whole)
    return Finding(whole, _note(whole, frame, structure, warned_row(whole[:-2], frame), name))


def _repaired(data: bytes, structure: Structure) -> bytearray:
    """The picture with its end marked, and without markers that cannot be in its data."""
    repaired = bytearray(data[: structure.end])
    for place in structure.strays:
        repaired[place + 1] = 0  # a stuffed byte, that is data
    return repaired + END


def _is_sound(data: bytes | bytearray, frame: Frame) -> bool:
    """Whether the data of a picture, without its end marker, is just what its size needs."""
    with ThreadPoolExecutor(min(3, available_cpus())) as pool:  # each decodes the whole picture
        warned = pool.submit(warned_row, data, frame)
        warned_without_end = pool.submit(warned_row, _shorter(data), frame)
        flat = pool.submit(_ends_flat, data, frame)
        if warned.result() < frame.height or flat.result():
            return False
        if warned_without_end.result() < frame.height:
            return True
    unpadded = data[: max(frame.data, len(data.rstrip(_PADDING)))]
    return (
        len(unpadded) < len(data)
        and warned_row(data[: len(unpadded) + _ALIKE], frame) >= frame.height
        and warned_row(_shorter(unpadded), frame) < frame.height
    )


def _ends_flat(data: bytes | bytearray, frame: Frame) -> bool:
    """Whether the picture ends in rows of one shade that its data does not mean.

    Behind damage all may be too dark or too bright by so much that nothing is left of it. Where one
    shade is meant, a block takes few bits; so there must not be much data for those rows.
    """
    if not frame.one_scan:
        return False
    blocks = _lenient_means(data, frame)[: frame.height // 8]
    flat = (np.ptp(blocks, axis=1) <= 1).all(axis=1)
    if flat.all() or not flat[-1]:
        return False
    first = -(-(len(flat) - int(np.argmin(flat[::-1]))) * 8 // frame.mcu[0])  # row of MCUs
    mcus = (frame.mcu_rows - first) * -(-frame.width // frame.mcu[1])
    restarts = 1 + mcus // frame.interval if frame.interval else 0
    per_restart = _PER_RESTART + _PER_DC * len(frame.sampling)
    length = blank_bytes(data, frame, mcus) + per_restart * restarts + _SLACK
    shortened = data[: max(frame.data, len(data) - length)]
    top = first * frame.mcu[0]
    return mcus > 0 and warned_row(shortened, frame) >= top and _is_flat_from(top, data, frame)


def _is_flat_from(top: int, data: bytes | bytearray, frame: Frame) -> bool:
    """Whether all rows from one on are of one and the same shade, to the pixel; grain is not."""
    plain = with_plain_header(data, frame) + END
    image = decoded(plain, fail_on="none")
    region = pyvips.Region.new(image)
    shade = None
    for start in range(top, frame.height, STRIP):
        rows = min(STRIP, frame.height - start)
        strip = np.frombuffer(region.fetch(0, start, image.width, rows), np.uint8)
        strip = strip.reshape(rows * image.width, -1)
        shade = strip[0] if shade is None else shade
        if (strip != shade).any():
            return False
    return True


def _shorter(data: bytes | bytearray) -> bytes | bytearray:
    """The data without its last byte."""
    return data[: -2 if data[-2:] == b"\xff\0" else -1]


def _note(
    data: bytes, frame: Frame, structure: Structure, warned: int, name: str
) -> tuple[str, ...]:
    """What is missing or doubtful; warned: the row of pixels where the data is impossible first."""
    if frame.progressive:
        return _progressive_note(data, frame, structure, name)
    return _sequential_note(data, frame, structure, warned, name)


def _sequential_note(
    data: bytes, frame: Frame, structure: Structure, warned: int, name: str
) -> tuple[str, ...]:
    blocks = _block_means(data, frame, name)
    missing = min(_missing_rows(blocks, frame), frame.height - warned)
    if not structure.ended:  # the last MCU is there in part
        missing = max(missing, min(frame.height - warned, frame.mcu[0]))
    _refuse_lost(missing, data, frame, structure, name)
    notes = []
    if missing:
        notes.append(
            f"the last {missing} of its {frame.height} rows are missing or incomplete, and are "
            "filled with grey"
        )
    early = warned < frame.height - missing - frame.mcu[0]
    if structure.ended or structure.strays or early:
        notes.append(_doubt(blocks, warned, frame))
    return tuple(notes)


def _progressive_note(
    data: bytes, frame: Frame, structure: Structure, name: str
) -> tuple[str, ...]:
    missing = _missing_rows(_block_means(data, frame, name), frame)
    _refuse_lost(missing, data, frame, structure, name)
    if structure.ended:
        return (
            "its data is damaged at an unknown place: parts of the picture may be wrong or coarse",
        )
    coarse = _missing_bits(structure)
    if coarse > _COARSEST:
        raise PhotoError(
            name,
            "damaged, the end of the file with most of its detail is missing",
            "copy it again from its source",
        )
    return ("the end of the file is missing, and with it fine detail of the whole picture",)


def _missing_bits(structure: Structure) -> int:
    """How many low bits a coefficient of luma lacks, at most; all where no scan has it."""
    bits = [16] * 64
    for scan in structure.scans:
        if scan.complete and 0 in scan.components:
            for place in range(scan.first, min(63, scan.last) + 1):
                bits[place] = min(bits[place], scan.low)
    return max(bits)


def _refuse_lost(missing: int, data: bytes, frame: Frame, structure: Structure, name: str) -> None:
    """Raise PhotoError where more than `MAX_LOST` of the picture is missing."""
    if missing > MAX_LOST * frame.height:
        raise PhotoError(
            name,
            f"damaged, the last {missing} of its {frame.height} rows are missing",
            "copy it again from its source",
        )
    holes = sum(len(hole[0]) for hole in _HOLE.finditer(data, frame.data))
    lost = holes / (len(data) - frame.data)
    if frame.interval and frame.one_scan:
        intervals = -(-frame.mcus // frame.interval)
        lost = max(lost, 1 - (structure.restarts + 1) / intervals)
    if lost > MAX_LOST:
        raise PhotoError(
            name,
            f"damaged, about {100 * lost:.0f} % of its data are missing",
            "copy it again from its source",
        )


def _doubt(blocks: Blocks, warned: int, frame: Frame) -> str:
    """Where the picture may be wrong."""
    # at a restart marker, a decoder counts anew
    row = None if frame.interval else shifted_row(_mcu_means(blocks, frame))
    if row is not None and row * frame.mcu[0] <= warned:
        return (
            f"its data is damaged, probably near row {row * frame.mcu[0]} of {frame.height}: from "
            "there on the picture may be wrong"
        )
    if frame.interval and warned < frame.height:
        return (
            f"its data is damaged near row {warned} of {frame.height}, and perhaps in more places: "
            "the picture may be wrong there"
        )
    below = min(frame.height, warned + frame.mcu[0])
    place = (
        f"somewhere above row {below} of {frame.height}"
        if warned < frame.height
        else "at an unknown place"
    )
    return f"its data is damaged {place}: from there on the picture may be wrong"


def _block_means(data: bytes, frame: Frame, name: str) -> Blocks:
    """The means of blocks; raises PhotoError where even lenient decoders give up."""
    try:
        return _lenient_means(data, frame)
    except pyvips.Error as error:
        raise PhotoError(
            name, f"damaged, cannot be decoded ({fault_of(error)})", "copy it again from its source"
        ) from error


def _lenient_means(data: bytes | bytearray, frame: Frame) -> Blocks:
    """The means of blocks; of a single scan with rows up to the last MCUs' end.

    Of several scans, those of one component have fewer blocks than the whole MCUs.
    """
    whole_rows = min(LARGEST, frame.mcu_rows * frame.mcu[0])
    height = whole_rows if frame.one_scan else frame.height
    plain = with_plain_header(data, replace(frame, height=height)) + END
    image = decoded(plain, fail_on="none", shrink=8)
    return image.numpy().reshape(image.height, image.width, image.bands)


def _mcu_means(blocks: Blocks, frame: Frame) -> Means:
    """The means of MCUs, of one of their blocks each."""
    return blocks[:: frame.mcu[0] // 8, :: frame.mcu[1] // 8].astype(np.float32)


def _missing_rows(blocks: Blocks, frame: Frame) -> int:
    """Rows of pixels from the first of the MCUs at the end that are filled with grey."""
    means = _mcu_means(blocks, frame)
    filled = (np.abs(means - _GRAY) <= 1).all(axis=2).ravel()
    first = 0 if filled.all() else len(filled) - int(np.argmin(filled[::-1]))
    return max(0, frame.height - first // means.shape[1] * frame.mcu[0])
