"""A job that goes on: its folders are watched, and new photos are coloured when they are whole.

Reports of the system only say that something changed. What did is found by listing the folders and
comparing sizes and times, so that no report is needed for correctness: a lost one costs a minute.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from photochrom._system.mounts import is_remote
from photochrom.batch.arrivals import Arrival, Arrivals
from photochrom.batch.events import Events
from photochrom.batch.job import Job, Run, entries_of, running, status_of
from photochrom.batch.ledger import Record, State
from photochrom.batch.planning import NOTHING, earlier_outputs
from photochrom.batch.summary import Listener, Summary
from photochrom.batch.tree import Entry
from photochrom.batch.work import Outcome
from photochrom.batch.workers import Workers
from photochrom.errors import ConfigError, Option, Remedy
from photochrom.photo.naming import DEFAULT_NAME

DELETED = "deleted"
"""The reason of a photo that was deleted before it was coloured."""
GONE = "was deleted before it was coloured"
_FAULTS = 2
"""How often listening is tried again before folders are listed instead."""
_SWEEP_S = 60.0
"""Seconds after which folders are listed although nothing was reported."""
_TURN_S = 1.0
"""Seconds after which a watch looks whether its folders are still there."""
_LONGEST_S = 3600.0
_REST = 3
"""A watch rests so many times as long as its last listing took, so that listing a large tree again
and again takes a quarter of one core at most."""


@dataclass(frozen=True)
class WatchOptions:
    """How folders are watched.

    settle: seconds for which a file's size and time must not have changed before it is coloured;
    poll: list the folders every `settle` seconds, without waiting for the system's reports. That is
    done by itself where they lie on a network drive that is known as one.
    Raises ConfigError for a time that is not above 0, or above an hour.
    """

    settle: float = 2.0
    poll: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.settle <= _LONGEST_S:
            problem = f"must be above 0 and at most {_LONGEST_S:g} seconds"
            raise ConfigError(Option("settle", self.settle), problem)


class _WatchedRun(Run):
    """A run of a job whose photos come and go."""

    arrivals: Arrivals
    is_there: Callable[[Path], bool]
    first: set[Path]
    """Photos that were there when the watch began; of others what was known before is no news."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._failures: dict[Path, str] = {}

    def _settle(self, record: Record, outcome: Outcome) -> None:
        root = Path(self.roots[record.root])
        if outcome.state == "failed" and not os.path.lexists(root / record.path):
            self.arrivals.forget(root, record.path)
            if self.is_there(root):  # else its row says waiting until the folder is back
                self._deleted(record, outcome)
            return
        if outcome.size >= 0:
            self.arrivals.read(root, record.path, (outcome.size, outcome.modified))
        super()._settle(record, outcome)

    def _deleted(self, record: Record, outcome: Outcome) -> None:
        """Settle the row of a photo that is gone, so that it is coloured when it comes back."""
        row = replace(
            record,
            state=State.SKIPPED,
            size=-1,
            modified=-1,
            outputs=earlier_outputs(record, outcome),
            reason=DELETED,
            error=f"{self.source_of(record)}: {GONE}",
            at=time.time(),
        )
        self.ledger.settle(row)
        self._report(row, replace(outcome, state="skipped", reason=DELETED, fault=None))

    def _report_final(self, record: Record, new: bool) -> None:
        if new or self._path(record) in self.first:
            super()._report_final(record, new)

    def _report(self, record: Record, outcome: Outcome | None) -> None:
        """Report a photo; one that failed before counts by what became of it at last."""
        path = self._path(record)
        if outcome is None and record.state is State.DONE and path not in self.first:
            return
        self.first.discard(path)
        earlier = self._failures.pop(path, None)
        if earlier is not None:
            self.summary.failed -= 1
            self.summary.reasons -= Counter([earlier])
        if record.state is State.FAILED:
            self._failures[path] = record.reason or ""
        super()._report(record, outcome)

    def _path(self, record: Record) -> Path:
        return Path(self.roots[record.root]) / record.path


class Watch:
    """A job on folders that are watched: colours what is there, and then what is added or changed.

    summary: how many photos ended in which way, so far. left: after the end, photos that were found
    and not coloured.
    """

    def __init__(
        self,
        job: Job,
        listener: Listener | None = None,
        workers: Workers | None = None,
        options: WatchOptions | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare a watch.

        listener, workers: as for `run_job`. note: is called with a line about a folder that goes
        away or comes back, and about a file that was deleted before it was coloured.
        Raises ConfigError where results would be taken for new photos.
        """
        self.job, self.summary, self.left = job, Summary(), 0
        self._listener, self._workers, self._note = listener, workers, note
        self._options = options or WatchOptions()
        self._arrivals = Arrivals(self._options.settle, status_of)
        self._folders = [_Folder(Path(root), note) for root in job.roots]
        self._events = Events(job.recursive, [job.output] if self._is_apart() else [])
        self._polling = self._options.poll or any(map(is_remote, job.roots))
        self._ready: deque[Arrival] = deque()
        self._stopped = threading.Event()
        self._turn_s = min(_TURN_S, self._options.settle / 4)
        self._listing_s, self._listed_at, self._checked_at, self._faults = 0.0, 0.0, 0.0, 0
        if job.settings.name != DEFAULT_NAME and not self._is_apart():
            raise ConfigError(
                Option("name", job.settings.name),
                "gives results beside watched photos names that are taken for new photos",
                Remedy("name another folder by {}", Option("path")),
            )

    def _is_apart(self) -> bool:
        """Whether no watched folder is the folder of results or lies in it."""
        output = self.job.output.resolve()
        return not any(Path(root).resolve().is_relative_to(output) for root in self.job.roots)

    def stop(self) -> None:
        """End the watch when the photos under way have ended; may be called by any thread."""
        self._stopped.set()
        self._events.changed.set()

    def run(self) -> Summary:
        """Watch until `stop` is called or KeyboardInterrupt is raised, which is passed on.

        After both, `summary` and `left` tell what became of the photos. Raises as `run_job` does.
        """
        with running(self.job, self._listener, self._workers, _WatchedRun) as run:
            self.summary, run.arrivals, run.first = run.summary, self._arrivals, set()
            run.is_there = self._is_there
            try:
                self._list(run, first=True)
                run.first = {arrival.path for arrival in self._arrivals.waiting}
                self._listen()
                while not self._stopped.is_set():
                    self._look(run)
                    self._submit(run)
                    self._wait(run)
                while run.workers.tasks:
                    run.settle_ended()
            finally:
                self._events.stop()
                waiting = [item for item in self._arrivals.waiting if not item.is_empty]
                self.left = len(run.workers.tasks) + len(self._ready) + len(waiting)
        return self.summary

    def _is_there(self, root: Path) -> bool:
        return any(folder.path == root and folder.look() for folder in self._folders)

    def _listen(self) -> None:
        if not self._polling:
            self._events.listen([folder.path for folder in self._folders if folder.there])

    def _look(self, run: _WatchedRun) -> None:
        """See whether the folders are there, list them where that is due, take what is whole."""
        for folder in self._folders:
            folder.look()
        there = {folder.path for folder in self._folders if folder.there}
        renewed = [folder.take_renewed() for folder in self._folders]
        back = any(renewed)
        if back or self._events.lost:
            self._faults = 0
            self._listen()
        elif self._events.fault is not None:
            self._listen_again()
        reported = self._events.changed.is_set()
        rested = time.monotonic() - self._listed_at
        often = self._options.settle if self._polling else _SWEEP_S
        due = back or (rested >= _REST * self._listing_s and (reported or rested >= often))
        if due and self._list(run) and not (back or reported or self._polling):
            self._listen()  # as where a drive was mounted in a subfolder, which is not reported
        if time.monotonic() - self._checked_at >= self._turn_s / 2:
            whole, gone = self._arrivals.whole(there)
            self._ready.extend(whole)
            self._note_deleted(gone)
            self._checked_at = time.monotonic()

    def _listen_again(self) -> None:
        """Listen once more after a fault; after several, list the folders often instead."""
        self._faults += 1
        if self._faults <= _FAULTS:
            self._listen()
            return
        self._note(f"changes are not reported ({self._events.fault}); folders are listed instead")
        self._polling, self._events.fault = True, None

    def _list(self, run: _WatchedRun, *, first: bool = False) -> int:
        """List all folders that are there; returns how many files are new.

        first: raise ConfigError where one cannot be read, instead of waiting for it.
        """
        self._events.changed.clear()
        begun, found = time.monotonic(), 0
        for folder in self._folders:
            if not folder.there:
                continue
            try:
                new, gone = self._arrivals.listed(folder.path, entries_of(run.job, folder.path))
            except ConfigError:
                if first:
                    raise
                folder.look()
                continue
            found += new
            self._note_deleted(gone)
        self._listed_at = time.monotonic()
        self._listing_s = self._listed_at - begun
        return found

    def _note_deleted(self, gone: list[Arrival]) -> None:
        for arrival in gone:
            self._note(f"{arrival.path}: {GONE}")

    def _submit(self, run: _WatchedRun) -> None:
        """Give the workers as many photos as they have room for, if their folder is there."""
        busy = {task.source for _, task in run.workers.tasks.values()}
        kept: deque[Arrival] = deque()
        there = {folder.path for folder in self._folders if folder.there}
        room = run.workers.room
        taken: dict[Path, list[Entry]] = {}
        while self._ready and room:
            arrival = self._ready.popleft()
            if arrival.root not in there:
                self._arrivals.forget(arrival.root, arrival.entry.path)
            elif arrival.path in busy:
                kept.append(arrival)  # its earlier content is at work
            elif (status := status_of(arrival.path)) != arrival.status:
                self._arrivals.forget(arrival.root, arrival.entry.path)
                self._events.changed.set()  # the next listing finds it, if it is still there
                if status == NOTHING:
                    self._note_deleted([arrival])
            else:
                busy.add(arrival.path)
                taken.setdefault(arrival.root, []).append(arrival.entry)
                room -= 1
        self._ready.extendleft(reversed(kept))
        for root, entries in taken.items():
            run.begin(root, entries, run.planner_of(root))

    def _wait(self, run: _WatchedRun) -> None:
        """Wait until a photo has ended, something is reported, or it is time to look again."""
        if run.workers.tasks:
            run.settle_ended(self._turn_s)
        elif not (self._ready and run.workers.room):
            waits = self._arrivals.waiting or self._polling
            if self._events.changed.wait(self._turn_s if waits else _TURN_S):
                self._stopped.wait(self._turn_s)


class _Folder:
    """A watched folder, which may go away and come back."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self.path, self.there = path, True
        self._note, self._renewed = note, False
        self._identity = _identity(path)

    def look(self) -> bool:
        """Whether the folder is there; says once that it went away, and once that it is back.

        An empty folder in its place is what remains where a drive was mounted.
        """
        identity = _identity(self.path)
        there = identity is not None and (identity == self._identity or not _is_empty(self.path))
        if there and identity != self._identity:
            self._identity, self._renewed = identity, True
        if there != self.there:
            self.there = there
            self._renewed |= there
            self._note(f"{self.path}: {'is back' if there else 'went away, waiting for it'}")
        return there

    def take_renewed(self) -> bool:
        """Whether the folder has come back, or is another one, since the last call."""
        renewed, self._renewed = self._renewed, False
        return renewed and self.there


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a folder; None where it cannot be listed."""
    try:
        status = path.stat()
    except OSError:
        return None
    readable = os.access(path, os.R_OK | os.X_OK)
    return (status.st_dev, status.st_ino) if readable else None


def _is_empty(path: Path) -> bool:
    try:
        return not any(path.iterdir())
    except OSError:
        return True
