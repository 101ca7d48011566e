"""Few photos at a time: work runs on some threads, waits in a short queue, or is refused (429)."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from photochrom.server.problems import RefusedError

T = TypeVar("T")

_SMOOTHING = 0.1  # of the mean time that a piece of work takes
_LONGEST_RETRY = 60


class WorkQueue:
    """Runs functions on threads; belongs to one event loop.

    `urgent` work, which a person waits for at a screen, goes first; else first come, first served.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        """Make threads; workers: functions that run at a time. waiting: how many more may wait.

        done: how many have ended so far.
        """
        self.workers, self.most_waiting = workers, waiting
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="photochrom")
        self._free = workers
        self._order = 0
        self._queue: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._seconds = 1.0
        self.done = 0

    @property
    def running(self) -> int:
        """How many work now."""
        return self.workers - self._free

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether the next one is refused."""
        return self._free == 0 and self.waiting >= self.most_waiting

    def check(self) -> None:
        """Raise RefusedError, 429, where too many wait already."""
        if not self.full:
            return
        wait = math.ceil(self._seconds * (self.waiting + 1) / self.workers)
        raise RefusedError(
            429,
            "busy",
            f"{self.waiting} requests are waiting already",
            "come back later",
            {"Retry-After": str(min(max(1, wait), _LONGEST_RETRY))},
        )

    async def run(
        self,
        function: Callable[[], T],
        *,
        urgent: bool = False,
        abandoned: Callable[[], None] | None = None,
    ) -> T:
        """Run a function on a thread; raises RefusedError, 429, where too many wait already.

        A caller that is cancelled while it waits leaves the queue; a function that runs already
        runs to its end. abandoned: called then, from the event loop, to remove its results.
        """
        if self._free == 0:
            await self._turn(urgent)
        else:
            self._free -= 1
        running = asyncio.get_running_loop().run_in_executor(self._pool, function)
        running.add_done_callback(partial(self._ended, time.perf_counter()))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if abandoned is not None:
                running.add_done_callback(lambda _: abandoned())
            raise

    def _ended(self, started: float, running: asyncio.Future[Any]) -> None:
        self.done += 1
        self._seconds += _SMOOTHING * (time.perf_counter() - started - self._seconds)
        if not running.cancelled():
            running.exception()  # retrieved, or asyncio logs it; the caller may be gone
        self._next()

    async def close(self) -> None:
        """Wait for running work; called once no more requests come."""
        await asyncio.to_thread(self._pool.shutdown, wait=True)

    async def _turn(self, urgent: bool) -> None:
        """Wait for a free thread."""
        self.check()
        turn = asyncio.get_running_loop().create_future()
        self._order += 1
        place = (not urgent, self._order, turn)
        heapq.heappush(self._queue, place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._queue.remove(place)
                heapq.heapify(self._queue)
            else:
                self._next()  # its thread is for the one behind
            raise

    def _next(self) -> None:
        """Give a thread that became free to the first that still waits."""
        while self._queue:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
