"""What a client has open on the server: its folder, who uses it, and when it expires."""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.server.problems import RefusedError

_LEASED_IDLE_S = 10.0
"""A session with a lease that has been idle for so long yields where all places are taken."""


class Leased:
    """A folder that stays until it is closed, or nobody has asked for it for its lifetime.

    what: in messages, "photo" or "film". The folder's name is its id.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self.id, self.folder, self._what = folder.name, folder, what
        self.lifetime_s = math.inf
        """It is deleted after so long without a request, or without a renewal."""
        self.leased = False
        """Whether its client asked for a lifetime, and so opens the file again where it must."""
        self.touched = self.used_at = 0.0
        """The last request or renewal, and the last request."""
        self.touch()
        self._use_lock = threading.Lock()
        self._users, self._closed = 0, False

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep the files while they are in use; raises RefusedError, 404, once it is closed."""
        with self._use_lock:
            if self._closed:
                raise not_found(self._what)
            self._users += 1
        try:
            yield
        finally:
            with self._use_lock:
                self._users -= 1
                self.touched = time.monotonic()
                last = self._closed and self._users == 0
            if last:
                shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def in_use(self) -> bool:
        """Whether something works with its files now."""
        return self._users > 0

    @property
    def overdue(self) -> bool:
        """Whether it had no request or renewal for its lifetime."""
        return time.monotonic() - self.touched > self.lifetime_s

    @property
    def expired(self) -> bool:
        """Whether it may be deleted."""
        return self.overdue and not self.in_use

    def lease(self, seconds: float) -> None:
        """Live so long without a request, from now on."""
        self.lifetime_s, self.leased, self.touched = seconds, True, time.monotonic()

    def touch(self) -> None:
        """Note a request."""
        self.touched = self.used_at = time.monotonic()

    def idle_for(self, least_s: float) -> float:
        """How much longer it must be idle to have been so for `least_s`, seconds; at most 0 then.

        One whose client asked for a lifetime need not be idle for long.
        """
        least = min(least_s, _LEASED_IDLE_S) if self.leased else least_s
        return least - (time.monotonic() - self.used_at)

    def close(self) -> None:
        """Take no more work; the files are removed once nothing uses them."""
        with self._use_lock:
            self._closed = True
            free = self._users == 0
        if free:
            shutil.rmtree(self.folder, ignore_errors=True)


def not_found(what: str) -> RefusedError:
    """The refusal of an id that nothing has."""
    return RefusedError(404, "not-found", f"there is no such {what} here, or it has expired")
