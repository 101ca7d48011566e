"""What stops a release."""

from __future__ import annotations

from photochrom.errors import PhotochromError


class ReleaseError(PhotochromError):
    """Something is wrong with what is to be released: the file, the fault, the remedy."""
