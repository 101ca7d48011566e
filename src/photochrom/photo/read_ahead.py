"""Decoding at full size that begins while the network still works on the small copy."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import numpy as np

from photochrom.photo.formats import TIFF
from photochrom.photo.photo import Photo
from photochrom.photo.strips import FetchRows, Pixels, StripPlan

MOST_BYTES = 32 * 2**20
"""Decoded pixels that wait: those of 32 megapixels of 8 bit, grey."""


class _Ahead:
    """A pass over a photo's pixels whose first strips are decoded on a thread."""

    def __init__(self, fetch: FetchRows, plan: StripPlan, most: int) -> None:
        self._fetch = fetch
        self._pool = ThreadPoolExecutor(1)
        self._first = deque(self._pool.submit(fetch, *span) for span in plan.spans()[:most])

    def __call__(self, top: int, rows: int) -> Pixels:
        """The rows of the next strip of the plan."""
        if self._first:
            return self._first.popleft().result()
        return self._fetch(top, rows)

    def close(self) -> None:
        """Cancel what has not begun, and wait for the rest."""
        self._pool.shutdown(cancel_futures=True)


_passes: WeakKeyDictionary[Photo, _Ahead] = WeakKeyDictionary()


@contextmanager
def reading_ahead(photo: Photo) -> Iterator[None]:
    """Decode the photo's first strips on a thread, for `strips_of` within the block.

    Nothing is done for a photo that lies in memory as a whole once it is opened: it would lie there
    twice; nor for a TIFF, whose first pass finds out what of it cannot be decoded. Raises
    PhotoError where the file is damaged.
    """
    row = photo.width * photo.bands * photo.dtype.itemsize
    most = MOST_BYTES // (row * photo.plan.rows)
    if isinstance(photo.source, np.ndarray) or photo.whole or photo.kind is TIFF or not most:
        yield
        return
    ahead = _passes[photo] = _Ahead(photo.strips(), photo.plan, most)
    try:
        yield
    finally:
        _passes.pop(photo, None)
        ahead.close()


def strips_of(photo: Photo) -> FetchRows:
    """A pass over the strips of `photo.plan`; the one that was begun, where there is one."""
    return _passes.pop(photo, None) or photo.strips()


def rows_of(photo: Photo) -> FetchRows:
    """A pass over runs of rows of any length, each behind the one before; cut from `strips_of`."""
    fetch, spans = strips_of(photo), iter(photo.plan.spans())
    held = np.empty((0, photo.width, photo.bands), photo.dtype)

    def rows_from(_top: int, rows: int) -> Pixels:
        nonlocal held
        parts = [held]
        missing = rows - len(held)
        while missing > 0:
            parts.append(fetch(*next(spans)))
            missing -= len(parts[-1])
        held = np.concatenate(parts) if len(parts) > 1 else held
        wanted, held = held[:rows], held[rows:]
        return wanted

    return rows_from
