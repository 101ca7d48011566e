"""Freed memory stays with the process: the next step allocates the same again."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of glibc's mallopt, from malloc.h."""


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory instead of giving it back to the system.

    Activations of tens of megabytes are otherwise mapped anew and filled with zeros page by page at
    every step, which costs a CPU a fifth of its training speed. Returns whether it took effect:
    only with glibc, on Linux.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))
