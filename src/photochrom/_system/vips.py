"""libvips, set up as all of Photochrom needs it; imported from here and nowhere else.

The set-up is one of the whole process, so importing `photochrom.photo` changes three things for a
program that uses libvips itself: libvips caches no operations, it prints no warnings (nor do
processes that are started from here), and pyvips no longer hands them to Python's logging.
"""

from __future__ import annotations

import errno
import os
import re

os.environ.setdefault("VIPS_WARNING", "0")  # libvips's word for: print no warnings
import pyvips as pyvips

pyvips.cache_set_max(0)  # a cached operation would keep whole strips, and hide changed files
# pyvips hands libvips's warnings to Python's logging. While it does, Python may collect garbage, an
# image among it may warn in turn, and GLib ends the process on a warning inside a warning.
pyvips._remove_log_handler()


def fault_of(error: pyvips.Error) -> str:
    """The first line of what libvips says of a fault."""
    lines = str(error.detail or error.message).strip().splitlines()
    return lines[0] if lines else "unknown fault"


def forget_faults() -> None:
    """Empty libvips's list of faults, where lenient readers leave what they pass over.

    `fault_of` gives the first of the list, which would be one of a file read long ago.
    """
    pyvips.vips_lib.vips_error_clear()


def system_error_of(error: pyvips.Error) -> OSError | None:
    """The operating system's error that libvips names in a fault; None where it names none."""
    match = re.search(r"(?:system|unix) error: (.+)", str(error.detail or error.message))
    codes = {os.strerror(code): code for code in errno.errorcode}
    if match is None or match[1] not in codes:
        return None
    return OSError(codes[match[1]], match[1])


def block_untrusted() -> None:
    """Let libvips use no loader that is not safe with hostile files, in the whole process.

    Photochrom names its loaders, so that it cannot come to others; this is for what it does not
    foresee. Of the process alone that is Photochrom's own: a program that imports it may need them.
    """
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoadSvg", False)  # draws our own legends; photos never
