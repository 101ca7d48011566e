"""`photochrom colorize FOLDER`: a whole tree as a job; and `photochrom ledger OUT`."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.exit_codes import INTERRUPTED, one_line_errors
from photochrom.cli.flags import flag
from photochrom.cli.output import one_line, print_error, print_path, print_record, show_warnings
from photochrom.cli.progress import job_progress
from photochrom.errors import ConfigError
from photochrom.options import STANDARD_STREAM

if TYPE_CHECKING:
    from photochrom.batch import Job, JobSettings, Record, Report, Summary
    from photochrom.batch.cluster import ClusterJob

_SHOWN = 20
"""Failures that `ledger` lists without --failed."""


@dataclass(frozen=True)
class TreeOptions:
    """What the options about whole folders say; see their help."""

    recursive: bool
    include: list[str]
    exclude: list[str]
    jobs: int | None
    resume: bool
    retry_failed: bool
    engine: str
    address: str | None
    ledger: Path | None
    threads: int | None

    def jobs_of(
        self, inputs: list[str], output: str | None, settings: JobSettings, overwrite: bool
    ) -> list[Job] | list[ClusterJob]:
        """The jobs on the folders among the inputs; none where all inputs are single photos.

        Raises ConfigError for usage that cannot be meant.
        """
        if self.engine not in ("local", "ray"):
            raise ConfigError(f"--engine {self.engine}", "must be local or ray")
        if self.engine == "ray":
            return [self._cluster_job(inputs, output, settings, overwrite)]
        if self.address is not None or self.ledger is not None:
            raise ConfigError(None, "--address and --ledger belong to --engine ray", "add that")
        _refuse_addresses(inputs, output)
        folders = folders_of(inputs, output)
        if output is not None and folders and len(folders) < len(inputs):
            remedy = "name folders or photos; without -o results lie beside them"
            raise ConfigError(f"-o {output}", "is for folders or for photos, not for both", remedy)
        if not folders:
            self._refuse("recursive", "include", "exclude", "jobs", "resume", "retry_failed")
            return []
        if output is None:
            self._refuse("resume", "retry_failed", remedy="add -o FOLDER, which keeps the ledger")
        return self._local_jobs(folders, output, settings, overwrite)

    def _refuse(self, *options: str, remedy: str = "name a folder") -> None:
        for option in options:
            if getattr(self, option):
                name = option.replace("_", "-")
                raise ConfigError(f"--{name}", "is for whole folders", remedy)

    def _local_jobs(
        self, folders: list[Path], output: str | None, settings: JobSettings, overwrite: bool
    ) -> list[Job]:
        from photochrom.batch import Job, Patterns

        options: dict[str, Any] = {
            "recursive": self.recursive,
            "patterns": Patterns.of(self.include, self.exclude),
            "jobs": self.jobs,
            "threads": self.threads,
            "overwrite": overwrite,
            "spelling": flag,
        }
        folders = list({os.path.realpath(folder): folder for folder in folders}.values())
        if output is None:
            return [Job.beside(folder, settings, **options) for folder in folders]
        options |= {
            "resume": self.resume or self.retry_failed,
            "retry_failed": self.retry_failed,
        }
        return [Job(folders, Path(output), settings, **options)]

    def _cluster_job(
        self, inputs: list[str], output: str | None, settings: JobSettings, overwrite: bool
    ) -> ClusterJob:
        from photochrom.batch import Patterns
        from photochrom.batch.cluster import ClusterJob

        if len(inputs) != 1 or output is None or STANDARD_STREAM in (output, *inputs):
            raise ConfigError(None, "--engine ray takes one folder or URL, and -o FOLDER_OR_URL")
        ledger = self.ledger
        if ledger is None:
            if "://" in output:
                raise ConfigError(
                    f"-o {output}", "is no place for a ledger", "add --ledger FOLDER, a folder here"
                )
            ledger = Path(output)
        return ClusterJob(
            inputs[0],
            output,
            ledger,
            settings,
            Patterns.of(self.include, self.exclude),
            self.address,
            self.jobs,
            resume=self.resume or self.retry_failed,
            retry_failed=self.retry_failed,
            overwrite=overwrite,
            spelling=flag,
        )


def _refuse_addresses(inputs: list[str], output: str | None) -> None:
    for name in (*inputs, output or ""):
        if "://" in name:
            remedy = "add --engine ray, or copy it to this machine first"
            raise ConfigError(name, "is an address, not a file or folder", remedy)


def folders_of(inputs: list[str], output: str | None) -> list[Path]:
    """The folders among the inputs, which jobs colour; none where the output is a single file."""
    from photochrom.photo.formats import kind_of

    if output == STANDARD_STREAM:
        return []
    if output is not None and kind_of(Path(output)) is not None and not is_folder(Path(output)):
        return []
    return [Path(name) for name in inputs if name != STANDARD_STREAM and is_folder(Path(name))]


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder; false for a name that can be none."""
    try:
        return path.is_dir()
    except OSError:  # as of a name that is too long
        return False


@dataclass(frozen=True)
class CountedJob:
    """A job, and how many photos it has; 0 where that is not known."""

    job: Job | ClusterJob
    total: int


def counted(jobs: Sequence[Job | ClusterJob]) -> list[CountedJob]:
    """Jobs with their numbers of photos; warns of folders without any, and leaves them out."""
    from photochrom.batch.cluster import ClusterJob

    found: list[CountedJob] = []
    empty: list[str] = []
    for job in jobs:
        if isinstance(job, ClusterJob):
            found.append(CountedJob(job, 0))
        elif total := _count(job):
            processes = job.jobs or job.threads or os.cpu_count() or 1
            found.append(CountedJob(replace(job, jobs=min(processes, total)), total))
        else:
            empty += map(str, job.roots)
    if found:  # else there is nothing to do, which the caller says
        for root in empty:
            print_error(f"warning: {root}: no photos there")
    return found


def _count(job: Job) -> int:
    from photochrom.batch import count_photos

    if not job.recursive and _has_photos_below(job):
        print_error("warning: photos in subfolders are left out; add --recursive")
    return count_photos(job)


def _has_photos_below(job: Job) -> bool:
    from photochrom.batch import photos_of

    whole = replace(job, recursive=True)
    return any("/" in path for root in job.roots for path in photos_of(whole, root))


def color_folders(counted: CountedJob, as_json: bool) -> bool:
    """Do a job, report every photo as it ends, and all at the end.

    Returns whether no photo failed. Raises typer.Exit where the job cannot begin or go on.
    """
    from photochrom.batch import run_job
    from photochrom.batch.cluster import ClusterJob, run_on_ray

    job, total = counted.job, counted.total
    with one_line_errors():
        try:
            with job_progress(total) as shown, show_warnings():

                def listener(report: Report) -> None:
                    shown()
                    _tell(report, job, as_json)

                if isinstance(job, ClusterJob):
                    summary = run_on_ray(job, listener)
                else:
                    summary = run_job(job, listener)
        except KeyboardInterrupt:
            resumable = isinstance(job, ClusterJob) or job.keep_ledger
            goes_on = ", --resume goes on" if resumable else ""
            print_error(f"interrupted; finished photos are kept{goes_on}")
            raise typer.Exit(INTERRUPTED) from None
    _sum_up(summary, job)
    return not summary.failed


def _tell(report: Report, job: Job | ClusterJob, as_json: bool) -> None:
    record, outcome = report.record, report.outcome
    if record.error is not None and (outcome is not None or record.state.value == "failed"):
        print_error(record.error)
    if as_json:
        print_record(_record(report, job))
    elif outcome is not None:
        for name in _outputs(record, job):
            print_path(name)
        for note in outcome.notes:
            print_error(f"warning: {report.source}: {note}")


def _record(report: Report, job: Job | ClusterJob) -> dict[str, Any]:
    """A photo's JSON record: as of any photo, and whether it was done now or by an earlier job."""
    from photochrom.errors import PhotoError
    from photochrom.files import FileReport

    row, outcome = report.record, report.outcome
    fault = None if row.error is None else PhotoError(None, row.error)
    earlier = FileReport(seconds=row.seconds, reason=row.reason, fault=fault)
    outputs = _outputs(row, job)
    return (outcome or earlier).record(flag) | {
        "input": report.source,
        "state": row.state.value,
        "output": outputs[0] if outputs else None,
        "outputs": outputs,
        "now": outcome is not None,
    }


def _outputs(record: Record, job: Job | ClusterJob) -> list[str]:
    """Names of a photo's results."""
    if record.state.value != "done":
        return []
    names = [name for name, _, _ in record.outputs]
    if isinstance(job.output, Path):
        return [str(job.output / name) for name in names]
    return [posixpath.join(job.output, name) for name in names]


def _sum_up(summary: Summary, job: Job | ClusterJob) -> None:
    from photochrom.batch.cluster import ClusterJob

    parts = [f"{summary.done} done"]
    if summary.kept:
        parts.append(f"{summary.kept} done before")
    if summary.skipped:
        parts.append(f"{summary.skipped} skipped")
    if summary.failed:
        parts.append(f"{summary.failed} failed")
    if summary.done and summary.seconds:
        parts.append(f"{summary.done / summary.seconds:.2f} photos/s")
    line = ", ".join(parts)
    if summary.reasons:
        reasons = (f"{count} {reason}" for reason, count in summary.reasons.most_common())
        line += f" ({'; '.join(reasons)})"
        if isinstance(job, ClusterJob):
            line += f"; photochrom ledger {job.ledger} lists them"
        elif job.keep_ledger:
            line += f"; photochrom ledger {job.output} lists them"
    print_error(line)
    if summary.lost:
        print_error(f"warning: some files could not hold {', '.join(sorted(summary.lost))}")


def ledger(
    folder: Annotated[Path, typer.Argument(help="The folder of results of a job.")],
    failed: Annotated[
        bool, typer.Option("--failed", help="List all photos that failed, and why.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a photo.")] = False,
) -> None:
    """Read what became of each photo of a job: counts by state, settings, failures.

    It may be read while the job runs.
    """
    from photochrom.batch import Ledger, State

    with one_line_errors(), Ledger(folder, writing=False) as found:
        if as_json:
            for record in found.records(State.FAILED if failed else None):
                print_record(
                    {
                        "path": record.path,
                        "root": record.root,
                        "state": record.state.value,
                        "settings": record.settings,
                        "sha256": record.sha256,
                        "outputs": [name for name, _, _ in record.outputs],
                        "seconds": record.seconds,
                        "reason": record.reason,
                        "error": record.error,
                        "at": record.at,
                    }
                )
            return
        counts = found.counts()
        for state in State:
            reasons = {reason: n for (s, reason), n in counts.items() if s is state}
            if reasons:
                detail = "; ".join(f"{n} {reason}" for reason, n in reasons.items() if reason)
                line = f"{sum(reasons.values()):8d} {state.value}"
                typer.echo(line + (f" ({detail})" if detail else ""))
        for digest, settings in found.settings().items():
            said = ", ".join(f"{name} {value}" for name, value in settings.items())
            typer.echo(f"settings {digest}: {said}")
        for index, record in enumerate(found.records(State.FAILED)):
            if index == _SHOWN and not failed:
                typer.echo("... (--failed lists all)")
                break
            typer.echo(one_line(record.error or record.path))
