"""`photochrom colorize FOLDER`: a whole tree as a job."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from photochrom._system.cpus import available_cpus
from photochrom.cli.exit_codes import exit_code_of, one_line_errors
from photochrom.cli.flags import flag
from photochrom.cli.output import print_error, print_path, print_record, show_warnings
from photochrom.cli.progress import job_progress
from photochrom.errors import ConfigError
from photochrom.options import STANDARD_STREAM

if TYPE_CHECKING:
    from photochrom.batch import Job, JobSettings, Record, Report, Summary, Workers
    from photochrom.batch.cluster import ClusterJob


@dataclass(frozen=True)
class TreeOptions:
    """The values of the options for whole folders; see their help."""

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
        """The jobs for the folders among the inputs; empty where all inputs are single photos.

        Raises ConfigError for options that contradict each other.
        """
        if self.engine not in ("local", "ray"):
            raise ConfigError(f"--engine {self.engine}", "must be local or ray")
        if self.engine == "ray":
            return [self._cluster_job(inputs, output, settings, overwrite)]
        if self.address is not None:
            raise ConfigError("--address", "belongs to --engine ray", "add that")
        _refuse_addresses(inputs, output)
        folders = folders_of(inputs, output)
        if output is not None and folders and len(folders) < len(inputs):
            remedy = "name folders or photos; without -o results lie beside them"
            raise ConfigError(f"-o {output}", "is for folders or for photos, not for both", remedy)
        if not folders:
            self._refuse(
                "recursive", "include", "exclude", "jobs", "resume", "retry_failed", "ledger"
            )
            return []
        if output is None and self.ledger is None:
            remedy = "add -o FOLDER or --ledger FOLDER, which keeps the ledger"
            self._refuse("resume", "retry_failed", remedy=remedy)
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
            "ledger": self.ledger,
            "resume": self.resume or self.retry_failed,
            "retry_failed": self.retry_failed,
            "spelling": flag,
        }
        folders = list({os.path.realpath(folder): folder for folder in folders}.values())
        if output is None:
            if self.ledger is not None and len(folders) > 1:
                raise ConfigError(
                    f"--ledger {self.ledger}",
                    "without -o holds the photos of one folder",
                    "name one folder, or add -o FOLDER",
                )
            return [Job.beside(folder, settings, **options) for folder in folders]
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
    """The folders among the inputs, which jobs colour; empty where the output is a single file."""
    from photochrom.photo.formats import kind_of

    if output == STANDARD_STREAM:
        return []
    if output is not None and kind_of(Path(output)) is not None and not is_folder(Path(output)):
        return []
    return [Path(name) for name in inputs if name != STANDARD_STREAM and is_folder(Path(name))]


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; false for a name that the system refuses."""
    try:
        return path.is_dir()
    except OSError:  # such as a name that is too long
        return False


@dataclass(frozen=True)
class CountedJob:
    """A job with what its folders hold.

    photos: their number, None where that is not known. passed_over: numbers of pictures that cannot
    be read, by their formats.
    """

    job: Job | ClusterJob
    photos: int | None
    passed_over: Counter[str]

    @property
    def is_empty(self) -> bool:
        """Whether the job has no photo, as far as that is known."""
        return self.photos == 0


def counted(jobs: Sequence[Job | ClusterJob]) -> list[CountedJob]:
    """Jobs with their numbers of photos, and with no more processes than photos.

    Warns of photos in subfolders that no job colours.
    """
    if not jobs:
        return []
    from photochrom.batch import contents_of
    from photochrom.batch.cluster import ClusterJob

    result = []
    for job in jobs:
        if isinstance(job, ClusterJob):
            result.append(CountedJob(job, None, Counter()))
            continue
        warn_of_subfolders(job)
        contents = contents_of(job)
        processes = job.jobs or job.threads or available_cpus()
        limited = replace(job, jobs=min(processes, max(1, contents.photos)))
        result.append(CountedJob(limited, contents.photos, contents.passed_over))
    return result


def warn_of_subfolders(job: Job) -> None:
    """Say that photos in subfolders are left out, where there are some."""
    if not job.recursive and _has_photos_below(job):
        print_error("warning: photos in subfolders are left out; add --recursive")


def _has_photos_below(job: Job) -> bool:
    from photochrom.batch import entries_of
    from photochrom.batch.tree import EntryKind

    whole = replace(job, recursive=True)
    return any(
        "/" in entry.path and entry.kind is EntryKind.PHOTO
        for root in job.roots
        for entry in entries_of(whole, root)
    )


def no_photos(jobs: Sequence[CountedJob]) -> str:
    """What to say of folders without photos, and of the pictures in them that cannot be read."""
    passed_over = sum((counted.passed_over for counted in jobs), Counter[str]())
    return "no photos there" + (f"; {passed_over_line(passed_over)}" if passed_over else "")


def passed_over_line(passed_over: Counter[str]) -> str:
    """Such as "5 files passed over: 3 PSD, 2 CR2"."""
    total = passed_over.total()
    formats = ", ".join(f"{count} {name}" for name, count in passed_over.most_common())
    return f"{total} {'file' if total == 1 else 'files'} passed over: {formats}"


def color_folders(jobs: Sequence[CountedJob], as_json: bool) -> bool:
    """Do jobs of the same settings, one after another, by the same worker processes.

    Reports every photo as it ends, and a summary of each job.
    Returns whether no photo failed. Raises typer.Exit where a job cannot begin or go on.
    """
    from photochrom.batch import Workers
    from photochrom.batch.cluster import ClusterJob

    with one_line_errors(), ExitStack() as stack:
        workers = None
        local = [counted.job for counted in jobs if not isinstance(counted.job, ClusterJob)]
        if local:
            count = max(job.jobs or 1 for job in local)
            workers = stack.enter_context(Workers(local[0].settings, count, local[0].threads))
        complete = [_color_folder(counted, workers, as_json) for counted in jobs]
    return all(complete)


def _color_folder(counted: CountedJob, workers: Workers | None, as_json: bool) -> bool:
    from photochrom.batch import run_job
    from photochrom.batch.cluster import ClusterJob, run_on_ray

    job = counted.job
    if counted.is_empty and not counted.passed_over and not isinstance(job, ClusterJob):
        print_error(f"warning: {', '.join(map(str, job.roots))}: no photos there")
        return True
    try:
        with job_progress(counted.photos or 0) as advance, show_warnings():

            def listener(report: Report) -> None:
                if report.record.state.value != "passed over":
                    advance()
                show_report(report, job, as_json)

            if isinstance(job, ClusterJob):
                summary = run_on_ray(job, listener)
            else:
                summary = run_job(job, listener, workers)
    except KeyboardInterrupt as interruption:
        resumable = isinstance(job, ClusterJob) or job.keep_ledger
        remedy = ", --resume goes on" if resumable else ""
        print_error(f"interrupted; finished photos are kept{remedy}")
        raise typer.Exit(exit_code_of(interruption)) from None
    sum_up(summary, job)
    return not summary.failed


def show_report(report: Report, job: Job | ClusterJob, as_json: bool) -> None:
    """Print a photo's results or its record, and what a person should know."""
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
    """A photo's JSON record, with `now`: whether this job, not an earlier one, coloured it."""
    from photochrom.errors import PhotoError
    from photochrom.reports import FileReport

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


def sum_up(summary: Summary, job: Job | ClusterJob) -> None:
    """Print how many photos ended in which way; photos per second where the seconds are known."""
    from photochrom.batch.cluster import ClusterJob

    parts = [f"{summary.done} done"]
    if summary.done_before:
        parts.append(f"{summary.done_before} done before")
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
        elif job.ledger_folder is not None:
            line += f"; photochrom ledger {job.ledger_folder} lists them"
    print_error(line)
    if summary.passed_over:
        print_error(passed_over_line(summary.passed_over))
    if summary.lost:
        print_error(f"warning: some files could not hold {', '.join(sorted(summary.lost))}")
