"""What a client has open on the server: its folder, who uses it, and when it expires."""

from __future__ import annotations

import math
import secrets
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from photochrom.server.problems import RefusedError
from photochrom.server.settings import Settings

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


S = TypeVar("S", bound=Leased)


class LeasedStore(ABC, Generic[S]):
    """All photos, or all films, that are open on a server; thread-safe.

    what: in messages, "photo" or "film".
    """

    def __init__(self, folder: Path, settings: Settings, what: str) -> None:
        self.folder, self.settings, self._what = folder, settings, what
        self.lock = threading.Lock()
        self.open: OrderedDict[str, S] = OrderedDict()
        """By id, the most recently used last."""
        self._arriving = 0

    def __len__(self) -> int:
        return len(self.open)

    @property
    def count(self) -> int:
        """How many are open or arrive."""
        return len(self.open) + self._arriving

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A new folder for what arrives, with a name that nobody can guess.

        The caller removes it where that fails. Raises RefusedError, 429, where there is no room.
        """
        yielded: list[S] = []
        try:
            with self.lock:
                self.make_room(yielded)
                self._arriving += 1
        finally:
            for session in yielded:
                session.close()
        folder = self.folder / secrets.token_urlsafe(16)
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            with self.lock:
                self._arriving -= 1

    @abstractmethod
    def make_room(self, yielded: list[S]) -> None:
        """Move what yields to the next one out of `open` into a list; raises RefusedError, 429."""

    def lease(self, session: S, lease_s: float | None) -> None:
        """Give a new session its lifetime without a request, at most the server's own."""
        session.lifetime_s = self.settings.session_s
        if lease_s is not None:
            session.lease(min(lease_s, self.settings.session_s))

    def renew(self, names: Sequence[str], seconds: float) -> dict[str, float]:
        """Let sessions live so long without a request, at most the server's own time.

        Returns the lifetimes of those that are there, by id. It does not count as a use.
        """
        lifetime = min(seconds, self.settings.session_s)
        with self.lock:
            there = [name for name in names if name in self.open]
            for name in there:
                self.open[name].lease(lifetime)
        return dict.fromkeys(there, lifetime)

    def add(self, session: S) -> None:
        """Make a session available to `get`."""
        with self.lock:
            self.open[session.id] = session

    def get(self, name: str) -> S:
        """A session by its id, then the most recently used; raises RefusedError, 404."""
        with self.lock:
            session = self.open.get(name)
            if session is None:
                raise not_found(self._what)
            session.touch()
            self.open.move_to_end(name)
        return session

    def remove(self, name: str) -> None:
        """Delete a session; raises RefusedError, 404."""
        with self.lock:
            session = self.open.pop(name, None)
        if session is None:
            raise not_found(self._what)
        session.close()

    def expire(self) -> None:
        """Delete sessions that had no request or renewal for their lifetime."""
        for name, session in list(self.open.items()):
            if session.expired:
                with suppress(RefusedError):  # another thread was faster
                    self.remove(name)
