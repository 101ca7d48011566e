"""libvips, set up as all of Photochrom needs it; imported from here and nowhere else.

The set-up is one of the whole process, so importing `photochrom.photo` changes four things for a
program that uses libvips itself: libvips caches no operations, it prints no warnings (nor do
processes that are started from here), pyvips no longer hands them to Python's logging, and libvips
has no more threads than this process has CPUs (VIPS_CONCURRENCY counts before that).
"""

from __future__ import annotations

import errno
import os
import re

os.environ.setdefault("VIPS_WARNING", "0")  # libvips prints no warnings, also in child processes
import pyvips as pyvips

from photochrom._system.cpus import available_cpus
from photochrom._system.fork import LibraryThreads

pyvips.cache_set_max(0)  # a cached operation would keep whole strips, and hide changed files
# pyvips hands libvips's warnings to Python's logging. While it does, Python may collect garbage, an
# image among it may warn in turn, and GLib ends the process on a warning inside a warning.
pyvips._remove_log_handler()
# libvips heeds VIPS_WARNING when pyvips is first imported, which the program may have done before.
# So GLib is given a function for warnings; as one that does nothing, of those that need no lock of
# Python's, a getter: it ignores the arguments.
_G_LOG_WARNING = 1 << 4
_does_nothing = pyvips.ffi.addressof(pyvips.vips_lib, "vips_cache_get_max")
pyvips.glib_lib.g_log_set_handler(
    b"VIPS", _G_LOG_WARNING, pyvips.ffi.cast("GLogFunc", _does_nothing), pyvips.ffi.NULL
)
if "VIPS_CONCURRENCY" not in os.environ:  # libvips itself sees no cgroup's quota
    pyvips.concurrency_set(min(pyvips.concurrency_get(), available_cpus()))

_threads = LibraryThreads()
use_libvips = _threads.use
"""Called before libvips is: raises PhotochromError in a process that was forked after it was."""


def fault_of(error: pyvips.Error) -> str:
    """The first line of libvips's message about a fault."""
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
    """Make libvips refuse loaders that are not safe with hostile files, in the whole process.

    Photochrom names its loaders, so that no others are called; this is a second barrier. Only the
    command, the server and workers call it: a program that imports Photochrom may need the loaders.
    """
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoadSvg", False)  # draws our own legends; photos never
