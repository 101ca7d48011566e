"""A source of pixels as libvips images: which reader, which page, which space, how deep.

Only the readers of `photochrom.photo.formats` are ever called, each by its name, after a look at
the file's first bytes: libvips has others that are not made for files from strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from photochrom._system.vips import forget_faults, pyvips
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.errors import PhotoError
from photochrom.photo import coded_data, gif_data, holes
from photochrom.photo.codecs import camera_raw
from photochrom.photo.codecs import optional as optional_codecs
from photochrom.photo.codecs.decoded import Decoded, check_page, check_pixel_count
from photochrom.photo.file_access import file_state, foreseen_os_errors, opened
from photochrom.photo.formats import (
    EIGHT,
    FLOAT,
    GIF,
    JPEG,
    KINDS,
    MAX_PIXELS,
    MAX_WHOLE_PIXELS,
    PNG,
    RAW,
    SIXTEEN,
    TIFF,
    WEBP,
    Kind,
    sniffed,
)
from photochrom.photo.icc import is_gray, space_of
from photochrom.photo.jpeg import damage as jpeg_damage
from photochrom.photo.strips import Pixels
from photochrom.photo.tiff.source import TiffSource
from photochrom.photo.unread import HEAD, unread

Result = TypeVar("Result")
_HEAD = 64
_EXAMINED = frozenset({GIF, JPEG, WEBP})
"""Kinds in whose data damage is looked for; TIFF has its own ways."""
_DEPTHS = {"uchar": EIGHT, "ushort": SIXTEEN, "float": FLOAT}
_OTHER_SPACES = frozenset({"lab", "labs", "labq", "xyz", "hsv", "lch", "cmc", "yxy"})


@dataclass(frozen=True)
class Header:
    """What a source's first bytes and libvips say of it.

    kind: None for an array. stored_dtype: of the numbers in the file; bits: how many are in use.
    converted_to_srgb: whether libvips (lcms) turns its colours into sRGB, 16 bit, while reading.
    space: of the codes that come out. profile: as embedded, None where there is none or it is
    damaged. whole: whether it lies in memory as a whole once it is opened.
    notes: what a person should know, a line each.
    """

    image: Any
    kind: Kind | None
    pages: int
    stored_dtype: np.dtype[Any]
    bits: int
    converted_to_srgb: bool
    space: RgbSpace
    profile: bytes | None
    whole: bool
    notes: tuple[str, ...]


def field(image: Any, name: str, default: Any) -> Any:
    """A field of libvips's metadata, or the default where the image has none of that name."""
    value = image.get(name) if image.get_typeof(name) else default
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


class Source:
    """Where a photo's pixels come from; every pass is an opening of its own.

    encoded: the file that is decoded; of a camera's raw file the finished picture in it.
    """

    def __init__(
        self, source: Path | bytes | Pixels, name: str, page: int | None, max_pixels: int | None
    ) -> None:
        self.name = name
        self.page = page or 0
        self.tiff: TiffSource | None = None
        self._array: Pixels | None = None
        self.encoded: Path | bytes = b""
        self._file = source if isinstance(source, Path) else None
        self._state = None if self._file is None else file_state(self._file)
        self.kind: Kind | None = None
        self.decoded: Decoded | None = None
        self._max_pixels = max_pixels
        self._fail_on = "truncated"
        self._notes: tuple[str, ...] = ()
        self._verified = False
        self._lock = Lock()
        self._examined: Future[jpeg_damage.Finding] | None = None
        if isinstance(source, Path | bytes):
            self.encoded = source
            self.kind = self._sniff()
            if self.kind is PNG:  # wrong checksums are errors to libvips, but not truncation
                self._fail_on = "error"
            if self.kind is RAW or (self.kind is TIFF and camera_raw.is_raw(source)):
                source = self._open_raw(source)
            elif not self.kind.loader:
                data = source if isinstance(source, bytes) else source.read_bytes()
                limit = max_pixels or MAX_WHOLE_PIXELS
                self.decoded = optional_codecs.decode(data, self.kind, name, limit)
                self._array = self.decoded.pixels
            elif self.kind is TIFF:
                self.tiff = TiffSource(source, name, page, max_pixels)
                self.page = self.tiff.page
            if self.tiff is None:
                check_page(name, page, 1)
            if self.is_jpeg_file:
                self.encoded = jpeg_damage.with_height(source, name)
        else:
            check_page(name, page, 1)
            self._array = np.atleast_3d(source)

    @property
    def is_jpeg_file(self) -> bool:
        """Whether libvips decodes a JPEG file; the finished picture of a raw may be an array."""
        return self.kind is JPEG and self.decoded is None

    def _open_raw(self, source: Path | bytes) -> Path | bytes:
        """Take the finished picture in a camera's raw file for the photo."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        limit = self._max_pixels or MAX_WHOLE_PIXELS
        picture = camera_raw.finished_picture(data, self.name, limit)
        self.kind = JPEG
        if isinstance(picture, bytes):
            self._notes = (camera_raw.NOTE,)
            return picture
        self.decoded, self._array = picture, picture.pixels
        return source

    def check_unchanged(self) -> None:
        """Raise PhotoError where another file was written in the place of this one since."""
        with foreseen_os_errors(self.name):
            changed = self._file is not None and file_state(self._file) != self._state
        if changed:
            raise PhotoError(
                self.name, "was written anew while it was being coloured", "colour it again"
            )

    def header(self) -> Header:
        """Read the header; raises PhotoError for what is damaged, too large or of no known kind."""
        image = self._raw()
        whole = self.kind is not None and not self.kind.streams
        whole |= self.tiff is not None and self.tiff.whole
        whole |= bool(field(image, "jpeg-multiscan", 0) or field(image, "interlaced", 0))
        limit = self._max_pixels or (MAX_WHOLE_PIXELS if whole else MAX_PIXELS)
        check_pixel_count(self.name, image.width, image.height, limit)
        stored = _DEPTHS.get(image.format)
        if image.interpretation == "lab":  # floats, whatever the file has
            stored = EIGHT if field(image, "bits-per-sample", 16) == 8 else SIXTEEN
        if stored is None:
            raise PhotoError(
                self.name,
                f"samples of type {image.format} are not supported",
                "save it with 8 or 16 bit, or 32-bit floats",
            )
        notes = list(self._notes if self.decoded is None else self.decoded.notes)
        if self.tiff is not None:
            notes += self.tiff.notes
        profile = field(image, "icc-profile-data", None)
        space, converted = SRGB, False
        if image.interpretation == "cmyk" or image.interpretation in _OTHER_SPACES:
            converted = True
        elif profile is not None:
            found = space_of(profile)
            if found is not None and (image.bands < 3 or not is_gray(profile)):
                space = found
            elif self._lcms_reads(image):
                converted = True
            else:
                notes.append("its ICC profile is damaged or of another kind, and was left out")
                profile = None
        cmyk = image.interpretation == "cmyk"
        if image.bands > (5 if cmyk else 4):
            raise PhotoError(
                self.name, f"{image.bands} bands are not supported", "save it as grey or RGB"
            )
        bits = int(field(image, "bits-per-sample", 8 * stored.itemsize))
        if self.decoded is not None:
            bits = self.decoded.bits
        elif self.tiff is not None:
            bits = self.tiff.bits or bits
        bits = max(8, min(bits, 8 * stored.itemsize))
        pages = int(field(image, "n-pages", 1)) if self.tiff is None else self.tiff.pages
        if pages > 1 and self.tiff is None:
            notes.append(f"only the first of its {pages} pictures is coloured")
            pages = 1
        return Header(
            image, self.kind, pages, stored, bits, converted, space, profile, whole, tuple(notes)
        )

    def image(self, header: Header, **options: Any) -> Any:
        """A fresh sequential image of codes in `header.space`: grey or RGB, with any alpha."""
        image = self._raw(**options)
        if header.converted_to_srgb:
            image = _as_srgb16(image, header.profile is not None)
        return image

    def verify(self) -> tuple[str, ...]:
        """Look for damage that libvips does not report, once; the notes about what is found.

        What can be read of a damaged file is read from then on. Raises PhotoError where too much
        of it is missing.
        """
        if self.tiff is not None:
            return self.tiff.check()
        if self._verified or self._array is not None or self.kind not in _EXAMINED:
            return ()
        if self.kind is JPEG:
            return self._take(self._examination().result())
        return self._examine_other()

    def read_verified(self, read: Callable[[], Result], add_note: Callable[[str], None]) -> Result:
        """What `read` gives, once data is verified; a JPEG is read while its data is examined.

        read: is called once more where what it has read turns out to be damaged.
        """
        result = None
        if self.is_jpeg_file and not self._verified:
            examination = self._examination()
            with suppress(pyvips.Error):
                result = read()
            finding = examination.result()
            notes = self._take(finding)
            result = result if finding.data is None else None
        else:
            notes = self.verify()
        for note in notes:
            add_note(note)
        return read() if result is None else result

    def _examination(self) -> Future[jpeg_damage.Finding]:
        """The examination of a JPEG's data, on a thread; one for all passes over the photo."""
        with self._lock:
            if self._examined is None:
                pool = ThreadPoolExecutor(1)
                self._examined = pool.submit(self._examine)
                pool.shutdown(wait=False)
            return self._examined

    def _examine(self) -> jpeg_damage.Finding:
        with opened(self.encoded) as file:
            return jpeg_damage.examine(file.read(), self.name)

    def _take(self, finding: jpeg_damage.Finding) -> tuple[str, ...]:
        """Read from now on what can be read of a JPEG; the notes about it."""
        self._verified = True
        if finding.data is not None:
            self.encoded, self._fail_on = finding.data, "none"
        return finding.notes

    def _examine_other(self) -> tuple[str, ...]:
        """The notes about the data of a GIF or WebP."""
        with opened(self.encoded) as file:
            data = file.read()
        self._verified = True
        if self.kind is GIF:
            return gif_data.notes_of(data, self.name)
        note = holes.note_of_blocks(data, coded_data.of_webp(data), self.name)
        return () if note is None else (note,)

    def _raw(self, **options: Any) -> Any:
        if self._array is not None:
            image = pyvips.Image.new_from_array(self._array)
            kind = "grey16" if image.format == "ushort" else "b-w"
            kind = {"b-w": "srgb", "grey16": "rgb16"}[kind] if image.bands > 2 else kind
            image = image.copy(interpretation=kind)
            if self.decoded is not None and self.decoded.icc:
                image.set_type(pyvips.GValue.blob_type, "icc-profile-data", self.decoded.icc)
            return image
        assert self.kind is not None
        self.check_unchanged()
        forget_faults()
        if self.tiff is not None:
            return self.tiff.image()
        loader = "gif" if self.kind is GIF else self.kind.loader
        settings = {"access": "sequential", "fail_on": self._fail_on, **options}
        if isinstance(self.encoded, bytes):
            image = pyvips.Operation.call(f"{loader}load_buffer", self.encoded, **settings)
        else:  # by descriptor: libvips wants names to be text
            with self.encoded.open("rb") as file:
                source = pyvips.Source.new_from_descriptor(file.fileno())
            image = pyvips.Operation.call(f"{loader}load_source", source, **settings)
        return image[0] if isinstance(image, list) else image

    def _sniff(self) -> Kind:
        with opened(self.encoded) as file:
            head = file.read(HEAD)
        kind = sniffed(head[:_HEAD])
        if kind is None and (other := unread(head)) is not None:
            raise PhotoError(
                self.name, f"is {other.name}, which Photochrom does not read", other.remedy
            )
        if kind is None:
            known = ", ".join(kind.name for kind in KINDS)
            raise PhotoError(
                self.name,
                "not an image of a kind Photochrom reads",
                f"save it as one of {known}",
            )
        return kind

    @staticmethod
    def _lcms_reads(image: Any) -> bool:
        """Whether libvips makes sense of a profile that is no curve and matrix."""
        try:
            pixel = pyvips.Image.black(1, 1, bands=image.bands).cast(image.format)
            pixel = pixel.copy(interpretation=image.interpretation)
            pixel.set_type(
                pyvips.GValue.blob_type, "icc-profile-data", image.get("icc-profile-data")
            )
            _as_srgb16(pixel, True).avg()
        except pyvips.Error:
            return False
        return True


def _as_srgb16(image: Any, embedded: bool) -> Any:
    """Let lcms turn colours into sRGB codes of 16 bit; alpha comes along."""
    alpha = image[image.bands - 1] if image.hasalpha() else None
    color = image[: image.bands - 1] if alpha is not None else image
    if image.interpretation in _OTHER_SPACES:
        color = color.colourspace("rgb16")
    else:
        options = {} if embedded else {"input_profile": "cmyk"}
        color = color.icc_transform("srgb", embedded=embedded, depth=16, **options)
    if alpha is None:
        return color
    if alpha.format == "uchar":
        alpha = alpha.cast("ushort") * 257
    return color.bandjoin(alpha.cast("ushort"))
