"""Which TIFF samples become a photograph here; all others are refused by their right name."""

from __future__ import annotations

from photochrom.errors import PhotoError
from photochrom.photo.tiff.layout import (
    BITS,
    BLACK_IS_ZERO,
    CIELAB,
    COLOR_MAP,
    COMPRESSION,
    FILL_ORDER,
    FLOATS,
    ICC_LAB,
    INK_SET,
    ITU_LAB,
    JPEG,
    OLD_JPEG,
    PALETTE,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    RGB,
    SAMPLE_FORMAT,
    SAMPLES,
    SEPARATED,
    SIGNED,
    UNDEFINED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Layout,
)
from photochrom.photo.tiff.tags import Directory

_GRAYS = frozenset({WHITE_IS_ZERO, BLACK_IS_ZERO})
LABS = frozenset({CIELAB, ICC_LAB})
_KNOWN = _GRAYS | LABS | {RGB, PALETTE, SEPARATED, YCBCR}
_LOG_LUV = frozenset({32844, 32845})
_ESSENTIAL = frozenset({
    BITS, COMPRESSION, FILL_ORDER, PHOTOMETRIC, PLANAR, PREDICTOR, SAMPLE_FORMAT, SAMPLES
})  # fmt: skip
_MOST_EXTRA = 4
"""Samples beside the colours; with more it is a measurement, of which one cannot leave out most."""
_EIGHT_OR_SIXTEEN = "save it with 8 or 16 bit"


def check_readable(directory: Directory, name: str) -> None:
    """Raise PhotoError where a tag that says how pixels are stored is there, but not its value.

    Without it, the picture would be read by the tag's default, and be another.
    """
    if directory.unreadable & _ESSENTIAL:
        raise PhotoError(
            name, "damaged, its directory is not whole", "copy it again from its source"
        )


def check_supported(layout: Layout, name: str) -> None:
    """Raise PhotoError for samples that no way here makes a photograph of, by their right name."""
    problem = _unsupported_samples(layout) or _unsupported_colors(layout)
    if problem is not None:
        remedy = _EIGHT_OR_SIXTEEN if problem[1] else "save it as grey or RGB"
        raise PhotoError(name, f"{problem[0]} not supported", remedy)
    if layout.photometric == PALETTE and not any(layout.numbers(COLOR_MAP)):
        raise PhotoError(name, "damaged, its palette is empty", "copy it again from its source")


def _unsupported_samples(layout: Layout) -> tuple[str, bool] | None:
    kind, bits = layout.sample_format, layout.bits
    if layout.compression == OLD_JPEG:
        return None
    if bits == 0:
        return "samples of different depths are", True
    if kind == SIGNED and layout.photometric not in LABS:
        return f"signed integers of {bits} bit, which do not say where black is, are", True
    if kind not in (UNSIGNED, SIGNED, FLOATS, UNDEFINED):
        return "complex numbers are", True
    if kind == FLOATS and bits not in (16, 32, 64):
        return f"floats of {bits} bit are", True
    if kind != FLOATS and bits > 32:
        return f"integers of {bits} bit are", True
    return None


def _unsupported_colors(layout: Layout) -> tuple[str, bool] | None:
    photometric, bits = layout.photometric, layout.bits
    if photometric == ITU_LAB:
        return "ITU Lab colours are", False
    if photometric not in _KNOWN | _LOG_LUV:
        return f"colours of TIFF's kind {photometric} are", False
    if photometric == SEPARATED and layout.number(INK_SET, 1) != 1:
        return "inks other than CMYK are", False
    if photometric in LABS and (bits not in (8, 16) or layout.sample_format == FLOATS):
        return f"Lab colours of {bits} bit are", True
    if photometric == PALETTE and (bits > 8 or layout.sample_format == FLOATS):
        return f"a palette of {bits} bit is", True
    if photometric == YCBCR and layout.compression not in (JPEG, OLD_JPEG):
        across, down = layout.subsampling
        if bits != 8 or layout.planar or not {across, down} <= {1, 2, 4}:
            return f"YCbCr of {bits} bit in this arrangement is", False
    if layout.samples - layout.colors > _MOST_EXTRA:
        return f"{layout.samples} bands are", False
    return None


def libvips_knows(layout: Layout) -> bool:
    """Whether libvips reads samples of this type right."""
    bits, single = layout.bits, layout.samples == 1
    if layout.tiled and layout.planar:
        return False
    if layout.photometric == YCBCR:
        return layout.compression == JPEG
    if layout.sample_format == FLOATS:
        return bits in (16, 32)
    if layout.photometric in _GRAYS and single:
        return bits in (1, 2, 4, 8, 16, 32)
    if layout.photometric == PALETTE:
        return bits == 8 or (bits in (1, 2, 4) and single)
    if layout.photometric == SEPARATED:
        return bits in (8, 16)
    return bits in (8, 16, 32)
