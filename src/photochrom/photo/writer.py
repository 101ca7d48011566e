"""Coloured strips into a file: its kind, depth, profile and metadata; whole, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.vips import pyvips
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.errors import Option, OutputExistsError, PhotoError, Remedy
from photochrom.options import SaveOptions
from photochrom.photo import optional_codecs
from photochrom.photo.digital_source import mark_computed
from photochrom.photo.formats import (
    AVIF,
    FLOAT,
    HEIC,
    JPEG,
    KINDS,
    SIXTEEN,
    TIFF,
    WEBP,
    Kind,
    kind_of,
)
from photochrom.photo.icc import is_gray, rgb_profile_for_gray, srgb_profile
from photochrom.photo.iptc import join_photoshop_block
from photochrom.photo.jpeg_header import LONGEST, as_segment, jfif, put_segments
from photochrom.photo.photo import Photo, check_no_address, first_line, foreseen_os_errors
from photochrom.photo.strip_source import StripSource
from photochrom.photo.strips import Coding, Pixels, StripPlan
from photochrom.photo.tiff_tags import (
    COLOR_SPACE,
    COMPONENTS,
    EXIF,
    IPTC,
    MILLIMETRES,
    ORIENTATION,
    PHOTOSHOP,
    PIXELS_ACROSS,
    PIXELS_DOWN,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    Directory,
    Entry,
    append_tags,
    as_exif,
)

_LONGEST_XMP = 65_500
"""Bytes of XMP that a segment of a JPEG holds; libvips leaves longer ones out."""
_MARK = 1500
"""At most so many bytes longer is XMP with the mark."""
_LONGEST_EXIF = 8_000_000
"""Bytes of EXIF that libvips takes."""
_BIG = 3_900_000_000
"""Bytes of pixels from which a TIFF becomes a BigTIFF."""
PART = "photochrom-part"
"""In the name of a file that is being written."""


def coding_for(photo: Photo, kind: Kind, saving: SaveOptions) -> Coding:
    """What the codes of a coloured photo mean in a file of a kind."""
    kept = saving.profile == "keep" and not photo.converted_to_srgb and kind.profile
    return Coding(photo.space if kept else SRGB, _depth(photo, kind))


def losses(photo: Photo, kind: Kind, saving: SaveOptions) -> list[str]:
    """What a photo has that a file of a kind cannot hold, each in a few words."""
    found = []
    if photo.stored_dtype == FLOAT and FLOAT not in kind.depths:
        found.append("floating point")
    elif photo.bits > _bits(kind):
        found.append(f"{photo.bits}-bit depth")
    if photo.alpha and not kind.alpha:
        found.append("transparency")
    if kind.name == "GIF":
        found.append("all but 256 colours")
    if kind is JPEG and len(photo.metadata.xmp or b"") > _LONGEST_XMP - _MARK:
        found.append("XMP longer than 64 kB")
    if saving.profile == "keep" and not kind.profile and photo.space is not SRGB:
        found.append("a profile, so its codes are sRGB")
    if saving.profile == "keep" and photo.converted_to_srgb:
        found.append("its own profile, which is no tone curve with primaries")
    return found


def _bits(kind: Kind) -> int:
    return 12 if kind in (AVIF, HEIC) else max(8 * depth.itemsize for depth in kind.depths)


def _depth(photo: Photo, kind: Kind) -> np.dtype[Any]:
    if photo.stored_dtype in kind.depths:
        return photo.stored_dtype
    if photo.stored_dtype == FLOAT or photo.bits > 8:
        return SIXTEEN if SIXTEEN in kind.depths or kind is AVIF else np.dtype(np.uint8)
    return np.dtype(np.uint8)


@dataclass(frozen=True)
class Page:
    """One picture to be written: the photo it was, its coloured strips, what their codes mean.

    upright: whether the strips are turned; else the file keeps its orientation tag.
    """

    photo: Photo
    strips: Iterator[Pixels]
    coding: Coding
    upright: bool

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as written."""
        photo = self.photo
        return photo.upright_size if self.upright else (photo.height, photo.width)

    @property
    def bands(self) -> int:
        """Three, and alpha."""
        return 3 + self.photo.bands - self.photo.color_bands


def write(
    pages: Sequence[Page], target: Path, saving: SaveOptions, *, durable: bool = True
) -> None:
    """Write coloured pictures with their photos' metadata; whole, or not at all.

    pages: more than one only into a TIFF, all of one size, type and number of bands.
    target: its suffix chooses the kind of file. durable: wait until the disk has it.
    Raises OutputExistsError or PhotoError.
    """
    kind = check_target(target, saving.overwrite)
    with _temporary_beside(target) as part:
        if kind.loader:
            _write_by_libvips(pages, part, target, kind, saving)
        else:
            _write_by_package(pages[0], part, target, kind, saving)
        with foreseen_os_errors(str(target)):
            if durable:
                make_durable(part)
            _give_name(part, target, saving.overwrite)
            if durable:
                make_durable(target.parent)


def encode(pages: Sequence[Page], suffix: str, saving: SaveOptions) -> bytes:
    """Like `write`, but to the bytes of a file; for pipes."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"photo{suffix}"
        write(pages, target, saving, durable=False)
        return target.read_bytes()


def check_target(target: Path, overwrite: bool) -> Kind:
    """The kind of file that a name stands for; raises the one-line error where it cannot be."""
    kind = kind_of(target)
    if kind is None:
        known = ", ".join(kind.suffix[1:] for kind in KINDS)
        raise PhotoError(target, "cannot write this format", f"end the name in one of {known}")
    with foreseen_os_errors(str(target)):
        exists = target.exists()
    if exists and not overwrite:
        raise _taken(target)
    if not target.parent.is_dir():
        check_no_address(str(target))
        raise PhotoError(target, "its folder does not exist", "create it first")
    return kind


def _give_name(part: Path, target: Path, overwrite: bool) -> None:
    """Let a whole file have its name; raises OutputExistsError where it is taken meanwhile."""
    if not overwrite:
        try:
            os.link(part, target)  # the only step that two writers cannot both do
        except FileExistsError as error:
            raise _taken(target) from error
        except OSError:  # a file system without links
            check_target(target, overwrite)
        else:
            return
    part.replace(target)


REPLACE = Remedy("add {} to replace it", Option("overwrite", True))
"""What to do about a name that is taken."""


def _taken(target: Path) -> OutputExistsError:
    return OutputExistsError(target, "exists already", REPLACE)


def is_part(name: str) -> bool:
    """Whether a file's name is that of one that was being written when its writer died."""
    return name.startswith(".") and PART in name


def remove_parts(target: Path) -> None:
    """Remove what a writer that died left of a file, or of its pages."""
    with suppress(OSError):
        for entry in os.scandir(target.parent):
            if is_part(entry.name) and entry.name.startswith(_part_prefix(target)):
                Path(entry.path).unlink(missing_ok=True)


def _part_prefix(target: Path) -> str:
    whole = target.with_stem(re.sub(r"-\d+$", "", target.stem))  # of a page, the photo's
    return f".{hashlib.sha256(os.fsencode(whole.name)).hexdigest()[:16]}-"


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    token = secrets.token_hex(6)
    part = target.with_name(f"{_part_prefix(target)}{token}.{PART}{target.suffix}")
    with foreseen_os_errors(str(target)):
        part.touch(exist_ok=False)  # with the permissions that a new file gets here
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def make_durable(path: Path) -> None:
    """Wait until the disk has a file or folder: a name must not outlive a power cut alone."""
    folder = path.is_dir()
    if folder and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # of file systems that cannot say
            raise
    finally:
        os.close(descriptor)


def _write_by_libvips(
    pages: Sequence[Page], part: Path, target: Path, kind: Kind, saving: SaveOptions
) -> None:
    first = pages[0]
    height, width = first.size
    strips = (strip for page in pages for strip in page.strips)
    plan = StripPlan.of(width, height * len(pages))
    source = StripSource(strips, plan, first.bands, first.coding.kind)
    try:
        image = source.image()
        image = image.copy(interpretation=_INTERPRETATIONS[first.coding.kind.itemsize])
        # the strips are what takes time, and have threads of their own
        image.set_type(pyvips.GValue.gint_type, "concurrency", 1)
        if len(pages) > 1:
            image.set_type(pyvips.GValue.gint_type, "page-height", height)
        size = len(pages) * height * width * first.bands * first.coding.kind.itemsize
        image = _with_metadata(image, first, kind, saving)
        segments = _segments(first) if kind is JPEG else b""
        with part.open("r+b") as file:  # by descriptor: libvips wants names to be text
            os.lseek(file.fileno(), len(segments), os.SEEK_SET)
            goal = pyvips.Target.new_to_descriptor(file.fileno())
            options = _options(kind, saving, first, size)
            pyvips.Operation.call(f"{kind.loader}save_target", image, goal, **options)
            if segments:
                put_segments(file, segments)
    except pyvips.Error as error:
        if source.failure is None:
            raise PhotoError(
                target,
                f"cannot be written ({first_line(error)})",
                "check the folder and its free space",
            ) from error
    if source.failure is not None:  # libvips takes an early end for a warning
        raise source.failure
    if kind is TIFF:
        descriptive_tags = [_tags_of_page(page) for page in pages]
        if len(pages) > 1:  # libvips writes the first one's for all
            descriptive_tags = [
                replace(said, entries={**said.entries, **_of_a_page(page, saving)})
                for page, said in zip(pages, descriptive_tags, strict=True)
            ]
        if any(page.entries or page.children for page in descriptive_tags):
            with foreseen_os_errors(str(target)):
                append_tags(part, descriptive_tags)


def _segments(page: Page) -> bytes:
    """With what a JPEG begins."""
    metadata = page.photo.metadata
    length = MILLIMETRES.get(metadata.unit or "", 1.0)
    across, down = (pixels * length for pixels in metadata.resolution)
    beginning = jfif(across, down, _JFIF_UNITS.get(metadata.unit or "", 0))
    exif = as_exif(_exif_words(page), LONGEST)
    return beginning if exif is None else beginning + as_segment(exif)


_JFIF_UNITS = {"in": 1, "cm": 2}


def _exif_words(page: Page) -> Directory:
    """What an EXIF block says that no other program completes."""
    metadata = page.photo.metadata
    entries = {}
    if metadata.descriptive_tags is not None or _tag(page) != 1:
        entries = _turn_and_resolution(page)
    descriptive_tags = _with_space(metadata.descriptive_tags or Directory({}), page.coding.space)
    if EXIF in descriptive_tags.children:
        height, width = page.size
        descriptive_tags = _with_details(
            descriptive_tags,
            {
                COMPONENTS: Entry(7, 4, b"\1\2\3\0"),
                PIXELS_ACROSS: Entry.long(width),
                PIXELS_DOWN: Entry.long(height),
            },
        )
    return replace(descriptive_tags, entries={**descriptive_tags.entries, **entries})


_UNITS = {"in": 2, "cm": 3}
"""EXIF's number of a unit."""


def _turn_and_resolution(page: Page) -> dict[int, Entry]:
    metadata = page.photo.metadata
    entries = {ORIENTATION: Entry.short(_tag(page))}
    if metadata.unit in _UNITS:
        length = MILLIMETRES[metadata.unit]
        across, down = (pixels * length for pixels in metadata.resolution)
        entries |= {
            X_RESOLUTION: Entry.rational(across),
            Y_RESOLUTION: Entry.rational(down),
            RESOLUTION_UNIT: Entry.short(_UNITS[metadata.unit]),
        }
    return entries


def _tag(page: Page) -> int:
    """The orientation tag of what is written."""
    return 1 if page.upright else page.photo.orientation


def _with_space(descriptive_tags: Directory, space: RgbSpace) -> Directory:
    """What EXIF says of the colour space: sRGB, or that the profile knows."""
    if EXIF not in descriptive_tags.children:
        return descriptive_tags
    return _with_details(
        descriptive_tags, {COLOR_SPACE: Entry.short(_SRGB if space is SRGB else _BY_PROFILE)}
    )


def _with_details(descriptive_tags: Directory, entries: dict[int, Entry]) -> Directory:
    """With these in the directory of EXIF's own."""
    details = descriptive_tags.children[EXIF]
    details = replace(details, entries={**details.entries, **entries})
    return replace(descriptive_tags, children={**descriptive_tags.children, EXIF: details})


_SRGB, _BY_PROFILE = 1, 65535


def _of_a_page(page: Page, saving: SaveOptions) -> dict[int, Entry]:
    """What may differ between the pages of a TIFF."""
    xmp = _xmp(page, saving)
    said = {} if xmp is None else {XMP: Entry(1, len(xmp), xmp)}
    return {**_turn_and_resolution(page), **said}


def _xmp(page: Page, saving: SaveOptions) -> bytes | None:
    xmp = page.photo.metadata.xmp
    return mark_computed(xmp) if saving.mark else xmp


def _tags_of_page(page: Page) -> Directory:
    """What libvips does not write into a TIFF, or not whole."""
    metadata = page.photo.metadata
    descriptive_tags = _with_space(metadata.descriptive_tags or Directory({}), page.coding.space)
    blocks = {IPTC: metadata.iptc, PHOTOSHOP: metadata.photoshop}
    entries = {tag: Entry(7, len(data), data) for tag, data in blocks.items() if data is not None}
    return Directory({**descriptive_tags.entries, **entries}, descriptive_tags.children)


_INTERPRETATIONS = {1: "srgb", 2: "rgb16", 4: "scrgb"}


def _write_by_package(
    page: Page, part: Path, target: Path, kind: Kind, saving: SaveOptions
) -> None:
    metadata = page.photo.metadata
    whole = np.concatenate(list(page.strips))
    if not kind.alpha:
        whole = whole[..., :3]
    data = optional_codecs.encode(
        np.ascontiguousarray(whole),
        kind,
        str(target),
        quality=saving.quality,
        bits=page.photo.bits,
        exif=as_exif(_exif_words(page)) if metadata.descriptive_tags else None,
        xmp=_xmp(page, saving),
        icc=_profile(page),
    )
    with foreseen_os_errors(str(target)):
        part.write_bytes(data)


def _with_metadata(image: Any, page: Page, kind: Kind, saving: SaveOptions) -> Any:
    photo, metadata = page.photo, page.photo.metadata
    image = image.copy(xres=metadata.resolution[0], yres=metadata.resolution[1])
    ours = metadata.descriptive_tags if kind not in (TIFF, JPEG) else None
    exif = as_exif(_with_space(ours, page.coding.space), _LONGEST_EXIF) if ours else None
    xmp = _xmp(page, saving)
    if kind is JPEG and xmp is not None and len(xmp) > _LONGEST_XMP:
        xmp = mark_computed(None) if saving.mark else None
    blobs = {
        "exif-data": exif,
        "xmp-data": xmp,
        "iptc-data": join_photoshop_block(metadata.iptc, metadata.photoshop)
        if kind is JPEG
        else None,
        "icc-profile-data": _profile(page),
    }
    for name, data in blobs.items():
        if data is not None:
            image.set_type(pyvips.GValue.blob_type, name, data)
    if metadata.unit is not None:
        image.set_type(pyvips.GValue.gstr_type, "resolution-unit", metadata.unit)
    tag = _tag(page)
    if photo.orientation != 1 or tag != 1:
        image.set_type(pyvips.GValue.gint_type, "orientation", tag)
    return image


def _profile(page: Page) -> bytes:
    """The ICC profile of what is written."""
    photo = page.photo
    if photo.profile is None or photo.converted_to_srgb or page.coding.space is not photo.space:
        return srgb_profile()
    if is_gray(photo.profile):
        return rgb_profile_for_gray(photo.profile)
    return photo.profile


_ALL_BUT_EXIF = "xmp:iptc:icc"


def _options(kind: Kind, saving: SaveOptions, page: Page, size: int) -> dict[str, Any]:
    if kind is JPEG:
        return {
            "Q": saving.quality,
            "subsample_mode": "off",
            "background": [255, 255, 255],
            "keep": _ALL_BUT_EXIF,
        }
    if kind is WEBP:
        return {"Q": saving.quality, "smart_subsample": True}
    if kind is AVIF:
        deep = page.coding.kind == SIXTEEN
        return {"Q": saving.quality, "compression": "av1", "bitdepth": 12 if deep else 8}
    if kind is TIFF:
        # the predictor for floats is not understood by all readers
        predictor = "none" if page.coding.kind == FLOAT else "horizontal"
        return {"compression": "deflate", "predictor": predictor, "bigtiff": size > _BIG}
    return {}
