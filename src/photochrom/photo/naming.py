"""How results are named, and known again by their names."""

from __future__ import annotations

import re
from pathlib import PurePath

from photochrom.photo.formats import KINDS, RAW

COLORED = ".color"
"""What a coloured photo's name has before its suffix; a variant's number comes between them."""
VARIANTS = ".variants"
"""What the name of a sheet of variants has before its suffix."""
_IN_COLOR = {".pgm": ".ppm"} | {
    suffix: kind.becomes for kind in KINDS if not kind.written for suffix in kind.suffixes
}
"""Suffixes of files that cannot hold colours or are read only, and of their results."""
_RESULT = re.compile(rf"({re.escape(COLORED)}(\.\d+)?(-\d+)?|{re.escape(VARIANTS)})$")


def colored_name(path: str, suffix: str | None) -> str:
    """The name, or relative path, of a photo's result; suffix: None for the photo's own.

    A raw file keeps its suffix before that: cameras put a JPEG of the same name beside it.
    """
    own = PurePath(path).suffix
    stem = path if own.lower() in RAW.suffixes else path.removesuffix(own)
    return f"{stem}{COLORED}{suffix or _IN_COLOR.get(own.lower(), own)}"


def is_result(name: str) -> bool:
    """Whether a file's name is that of a result, which is not to be coloured again."""
    return _RESULT.search(PurePath(name).stem) is not None
