"""The worker processes of a job, and the tasks that are under way in them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

from pebble import ProcessPool

from photochrom._system.atomic import remove_parts
from photochrom._system.cpus import available_cpus
from photochrom.batch.ledger import Record
from photochrom.batch.settings import JobSettings
from photochrom.batch.work import Outcome, Task, outcome_of, schedule, start_workers
from photochrom.errors import JobError, Option, Remedy

_AHEAD = 2
"""Tasks under way for each worker: one at work, one waiting."""
_RESTARTS = 3
"""Restarts of the worker processes in a row, with no task finished, before the job gives up."""


class Workers:
    """Worker processes with one kind of settings; several jobs may use them, one after another.

    The processes start with the first task.
    """

    def __init__(
        self, settings: JobSettings, count: int | None = None, threads: int | None = None
    ) -> None:
        """Prepare the workers.

        count: processes; by default as many as threads. threads: of all processes together; by
        default as many as cores.
        """
        self.settings = settings
        self.threads = threads or available_cpus()
        self.count = count or self.threads
        self.tasks: dict[Any, tuple[Record, Task]] = {}
        self._restarts = 0
        self._pool = self._start()

    def _start(self) -> ProcessPool:
        return start_workers(self.settings, self.count, max(1, self.threads // self.count))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        if raised is not None:
            self.stop()
            return
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()

    def stop(self) -> None:
        """End the processes, whatever they do, and remove what they leave half-written."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for _, task in self.tasks.values():
            remove_parts(task.target)

    @property
    def room(self) -> int:
        """How many more tasks may be under way."""
        return max(0, _AHEAD * self.count - len(self.tasks))

    @property
    def full(self) -> bool:
        """Whether enough tasks are under way."""
        return self.room == 0

    def submit(self, record: Record, task: Task) -> None:
        """Queue a task for the next free worker."""
        try:
            future = schedule(self._pool, task)
        except RuntimeError:  # the pool has ended because a worker died between two tasks
            self._restart()
            future = schedule(self._pool, task)
        self.tasks[future] = record, task

    def ended(self, timeout: float | None = None) -> Iterator[tuple[Record, Task, Outcome]]:
        """Wait until at least one task has ended; yield each that has.

        timeout: seconds after which the waiting ends anyway.
        """
        finished, _ = wait(self.tasks, timeout, return_when=FIRST_COMPLETED)
        broken = []
        for future in finished:
            record, task = self.tasks.pop(future)
            try:
                outcome = outcome_of(future, task.source)
            except BrokenProcessPool:
                broken.append((record, task))
                continue
            self._restarts = 0
            yield record, task, outcome
        if broken:
            self._restart()
            for record, task in broken:  # its result may be complete already
                self.submit(record, replace(task, overwrite=True))

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise JobError(
                None,
                "worker processes exit at start-up",
                Remedy("try again with {}", Option("jobs", 1)),
            )
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        self._pool = self._start()
