"""A job: a tree of photographs in, the same tree of coloured ones out, however often interrupted.

Each photo is one task of one worker process: decoding, network and encoding of different photos
overlap, all cores stay busy, and what crashes inside native code costs one photo. Only a few tasks
are under way at a time, so memory does not grow with the tree.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from photochrom._system.atomic import is_part, remove_parts
from photochrom._system.cpus import available_cpus
from photochrom.batch.ledger import Ledger, Outputs, Record, State
from photochrom.batch.planning import NOTHING, Planner, settle, still_ours, within
from photochrom.batch.tree import Patterns, photos_in
from photochrom.batch.work import (
    JobSettings,
    Outcome,
    Task,
    outcome_of,
    preflight,
    schedule,
    start_workers,
)
from photochrom.errors import ConfigError, JobError, Option, PhotoError, Remedy, Spelling, os_reason
from photochrom.models import fingerprint
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.photo.naming import colored_name

_BLOCK = 256
"""Photos that are planned, and written down, together."""
_AHEAD = 2
"""Tasks under way for each worker: one at work, one waiting."""
_RENEWALS = 3
"""Restarts of the worker processes in a row, with no task finished, before the job gives up."""


@dataclass(frozen=True)
class Job:
    """What to do with which tree.

    roots: folders. output: the folder of results. jobs: worker processes, by default as many as
    cores. threads: of all processes together, by default as many as cores. resume: go on where an
    earlier job ended. retry_failed: try again what failed then. overwrite: replace files that no
    earlier job made. keep_ledger: in the folder of results; without one nothing can be resumed.
    spelling: how the ledger's lines about failures write options.
    """

    roots: Sequence[Path]
    output: Path
    settings: JobSettings = field(default_factory=JobSettings)
    recursive: bool = False
    patterns: Patterns = field(default_factory=Patterns)
    jobs: int | None = None
    resume: bool = False
    retry_failed: bool = False
    overwrite: bool = False
    threads: int | None = None
    keep_ledger: bool = True
    spelling: Spelling = str

    @classmethod
    def beside(cls, folder: Path, settings: JobSettings, **options: Any) -> Job:
        """A job whose results lie beside the photos of a folder; it keeps no ledger there."""
        return cls([folder], folder, settings, keep_ledger=False, **options)


@dataclass(frozen=True)
class Report:
    """One photo's end: the row of the ledger, and whether it was done now or before.

    source: the photo's name, with its folder as the job names it.
    """

    record: Record
    outcome: Outcome | None
    source: str


@dataclass
class Summary:
    """What a job did.

    done: by this job. kept: done by an earlier one. skipped, failed: by any of them. reasons: of
    the failed and the skipped ones, in a word each. lost: what files of the chosen kind could not
    hold.
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
    return sum(1 for root in job.roots for _ in photos_of(job, root))


def run_job(job: Job, listener: Listener | None = None) -> Summary:
    """Do a job; `listener` is told of every photo, in the order in which they end.

    Raises ConfigError where the folder of results belongs to an earlier job and `resume` is false,
    another job is at work there, or a folder cannot be read; ModelError where the model cannot be
    loaded; JobError where the ledger cannot be written or no worker can work.
    KeyboardInterrupt passes through; what is done by then is in the ledger.
    """
    started = time.monotonic()
    settings = job.settings
    digest = settings.digest(fingerprint(settings.model))
    preflight(settings)
    with _ledger_of(job, digest) as ledger:
        summary = Summary()
        try:
            with _Workers(job) as workers:
                _Run(job, ledger, digest, workers, summary, listener).all()
        finally:
            summary.seconds = time.monotonic() - started
    return summary


class _Workers:
    """The processes of a job, and the tasks that are under way in them."""

    def __init__(self, job: Job) -> None:
        self.settings = job.settings
        self.threads = job.threads or available_cpus()
        self.count = job.jobs or self.threads
        self.tasks: dict[Any, tuple[Record, Task]] = {}
        self._renewed = 0
        self._pool = self._start()

    def _start(self) -> ProcessPool:
        return start_workers(self.settings, self.count, max(1, self.threads // self.count))

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._pool.close()  # type: ignore[no-untyped-call]
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for under_way in self.tasks.values():  # stopped workers leave half-written files
            remove_parts(under_way[1].target)

    @property
    def full(self) -> bool:
        """Whether enough tasks are under way."""
        return len(self.tasks) >= _AHEAD * self.count

    def give(self, record: Record, task: Task) -> None:
        """Hand out a task."""
        try:
            future = schedule(self._pool, task)
        except RuntimeError:  # the pool ended, as when a worker dies between two tasks
            self._renew()
            future = schedule(self._pool, task)
        self.tasks[future] = record, task

    def ended(self) -> Iterator[tuple[Record, Task, Outcome]]:
        """Wait until at least one task has ended; yield all that have."""
        found, _ = wait(self.tasks, return_when=FIRST_COMPLETED)
        broken = []
        for future in found:
            record, task = self.tasks.pop(future)
            try:
                outcome = outcome_of(future, task.source)
            except BrokenProcessPool:
                broken.append((record, task))
                continue
            self._renewed = 0
            yield record, task, outcome
        if broken:
            self._renew()
            for record, task in broken:  # its result may be complete already
                self.give(record, replace(task, overwrite=True))

    def _renew(self) -> None:
        self._renewed += 1
        if self._renewed > _RENEWALS:
            raise JobError(
                None,
                "worker processes exit at start-up",
                Remedy("try again with {}", Option("jobs", 1)),
            )
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        self._pool = self._start()


class _Run:
    """A job at work."""

    def __init__(
        self,
        job: Job,
        ledger: Ledger,
        digest: str,
        workers: _Workers,
        summary: Summary,
        listener: Listener | None,
    ) -> None:
        self.job, self.ledger, self.digest, self.workers = job, ledger, digest, workers
        self.summary, self.listener = summary, listener
        self.roots = {os.path.realpath(root): root for root in job.roots}
        self.swept: set[Path] = set()

    def all(self) -> None:
        for place, root in self.roots.items():
            planner = Planner(
                self.ledger,
                self.digest,
                lambda name: _status(self.job.output / name),
                root=place,
                roots=self.roots,
                results=str(self.job.output),
                suffix=self.job.settings.format,
                overwrite=self.job.overwrite,
                retry_failed=self.job.retry_failed,
                spelling=self.job.spelling,
            )
            photos = photos_of(self.job, root)
            # one root at a time: rows also hold photos of others
            while block := list(islice(photos, _BLOCK)):
                self._block([self._task(root, path, planner) for path in block])
        while self.workers.tasks:
            self._settle_ended()

    def _block(self, planned: list[tuple[Record, Task | None]]) -> None:
        self.ledger.plan(record for record, task in planned if task is not None)
        for record, task in planned:
            if task is None:
                self._tell(record, None)
                continue
            while self.workers.full:
                self._settle_ended()
            self.workers.give(record, task)

    def _task(self, root: Path, path: str, planner: Planner) -> tuple[Record, Task | None]:
        """A photo's row to begin with, and its task, if any."""
        source = root / path
        plan = planner.plan(path, *_status(source))
        if not plan.todo:
            if plan.new:
                self.ledger.settle(plan.record)
            return plan.record, None
        target = self.job.output / colored_name(path, self.job.settings.format)
        try:
            if source.is_dir():  # the tree lists unreadable folders among the photos
                raise PhotoError(source, "cannot be read", "check the folder's permissions")
            with foreseen_os_errors(str(target.parent)):
                target.parent.mkdir(parents=True, exist_ok=True)
                self._sweep(target.parent)
        except PhotoError as error:
            outcome = Outcome.failure(str(source), error)
            record = self._row(plan.record, outcome, still_ours(plan.record, outcome))
            self.ledger.settle(record)
            return record, None
        return plan.record, Task(source, target, plan.overwrite, plan.known)

    def _row(self, record: Record, outcome: Outcome, outputs: Outputs) -> Record:
        return settle(record, outcome, outputs, self.job.spelling)

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed job was just writing; the lock says that nobody writes here now."""
        if folder in self.swept or not self.job.resume:
            return
        self.swept.add(folder)
        for entry in os.scandir(folder):
            if is_part(entry.name):
                Path(entry.path).unlink(missing_ok=True)

    def _settle_ended(self) -> None:
        """Write down, and tell, what has ended; waits until something has."""
        for record, task, outcome in self.workers.ended():
            if outcome.cut_off:
                remove_parts(task.target)
            outputs = tuple(
                (output.relative_to(self.job.output).as_posix(), *_status(output))
                for output in outcome.outputs
            )
            settled = self._row(record, outcome, outputs or still_ours(record, outcome))
            self.ledger.settle(settled)
            self._tell(settled, None if outcome.state == "unchanged" else outcome)

    def _tell(self, record: Record, outcome: Outcome | None) -> None:
        count_outcome(self.summary, record, outcome)
        if self.listener is not None:
            source = within(self.roots[record.root], record.path)
            self.listener(Report(record, outcome, source))


def _ledger_of(job: Job, digest: str) -> Ledger:
    if job.keep_ledger:
        return begun(job.output, job.settings, digest, job.resume)
    return Ledger(None)


def begun(folder: Path, settings: JobSettings, digest: str, resume: bool) -> Ledger:
    """The ledger of a job that begins in a folder, or goes on there; raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(folder, f"cannot be a folder ({os_reason(error)})") from error
    ledger = Ledger(folder)
    if len(ledger) and not resume:
        ledger.close()
        raise ConfigError(
            folder,
            "holds the results of an earlier job",
            Remedy("add {} to go on, or name another folder", Option("resume", True)),
        )
    ledger.remember_settings(digest, settings.as_dict())
    return ledger


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


def photos_of(job: Job, root: Path) -> Iterator[str]:
    """Relative paths of the photos of one of a job's roots."""
    return photos_in(root, recursive=job.recursive, patterns=job.patterns, leave_out=[job.output])


def _status(path: Path) -> tuple[int, int]:
    """A file's size and time; `NOTHING` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return NOTHING
    return status.st_size, status.st_mtime_ns
