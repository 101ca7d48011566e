"""Coloured strips into a file: its kind, depth, profile and metadata; whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.atomic import move_into_place, temporary_beside
from photochrom._system.attributes import ALL_PERMISSIONS, set_attributes
from photochrom._system.vips import fault_of, pyvips, system_error_of
from photochrom.color.rgb_space import SRGB
from photochrom.errors import Option, OutputExistsError, PhotoError, Remedy
from photochrom.options import SaveOptions
from photochrom.photo.codecs import optional as optional_codecs
from photochrom.photo.codecs.decoded import RawMetadata
from photochrom.photo.file_access import check_no_address, foreseen_os_errors, os_fault
from photochrom.photo.formats import (
    AVIF,
    FLOAT,
    GIF,
    HEIC,
    JPEG,
    PNG,
    SIXTEEN,
    TIFF,
    WEBP,
    WRITTEN,
    Kind,
    check_size,
    kind_of,
)
from photochrom.photo.jpeg.header import LONGEST as LONGEST_SEGMENT
from photochrom.photo.metadata.avif_items import replace_exif
from photochrom.photo.metadata.exif import as_exif, is_too_long
from photochrom.photo.metadata.head_blocks import LONGEST_EXIF, head_blocks, put_behind_head
from photochrom.photo.metadata.iptc import paths_in
from photochrom.photo.metadata.support import (
    COMMENT,
    EXIF,
    XMP,
    comments_for,
    convert_to_xmp,
    holds,
)
from photochrom.photo.metadata.webp_chunks import append_metadata, is_lossless
from photochrom.photo.metadata.written_xmp import xmp_of
from photochrom.photo.metadata.xmp import Packet
from photochrom.photo.metadata.xmp_facts import PLACES
from photochrom.photo.page import (
    Page,
    exif_tags,
    orientation_tag,
    photoshop_of,
    profile_of,
    tags_of_one_page,
    tiff_tags_of,
)
from photochrom.photo.photo import Photo
from photochrom.photo.strip_source import StripSource
from photochrom.photo.strips import Coding, Pixels, StripPlan
from photochrom.photo.tiff.tags import ORIENTATION, Directory, Entry, append_tags

_BIG = 3_900_000_000
"""Bytes of pixels from which a TIFF becomes a BigTIFF."""


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
        if photo.alpha and photo.kind is not GIF:
            found.append("partial transparency")
    if saving.profile == "keep" and not kind.profile and photo.space is not SRGB:
        found.append("a profile, so its codes are sRGB")
    if saving.profile == "keep" and photo.converted_to_srgb:
        found.append("its own profile, which is no tone curve with primaries")
    return found + _lost_metadata(photo, kind, saving)


def _lost_metadata(photo: Photo, kind: Kind, saving: SaveOptions) -> list[str]:
    """What a file of a kind cannot hold of a photo's metadata."""
    metadata = photo.metadata
    packet = Packet.parse(metadata.xmp or b"")
    found = convert_to_xmp(metadata, kind, packet)
    longest = {JPEG: LONGEST_SEGMENT, TIFF: None}.get(kind, LONGEST_EXIF)
    tags = metadata.descriptive_tags
    if tags is not None and holds(kind, EXIF) and longest and is_too_long(tags, longest):
        found.append(f"EXIF longer than {longest // 1000} kB")
    if packet is None and kind is JPEG and len(metadata.xmp or b"") > LONGEST_SEGMENT:
        found.append("damaged XMP longer than 64 kB")
    elif packet is None and kind is GIF:
        found.append("damaged XMP")
    elif packet is None and holds(kind, XMP) and saving.mark:
        found.append("the note that its colours are computed, since its XMP is damaged")
    if packet is None and holds(kind, XMP) and saving.crop is not None:
        found.append("the note about its crop, since its XMP is damaged")
    if saving.crop is not None or (saving.turn and not kind.tagged):
        found += _untrue_places(photo, packet)
    return found


def _untrue_places(photo: Photo, packet: Packet | None) -> list[str]:
    """What is left out of a result that shows another part of the photo, or is turned."""
    marked = packet is not None and any(name in packet for name in PLACES)
    found = ["the regions marked in it, such as faces, whose places have changed"] if marked else []
    if paths_in(photo.metadata.photoshop):
        found.append("its clipping paths, whose places have changed")
    return found


def _bits(kind: Kind) -> int:
    return 12 if kind in (AVIF, HEIC) else max(8 * depth.itemsize for depth in kind.depths)


def _depth(photo: Photo, kind: Kind) -> np.dtype[Any]:
    if photo.stored_dtype in kind.depths:
        return photo.stored_dtype
    if photo.stored_dtype == FLOAT or photo.bits > 8:
        return SIXTEEN if SIXTEEN in kind.depths or kind is AVIF else np.dtype(np.uint8)
    return np.dtype(np.uint8)


def write(
    pages: Sequence[Page], target: Path, saving: SaveOptions, *, durable: bool = True
) -> None:
    """Write coloured pictures with their photos' metadata; whole, or not at all.

    pages: more than one only into a TIFF, all of one size, type and number of bands.
    target: its suffix chooses the kind of file. durable: wait until the disk has it.
    Raises OutputExistsError or PhotoError.
    """
    kind = check_target(target, saving.overwrite)
    for page in pages:
        check_size(kind, *page.size, target)
    with ExitStack() as stack:
        with foreseen_os_errors(str(target)):
            part = stack.enter_context(temporary_beside(target, ALL_PERMISSIONS))
        if pages[0].encoded is not None:
            data = pages[0].encoded()
            with foreseen_os_errors(str(target)):
                part.write_bytes(data)
        elif kind.loader:
            _write_by_libvips(pages, part, target, kind, saving)
        else:
            _write_by_package(pages[0], part, target, kind, saving)
        for page in pages:
            page.photo.check_unchanged()
        with foreseen_os_errors(str(target)):
            origin = pages[0].photo.source
            made_of = origin if isinstance(origin, Path) else None
            set_attributes(part, target, made_of, keep_time=saving.keep_time)
            try:
                move_into_place(part, target, overwrite=saving.overwrite, durable=durable)
            except FileExistsError as error:
                raise _taken(target) from error


def write_file(
    data: bytes, target: Path, made_of: Path | None = None, *, overwrite: bool = False
) -> None:
    """Write the bytes of an encoded picture, whole or not at all.

    made_of: the file whose permissions it gets.
    Raises OutputExistsError or PhotoError.
    """
    check_target(target, overwrite)
    with foreseen_os_errors(str(target)), temporary_beside(target, ALL_PERMISSIONS) as part:
        part.write_bytes(data)
        set_attributes(part, target, made_of, keep_time=False)
        try:
            move_into_place(part, target, overwrite=overwrite, durable=True)
        except FileExistsError as error:
            raise _taken(target) from error


def save_picture(
    picture: Pixels,
    path: str | Path,
    *,
    quality: int = 92,
    mark: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write an 8-bit picture, whole or not at all; its suffix chooses the format.

    picture: (H, W) or (H, W, 3). quality: of JPEG and WebP, 1..100. mark: say in XMP that the
    colours are computed.
    Raises OutputExistsError where the file exists and overwrite is false, PhotoError where it
    cannot be written.
    """
    photo, target = Photo(picture), Path(path)
    strips = (picture[top : top + rows] for top, rows in photo.plan.spans())
    coding = Coding(SRGB, picture.dtype)
    page = Page(photo, strips, coding, False, colored=picture.ndim > 2)
    write([page], target, SaveOptions(quality=quality, mark=mark, overwrite=overwrite))
    return target


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
        known = ", ".join(kind.suffix[1:] for kind in WRITTEN)
        raise PhotoError(target, "cannot write this format", f"end the name in one of {known}")
    with foreseen_os_errors(str(target)):
        exists = target.exists()
    if exists and not overwrite:
        raise _taken(target)
    if not target.parent.is_dir():
        check_no_address(str(target))
        raise PhotoError(target, "its folder does not exist", "create it first")
    return kind


REPLACE = Remedy("add {} to replace it", Option("overwrite", True))
"""What to do about a name that is taken."""


def _taken(target: Path) -> OutputExistsError:
    return OutputExistsError(target, "exists already", REPLACE)


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
        image = image.copy(interpretation=_interpretation(first))
        # the strips are what takes time, and have threads of their own
        image.set_type(pyvips.GValue.gint_type, "concurrency", 1)
        if len(pages) > 1:
            image.set_type(pyvips.GValue.gint_type, "page-height", height)
        size = len(pages) * height * width * first.bands * first.coding.kind.itemsize
        image = _with_metadata(image, first, kind, saving)
        blocks = head_blocks(first, kind, saving)
        # by descriptor: libvips wants names to be text
        with foreseen_os_errors(str(target)), part.open("r+b") as file:
            os.lseek(file.fileno(), len(blocks), os.SEEK_SET)
            goal = pyvips.Target.new_to_descriptor(file.fileno())
            options = _options(kind, saving, first, size)
            pyvips.Operation.call(f"{kind.loader}save_target", image, goal, **options)
            if blocks:
                put_behind_head(file, blocks, kind)
            if kind in (WEBP, AVIF):
                exif = as_exif(exif_tags(first, alone=True), LONGEST_EXIF)
                if kind is WEBP:
                    append_metadata(file, exif, xmp_of(first, kind, saving))
                elif exif is not None:
                    replace_exif(file, exif, str(target))
    except pyvips.Error as error:
        if source.failure is None:
            raise _write_fault(target, error) from error
    if source.failure is not None:  # libvips takes an early end for a warning
        raise source.failure
    if kind is TIFF:
        descriptive_tags = [tiff_tags_of(page) for page in pages]
        if len(pages) > 1:  # libvips writes the first one's for all
            descriptive_tags = [
                replace(
                    tags,
                    entries={**tags.entries, **tags_of_one_page(page, xmp_of(page, kind, saving))},
                )
                for page, tags in zip(pages, descriptive_tags, strict=True)
            ]
        if any(page.entries or page.children for page in descriptive_tags):
            with foreseen_os_errors(str(target)):
                append_tags(part, descriptive_tags)


def _write_fault(target: Path, error: pyvips.Error) -> PhotoError:
    system_error = system_error_of(error)
    if system_error is not None:
        return os_fault(str(target), system_error)
    problem = f"cannot be written ({fault_of(error)})"
    return PhotoError(target, problem, "check the folder and its free space")


def _interpretation(page: Page) -> str:
    """Libvips' name of what the codes mean."""
    size = page.coding.kind.itemsize
    if page.bands < 3:
        return {1: "b-w", 2: "grey16", 4: "b-w"}[size]
    return {1: "srgb", 2: "rgb16", 4: "scrgb"}[size]


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
        metadata=RawMetadata(
            exif=as_exif(exif_tags(page, alone=kind is HEIC), LONGEST_EXIF),
            xmp=xmp_of(page, kind, saving),
            icc=profile_of(page),
            iptc=metadata.iptc,
            photoshop=photoshop_of(page),
            resolution=metadata.resolution_in_metres,
            comments=tuple(comments_for(metadata)) if holds(kind, COMMENT) else (),
        ),
    )
    with foreseen_os_errors(str(target)):
        part.write_bytes(data)


def _with_metadata(image: Any, page: Page, kind: Kind, saving: SaveOptions) -> Any:
    photo, metadata = page.photo, page.photo.metadata
    image = image.copy(xres=metadata.resolution[0], yres=metadata.resolution[1])
    held = kind is AVIF and as_exif(exif_tags(page, alone=True), LONGEST_EXIF) is not None
    blobs = {
        "exif-data": _PLACEHOLDER if held else None,
        "xmp-data": None if kind in _XMP_IS_OURS else xmp_of(page, kind, saving),
        "icc-profile-data": profile_of(page),
    }
    for name, data in blobs.items():
        if data is not None:
            image.set_type(pyvips.GValue.blob_type, name, data)
    if metadata.unit is not None:
        image.set_type(pyvips.GValue.gstr_type, "resolution-unit", metadata.unit)
    tag = orientation_tag(page)
    if photo.orientation != 1 or tag != 1:
        image.set_type(pyvips.GValue.gint_type, "orientation", tag)
    return image


_PLACEHOLDER = as_exif(Directory({ORIENTATION: Entry.short(1)}))
"""EXIF for libvips to write, where the block is put into the file afterwards."""
_XMP_IS_OURS = frozenset({JPEG, GIF, WEBP})
"""The kinds whose XMP libvips does not write, or not where it belongs."""


def _options(kind: Kind, saving: SaveOptions, page: Page, size: int) -> dict[str, Any]:
    if kind is JPEG:
        return {
            "Q": saving.quality,
            "subsample_mode": "off",
            "background": [255, 255, 255],
            "keep": "icc",
        }
    if kind is WEBP:
        if is_lossless(page.photo):
            return {"lossless": True, "exact": True, "keep": "icc"}
        return {"Q": saving.quality, "smart_subsample": True, "keep": "icc"}
    if kind is PNG:
        return {"keep": "xmp:icc"}
    if kind is AVIF:
        deep = page.coding.kind == SIXTEEN
        options = {"Q": saving.quality, "compression": "av1", "bitdepth": 12 if deep else 8}
        tags = exif_tags(page, alone=True)  # without any, libvips would make some up
        kept = "exif:xmp:icc" if tags.entries or tags.children else "xmp:icc"
        return options | {"keep": kept}
    if kind is TIFF:
        # the predictor for floats is not understood by all readers
        predictor = "none" if page.coding.kind == FLOAT else "horizontal"
        return {"compression": "deflate", "predictor": predictor, "bigtiff": size > _BIG}
    return {}
