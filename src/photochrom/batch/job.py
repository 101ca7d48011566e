"""A job: a tree of photographs in, the same tree of coloured ones out, however often interrupted.

Each photo is one task of one worker process: decoding, network and encoding of different photos
overlap, all cores stay busy, and what crashes inside native code costs one photo. Only a few tasks
are under way at a time, so memory does not grow with the tree.
"""

from __future__ import annotations

import os
import posixpath
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from photochrom.batch.ledger import Ledger, Record, State
from photochrom.batch.tree import Patterns, photos_in
from photochrom.batch.work import (
    Outcome,
    Settings,
    Task,
    outcome_of,
    schedule,
    start_workers,
)
from photochrom.errors import ConfigError
from photochrom.models import locate, sha256_of
from photochrom.names import coloured_name
from photochrom.photo.writing import is_part

_BLOCK = 256
"""Photos that are planned, and written down, together."""
_AHEAD = 2
"""Tasks under way for each worker: one at work, one waiting."""


@dataclass(frozen=True)
class Job:
    """What to do with which tree.

    roots: folders. output: the folder of results. jobs: worker processes, by default as many as
    cores. resume: go on where an earlier job ended. retry_failed: try again what failed then.
    overwrite: replace files that no earlier job made.
    """

    roots: Sequence[Path]
    output: Path
    settings: Settings = field(default_factory=Settings)
    recursive: bool = False
    patterns: Patterns = field(default_factory=Patterns)
    jobs: int | None = None
    resume: bool = False
    retry_failed: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Report:
    """One photo's end: the row of the ledger, and whether it was done now or before."""

    record: Record
    outcome: Outcome | None


@dataclass
class Summary:
    """What a job did.

    done, skipped: now. kept: done before. reasons: of the failed ones and of the skipped, in a word
    each. lost: what files of the chosen kind could not hold.
    """

    done: int = 0
    kept: int = 0
    skipped: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    seconds: float = 0.0


Listener = Callable[[Report], None]


def count_photos(job: Job) -> int:
    """How many photos a job is about; reads names only."""
    return sum(1 for _ in _photos(job))


def run_job(job: Job, listener: Listener | None = None) -> Summary:
    """Do a job; `listener` is told of every photo, in the order in which they end.

    Raises ConfigError where the folder of results belongs to an earlier job and `resume` is false,
    another job is at work there, or a folder cannot be read; ModelError without the model.
    KeyboardInterrupt passes through; what is done by then is in the ledger.
    """
    started = time.monotonic()
    _, weights = locate(job.settings.model)
    digest = job.settings.digest(sha256_of(weights))
    with begun(job.output, job.settings, digest, job.resume) as ledger:
        summary = Summary()
        workers = job.jobs or os.cpu_count() or 1
        threads = max(1, (os.cpu_count() or 1) // workers)
        pool = start_workers(job.settings, workers, threads)
        try:
            _Run(job, ledger, digest, pool, workers, summary, listener).all()
            pool.close()  # type: ignore[no-untyped-call]
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
        finally:
            pool.join()
            summary.seconds = time.monotonic() - started
    return summary


class _Run:
    """A job at work."""

    def __init__(
        self,
        job: Job,
        ledger: Ledger,
        digest: str,
        pool: ProcessPool,
        workers: int,
        summary: Summary,
        listener: Listener | None,
    ) -> None:
        self.job, self.ledger, self.digest, self.pool = job, ledger, digest, pool
        self.summary, self.listener = summary, listener
        self.most = _AHEAD * workers
        self.pending: deque[tuple[Record, Any]] = deque()
        self.swept: set[Path] = set()
        self.claims = Claims()

    def all(self) -> None:
        photos = _photos(self.job)
        while block := list(islice(photos, _BLOCK)):
            planned = [self._plan(root, path) for root, path in block]
            self.ledger.plan(record for record, task in planned if task is not None)
            for record, task in planned:
                if task is None:
                    self._tell(record, None)
                    continue
                while len(self.pending) >= self.most:
                    self._wait()
                self.pending.append((record, schedule(self.pool, task)))
        while self.pending:
            self._wait()

    def _plan(self, root: Path, path: str) -> tuple[Record, Task | None]:
        """What is to be done with a photo: the row to begin with, and the task, if any."""
        source, target = root / path, self._target(path)
        known = self.ledger.find(path)
        other = Path(self.claims.owner(target.as_posix(), str(source)))
        size, modified = _status(source)
        fresh = Record(path, str(root), State.WAITING, self.digest, size, modified)
        if known is not None and known.root != str(root):
            other = Path(known.root) / path
        if other != source:
            own = known is None or known.root == str(root)
            return self._refused(fresh, same_result(source, other), own), None
        same = known is not None and known.settings == self.digest
        unmoved = known is not None and (known.size, known.modified) == (size, modified)
        if known is not None and same and unmoved and self._settled(known):
            return known, None
        mine = known is not None and (known.state is State.WAITING or self._is_mine(known))
        if known is not None and known.state is State.DONE and not mine and not self.job.overwrite:
            line = f"{target}: was changed since it was made; add --overwrite to make it anew"
            return self._refused(replace(fresh, outputs=known.outputs), line), None
        unchanged = None
        if known is not None and same and known.state is State.DONE and self._complete(known):
            unchanged = known.sha256
        outputs = known.outputs if known is not None else ()
        target.parent.mkdir(parents=True, exist_ok=True)
        self._sweep(target.parent)
        task = Task(source, target, mine or self.job.overwrite, unchanged)
        return replace(fresh, outputs=outputs, sha256=unchanged), task

    def _settled(self, known: Record) -> bool:
        """Whether a photo of the same settings and time needs nothing."""
        if known.state is State.DONE:
            return self._complete(known)
        if known.state is State.FAILED:
            taken = known.reason == "OutputExists" and self.job.overwrite
            return not (self.job.retry_failed or taken)
        return known.state is State.SKIPPED

    def _complete(self, known: Record) -> bool:
        """Whether all results are there as they were written."""
        return bool(known.outputs) and all(
            _status(self.job.output / name) == (size, modified)
            for name, size, modified in known.outputs
        )

    def _is_mine(self, known: Record) -> bool:
        """Whether what lies at a photo's results' places was written by a job, or nothing does."""
        return all(
            _status(self.job.output / name) in ((size, modified), (-1, -1))
            for name, size, modified in known.outputs
        ) and bool(known.outputs)

    def _refused(self, record: Record, line: str, own: bool = True) -> Record:
        """A photo that cannot be done; own: whether its row is not another photo's."""
        refused = replace(record, state=State.FAILED, reason="OutputExists", error=line)
        if own:
            self.ledger.settle(refused)
        return refused

    def _target(self, path: str) -> Path:
        """The result's place: the same tree, NAME.color.EXT."""
        return self.job.output / coloured_name(path, self.job.settings.format)

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed job was just writing; the lock says that nobody writes here now."""
        if folder in self.swept or not self.job.resume:
            return
        self.swept.add(folder)
        for entry in os.scandir(folder):
            if is_part(entry.name):
                Path(entry.path).unlink(missing_ok=True)

    def _wait(self) -> None:
        """Take the result of the task that has waited longest."""
        record, future = self.pending.popleft()
        outcome = outcome_of(future, Path(record.root) / record.path)
        unchanged = outcome.state == "unchanged"
        outputs = tuple(
            (output.relative_to(self.job.output).as_posix(), *_status(output))
            for output in outcome.outputs
        )
        settled = settle(record, outcome, record.outputs if unchanged else outputs)
        self.ledger.settle(settled)
        self._tell(settled, None if unchanged else outcome)

    def _tell(self, record: Record, outcome: Outcome | None) -> None:
        count_outcome(self.summary, record, outcome)
        if self.listener is not None:
            self.listener(Report(record, outcome))


def begun(folder: Path, settings: Settings, digest: str, resume: bool) -> Ledger:
    """The ledger of a job that begins in a folder, or goes on there; raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be a folder ({error.strerror})") from error
    ledger = Ledger(folder)
    if len(ledger) and not resume:
        ledger.close()
        raise ConfigError(
            f"{folder}: holds the results of an earlier job; add --resume to go on, "
            "or name another folder"
        )
    ledger.remember_settings(digest, settings.as_dict())
    return ledger


def settle(record: Record, outcome: Outcome, outputs: tuple[tuple[str, int, int], ...]) -> Record:
    """A photo's row after its task; outputs: path, size and time (ns) of each result."""
    states = {"done": State.DONE, "unchanged": State.DONE, "skipped": State.SKIPPED}
    return replace(
        record,
        state=states.get(outcome.state, State.FAILED),
        size=outcome.size if outcome.size >= 0 else record.size,
        modified=outcome.modified if outcome.modified >= 0 else record.modified,
        sha256=outcome.sha256,
        outputs=outputs,
        seconds=outcome.seconds,
        reason=outcome.reason,
        error=outcome.error,
        at=time.time(),
    )


class Claims:
    """Which photo a result's name belongs to. Photos come folder by folder, so one is enough."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._owners: dict[str, str] = {}

    def owner(self, target: str, source: str) -> str:
        """The photo that named this target first; this one, where none did."""
        folder = posixpath.dirname(target)
        if folder != self._folder:
            self._folder, self._owners = folder, {}
        return self._owners.setdefault(target, source)


def same_result(source: str | Path, other: str | Path) -> str:
    """The line about a photo whose result another one has."""
    return f"{source}: would have the same result as {other}; rename one"


def count_outcome(summary: Summary, record: Record, outcome: Outcome | None) -> None:
    """Add one photo to a summary; outcome: None where it was settled before."""
    if record.state is State.DONE:
        if outcome is None:
            summary.kept += 1
        else:
            summary.done += 1
            summary.lost.update(outcome.losses)
        return
    if record.state is State.SKIPPED:
        summary.skipped += 1
    else:
        summary.failed += 1
    summary.reasons[record.reason or ""] += 1


def _photos(job: Job) -> Iterator[tuple[Path, str]]:
    for root in job.roots:
        found = photos_in(
            root, recursive=job.recursive, patterns=job.patterns, leave_out=[job.output]
        )
        yield from ((root, path) for path in found)


def _status(path: Path) -> tuple[int, int]:
    """A file's size and time; (-1, -1) where there is none."""
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
