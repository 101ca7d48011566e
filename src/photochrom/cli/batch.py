"""`photochrom colorize FOLDER -o OUT`: a whole tree as a job; and `photochrom ledger OUT`."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.exit_codes import FAILED, INTERRUPTED, one_line_errors
from photochrom.cli.flags import flag
from photochrom.cli.options import PIPE
from photochrom.cli.output import one_line, print_error, print_path, print_record, show_warnings
from photochrom.cli.progress import job_progress
from photochrom.errors import ConfigError

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

    def job(
        self, inputs: list[str], output: str | None, settings: JobSettings, overwrite: bool
    ) -> Job | ClusterJob | None:
        """The job that is meant; None where it is about single photos.

        Raises ConfigError for usage that cannot be meant.
        """
        from photochrom.batch import Job, Patterns

        if self.engine not in ("local", "ray"):
            raise ConfigError(f"--engine {self.engine}", "must be local or ray")
        if self.engine == "ray":
            return self._cluster_job(inputs, output, settings, overwrite)
        if self.address is not None or self.ledger is not None:
            raise ConfigError(None, "--address and --ledger belong to --engine ray", "add that")
        for name in (*inputs, output or ""):
            if "://" in name:
                remedy = "add --engine ray, or copy it to this machine first"
                raise ConfigError(name, "is an address, not a file or folder", remedy)
        trees = _trees(inputs, output)
        if not trees or output is None:
            for option in ("recursive", "include", "exclude", "jobs", "resume", "retry_failed"):
                if getattr(self, option):
                    name = option.replace("_", "-")
                    raise ConfigError(
                        f"--{name}", "is for whole folders", "name folders, and -o FOLDER"
                    )
            return None
        return Job(
            trees,
            Path(output),
            settings,
            self.recursive,
            Patterns.of(self.include, self.exclude),
            self.jobs,
            self.resume or self.retry_failed,
            self.retry_failed,
            overwrite,
            flag,
        )

    def _cluster_job(
        self, inputs: list[str], output: str | None, settings: JobSettings, overwrite: bool
    ) -> ClusterJob:
        from photochrom.batch import Patterns
        from photochrom.batch.cluster import ClusterJob

        if len(inputs) != 1 or output is None or PIPE in (output, *inputs):
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


def _trees(inputs: list[str], output: str | None) -> list[Path]:
    """The folders, where all inputs are folders and so is the output; else none."""
    from photochrom.photo.formats import kind_of

    if output in (None, PIPE) or any(name == PIPE or not Path(name).is_dir() for name in inputs):
        return []
    target = Path(str(output))
    if kind_of(target) is not None and not target.is_dir():
        return []
    return [Path(name) for name in inputs]


def color_trees(job: Job | ClusterJob, as_json: bool) -> None:
    """Do a job, tell of every photo as it ends, and of all at the end; raises typer.Exit."""
    from photochrom.batch import count_photos, run_job
    from photochrom.batch.cluster import ClusterJob, run_on_ray

    with one_line_errors():
        total = 0
        if not isinstance(job, ClusterJob):
            total = count_photos(job)
            if not total:
                raise ConfigError(", ".join(map(str, job.roots)), "no photos there")
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
            print_error("interrupted; finished photos are kept, --resume goes on")
            raise typer.Exit(INTERRUPTED) from None
    place = job.ledger if isinstance(job, ClusterJob) else job.output
    _sum_up(summary, place)
    if summary.failed:
        raise typer.Exit(FAILED)


def _tell(report: Report, job: Job | ClusterJob, as_json: bool) -> None:
    record, outcome = report.record, report.outcome
    if record.error is not None and (outcome is not None or record.state.value == "failed"):
        print_error(record.error)
    if as_json:
        print_record(_said(report, job))
    elif outcome is not None:
        for name in _outputs(record, job):
            print_path(name)
        for note in outcome.notes:
            source = posixpath.join(record.root, record.path)
            print_error(f"warning: {source}: {note}")


def _said(report: Report, job: Job | ClusterJob) -> dict[str, Any]:
    """A photo's JSON record: as `colorize` prints it for one photo, and its state."""
    from photochrom.models import known_models

    record, outcome = report.record, report.outcome
    said: dict[str, Any] = {
        "input": posixpath.join(record.root, record.path),
        "state": record.state.value,
        "now": outcome is not None,
    }
    outputs = _outputs(record, job)
    if outputs:
        said |= {"output": outputs[0], "outputs": outputs}
    if record.seconds is not None:
        said["seconds"] = round(record.seconds, 3)
    if record.error is not None:
        said |= {"error": record.error, "reason": record.reason}
    if outcome is not None and outcome.state == "done":
        lost = [f"the file cannot hold {what}" for what in outcome.losses]
        said |= {
            "width": outcome.width,
            "height": outcome.height,
            "model": job.settings.model or known_models()[0].name,
            "warnings": [*outcome.notes, *lost],
        }
    return said


def _outputs(record: Record, job: Job | ClusterJob) -> list[str]:
    """Names of a photo's results."""
    if record.state.value != "done":
        return []
    return [posixpath.join(str(job.output), name) for name, _, _ in record.outputs]


def _sum_up(summary: Summary, output: Path) -> None:
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
        line += f" ({'; '.join(reasons)}); photochrom ledger {output} lists them"
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
