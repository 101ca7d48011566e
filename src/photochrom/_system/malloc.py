"""Return freed memory to the system, since photos of different sizes fragment it."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def trim_memory() -> None:
    """Return free memory to the system, in some milliseconds; without glibc, do nothing."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):  # of another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
