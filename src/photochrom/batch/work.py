"""The work on one photograph of a job, in a worker process."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import signal
import stat
import threading
import time
import warnings
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from photochrom._system.malloc import trim_memory
from photochrom._system.threads import limit_threads
from photochrom.batch.settings import JobSettings
from photochrom.errors import PhotoError
from photochrom.files import colorize_file, repair_file
from photochrom.reports import FileReport, reported

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

TIME_LIMIT_S = 1800
"""A photo that takes longer, in seconds, fails."""
_DIED, _TIMED_OUT = "WorkerDied", "Timeout"
_BETWEEN_TRIMS = 32
"""A worker returns freed memory to the system after this many photos; that takes milliseconds."""
_PARENT_CHECK_S = 1.0
"""Seconds between two checks that the job's process still runs."""


@dataclass(frozen=True)
class Task:
    """One photo to colour.

    source, target: paths; the target's suffix is already that of the settings' format.
    overwrite: whether a file of that name may be replaced.
    known: the SHA-256 that the photo had when the target was made with these settings; the task
    does nothing where the photo still has it.
    """

    source: Path
    target: Path
    overwrite: bool
    known: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome(FileReport):
    """A worker's report of its task.

    state: also "unchanged". size, modified (ns), sha256: of the photo's file, from before it was
    read.
    """

    size: int = -1
    modified: int = -1
    sha256: str | None = None

    @property
    def cut_off(self) -> bool:
        """Whether the worker ended before it could report."""
        return self.reason in (_DIED, _TIMED_OUT)


_colorizer: Colorizer | None = None
_since_trim = 0
_settings = JobSettings()


def preflight(settings: JobSettings) -> None:
    """Raise ModelError or ConfigError, before a job begins, where every photo would."""
    if settings.color:
        _model(settings, 1).check_size(settings.colorize.size)
    if settings.repair is not None and settings.repair.inpainter is not None:
        from photochrom.models.inpainting import Inpainter

        Inpainter(settings.repair.inpainter)


def _model(settings: JobSettings, threads: int) -> Colorizer:
    from photochrom.colorizer import Colorizer

    return Colorizer(settings.model, threads=threads, device=settings.device, kind=settings.kind)


def start_workers(settings: JobSettings, workers: int, threads: int) -> ProcessPool:
    """Processes that do tasks; threads: of each."""
    _start_resource_tracker()
    return ProcessPool(
        max_workers=workers,
        context=multiprocessing.get_context("spawn"),
        initializer=init_worker,
        initargs=(settings, threads),
    )


def _start_resource_tracker() -> None:
    """Start the process that `multiprocessing` keeps beside its workers, deaf to SIGHUP.

    The signal of a terminal that is closed would end it before the job, with warnings.
    """
    if not hasattr(signal, "SIGHUP"):
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def schedule(pool: ProcessPool, task: Task) -> Any:
    """Submit a task to the next free worker; returns a future for `outcome_of`."""
    return pool.schedule(color, args=(task,), timeout=TIME_LIMIT_S)


def outcome_of(future: Any, source: str | Path) -> Outcome:
    """Wait for a task's end; a worker that died or hangs is a failed photo."""
    try:
        outcome: Outcome = future.result()
    except ProcessExpired:
        fault = PhotoError(source, "its worker process died", "the file may be damaged")
        return Outcome(input=str(source), state="failed", reason=_DIED, fault=fault)
    except FutureTimeout:
        fault = PhotoError(source, f"took longer than {TIME_LIMIT_S} s", "the file may be damaged")
        return Outcome(input=str(source), state="failed", reason=_TIMED_OUT, fault=fault)
    return outcome


def init_worker(settings: JobSettings, threads: int) -> None:
    """Prepare a worker process for tasks; called once in each."""
    global _colorizer, _settings
    for name in ("SIGINT", "SIGHUP"):  # the job's own process ends its workers
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = os.getppid()
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()
    from photochrom._system.vips import block_untrusted, pyvips

    block_untrusted()
    pyvips.concurrency_set(threads)
    limit_threads(threads)

    _settings = settings
    if settings.color:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a device that fails: the job's process shows it
            _colorizer = _model(settings, threads)
    gc.freeze()  # what is loaded stays, and need not be searched after every photo


def _exit_with_parent(parent: int) -> None:
    """End this worker when the job's process has ended, killed or not."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


def color(task: Task) -> Outcome:
    """Do one task; every failure is an outcome, so that one photo does not stop the others.

    The photo's size, time and SHA-256 are taken before it is read, so that the next job notices a
    change during the work.
    """
    started = time.perf_counter()
    _trim_memory()
    size, modified, sha256 = _identity(task.source)
    if task.known is not None and sha256 == task.known:
        report = FileReport(input=str(task.source), state="unchanged")
    else:
        report = reported(str(task.source), lambda: _color(task))
    gc.collect()  # closes the photo, which refers to itself: a drive can be unmounted after it
    report = replace(report, seconds=time.perf_counter() - started)
    return Outcome(**vars(report), size=size, modified=modified, sha256=sha256)


def _trim_memory() -> None:
    """Return freed memory to the system once in a while."""
    global _since_trim
    _since_trim += 1
    if _since_trim == _BETWEEN_TRIMS:
        _since_trim = 0
        trim_memory()


def _color(task: Task) -> FileReport:
    if not _settings.color:
        return repair_file(
            task.source,
            task.target,
            _settings.repair,
            replace(_settings.save, overwrite=task.overwrite),
            max_pixels=_settings.max_pixels,
        )
    return colorize_file(
        task.source,
        task.target,
        _settings.colorize,
        replace(_settings.save, overwrite=task.overwrite),
        colorizer=_colorizer,
        max_pixels=_settings.max_pixels,
        repair=_settings.repair,
    )


def _identity(source: Path) -> tuple[int, int, str | None]:
    """A file's size, time and SHA-256; -1, -1 and None for anything but a readable regular file."""
    try:
        if not stat.S_ISREG(source.stat().st_mode):  # a pipe's end may never come
            return -1, -1, None
        with source.open("rb") as file:
            status = os.fstat(file.fileno())
            return (
                status.st_size,
                status.st_mtime_ns,
                hashlib.file_digest(file, "sha256").hexdigest(),
            )
    except OSError:
        return -1, -1, None
