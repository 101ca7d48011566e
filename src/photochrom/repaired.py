"""Repair one photo: find its damage, fill it, stretch its tones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from photochrom.crops import Crop
from photochrom.errors import PhotoError
from photochrom.models.inpainting import load_inpainter
from photochrom.options import SaveOptions
from photochrom.photo import Kind, Photo, PhotoLike, as_photo
from photochrom.photo.strips import Coding, Pixels
from photochrom.restoration.detection import DamageLikelihood
from photochrom.restoration.filling import Filling
from photochrom.restoration.levels import Levels, levels_of, stretched
from photochrom.restoration.mask import (
    DamageMask,
    difference,
    mask_of_picture,
    reduced,
    thin_part,
    union,
)
from photochrom.restoration.mending import mended
from photochrom.restoration.options import WIDEST_DAMAGE, RepairKeywords, RepairOptions
from photochrom.restoration.strokes import DamageStroke, corrected, painted
from photochrom.writable import Writable


@dataclass(frozen=True, eq=False)
class RepairedPhoto(Writable):
    """A photo whose damage is filled while it is read.

    Attributes
    ----------
    photo : Photo
        The repaired photo, to be coloured or written; only damaged pixels differ from the original,
        unless tones are stretched.
    damage : DamageMask
        All damage that was found, or that the given mask shows.
    mended : DamageMask
        The part of it that is filled; the rest is wider than `RepairOptions.max_width`, and too
        large for a model, or there is none.
    levels : Levels or None
        How tones are stretched; None where they are not.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.repair("photo.jpg").save("repaired.png")
    PosixPath('repaired.png')
    """

    photo: Photo
    damage: DamageMask
    mended: DamageMask
    levels: Levels | None
    model = None
    _colored = False

    def _coding(self, file_format: Kind, saving: SaveOptions) -> Coding:  # noqa: ARG002
        """The photo's own codes; no repair converts them."""
        photo = self.photo
        lost = photo.dtype not in file_format.depths
        if lost or (photo.profile is not None and not file_format.profile):
            what = f"{8 * photo.dtype.itemsize}-bit codes" if lost else "ICC profile"
            name = file_format.name
            raise PhotoError(
                photo.name,
                f"cannot be repaired into a {name} file, which does not hold its {what}",
                "write a TIFF or PNG",
            )
        return Coding(photo.space, photo.dtype)

    def _strips(self, coding: Coding, part: Crop | None = None) -> Iterator[Pixels]:  # noqa: ARG002
        fetch = self.photo.strips()
        for top, rows in self.photo.plan.spans():
            strip = fetch(top, rows)
            if part is None:
                yield strip
                continue
            first, last = max(top, part.top), min(top + rows, part.top + part.height)
            if first < last:
                columns = slice(part.left, part.left + part.width)
                yield strip[first - top : last - top, columns]

    def damage_picture(self, longest: int | None = None) -> Pixels:
        """A picture of the damage.

        Parameters
        ----------
        longest
            The long side of a reduced picture, pixels; None for the photo's own size. A pixel of it
            is white where any pixel of the photo under it is damaged.

        Returns
        -------
        numpy.ndarray
            (H, W), uint8, upright: 255 where the photo is damaged, else 0.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.repair("photo.jpg").damage_picture().shape
        (300, 451)
        """
        height, width = self.damage.height, self.damage.width
        scale = (longest or max(height, width)) / max(height, width)
        picture = (
            self.damage.picture()
            if scale >= 1
            else reduced(self.damage, *(max(1, round(side * scale)) for side in (height, width)))
        )
        return np.ascontiguousarray(self.photo.turn.apply(picture))


def find_damage(photo: PhotoLike, sensitivity: float = RepairOptions.sensitivity) -> DamageMask:
    """Find dust, hairs, scratches and creases on a photo.

    Parameters
    ----------
    photo
        As for `Colorizer.colorize`.
    sensitivity
        0 (only what is certain) to 1 (what may be damage, too).

    Returns
    -------
    DamageMask
        Which pixels are damaged, in the photo's stored orientation.

    Raises
    ------
    PhotoError
        The photo cannot be read.
    ConfigError
        The sensitivity is out of range.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.find_damage("photo.jpg").share < 0.01
    True
    """
    options = RepairOptions(sensitivity=sensitivity)
    return DamageLikelihood.of(as_photo(photo)).mask(options.sensitivity)


def repair(
    photo: PhotoLike, options: RepairOptions | None = None, **keywords: Unpack[RepairKeywords]
) -> RepairedPhoto:
    """Repair a photo: fill thin damage from its surroundings, and change no other pixel.

    With `inpainter`, a model fills wide damage, too.

    Parameters
    ----------
    photo
        As for `Colorizer.colorize`.
    options
        What counts as damage, and what is done about it.
    **keywords
        Single fields of `RepairOptions`, which override those of `options`.

    Returns
    -------
    RepairedPhoto
        Its `photo` can be coloured and written like any other.

    Raises
    ------
    PhotoError
        The photo or the mask cannot be read, or they differ in size.
    ModelError
        The inpainting model is not on this machine, or fails.
    ConfigError
        An option is out of range.

    Examples
    --------
    >>> import photochrom
    >>> repaired = photochrom.repair("photo.jpg", sensitivity=0.3)
    >>> photochrom.colorize(repaired.photo)
    <Result of photo.jpg, 451 x 300, by photochrom>
    """
    opened, resolved = as_photo(photo), RepairOptions.of(options, keywords)
    if resolved.inpainter is not None:
        load_inpainter(resolved.inpainter)  # before the search, which takes longer
    return repair_damage(opened, _damage_of(opened, resolved), resolved)


def repair_damage(
    photo: Photo, found: DamageMask, options: RepairOptions, strokes: Sequence[DamageStroke] = ()
) -> RepairedPhoto:
    """Repair a photo whose damage is known; its sensitivity and mask are only recorded.

    strokes: correct what was found. What they paint is filled up to `WIDEST_DAMAGE` pixels wide.
    Raises PhotoError where tones are stretched and the photo cannot be read, ModelError for an
    inpainting model that is missing or fails.
    """
    damage = corrected(found, strokes, photo)
    filled = _thin(damage, strokes, photo, options)
    wide = difference(damage, filled)
    record = _record(filled, wide, options, strokes)
    if options.inpainter is None:
        note = _note(wide, f"damaged more than {options.max_width} pixels wide")
        result = mended(photo, damage, filled, record, note)
    else:
        result = mended(photo, damage, filled, record)
        model = load_inpainter(options.inpainter)
        filling = Filling.of(result, wide, model)
        by_model = filling.mask(photo.width, photo.height)
        filled, wide = union(filled, by_model), difference(wide, by_model)
        note = _note(wide, f"in pieces of damage too large for {model.name}")
        result = filling.applied(result, _record_of_model(model.name, by_model, wide), note)
    levels = levels_of(result) if options.levels else None
    return RepairedPhoto(
        result if levels is None else stretched(result, levels), damage, filled, levels
    )


def _thin(
    damage: DamageMask, strokes: Sequence[DamageStroke], photo: Photo, options: RepairOptions
) -> DamageMask:
    """The damage that is filled from its surroundings."""
    if not strokes:
        return thin_part(damage, options.max_width)
    by_hand = painted(strokes, photo)
    wider = thin_part(damage, WIDEST_DAMAGE)
    wider = difference(wider, difference(wider, by_hand))
    return union(thin_part(difference(damage, by_hand), options.max_width), wider)


def _note(left: DamageMask, what: str) -> str | None:
    if not left.share:
        return None
    return f"{left.share:.2%} of its pixels are {what}, and stay as they are"


def _damage_of(photo: Photo, options: RepairOptions) -> DamageMask:
    if options.mask is not None:
        return mask_of_picture(as_photo(options.mask), photo)
    return DamageLikelihood.of(photo).mask(options.sensitivity)


def _record(
    thin: DamageMask, wide: DamageMask, options: RepairOptions, strokes: Sequence[DamageStroke]
) -> str:
    source = "a given mask" if options.mask is not None else f"sensitivity {options.sensitivity:g}"
    source += ", corrected by hand" if strokes else ""
    left = f"; wider and left as it is: {wide.share:.4%}" if options.inpainter is None else ""
    return (
        f"damage filled: {thin.share:.4%} of the pixels; {source}, at most {options.max_width} "
        f"pixels wide{left}"
    )


def _record_of_model(name: str, filled: DamageMask, left: DamageMask) -> str:
    return (
        f"wider damage filled by {name}: {filled.share:.4%} of the pixels; left as it is: "
        f"{left.share:.4%}"
    )
