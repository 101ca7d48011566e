"""Grey JPEGs that were coloured reversibly: prove it, and take the colour away again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photochrom.errors import PhotoError
from photochrom.photo.file_access import foreseen_os_errors, opened
from photochrom.photo.jpeg.record import NotReversibleError, original
from photochrom.photo.photo import Photo

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_ROUNDED = 1.0
"""Codes by which luma computed from rounded RGB may be off."""
MOST_CLIPPED = 0.01
"""The share of pixels whose luma may be shown otherwise, where a decoder clips; in 512 photos of
all qualities it was 0.0003 at most."""


@dataclass(frozen=True)
class LumaReport:
    """What is kept of a grey JPEG in its reversible result.

    Parameters
    ----------
    input : str
        The name of the result.
    sha256 : str
        Of the grey file, which comes back byte for byte.
    original_bytes : int
        Its length.
    largest_difference : float
        Between the grey file's codes and the luma of the result as a decoder shows it, in 8-bit
        codes; rounding alone makes up to 1.
    share_beyond_rounding : float
        Share of pixels where it is more than that, 0..1: where a decoder clips.

    Examples
    --------
    >>> import photochrom
    >>> kept = photochrom.colorize("photo.jpg").save("kept.jpg", reversible=True)
    >>> photochrom.check_luma(kept).share_beyond_rounding
    0.0
    """

    input: str
    sha256: str
    original_bytes: int
    largest_difference: float
    share_beyond_rounding: float


def restore_original(colored: str | Path | bytes) -> bytes:
    """The grey JPEG that a reversible result was made of, byte for byte, without that file.

    Parameters
    ----------
    colored
        A path, or the bytes of a file, as `SaveOptions.reversible` makes them.

    Returns
    -------
    bytes
        The grey file.

    Raises
    ------
    PhotoError
        The file is no reversible result, or was changed since.

    Examples
    --------
    >>> import photochrom
    >>> from pathlib import Path
    >>> kept = photochrom.colorize("photo.jpg").encode(".jpg", reversible=True)
    >>> photochrom.restore_original(kept) == Path("photo.jpg").read_bytes()
    True
    """
    source = colored if isinstance(colored, bytes) else Path(colored)
    name = "the photo" if isinstance(source, bytes) else str(source)
    with foreseen_os_errors(name), opened(source) as file:
        data = file.read()
    try:
        return original(data)
    except NotReversibleError as error:
        raise PhotoError(
            name, f"the grey file cannot be restored: {error}", "use the grey file itself"
        ) from error


def check_luma(colored: str | Path | bytes, gray: str | Path | None = None) -> LumaReport:
    """Prove that a reversible result keeps the lightness of its grey JPEG.

    Parameters
    ----------
    colored
        The path of the result, or the bytes of the file.
    gray
        The path of the grey file, which is then compared byte for byte.

    Returns
    -------
    LumaReport
        What is kept, and how a decoder shows it.

    Raises
    ------
    PhotoError
        The file is no reversible result, was changed since, was made of another file, or shows
        another luma.

    Examples
    --------
    >>> import photochrom
    >>> kept = photochrom.colorize("photo.jpg").save("again.jpg", reversible=True)
    >>> photochrom.check_luma(kept, "photo.jpg").largest_difference <= 1
    True
    """
    restored = restore_original(colored)
    source = colored if isinstance(colored, bytes) else Path(colored)
    name = "the photo" if isinstance(source, bytes) else str(source)
    if gray is not None:
        with foreseen_os_errors(str(gray)):
            same = Path(gray).read_bytes() == restored
        if not same:
            raise PhotoError(
                name, f"was not made of {gray}", "name the grey file that it was made of"
            )
    shown, kept = Photo(source), Photo(restored, "the grey file")
    largest, beyond = _luma_differences(shown, kept)
    if shown.dtype != kept.dtype or beyond > MOST_CLIPPED:
        raise PhotoError(
            name,
            f"shows another luma than the grey file in {beyond:.1%} of its pixels",
            "colour the grey file again",
        )
    return LumaReport(name, hashlib.sha256(restored).hexdigest(), len(restored), largest, beyond)


def _luma_differences(colored: Photo, gray: Photo) -> tuple[float, float]:
    """The largest difference of luma, and the share of pixels beyond rounding."""
    largest, beyond = 0.0, 0
    fetch_colored, fetch_gray = colored.strips(), gray.strips()
    for top, rows in gray.plan.spans():
        luma = fetch_colored(top, rows) @ _LUMA
        difference = np.abs(luma - fetch_gray(top, rows)[..., 0])
        largest = max(largest, float(difference.max()))
        beyond += int((difference > _ROUNDED).sum())
    return largest, beyond / (gray.width * gray.height)
