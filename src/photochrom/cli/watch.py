"""`photochrom colorize FOLDER --watch`: a job that goes on with new photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from photochrom.cli.batch import show_report, sum_up, warn_of_subfolders
from photochrom.cli.exit_codes import FAILED, HangUp, exit_code_of
from photochrom.cli.output import print_error, show_warnings
from photochrom.errors import ConfigError

if TYPE_CHECKING:
    from photochrom.batch import Job, Watch, WatchOptions
    from photochrom.batch.cluster import ClusterJob


def watch_options(watch: bool, poll: bool, settle: float | None) -> WatchOptions | None:
    """The options of a watch; None where nothing is watched.

    Raises ConfigError for an option that needs --watch, and for a time that is none.
    """
    if not watch:
        for name, given in (("--watch-poll", poll), ("--watch-settle", settle is not None)):
            if given:
                raise ConfigError(name, "belongs to --watch", "add that")
        return None
    from photochrom.batch import WatchOptions

    return WatchOptions(poll=poll) if settle is None else WatchOptions(settle, poll)


def color_watched(
    jobs: Sequence[Job | ClusterJob], singles: Sequence[str], options: WatchOptions, as_json: bool
) -> int:
    """Colour a job's folders and what comes into them until the command is ended.

    singles: inputs that are no folders. Returns the exit code: 0, 1 where a photo failed; 130 where
    photos that had come were left, 129 where the terminal was closed.
    Raises ConfigError for inputs that are not watched.
    """
    job = _watched_job(jobs, singles)
    from photochrom.batch import Watch

    listener = partial(show_report, job=job, as_json=as_json)
    watch = Watch(job, listener, options=options, note=print_error)
    warn_of_subfolders(job)
    print_error(f"watching {', '.join(map(str, job.roots))}; Ctrl-C ends it")
    interruption = None
    try:
        with show_warnings():
            watch.run()
    except KeyboardInterrupt as raised:
        interruption = raised
    return _end(watch, interruption)


def _watched_job(jobs: Sequence[Job | ClusterJob], singles: Sequence[str]) -> Job:
    from photochrom.batch import Job

    if singles:
        problem = f"is for folders, and {singles[0]} is none"
        raise ConfigError("--watch", problem, "name a folder that exists")
    if len(jobs) > 1:
        remedy = "name one folder, or add -o FOLDER"
        raise ConfigError("--watch", "without -o watches one folder", remedy)
    if not isinstance(jobs[0], Job):
        raise ConfigError("--watch", "does not belong to --engine ray", "leave one out")
    return jobs[0]


def _end(watch: Watch, interruption: KeyboardInterrupt | None) -> int:
    """Sum up a watch that has ended; returns the exit code."""
    if watch.left:
        count = f"{watch.left} {'photo' if watch.left == 1 else 'photos'}"
        remedy = ", --resume goes on" if watch.job.keep_ledger else ""
        print_error(f"interrupted; {count} not coloured yet{remedy}")
    sum_up(replace(watch.summary, seconds=0.0), watch.job)
    if interruption is not None and (watch.left or isinstance(interruption, HangUp)):
        return exit_code_of(interruption)
    return FAILED if watch.summary.failed else 0
