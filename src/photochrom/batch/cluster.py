"""The same job on Ray Data: many machines, inputs and outputs by URL.

A worker is an actor with one process for the work itself: a crash in native code costs one photo;
the loss of the actor or its machine costs a repetition. The ledger lies on the driver's machine. A
result appears whole or not at all: a file system gets it by a rename, an object store by its put.
"""

from __future__ import annotations

import os
import pickle
import posixpath
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from photochrom.batch.job import begun, disk_full
from photochrom.batch.ledger import Ledger, Record, State
from photochrom.batch.planning import NOTHING, Plan, Planner, earlier_outputs, settle, within
from photochrom.batch.remote_files import deliver, fetch, size_and_time
from photochrom.batch.settings import JobSettings
from photochrom.batch.summary import Listener, Report, Summary, count_outcome, passed_over
from photochrom.batch.tree import EntryKind, Patterns, is_system_folder, kind_of_file
from photochrom.batch.work import (
    Outcome,
    Task,
    outcome_of,
    preflight,
    schedule,
    start_workers,
)
from photochrom.errors import (
    ConfigError,
    DiskFullError,
    MissingExtraError,
    Option,
    OutputExistsError,
    PhotochromError,
    PhotoError,
    Remedy,
    Spelling,
    first_line,
)
from photochrom.photo.file_access import os_fault
from photochrom.photo.naming import DEFAULT_NAME
from photochrom.photo.writer import REPLACE

_BLOCK = 4096
"""Photos that are planned, and handed to Ray, together."""


@dataclass(frozen=True)
class ClusterJob:
    """A tree of photos to colour on a cluster.

    root, output: URLs or paths (local, s3://, gs://, az://, http for the root), as fsspec has
    them; storage: its options, such as an endpoint. ledger: a local folder.
    address: of the cluster; None starts one here. workers: actors, by default one for each core.
    The rest is as for `photochrom.batch.Job`.
    """

    root: str
    output: str
    ledger: Path
    settings: JobSettings = field(default_factory=JobSettings)
    patterns: Patterns = field(default_factory=Patterns)
    address: str | None = None
    workers: int | None = None
    storage: dict[str, Any] = field(default_factory=dict)
    resume: bool = False
    retry_failed: bool = False
    overwrite: bool = False
    spelling: Spelling = str


def run_on_ray(job: ClusterJob, listener: Listener | None = None) -> Summary:
    """Do a job on Ray Data; `listener` is called with the report of each photo as it ends.

    Raises MissingExtraError without the packages of the extra "cluster", ConfigError where the
    ledger is of an earlier job and `resume` is false, or a URL cannot be read.
    """
    _check_names(job)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtraError("a Ray cluster", "cluster") from error
    started = time.monotonic()
    digest = job.settings.digest(job.settings.weights)
    preflight(job.settings)
    started_here = not ray.is_initialized()
    if started_here:
        try:
            ray.init(address=job.address, log_to_driver=False, include_dashboard=False)
        except (OSError, RuntimeError, ValueError) as error:
            cluster = job.address or "this machine"
            raise ConfigError(
                cluster, f"Ray cannot be reached or started there ({first_line(error)})"
            ) from error
    summary = Summary()
    try:
        with begun(job.ledger, job.settings, digest, job.resume, job.output) as ledger:
            for record, outcome in _outcomes(job, ledger, digest, ray):
                if outcome is not None:
                    if isinstance(outcome.fault, DiskFullError):
                        raise disk_full(outcome.fault, resumable=True)
                    ledger.settle(record)
                count_outcome(summary, record, outcome)
                if listener is not None:
                    listener(Report(record, outcome, within(record.root, record.path)))
    finally:
        if started_here:
            ray.shutdown()
        summary.seconds = time.monotonic() - started
    return summary


def _check_names(job: ClusterJob) -> None:
    """Raise ConfigError where results named by an own template could replace photos.

    Two photos of one result are failures of single photos here: not all names are known at first.
    """
    root, output = (
        name.rstrip("/") if "://" in name else os.path.realpath(name)
        for name in (job.root, job.output)
    )
    if job.settings.naming.template != DEFAULT_NAME and root == output:
        raise ConfigError(
            Option("name", job.settings.name),
            "could replace photos of the same folder",
            Remedy("name another folder by {}", Option("path")),
        )


def _outcomes(
    job: ClusterJob, ledger: Ledger, digest: str, ray: Any
) -> Iterator[tuple[Record, Outcome | None]]:
    unreadable: list[OSError] = []
    photos = _photos(job, unreadable)
    workers = job.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    planner = Planner(
        ledger,
        digest,
        _Results(job).stat,
        root=job.root,
        roots={job.root: job.root},
        results=job.output,
        naming=job.settings.naming,
        overwrite=job.overwrite,
        retry_failed=job.retry_failed,
        spelling=job.spelling,
    )
    while block := list(islice(photos, _BLOCK)):
        plans: dict[str, Plan] = {}
        for path, size, modified in block:
            if kind_of_file(posixpath.basename(path)) is EntryKind.UNSUPPORTED:
                yield passed_over(path, job.root), None
                continue
            plan = planner.plan(path, size, modified)
            if plan.todo:
                plans[path] = plan
                continue
            if plan.new:
                ledger.settle(plan.record)
            yield plan.record, None
        ledger.plan(plan.record for plan in plans.values())
        if not plans:
            continue
        rows = [_row(job, plan) for plan in plans.values()]
        data = ray.data.from_items(rows, override_num_blocks=len(rows))
        done = data.map(
            Worker,
            fn_constructor_args=(job.settings.as_dict(), job.storage),
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(rows))),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=-1,
        )
        for row in done.iter_rows():
            yield _settled(plans[row["path"]].record, row, job.spelling)
    for error in unreadable:
        folder = str(error.filename or job.root)
        fault = PhotoError(folder, "cannot be read", "check the folder's permissions")
        outcome = Outcome.failure(folder, fault)
        record = Record(folder, job.root, State.WAITING, digest)
        yield settle(record, outcome, (), job.spelling), outcome


class _Results:
    """Sizes and times of the files that lie in the folders of results."""

    def __init__(self, job: ClusterJob) -> None:
        import fsspec

        try:
            self._system, self._root = fsspec.core.url_to_fs(job.output, **job.storage)
        except (OSError, ImportError, ValueError) as error:
            raise ConfigError(job.output, f"cannot be written ({error})") from error
        self._folder: str | None = None
        self._listing: dict[str, tuple[int, int]] = {}

    def stat(self, name: str) -> tuple[int, int]:
        """Size and time of a result by its relative path; `NOTHING` where no such file exists."""
        path = posixpath.join(self._root, name)
        folder = posixpath.dirname(path)
        if folder != self._folder:
            self._folder, self._listing = folder, self._listed(folder)
        return self._listing.get(posixpath.basename(path), NOTHING)

    def _listed(self, folder: str) -> dict[str, tuple[int, int]]:
        self._system.invalidate_cache()
        try:
            entries = self._system.ls(folder, detail=True)
        except OSError:  # not there yet
            return {}
        return {posixpath.basename(facts["name"]): size_and_time(facts) for facts in entries}


def _row(job: ClusterJob, plan: Plan) -> dict[str, Any]:
    """A task for Ray."""
    path = plan.record.path
    return {
        "path": path,
        "source": posixpath.join(job.root, path),
        "target": posixpath.join(job.output, job.settings.naming.result_of(path)),
        "overwrite": plan.overwrite,
        "known": plan.known,
    }


def _settled(
    record: Record, row: dict[str, Any], spelling: Spelling
) -> tuple[Record, Outcome | None]:
    """A photo's row of the ledger, made from the row that a worker returned."""
    folder = posixpath.dirname(record.path)
    outputs = tuple((posixpath.join(folder, name), *facts) for name, *facts in row["outputs"])
    plain = {name: row[name] for name in _PLAIN}
    outcome = Outcome(
        **plain,
        fault=pickle.loads(row["fault"]),
        losses=tuple(row["losses"]),
        notes=tuple(row["notes"]),
    )
    settled = settle(record, outcome, outputs or earlier_outputs(record, outcome), spelling)
    return settled, None if outcome.state == "unchanged" else outcome


_PLAIN = ("input", "state", "sha256", "seconds", "model", "reason", "width", "height")
"""Fields of an `Outcome` that travel as they are."""


def _photos(job: ClusterJob, unreadable: list[OSError]) -> Iterator[tuple[str, int, int]]:
    """Relative paths, sizes and times (ns, 0 where unknown) of the pictures below the root.

    unreadable: gets the errors of folders that cannot be read.
    """
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(job.root, **job.storage)
        walked = system.walk(root, detail=True, on_error=unreadable.append)
        first = next(walked, None)
    except (OSError, ImportError, ValueError) as error:
        raise ConfigError(job.root, f"cannot be read ({error})") from error
    if first is None:
        raise ConfigError(job.root, "no such folder, or nothing in it", "check the address")
    for _, _, files in chain([first], walked):
        yield from _fitting(job, root, files)


def _fitting(job: ClusterJob, root: str, files: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    for _, facts in sorted(files.items()):
        path = posixpath.relpath(facts["name"], root)
        if any(is_system_folder(part) for part in path.split("/")[:-1]):
            continue
        if kind_of_file(posixpath.basename(path)) is not None and job.patterns.fit(path):
            yield path, *size_and_time(facts)


class Worker:
    """An actor: one process for the work, fetching and delivering around it."""

    def __init__(self, settings: dict[str, Any], storage: dict[str, Any]) -> None:
        self._storage = storage
        of_the_job = JobSettings.of(settings)
        self._keep_time = of_the_job.save.keep_time
        self._pool = start_workers(of_the_job, 1, 1)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Colour one photo; every failure becomes a row with the state "failed"."""
        with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
            try:
                outcome, outputs = self._color(row, Path(folder))
            except Exception as error:  # a store may raise anything
                outcome, outputs = _undelivered(row["source"], error), []
        plain = {name: getattr(outcome, name) for name in _PLAIN}
        listed = {"losses": list(outcome.losses), "notes": list(outcome.notes)}
        fault = pickle.dumps(outcome.fault)  # Arrow has no columns of objects
        return {"path": row["path"], "outputs": outputs, "fault": fault, **plain, **listed}

    def _color(self, row: dict[str, Any], folder: Path) -> tuple[Outcome, list[Any]]:
        """The outcome of a photo, and name, size and time of each file that was delivered."""
        import fsspec

        system, remote = fsspec.core.url_to_fs(row["source"], **self._storage)
        source = folder / "in" / posixpath.basename(row["source"])
        target = folder / "out" / posixpath.basename(row["target"])
        for path in (source, target):
            path.parent.mkdir()
        target_system, target_path = fsspec.core.url_to_fs(row["target"], **self._storage)
        if not row["overwrite"] and target_system.exists(target_path):
            exists = OutputExistsError(row["target"], "exists already", REPLACE)
            return Outcome.failure(row["source"], exists), []
        fetch(system, remote, source)
        task = Task(source, target, True, row["known"])
        outcome = outcome_of(schedule(self._pool, task), row["source"])
        if outcome.fault is not None:
            outcome = replace(outcome, fault=_renamed(outcome.fault, source, target, row))
        delivered = []
        for path in outcome.outputs:
            final = posixpath.join(posixpath.dirname(target_path), path.name)
            deliver(target_system, path, final, self._keep_time)
            target_system.invalidate_cache()
            delivered.append([path.name, *size_and_time(target_system.info(final))])
        return outcome, delivered


def _undelivered(source: str, error: Exception) -> Outcome:
    if isinstance(error, OSError) and isinstance(
        full := os_fault(str(error.filename or source), error), DiskFullError
    ):
        return Outcome.failure(source, full)
    problem = f"cannot be fetched or delivered ({first_line(error)})"
    fault = PhotoError(source, problem, "check the address and the connection")
    return Outcome(input=source, state="failed", reason=type(error).__name__, fault=fault)


def _renamed(
    error: PhotochromError, source: Path, target: Path, row: dict[str, Any]
) -> PhotochromError:
    """The same error, about the photo's or the result's URL instead of a temporary file."""
    subject = Path(str(error.subject))
    if subject == source:
        return error.with_subject(row["source"])
    if subject.parent == target.parent:  # or one of its pages
        return error.with_subject(posixpath.join(posixpath.dirname(row["target"]), subject.name))
    return error
