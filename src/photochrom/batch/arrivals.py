"""Which photos of watched folders are new or changed, and completely written."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from photochrom.batch.planning import NOTHING
from photochrom.batch.tree import Entry, EntryKind

_OLD_S = 60.0
"""A file whose last change is older, in seconds, is whole at first sight, as one that was moved
in is. More than the clocks of a file server and of this machine may differ."""

Status = tuple[int, int]
"""A file's size in bytes and its time of modification in ns; `NOTHING` where it does not exist."""


@dataclass(frozen=True)
class Arrival:
    """An entry of a folder that is new or has changed.

    root: the folder. status: of the entry, when it was found. since: when it was found with this
    status, seconds of the clock.
    """

    root: Path
    entry: Entry
    status: Status
    since: float

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.root / self.entry.path

    @property
    def is_empty(self) -> bool:
        """Whether it is a photo of no bytes, such as a browser makes before a download."""
        return self.entry.kind is EntryKind.PHOTO and self.status[0] == 0


class Arrivals:
    """The arrivals of folders: found by listings, and given out once when they are whole.

    A file is whole when its size and time have not changed for a while, or when its time is old.
    An empty photo is not whole. A file that has been given out is given out again when its size or
    time changes. What is remembered grows with the number of files.
    """

    def __init__(
        self,
        settle_s: float,
        status_of: Callable[[Path], Status],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin with nothing known.

        settle_s: seconds for which a whole file has not changed. status_of: the status of a path.
        clock: seconds that only grow. wall_clock: seconds since 1970, as files' times.
        """
        self._settle_s, self._status_of = settle_s, status_of
        self._clock, self._wall_clock = clock, wall_clock
        self._waiting: dict[Path, Arrival] = {}
        self._given: dict[Path, dict[str, Status]] = {}

    @property
    def waiting(self) -> list[Arrival]:
        """The arrivals that are not given out yet."""
        return list(self._waiting.values())

    def listed(self, root: Path, entries: Iterable[Entry]) -> tuple[int, list[Arrival]]:
        """Compare all entries of a folder with what is known of it.

        Returns the number of new or changed entries, and the arrivals that went away.
        """
        given, here, found = self._given.get(root, {}), dict[str, Status](), 0
        for entry in entries:
            path = root / entry.path
            status = self._status_of(path)
            if status == NOTHING:
                continue
            here[entry.path] = status
            known = self._waiting.get(path)
            if given.get(entry.path) == status:
                self._waiting.pop(path, None)
            elif known is None or known.status != status:
                found += known is None
                self._waiting[path] = Arrival(root, entry, status, self._clock())
        self._given[root] = {name: status for name, status in given.items() if name in here}
        gone = [
            arrival
            for arrival in self.waiting
            if arrival.root == root and arrival.entry.path not in here
        ]
        for arrival in gone:
            del self._waiting[arrival.path]
        return found, gone

    def whole(self, roots: Collection[Path]) -> tuple[list[Arrival], list[Arrival]]:
        """Give out the arrivals in these folders that are whole; also returns those that went away.

        roots: the folders that can be read; what is in others stays as it is.
        """
        whole, gone = [], []
        for path, arrival in list(self._waiting.items()):
            if arrival.root not in roots:
                continue
            status, now = self._status_of(path), self._clock()
            if status == NOTHING:
                gone.append(arrival)
                del self._waiting[path]
            elif status != arrival.status:
                self._waiting[path] = Arrival(arrival.root, arrival.entry, status, now)
            elif not arrival.is_empty and self._is_settled(arrival, now):
                whole.append(arrival)
                del self._waiting[path]
                self._given[arrival.root][arrival.entry.path] = status
        return whole, gone

    def _is_settled(self, arrival: Arrival, now: float) -> bool:
        age = self._wall_clock() - arrival.status[1] / 1e9
        return age >= _OLD_S or now - arrival.since >= self._settle_s

    def read(self, root: Path, name: str, status: Status) -> None:
        """Note the status that a file which was given out had when it was read."""
        if name in self._given[root]:
            self._given[root][name] = status

    def forget(self, root: Path, name: str) -> None:
        """Forget that a file was given out, so that it is new when it is listed again."""
        self._given[root].pop(name, None)
