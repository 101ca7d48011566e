"""One picture to be written, and the metadata that a new file of it carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.crops import Crop
from photochrom.photo.icc import is_gray, rgb_profile_for_gray, srgb_profile
from photochrom.photo.metadata.exif import MILLIMETRES
from photochrom.photo.metadata.iptc import without_paths
from photochrom.photo.orientation import Turn
from photochrom.photo.photo import Photo
from photochrom.photo.strips import Coding, Pixels
from photochrom.photo.tiff.tags import (
    COLOR_SPACE,
    COMPONENTS,
    EXIF,
    INTEROPERABILITY,
    IPTC,
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
)


@dataclass(frozen=True)
class Page:
    """One picture to be written: the photo it was, its coloured strips, what their codes mean.

    upright: whether the strips are turned; else the file has an orientation tag.
    part: what is written of the photo, in its stored orientation; None for all.
    turn: degrees clockwise from the upright photo to the result.
    encoded: makes the whole file, where that is not done from the strips.
    colored: whether it is in colour; else its bands are the photo's.
    """

    photo: Photo
    strips: Iterator[Pixels]
    coding: Coding
    upright: bool
    encoded: Callable[[], bytes] | None = None
    part: Crop | None = None
    turn: int = 0
    colored: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as written."""
        stored = self.photo if self.part is None else self.part
        sideways = self.upright and self.shown.quarters % 2
        return (stored.width, stored.height) if sideways else (stored.height, stored.width)

    @property
    def shown(self) -> Turn:
        """How the stored picture becomes the result."""
        return self.photo.turn.then(self.turn)

    @property
    def reframed(self) -> bool:
        """Whether places given in pixels, or in shares of the photo, are no longer there."""
        return self.part is not None or (self.upright and self.turn != 0)

    @property
    def bands(self) -> int:
        """Three, or one of a grey picture, and alpha."""
        if not self.colored:
            return self.photo.bands
        return 3 + self.photo.bands - self.photo.color_bands


def exif_tags(page: Page, alone: bool = False) -> Directory:
    """The tags of an EXIF block that no other program completes.

    alone: whether the file has no other place for the resolution.
    """
    metadata = page.photo.metadata
    entries = {}
    tags = descriptive_tags_of(page)
    in_exif = metadata.descriptive_tags is not None or (alone and metadata.unit is not None)
    if in_exif or orientation_tag(page) != 1:
        entries = _turn_and_resolution(page)
    descriptive_tags = with_color_space(tags, page.coding.space)
    if alone and entries and EXIF not in descriptive_tags.children:
        details = {EXIF: Directory({COLOR_SPACE: _color_space(page.coding.space)})}
        descriptive_tags = replace(
            descriptive_tags, children={**descriptive_tags.children, **details}
        )
    if EXIF in descriptive_tags.children:
        height, width = page.size
        descriptive_tags = _with_details(
            descriptive_tags,
            {
                COMPONENTS: Entry(7, 4, b"\1\2\3\0" if page.bands > 2 else b"\1\0\0\0"),
                PIXELS_ACROSS: Entry.long(width),
                PIXELS_DOWN: Entry.long(height),
            },
        )
    return replace(descriptive_tags, entries={**descriptive_tags.entries, **entries})


_UNITS = {"in": 2, "cm": 3}
"""EXIF's number of a unit."""


def _turn_and_resolution(page: Page) -> dict[int, Entry]:
    metadata = page.photo.metadata
    entries = {ORIENTATION: Entry.short(orientation_tag(page))}
    if metadata.unit in _UNITS:
        length = MILLIMETRES[metadata.unit]
        across, down = (pixels * length for pixels in metadata.resolution)
        entries |= {
            X_RESOLUTION: Entry.rational(across),
            Y_RESOLUTION: Entry.rational(down),
            RESOLUTION_UNIT: Entry.short(_UNITS[metadata.unit]),
        }
    return entries


def orientation_tag(page: Page) -> int:
    """The orientation tag of what is written."""
    return 1 if page.upright else page.shown.exif


def descriptive_tags_of(page: Page) -> Directory:
    """The photo's tags that are true of the result."""
    tags = page.photo.metadata.descriptive_tags or Directory({})
    if not page.reframed or EXIF not in tags.children:
        return tags
    details = tags.children[EXIF]
    left = {tag: entry for tag, entry in details.entries.items() if tag not in _SUBJECT_PLACES}
    return replace(tags, children={**tags.children, EXIF: replace(details, entries=left)})


_SUBJECT_PLACES = (37396, 41492)
"""SubjectArea and SubjectLocation, pixels of the whole photo."""


def photoshop_of(page: Page) -> bytes | None:
    """The photo's Photoshop resources that are true of the result."""
    resources = page.photo.metadata.photoshop
    if resources is None or not page.reframed:
        return resources
    return without_paths(resources) or None


def with_color_space(descriptive_tags: Directory, space: RgbSpace) -> Directory:
    """With EXIF's colour space: sRGB, or that of the profile."""
    if EXIF not in descriptive_tags.children:
        return descriptive_tags
    if space is SRGB:
        descriptive_tags = _without_other_space(descriptive_tags)
    return _with_details(descriptive_tags, {COLOR_SPACE: _color_space(space)})


def _without_other_space(descriptive_tags: Directory) -> Directory:
    """Without the directory of interoperability where that stands for Adobe RGB (DCF, R03)."""
    details = descriptive_tags.children[EXIF]
    index = details.children.get(INTEROPERABILITY, Directory({})).entries.get(_INDEX)
    if index is None or not index.data.startswith(b"R03"):
        return descriptive_tags
    left = {tag: child for tag, child in details.children.items() if tag != INTEROPERABILITY}
    details = replace(details, children=left)
    return replace(descriptive_tags, children={**descriptive_tags.children, EXIF: details})


_INDEX = 1


def _with_details(descriptive_tags: Directory, entries: dict[int, Entry]) -> Directory:
    """With these in the directory of EXIF's own."""
    details = descriptive_tags.children[EXIF]
    details = replace(details, entries={**details.entries, **entries})
    return replace(descriptive_tags, children={**descriptive_tags.children, EXIF: details})


def _color_space(space: RgbSpace) -> Entry:
    return Entry.short(_SRGB if space is SRGB else _BY_PROFILE)


_SRGB, _BY_PROFILE = 1, 65535


def tags_of_one_page(page: Page, xmp: bytes | None) -> dict[int, Entry]:
    """What may differ between the pages of a TIFF. xmp: the page's, as it is written."""
    packet = {} if xmp is None else {XMP: Entry(1, len(xmp), xmp)}
    return {**_turn_and_resolution(page), **packet}


def tiff_tags_of(page: Page) -> Directory:
    """What libvips does not write into a TIFF, or not whole."""
    metadata = page.photo.metadata
    descriptive_tags = with_color_space(descriptive_tags_of(page), page.coding.space)
    blocks = {IPTC: metadata.iptc, PHOTOSHOP: photoshop_of(page)}
    entries = {tag: Entry(7, len(data), data) for tag, data in blocks.items() if data is not None}
    return Directory({**descriptive_tags.entries, **entries}, descriptive_tags.children)


def profile_of(page: Page) -> bytes | None:
    """The ICC profile of what is written; None for grey without a profile."""
    photo = page.photo
    if not page.colored and not photo.converted_to_srgb and page.coding.space is photo.space:
        return photo.profile
    if photo.profile is None or photo.converted_to_srgb or page.coding.space is not photo.space:
        return srgb_profile()
    if is_gray(photo.profile):
        return rgb_profile_for_gray(photo.profile)
    return photo.profile
