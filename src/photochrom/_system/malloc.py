"""Return freed memory to the system: photos of all sizes leave holes between them."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def trim_memory() -> None:
    """Have glibc return what is free to the system, in some milliseconds; elsewhere, do nothing."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):  # of another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
