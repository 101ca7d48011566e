"""The library of Photochrom's C code, loaded where it was built.

It is built when Photochrom is installed, where a C compiler is found (`hatch_build.py`): the
arithmetic of `photochrom.pipeline` and the walk of `photochrom.photo.jpeg`. It knows nothing of
Python, so one build serves every version, and ctypes releases the interpreter's lock while it
works. Without it, or with PHOTOCHROM_KERNEL=numpy, other code does the same work.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

from photochrom.errors import ConfigError

VARIABLE = "PHOTOCHROM_KERNEL"
"""Environment variable: "numpy" keeps to NumPy, "native" refuses to work without the library."""

LIBRARY = (
    Path(__file__).parents[1]
    / "pipeline"
    / (
        {"win32": "full_size_kernel.dll", "darwin": "libfull_size.dylib"}.get(
            sys.platform, "libfull_size.so"
        )
    )
)
"""Where the build puts the library. Not `full_size.so`: Python would import that as a module."""

_VERSION = 4
"""Of the structs; a library that was built for other ones is not used."""


@cache
def library() -> ctypes.CDLL | None:
    """The loaded library; None where it was not built, or does not fit.

    Raises ConfigError where PHOTOCHROM_KERNEL has an unknown value, or demands the library and
    there is none.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", "numpy", "native"):
        raise ConfigError(VARIABLE, f"there is no kernel {wanted!r}", "set it to numpy or native")
    if wanted == "numpy":
        return None
    loaded = _loaded()
    if loaded is None and wanted == "native":
        raise ConfigError(
            VARIABLE,
            "the native kernel was not built",
            "install Photochrom again where there is a C compiler, or unset the variable",
        )
    return loaded


def _loaded() -> ctypes.CDLL | None:
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        version = loaded.photochrom_kernel_version
    except (OSError, AttributeError):
        return None
    version.restype = ctypes.c_int64
    return loaded if version() == _VERSION else None


def kernel_name() -> str:
    """Which code is used: "native" or "numpy"."""
    return "numpy" if library() is None else "native"
