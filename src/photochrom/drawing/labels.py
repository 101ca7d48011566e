"""Text labels in pictures: a few letters and all digits, drawn as strokes.

libvips draws text with the fonts of the machine, and boxes where it has none; these strokes look
the same everywhere.
"""

from __future__ import annotations

import numpy as np

from photochrom._system.vips import pyvips, use_libvips
from photochrom.color.lab import Array

TOP, BOTTOM = -1.0, 14.5
"""Top and bottom of a line of text, in the units of the strokes; the baseline is at 10."""
STROKE = 1.4
SPACE = 3.5
GAP = 2.4
"""Space between two letters."""

_LETTERS: dict[str, tuple[float, str]] = {
    "0": (6, "M3 0C5 0 6 2 6 5S5 10 3 10 0 8 0 5 1 0 3 0Z"),
    "1": (4, "M.5 2 3 0V10"),
    "2": (6, "M.2 2.7C.2 1 1.4 0 3 0S5.8 1 5.8 2.7C5.8 4.5 4 6 0 10H6"),
    "3": (6, "M.4 1.5C1 .5 2 0 3 0 4.6 0 5.6 1 5.6 2.4S4.6 4.7 2.6 4.7C4.8 4.7 6 5.7 6 7.3"
          "S4.7 10 3 10C1.7 10 .7 9.4 0 8.4"),
    "4": (6, "M4.5 10V0L0 7H6"),
    "5": (6, "M5.4 0H1L.6 4.6C1.3 4 2.1 3.7 3 3.7 4.8 3.7 6 5 6 6.8 6 8.7 4.7 10 2.9 10"
          " 1.7 10 .7 9.5 0 8.6"),
    "6": (6, "M5.2.9C4.7.3 4 0 3.3 0 1.2 0 0 2 0 5.4 0 8.6 1.2 10 3 10S6 8.7 6 6.9 4.8 3.9 3.1 3.9"
          "C1.7 3.9.6 4.7.1 6"),
    "7": (6, "M0 0H6L2.2 10"),
    "8": (6, "M3 4.7C1.4 4.7.5 3.7.5 2.4S1.5 0 3 0 5.5 1 5.5 2.4 4.6 4.7 3 4.7C1.2 4.7 0 5.8 0 7.3"
          "S1.2 10 3 10 6 8.8 6 7.3 4.8 4.7 3 4.7Z"),
    "9": (6, "M.8 9.1C1.3 9.7 2 10 2.7 10 4.8 10 6 8 6 4.6 6 1.4 4.8 0 3 0S0 1.3 0 3.1"
          " 1.2 6.1 2.9 6.1C4.3 6.1 5.4 5.3 5.9 4"),
    "a": (5, "M5 4V10M5 7C5 5.2 4 4 2.5 4S0 5.2 0 7 1 10 2.5 10 5 8.8 5 7"),
    "e": (5, "M0 7H5C5 5.2 4 4 2.5 4S0 5.2 0 7 1 10 2.6 10C3.6 10 4.4 9.6 4.8 8.8"),
    "g": (5, "M5 4V11C5 12.4 4 13.2 2.6 13.2 1.6 13.2.8 12.9.3 12.3M5 7C5 5.2 4 4 2.5 4"
          "S0 5.2 0 7 1 10 2.5 10 5 8.8 5 7"),
    "r": (3, "M0 4V10M0 6.8C.2 5 1.3 4 3 4.1"),
    "s": (4.4, "M4.2 4.9C3.8 4.3 3 4 2.2 4 1 4 .2 4.6.2 5.5.2 7.6 4.4 6.3 4.4 8.4"
          " 4.4 9.4 3.4 10 2.2 10 1.2 10 .4 9.7 0 9"),
    "u": (5, "M0 4V7.6C0 9.2.9 10 2.3 10 3.9 10 5 9 5 7.4M5 4V10"),
    "y": (5, "M0 4 2.6 10M5 4 2.3 11.4C1.9 12.6 1.3 13.2.2 13.1"),
}  # fmt: skip
"""Width and SVG path of each letter; x-height and baseline are at 4 and 10."""


def lettered(text: str, height: int) -> Array:
    """Draw a line of text.

    text: digits, spaces and the letters of `_LETTERS`.
    height: of the line, pixels, descenders included.
    Returns (height, W), the coverage of each pixel by strokes, 0..1.
    """
    left, paths = GAP / 2, []
    for letter in text:
        if letter == " ":
            left += SPACE
            continue
        width, path = _LETTERS[letter]
        paths.append(f'<path transform="translate({left:g} 0)" d="{path}"/>')
        left += width + GAP
    width = left - GAP / 2
    pixels = max(1, round(width * height / (BOTTOM - TOP)))
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{height}" '
        f'viewBox="0 {TOP:g} {width:g} {BOTTOM - TOP:g}" preserveAspectRatio="none">'
        f'<g fill="none" stroke="black" stroke-width="{STROKE:g}" stroke-linecap="round" '
        f'stroke-linejoin="round">{"".join(paths)}</g></svg>'
    )
    use_libvips()
    alpha = pyvips.Image.svgload_buffer(drawing.encode())[3].numpy()
    return alpha.astype(np.float32) / 255
