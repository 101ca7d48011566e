"""The last few results of one computation."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from photochrom._system.vips import use_libvips

T = TypeVar("T")

CACHE_SIZE = 4
"""Entries of a cache; a person goes back and forth between few settings."""


class Cache:
    """The last few results of one computation, by key; thread-safe.

    Two threads may compute the same result at the same time; each then returns its own.
    """

    def __init__(self, size: int = CACHE_SIZE) -> None:
        """Begin empty; size: entries that are kept, the most recently used ones."""
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result for `key`; `compute` makes it where it is not cached.

        Raises PhotochromError in a process that was forked after the photo was opened: there a
        thread of the parent may hold the lock for ever.
        """
        use_libvips()
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return cast(T, self._results[key])
        result = compute()
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result
