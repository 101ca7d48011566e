"""Colour a grey JPEG reversibly: its own luma, chroma found for it, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from photochrom._system.cpus import available_cpus
from photochrom.errors import Option, PhotoError, Remedy
from photochrom.filters.upsample import LinearChroma
from photochrom.options import SaveOptions
from photochrom.photo import Page, Photo
from photochrom.photo.file_access import opened
from photochrom.photo.formats import JPEG
from photochrom.photo.icc import is_gray, rgb_profile_for_gray
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
    if photo.edits:
        _refuse(photo, "it is repaired, and a reversible result holds its own pixels")
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
    threads = threads or available_cpus()
    planes = chroma_planes(
        rows_of(photo),
        (photo.height, photo.width),
        chroma,
        photo.space,
        threads,
        steps=gray.chroma_steps,
    )
    profile = photo.profile
    replacements = Replacements(
        xmp=xmp_of(page, JPEG, saving),
        icc=rgb_profile_for_gray(profile) if profile is not None and is_gray(profile) else None,
    )
    try:
        return splice(gray, planes, replacements, quality=saving.quality, threads=min(2, threads))
    except NotReversibleError as error:
        _refuse(photo, str(error))
