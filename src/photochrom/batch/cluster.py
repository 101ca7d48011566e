"""The same job on Ray Data: many machines, inputs and outputs by URL.

A worker is an actor with one process for the work itself: what crashes in native code costs one
photo, and what takes the actor or its machine away costs a repetition. The ledger lies beside the
driver; results are written whole or not at all, by rename where the target is a file system and by
the store's own put where it is an object store.
"""

from __future__ import annotations

import os
import posixpath
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from photochrom.batch.job import (
    Claims,
    Listener,
    Report,
    Summary,
    begun,
    count_outcome,
    same_result,
    settle,
)
from photochrom.batch.ledger import Ledger, Record, State
from photochrom.batch.tree import Patterns
from photochrom.batch.work import (
    Outcome,
    Settings,
    Task,
    outcome_of,
    schedule,
    start_workers,
)
from photochrom.errors import ConfigError, MissingExtra
from photochrom.models import locate, sha256_of
from photochrom.names import coloured_name, is_result
from photochrom.photo.kinds import SUFFIXES

_BLOCK = 4096
"""Photos that are planned, and handed to Ray, together."""


@dataclass(frozen=True)
class ClusterJob:
    """What to do with which tree, on a cluster.

    root, output: URLs or paths (local, s3://, gs://, az://, http for the root), as fsspec has
    them; storage: its options, such as an endpoint. ledger: a local folder.
    address: of the cluster; None starts one here. workers: actors, by default one for each core.
    The rest is as for `photochrom.batch.Job`.
    """

    root: str
    output: str
    ledger: Path
    settings: Settings = field(default_factory=Settings)
    patterns: Patterns = field(default_factory=Patterns)
    address: str | None = None
    workers: int | None = None
    storage: dict[str, Any] = field(default_factory=dict)
    resume: bool = False
    retry_failed: bool = False
    overwrite: bool = False


def run_on_ray(job: ClusterJob, listener: Listener | None = None) -> Summary:
    """Do a job on Ray Data; `listener` is told of every photo as it ends.

    Raises MissingExtra without the packages of the extra "cluster", ConfigError where the ledger is
    of an earlier job and `resume` is false, or a URL cannot be read.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtra("--engine ray", "cluster") from error
    started = time.monotonic()
    _, weights = locate(job.settings.model)
    digest = job.settings.digest(sha256_of(weights))
    mine = not ray.is_initialized()
    if mine:
        ray.init(address=job.address, log_to_driver=False, include_dashboard=False)
    summary = Summary()
    try:
        with begun(job.ledger, job.settings, digest, job.resume) as ledger:
            for record, outcome in _outcomes(job, ledger, digest, ray):
                if outcome is not None:
                    ledger.settle(record)
                count_outcome(summary, record, outcome)
                if listener is not None:
                    listener(Report(record, outcome))
    finally:
        if mine:
            ray.shutdown()
        summary.seconds = time.monotonic() - started
    return summary


def _outcomes(
    job: ClusterJob, ledger: Ledger, digest: str, ray: Any
) -> Iterator[tuple[Record, Outcome | None]]:
    photos = _photos(job)
    workers = job.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    claims = Claims()
    while block := list(islice(photos, _BLOCK)):
        records, mine = {}, set()
        for path, size, modified in block:
            known = ledger.find(path)
            other = claims.owner(coloured_name(path, job.settings.format), path)
            if known is not None and _settled(job, known, digest, size, modified):
                yield known, None
                continue
            if known is not None and (known.state is State.WAITING or known.outputs):
                mine.add(path)
            record = Record(
                path, job.root, State.WAITING, digest, size, modified,
                outputs=() if known is None else known.outputs,
            )  # fmt: skip
            if other != path:
                line = same_result(path, other)
                outcome = Outcome("failed", reason="OutputExists", error=line)
                yield settle(record, outcome, record.outputs), outcome
                continue
            records[path] = record
        ledger.plan(records.values())
        if not records:
            continue
        rows = [_row(job, record, path in mine) for path, record in records.items()]
        data = ray.data.from_items(rows, override_num_blocks=len(rows))
        done = data.map(
            Worker,
            fn_constructor_args=(asdict(job.settings), job.storage),
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(rows))),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=-1,
        )
        for row in done.iter_rows():
            yield _settle(records[row["path"]], row)


def _settled(job: ClusterJob, known: Record, digest: str, size: int, modified: int) -> bool:
    """Whether an earlier job's word stands."""
    if known.settings != digest or (known.size, known.modified) != (size, modified):
        return False
    if known.state is State.FAILED:
        return not job.retry_failed
    return known.state in (State.DONE, State.SKIPPED)


def _row(job: ClusterJob, record: Record, mine: bool) -> dict[str, Any]:
    """A task; mine: whether what may lie at its result's place is of an earlier job."""
    target = coloured_name(record.path, job.settings.format)
    return {
        "path": record.path,
        "source": posixpath.join(job.root, record.path),
        "target": posixpath.join(job.output, target),
        "overwrite": job.overwrite or mine,
    }


def _settle(record: Record, row: dict[str, Any]) -> tuple[Record, Outcome]:
    outcome = Outcome(
        row["state"],
        tuple(Path(name) for name in row["outputs"]),
        seconds=row["seconds"],
        sha256=row["sha256"],
        reason=row["reason"],
        error=row["error"],
        losses=tuple(row["losses"]),
        notes=tuple(row["notes"]),
    )
    return settle(record, outcome, tuple((name, -1, -1) for name in row["outputs"])), outcome


def _photos(job: ClusterJob) -> Iterator[tuple[str, int, int]]:
    """Relative paths, sizes and times (ns, 0 where unknown) of the photos below the root."""
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(job.root, **job.storage)
        walked = system.walk(root, detail=True)
        first = next(walked, None)
    except (OSError, ImportError, ValueError) as error:
        raise ConfigError(f"{job.root}: cannot be read ({error})") from error
    if first is None:
        raise ConfigError(f"{job.root}: no such folder, or nothing in it")
    for _, _, files in [first]:
        yield from _fitting(job, root, files)
    for _, _, files in walked:
        yield from _fitting(job, root, files)


def _fitting(job: ClusterJob, root: str, files: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    for name, facts in sorted(files.items()):
        path = posixpath.relpath(facts["name"], root)
        hidden = any(part.startswith(".") for part in path.split("/"))
        suffix = posixpath.splitext(name)[1].lower()
        if hidden or suffix not in SUFFIXES or is_result(name) or not job.patterns.fit(path):
            continue
        when = facts.get("mtime") or facts.get("LastModified") or facts.get("updated") or 0
        seconds = when.timestamp() if hasattr(when, "timestamp") else float(when or 0)
        yield path, int(facts.get("size") or 0), int(seconds * 1e9)


class Worker:
    """An actor: one process for the work, fetching and delivering around it."""

    def __init__(self, settings: dict[str, Any], storage: dict[str, Any]) -> None:
        self._storage = storage
        self._pool = start_workers(Settings(**settings), 1, 1)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Colour one photo; a failure of any kind is a row that says so."""
        with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
            try:
                outcome, outputs = self._colour(row, Path(folder))
            except Exception as error:  # a store may raise anything
                line = f"{row['source']}: cannot be fetched or delivered ({_first_line(error)})"
                outcome, outputs = Outcome("failed", reason=type(error).__name__, error=line), []
        return {
            "path": row["path"],
            "state": outcome.state,
            "outputs": outputs,
            "seconds": float(outcome.seconds),
            "sha256": outcome.sha256,
            "reason": outcome.reason,
            "error": outcome.error,
            "losses": list(outcome.losses),
            "notes": list(outcome.notes),
        }

    def _colour(self, row: dict[str, Any], folder: Path) -> tuple[Outcome, list[str]]:
        import fsspec

        system, remote = fsspec.core.url_to_fs(row["source"], **self._storage)
        source = folder / "in" / posixpath.basename(row["source"])
        target = folder / "out" / posixpath.basename(row["target"])
        for path in (source, target):
            path.parent.mkdir()
        goal, place = fsspec.core.url_to_fs(row["target"], **self._storage)
        if not row["overwrite"] and goal.exists(place):
            line = f"{row['target']}: exists already; add --overwrite to replace it"
            return Outcome("failed", reason="OutputExists", error=line), []
        system.get_file(remote, str(source))
        outcome = outcome_of(schedule(self._pool, Task(source, target, True)), row["source"])
        if outcome.error is not None:
            named = outcome.error.replace(str(source), row["source"])
            outcome = replace(outcome, error=named.replace(str(target), row["target"]))
        base = posixpath.dirname(place)
        delivered = []
        for path in outcome.outputs:
            _deliver(goal, path, posixpath.join(base, path.name))
            delivered.append(posixpath.join(posixpath.dirname(row["target"]), path.name))
        return outcome, delivered


def _deliver(system: Any, path: Path, place: str) -> None:
    """Put a file where it belongs, whole or not at all."""
    system.makedirs(posixpath.dirname(place), exist_ok=True)
    if "file" not in _protocols(system):
        system.put_file(str(path), place)  # stores show an object when it is complete
        return
    part = posixpath.join(
        posixpath.dirname(place), f".{os.getpid()}-photochrom-part-{posixpath.basename(place)}"
    )
    system.put_file(str(path), part)
    Path(part).replace(place)


def _protocols(system: Any) -> Sequence[str]:
    named = system.protocol
    return [named] if isinstance(named, str) else named


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
