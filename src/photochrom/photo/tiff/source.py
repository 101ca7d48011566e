"""One photograph of a TIFF file, whatever way its pixels take: by libvips as they are, under a
directory of our own, unpacked here, or decoded by a package; or refused by its right name.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo.codecs.decoded import check_page, check_pixel_count
from photochrom.photo.file_access import opened
from photochrom.photo.formats import MAX_PIXELS, MAX_WHOLE_PIXELS
from photochrom.photo.holes import note_of_coded
from photochrom.photo.jpeg import damage as jpeg_damage
from photochrom.photo.jpeg.markers import FrameHeader, header_of
from photochrom.photo.tiff.damage import coded_segments, missing_from_file, note_of
from photochrom.photo.tiff.file import TiffFile, file_image
from photochrom.photo.tiff.layout import (
    BITS,
    BLACK_IS_ZERO,
    COMPRESSION,
    DEFLATE,
    EXTRA_SAMPLES,
    FLOATS,
    HEIGHT,
    ICC_LAB,
    JPEG,
    JPEG_TABLES,
    LZW,
    NONE,
    OLD_JPEG,
    OLD_JPEG_LENGTH,
    OLD_JPEG_START,
    PACK_BITS,
    PHOTOMETRIC,
    PREDICTOR,
    RGB,
    SAMPLES,
    WHITE_IS_ZERO,
    WIDTH,
    YCBCR,
    YCBCR_SUBSAMPLING,
    ZSTD,
    Layout,
    layout_of,
)
from photochrom.photo.tiff.packages import CHECKED, decoded, libvips_reads
from photochrom.photo.tiff.pictures import pictures_of
from photochrom.photo.tiff.support import LABS, check_readable, check_supported, libvips_knows
from photochrom.photo.tiff.tags import Entry
from photochrom.photo.tiff.unpack import as_bytes, described, finished, samples_of
from photochrom.photo.tiff.view import SHARED, entries_of, uncompressed_file

_OF_BYTES = DEFLATE | {NONE, LZW, PACK_BITS, ZSTD}
"""Compressions of bytes, whatever these mean."""
_DIMMEST = 256
"""Integers of more than 16 bit that reach less than this part of their range have another white."""
_KEPT = SHARED | {WIDTH, HEIGHT, EXTRA_SAMPLES}


class TiffSource:
    """The pixels of one photograph of a TIFF, and what is to be known of them.

    page: its place in the chain of directories. pages: how many photographs the file has.
    whole: whether it was decoded as a whole. notes: what a person should know, a line each.
    """

    def __init__(
        self, origin: Path | bytes, name: str, page: int | None, max_pixels: int | None
    ) -> None:
        """Read the directories; raise PhotoError for what cannot be read.

        page: None for the first photograph. max_pixels: as of `photochrom.photo.photo.Photo`.
        """
        self._origin, self._name = origin, name
        self._limit = max_pixels or MAX_WHOLE_PIXELS
        self.notes: list[str] = []
        self.whole = False
        self._encoded: bytes | None = None
        self._file: TiffFile | None = None
        self._old_jpeg = False
        pictures = pictures_of(origin, name)
        check_page(name, page, max(1, len(pictures.structure.directories)))
        picture = pictures.picture(page)
        self.page = picture.page if picture is not None else page or 0
        self.pages = len(pictures.photographs)
        self.layout: Layout | None = None
        if picture is not None and min(picture.directory.size) > 0:
            height, width = picture.directory.size
            check_pixel_count(name, width, height, max_pixels or MAX_PIXELS)
            self.layout = layout_of(picture.directory, pictures.structure)
        if picture is not None and self.layout is not None:
            check_readable(picture.directory, name)
            if pictures.note is not None and picture == pictures.picture(None):
                self.notes.append(pictures.note)
            in_chain = picture.directory is pictures.structure.directories[picture.page]
            self._open(self.layout, picture.page if in_chain else -1)

    def _open(self, layout: Layout, page: int) -> None:
        """Choose the way of the pixels; page: -1 for that of a SubIFD."""
        check_supported(layout, self._name)
        if layout.compression == OLD_JPEG:
            self.layout = layout = self._as_new_jpeg(layout)
            self._old_jpeg = True
            page = -1
        self._note_what_changes(layout)
        if not self._libvips_decodes(layout):
            self._decode(layout)
        elif libvips_knows(layout):
            self._file = TiffFile(self._origin, page, _as_plain_numbers(layout), self._name)
            if layout.bits == 32 and layout.sample_format != FLOATS:
                self._check_reach_of_file(self._file, layout)
        elif layout.compression in _OF_BYTES and layout.number(PREDICTOR, 1) == 1:
            self._unpack(layout)
        else:
            self._decode(layout)

    def _libvips_decodes(self, layout: Layout) -> bool:
        if layout.compression == JPEG:
            frame = self._frame(layout.offsets[0], layout.counts[0])
            return frame is None or frame.ordinary
        return libvips_reads(layout.compression)

    def _frame(self, offset: int, count: int) -> FrameHeader | None:
        with opened(self._origin) as file:
            file.seek(offset)
            return header_of(file.read(count))

    def _as_new_jpeg(self, layout: Layout) -> Layout:
        """Old-style JPEG whose directory points to a whole JPEG stream, as TIFF stores it today.

        Raises PhotoError for the other ways of storing it.
        """
        start, count = layout.number(OLD_JPEG_START, 0), layout.number(OLD_JPEG_LENGTH, 0)
        count = count or sum(layout.counts)
        frame = self._frame(start, count) if start else None
        if frame is None or (frame.height, frame.width) != (layout.height, layout.width):
            raise PhotoError(
                self._name,
                "old-style JPEG compression in this arrangement is not supported",
                "save it with ZIP or LZW compression",
            )
        bands = len(frame.components)
        color = bands == 3
        entries = {tag: e for tag, e in layout.entries.items() if tag != JPEG_TABLES} | {
            COMPRESSION: Entry.short(JPEG),
            PHOTOMETRIC: Entry.short(YCBCR if color else BLACK_IS_ZERO),
            SAMPLES: Entry.short(bands),
            BITS: Entry(3, bands, struct.pack("<H", frame.precision) * bands),
            YCBCR_SUBSAMPLING: Entry(3, 2, struct.pack("<HH", *frame.sampling[0][::-1])),
        }
        return replace(
            layout,
            entries=entries,
            block_width=layout.width,
            block_height=layout.height,
            offsets=(start,),
            counts=(count,),
            repaired=True,
        )

    def _note_what_changes(self, layout: Layout) -> None:
        extra = layout.samples - layout.colors
        left_out = extra if layout.alpha is None or layout.photometric in LABS else extra - 1
        if left_out == 1:
            self.notes.append("a sample that is neither colour nor transparency was left out")
        elif left_out:
            what = "samples that are neither colour nor transparency were left out"
            self.notes.append(f"{left_out} {what}")
        if layout.bits > 32 or (layout.bits > 16 and layout.sample_format != FLOATS):
            floats = layout.sample_format == FLOATS
            what, less = ("floats", 32) if floats else ("integers", 16)
            self.notes.append(f"its {layout.bits}-bit {what} were read as {less} bit")

    def _decode(self, layout: Layout) -> None:
        """By a package."""
        check_pixel_count(self._name, layout.width, layout.height, self._limit)
        note_of(missing_from_file(layout), layout, self._name)  # raises where that is much
        values, lost, rgb = decoded(self._origin, layout, self._name)
        self._note(note_of(lost, layout, self._name))
        if layout.compression not in CHECKED:
            self._note(note_of_coded(coded_segments(self._origin, layout), self._name))
        if layout.photometric == YCBCR and not rgb:
            entries = {**layout.entries, YCBCR_SUBSAMPLING: Entry(3, 2, struct.pack("<HH", 1, 1))}
            whole = replace(layout, entries=entries, block_width=layout.width)
            self._hold(samples_of([values.reshape(len(values), -1)], whole), layout)
        else:
            self._hold(values, layout)

    def _unpack(self, layout: Layout) -> None:
        """Here, of bytes that libvips decompressed."""
        check_pixel_count(self._name, layout.width, layout.height, self._limit)
        planes = []
        for plane in as_bytes(layout):
            pixels, notes = TiffFile(self._origin, -1, plane, self._name).pixels()
            planes.append(pixels)
            for note in notes:
                rows = (
                    layout.photometric == YCBCR and "rows" in note
                )  # of bytes; the photo's differ
                self._note("damaged: some of its rows cannot be decoded" if rows else note)
        self._hold(samples_of(planes, layout), layout)

    def _hold(self, values: NDArray[Any], layout: Layout) -> None:
        """Keep samples as a plain TIFF, so that they are read like all others."""
        if values.dtype.kind == "u" and layout.bits > 16:
            colors = values[..., : layout.colors]
            self._check_reach(int(colors.max()), int(colors.min()), layout)
        samples = finished(values, layout)
        kept = {tag: entry for tag, entry in entries_of(layout).items() if tag in _KEPT}
        self._encoded = uncompressed_file(
            np.ascontiguousarray(samples, samples.dtype.newbyteorder("<")).tobytes(),
            {**kept, **described(samples, layout)},
        )
        self.whole = True

    def _check_reach_of_file(self, file: TiffFile, layout: Layout) -> None:
        try:
            highest, lowest = int(file.image().max()), int(file.image().min())
        except pyvips.Error:  # the passes over the pixels find out
            return
        if layout.photometric == WHITE_IS_ZERO:  # libvips has turned them over
            full = (1 << layout.bits) - 1
            highest, lowest = full - lowest, full - highest
        self._check_reach(highest, lowest, layout)

    def _check_reach(self, highest: int, lowest: int, layout: Layout) -> None:
        """Raise PhotoError for integers whose white is not the end of their range."""
        full = (1 << layout.bits) - 1
        if highest * _DIMMEST < full and highest > lowest:
            raise PhotoError(
                self._name,
                f"its {layout.bits}-bit integers reach {highest}, but white is {full}",
                "save it with 8 or 16 bit",
            )

    def _note(self, note: str | None) -> None:
        if note is not None and note not in self.notes:
            self.notes.append(note)

    @property
    def bits(self) -> int | None:
        """Bits of a sample that are in use; None where the image itself says so."""
        if self._encoded is None or self.layout is None or self.layout.bits >= 16:
            return None
        return self.layout.bits

    def image(self) -> Any:
        """A fresh sequential image of grey, RGB, CMYK or Lab, with any alpha."""
        if self._encoded is not None:
            settings = {"access": "sequential", "fail_on": "error"}
            image = pyvips.Image.tiffload_buffer(self._encoded, **settings)
        elif self._file is not None:
            image = self._file.image()
        else:
            settings = {"access": "sequential", "fail_on": "warning"}
            image = file_image(self._origin, page=self.page, **settings)
        return image if self.layout is None else _presented(image, self.layout)

    def check(self) -> tuple[str, ...]:
        """Look for damage that libvips does not notice; see `TiffFile.check` and `holes`."""
        if self._file is None:
            return ()
        found = self._file.check(), self._file.holes()
        notes = tuple(note for note in found if note is not None)
        if self._old_jpeg and self.layout is not None:
            (stream,) = coded_segments(self._origin, self.layout)
            notes += jpeg_damage.examine(stream, self._name).notes
            self._old_jpeg = False
        return notes

    def examine(self) -> tuple[bool, str | None]:
        """After libvips failed: whether another opening may give more, and what is lost."""
        if self._file is None or self._file.examined:
            return False, None
        return True, self._file.examine()


def _presented(image: Any, layout: Layout) -> Any:
    """An image without what is neither colour nor alpha, of types that a photo may have."""
    image = _without_extra(image, layout)
    if layout.photometric in LABS:
        return _as_lab(image, layout)
    if layout.photometric == WHITE_IS_ZERO and layout.sample_format == FLOATS:
        alpha = image.bands > 1  # libvips turns integers over, but not floats
        return image.linear([-1, 1], [1, 0]) if alpha else image.linear(-1, 1)
    if image.format == "uint":
        sixteen = "rgb16" if image.bands > 2 else "grey16"
        return image.linear(1 / 65537, 0).rint().cast("ushort").copy(interpretation=sixteen)
    return image


def _without_extra(image: Any, layout: Layout) -> Any:
    extra = layout.samples - layout.colors
    colors = image.bands - extra
    alpha = None if layout.photometric in LABS else layout.alpha
    if not extra or colors < 1 or (extra == 1 and alpha is not None):
        return image
    plain = image[:colors] if colors > 1 else image[0]
    plain = plain.copy(interpretation=image.interpretation)
    return plain if alpha is None else plain.bandjoin(image[colors + alpha])


def _as_plain_numbers(layout: Layout) -> Layout:
    """Lab as libvips shall see it: as the numbers that are stored; it misreads some of them."""
    if layout.photometric not in LABS:
        return layout
    entries = {**layout.entries, PHOTOMETRIC: Entry.short(RGB)}
    return replace(layout, entries=entries, repaired=True)


def _as_lab(image: Any, layout: Layout) -> Any:
    """L, a and b of numbers: L from 0 to the top; a and b signed, but from the middle in ICC Lab.

    TIFF 6.0, section 23; the top of ICC Lab in 16 bit is 65280.
    """
    full, step = (256, 1) if layout.bits == 8 else (65536, 256)
    icc = layout.photometric == ICC_LAB
    top = 65280 if icc and layout.bits == 16 else full - 1
    if not icc:
        image = image.linear([1, 1, 1], [0, full / 2, full / 2]).remainder([2 * full, full, full])
    lab = image.linear([100 / top, 1 / step, 1 / step], [0, -128, -128])
    return lab.copy(interpretation="lab")
