"""Forked processes: a child has its parent's memory, but of its threads only the one that forked.

Whoever waits there for another thread, of libvips or of ONNX Runtime, waits for ever.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from photochrom.errors import PhotochromError


def forked_error() -> PhotochromError:
    """The error for a forked child that would wait for threads of its parent's."""
    return PhotochromError(
        "this process",
        "was forked after photos had been opened, and lacks the threads that colour them",
        'start it with multiprocessing.get_context("spawn"), or before the first photo is opened',
    )


class LibraryThreads:
    """Whether the threads that a library keeps are those of this process.

    A library counts on them from its first use on. So a child that is forked later cannot use it.
    """

    def __init__(self) -> None:
        self._in_use = self._lost = False
        _in_every_child(self._note_fork)

    def use(self) -> None:
        """Note that the library is used; raise PhotochromError where its threads are missing."""
        if self._lost:
            raise forked_error()
        self._in_use = True

    def _note_fork(self) -> None:
        self._lost = self._in_use


def keep_in_children(thing: object) -> None:
    """Never destroy an object in a forked child: for one whose destructor waits for its threads."""
    _kept.add(thing)


def _in_every_child(work: Callable[[], None]) -> None:
    if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
        os.register_at_fork(after_in_child=work)


def _keep() -> None:
    for thing in _kept:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))  # outlives even the interpreter's end


_kept: WeakSet[Any] = WeakSet()
_in_every_child(_keep)
