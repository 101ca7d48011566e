"""A job colours a tree of photographs into a tree of the same shape, and can be resumed.

Each photo is one task of one worker process: decoding, network and encoding of different photos
overlap, all cores stay busy, and a crash inside native code costs one photo. Only a few tasks
are under way at a time, so memory does not grow with the tree.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from photochrom._system.atomic import is_part, remove_parts
from photochrom.batch.ledger import Ledger, Outputs, Record
from photochrom.batch.planning import (
    NOTHING,
    Planner,
    check_names,
    earlier_outputs,
    settle,
    within,
)
from photochrom.batch.settings import JobSettings
from photochrom.batch.summary import Listener, Report, Summary, count_outcome, passed_over
from photochrom.batch.tree import Entry, EntryKind, Patterns, entries_in, photos_in
from photochrom.batch.work import Outcome, Task, preflight
from photochrom.batch.workers import Workers
from photochrom.errors import (
    ConfigError,
    DiskFullError,
    JobError,
    Option,
    PhotoError,
    Remedy,
    Spelling,
    os_reason,
)
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.photo.unsupported import unsupported_format

_BLOCK = 256
"""Photos that are planned, and written to the ledger, together."""


@dataclass(frozen=True)
class Job:
    """Trees of photos to colour.

    roots: folders. output: the folder of results. jobs: worker processes, by default as many as
    cores. threads: of all processes together, by default as many as cores. resume: continue where
    an earlier job ended. retry_failed: try failed photos again. overwrite: replace files that no
    earlier job made. keep_ledger: in a file; without one nothing can be resumed. ledger: the folder
    of that file, by default that of the results. spelling: how the ledger's lines about failures
    write options.
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
    ledger: Path | None = None
    spelling: Spelling = str

    @classmethod
    def beside(cls, folder: Path, settings: JobSettings, **options: Any) -> Job:
        """A job whose results lie beside the photos of a folder; it keeps no ledger there.

        The option `ledger` names another folder for one.
        """
        keep_ledger = options.get("ledger") is not None
        return cls([folder], folder, settings, keep_ledger=keep_ledger, **options)

    @property
    def ledger_folder(self) -> Path | None:
        """The folder of the ledger's file; None for a job that keeps none."""
        return (self.ledger or self.output) if self.keep_ledger else None


AnyRun = TypeVar("AnyRun", bound="Run")


@dataclass
class Contents:
    """What the folders of a job hold, by names alone.

    photos: their number; an unreadable folder counts as one, because it ends as a failed one.
    passed_over: pictures that Photochrom cannot read, by their formats.
    """

    photos: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)


def contents_of(job: Job) -> Contents:
    """Count the photos of a job, and the pictures that it passes over; reads names only."""
    contents = Contents()
    for root in job.roots:
        for entry in entries_of(job, root):
            if entry.kind is EntryKind.UNSUPPORTED:
                contents.passed_over[unsupported_format(entry.path) or ""] += 1
            else:
                contents.photos += 1
    return contents


def run_job(job: Job, listener: Listener | None = None, workers: Workers | None = None) -> Summary:
    """Do a job; `listener` is called with the report of each photo, in the order in which they end.

    workers: of the job's settings, to share their processes with other jobs; the job's own by
    default.
    Raises ConfigError where the folder of results belongs to an earlier job and `resume` is false,
    another job is writing there, or a folder cannot be read; ModelError where the model cannot be
    loaded; JobError where the ledger cannot be written, the disk is full or no worker can work.
    KeyboardInterrupt is passed on; the ledger has all photos that were finished by then.
    """
    with running(job, listener, workers, Run) as run:
        run.all()
    return run.summary


@contextmanager
def running(
    job: Job,
    listener: Listener | None,
    workers: Workers | None,
    kind: type[AnyRun],
) -> Iterator[AnyRun]:
    """Begin a job, whose ledger is locked and whose workers run until the block ends.

    kind: of the run. Where the block raises, the workers are ended. Raises as `run_job` does.
    """
    started = time.monotonic()
    settings = job.settings
    digest = settings.digest(settings.weights)
    preflight(settings)
    for root in job.roots:
        check_names(settings.naming, root, job.output, photos_of(job, root))
    with ExitStack() as stack:
        ledger = stack.enter_context(_ledger_of(job, digest))
        workers = workers or stack.enter_context(Workers(settings, job.jobs, job.threads))
        run = kind(job, ledger, digest, workers, listener)
        try:
            yield run
        except BaseException:
            workers.stop()  # while the ledger's lock keeps other jobs out
            raise
        finally:
            run.summary.seconds = time.monotonic() - started


class Run:
    """A job while it runs."""

    def __init__(
        self,
        job: Job,
        ledger: Ledger,
        digest: str,
        workers: Workers,
        listener: Listener | None,
    ) -> None:
        self.job, self.ledger, self.digest, self.workers = job, ledger, digest, workers
        self.summary, self.listener = Summary(), listener
        self.naming = job.settings.naming
        self.roots = {os.path.realpath(root): root for root in job.roots}
        self.swept: set[Path] = set()

    def all(self) -> None:
        """Colour all photos of all roots."""
        for root in self.roots.values():
            planner = self.planner_of(root)
            entries = entries_of(self.job, root)
            while block := list(islice(entries, _BLOCK)):
                self.begin(root, block, planner)
        while self.workers.tasks:
            self.settle_ended()

    def planner_of(self, root: Path) -> Planner:
        """A planner of the photos of one of the job's roots."""
        return Planner(
            self.ledger,
            self.digest,
            lambda name: status_of(self.job.output / name),
            root=os.path.realpath(root),
            roots=self.roots,
            results=str(self.job.output),
            naming=self.naming,
            overwrite=self.job.overwrite,
            retry_failed=self.job.retry_failed,
            spelling=self.job.spelling,
        )

    def begin(self, root: Path, block: Sequence[Entry], planner: Planner) -> None:
        """Plan entries of a root together, and submit what is to be coloured."""
        planned = [self._task(root, entry, planner) for entry in block]
        self.ledger.plan(record for record, task, _ in planned if task is not None)
        for record, task, new in planned:
            if task is None:
                self._report_final(record, new)
                continue
            while self.workers.full:
                self.settle_ended()
            self.workers.submit(record, task)

    def _task(self, root: Path, entry: Entry, planner: Planner) -> tuple[Record, Task | None, bool]:
        """A photo's first row; its task, None where the row is final; whether the row is new."""
        path, source = entry.path, root / entry.path
        if entry.kind is EntryKind.UNSUPPORTED:
            return passed_over(path, os.path.realpath(root)), None, True
        plan = planner.plan(path, *status_of(source))
        if not plan.todo:
            if plan.new:
                self.ledger.settle(plan.record)
            return plan.record, None, plan.new
        target = self.job.output / self.naming.result_of(path)
        try:
            if entry.kind is EntryKind.UNREADABLE_FOLDER:
                raise PhotoError(source, "cannot be read", "check the folder's permissions")
            with foreseen_os_errors(str(target.parent)):
                target.parent.mkdir(parents=True, exist_ok=True)
                self._sweep(target.parent)
        except DiskFullError as error:
            raise disk_full(error, self.job.keep_ledger) from error
        except PhotoError as error:
            outcome = Outcome.failure(str(source), error)
            record = self._row(plan.record, outcome, earlier_outputs(plan.record, outcome))
            self.ledger.settle(record)
            return record, None, True
        return plan.record, Task(source, target, plan.overwrite, plan.known), True

    def _row(self, record: Record, outcome: Outcome, outputs: Outputs) -> Record:
        return settle(record, outcome, outputs, self.job.spelling)

    def _sweep(self, folder: Path) -> None:
        """Remove half-written files of a killed job.

        The ledger's lock keeps other jobs out of the folder of results, but only where it lies
        there.
        """
        shared = self.job.ledger not in (None, self.job.output)
        if folder in self.swept or not self.job.resume or shared:
            return
        self.swept.add(folder)
        for entry in os.scandir(folder):
            if is_part(entry.name):
                Path(entry.path).unlink(missing_ok=True)

    def settle_ended(self, timeout: float | None = None) -> None:
        """Wait until a task has ended; write the rows of all that have, and report them.

        timeout: seconds after which the waiting ends anyway.
        """
        for record, task, outcome in self.workers.ended(timeout):
            if outcome.cut_off:
                remove_parts(task.target)
            if isinstance(outcome.fault, DiskFullError):  # its row still says waiting
                raise disk_full(outcome.fault, self.job.keep_ledger)
            self._settle(record, outcome)

    def _settle(self, record: Record, outcome: Outcome) -> None:
        """Write and report the row of a photo whose task has ended."""
        outputs = tuple(
            (output.relative_to(self.job.output).as_posix(), *status_of(output))
            for output in outcome.outputs
        )
        settled = self._row(record, outcome, outputs or earlier_outputs(record, outcome))
        self.ledger.settle(settled)
        self._report(settled, None if outcome.state == "unchanged" else outcome)

    def _report_final(self, record: Record, new: bool) -> None:  # noqa: ARG002 - for watches
        """Report a photo that needs no work; new: whether that was found out just now."""
        self._report(record, None)

    def _report(self, record: Record, outcome: Outcome | None) -> None:
        """Count a photo that has ended, and pass its report to the listener."""
        count_outcome(self.summary, record, outcome)
        if self.listener is not None:
            self.listener(Report(record, outcome, self.source_of(record)))

    def source_of(self, record: Record) -> str:
        """A photo's path, with its folder as the job names it."""
        return within(self.roots[record.root], record.path)


def _ledger_of(job: Job, digest: str) -> Ledger:
    if job.ledger_folder is None:
        return Ledger(None)
    return begun(job.ledger_folder, job.settings, digest, job.resume, str(job.output))


def begun(folder: Path, settings: JobSettings, digest: str, resume: bool, results: str) -> Ledger:
    """The ledger in `folder` of a job that begins or resumes; raises ConfigError.

    results: the folder of results. Rows of files that were about to be written hold for it alone.
    """
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
    if results != str(folder):  # else it moves with its results
        results = results if "://" in results else str(Path(results).resolve())
        known = ledger.results_folder(results)
        if known != results:
            ledger.close()
            raise ConfigError(
                folder,
                f"is the ledger of the results in {known}",
                Remedy("name another folder by {}", Option("ledger")),
            )
    ledger.remember_settings(digest, settings.as_dict())
    return ledger


def disk_full(fault: DiskFullError, resumable: bool) -> JobError:
    """The error that ends a job, where every photo that follows would fail for the same reason."""
    resume = Remedy("make room on the disk, then go on with {}", Option("resume", True))
    remedy = resume if resumable else "make room on the disk, then colour the folder again"
    return JobError(fault.subject, fault.problem, remedy)


def entries_of(job: Job, root: Path) -> Iterator[Entry]:
    """The entries of one of a job's roots."""
    return entries_in(root, recursive=job.recursive, patterns=job.patterns, leave_out=[job.output])


def photos_of(job: Job, root: Path) -> Iterator[str]:
    """Relative paths of the photos of one of a job's roots."""
    return photos_in(root, recursive=job.recursive, patterns=job.patterns, leave_out=[job.output])


def status_of(path: Path) -> tuple[int, int]:
    """A file's size and time (ns); `NOTHING` where it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return NOTHING
    return status.st_size, status.st_mtime_ns
