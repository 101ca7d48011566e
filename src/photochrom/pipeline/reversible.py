"""Colour a grey JPEG reversibly: its own luma, chroma found for it, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from photochrom._system.threads import ordered_map
from photochrom._system.vips import pyvips
from photochrom.errors import Option, PhotoError, Remedy
from photochrom.filters.upsample import LinearChroma
from photochrom.options import SaveOptions
from photochrom.photo import Page, Photo
from photochrom.photo.file_access import opened
from photochrom.photo.formats import JPEG
from photochrom.photo.icc import rgb_profile_for_gray
from photochrom.photo.jpeg.record import NotReversibleError
from photochrom.photo.jpeg.reversible import GrayJpeg, Replacements, splice
from photochrom.photo.metadata.written_xmp import xmp_of
from photochrom.photo.read_ahead import rows_of
from photochrom.pipeline.luma_chroma import chroma_planes


def gray_jpeg_of(photo: Photo) -> GrayJpeg:
    """The photo's file, if it can be coloured reversibly; raises PhotoError."""
    if photo.kind is not JPEG:
        kind = "an array" if photo.kind is None else f"a {photo.kind.name} file"
        _refuse(photo, f"it is {kind}, no JPEG")
    if photo.converted_to_srgb:
        _refuse(photo, "its ICC profile is no tone curve")
    assert isinstance(photo.source, Path | bytes)  # since it is a JPEG
    with opened(photo.source) as file:
        data = file.read()
    try:
        return GrayJpeg.of(data)
    except NotReversibleError as error:
        _refuse(photo, str(error))


def _refuse(photo: Photo, reason: str) -> NoReturn:
    raise PhotoError(
        photo.name,
        f"cannot be coloured reversibly: {reason}",
        Remedy(
            "leave {} out for an ordinary result",
            Option("reversible", True),
            otherwise="ask for an ordinary result",
        ),
    )


def reversible_jpeg(
    page: Page,
    gray: GrayJpeg,
    chroma: LinearChroma,
    saving: SaveOptions,
    threads: int | None = None,
) -> bytes:
    """The coloured JPEG of a grey one, with the grey file's own luma.

    page: the photo, its codes with the space of the grey file. gray: as `gray_jpeg_of` gives it.
    chroma: in the photo's stored orientation.
    Raises PhotoError where the file leaves no room for what has to be added.
    """
    photo = page.photo
    planes = chroma_planes(
        rows_of(photo), (photo.height, photo.width), chroma, photo.space, threads
    )

    def encoded(plane: Any) -> bytes:
        image = pyvips.Image.new_from_array(plane)
        return image.jpegsave_buffer(
            Q=saving.quality, optimize_coding=True, interlace=gray.progressive, keep="none"
        )

    blue, red = ordered_map(encoded, planes, min(2, threads or 2))
    replacements = Replacements(
        xmp=xmp_of(page, JPEG, saving),
        icc=None if photo.profile is None else rgb_profile_for_gray(photo.profile),
    )
    try:
        return splice(gray, blue, red, replacements)
    except NotReversibleError as error:
        _refuse(photo, str(error))
