"""The queue: so many at a time, so many waiting, the urgent first, the others refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from photochrom.server.problems import RefusedError
from photochrom.server.queue import WorkQueue


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await asyncio.wait_for(test(), 30)

    with ThreadPoolExecutor(1) as other:  # the browser's tests keep a loop in this thread
        other.submit(asyncio.run, whole()).result()


async def settled(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_urgent_work_goes_first_and_the_rest_in_order() -> None:
    async def test() -> None:
        queue, gate, order = WorkQueue(1, 10), threading.Event(), list[str]()
        tasks = [asyncio.create_task(queue.run(gate.wait))]
        await settled(lambda: queue.running == 1)
        for name, urgent in (("a", False), ("b", False), ("c", True)):
            waiting = queue.waiting
            work = queue.run(lambda name=name: order.append(name), urgent=urgent)
            tasks.append(asyncio.create_task(work))
            await settled(lambda waiting=waiting: queue.waiting == waiting + 1)
        gate.set()
        await asyncio.gather(*tasks)
        assert order == ["c", "a", "b"]
        assert (queue.running, queue.waiting) == (0, 0)
        await queue.close()

    run(test)


def test_no_more_than_the_workers_run_at_once() -> None:
    async def test() -> None:
        queue, lock = WorkQueue(3, 100), threading.Lock()
        now, most = 0, 0

        def work() -> None:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.002)
            with lock:
                now -= 1

        await asyncio.gather(*(queue.run(work) for _ in range(60)))
        assert most == 3
        await queue.close()

    run(test)


def test_one_too_many_is_told_when_to_come_back() -> None:
    async def test() -> None:
        queue, gate = WorkQueue(2, 1), threading.Event()
        tasks = [asyncio.create_task(queue.run(gate.wait)) for _ in range(3)]
        await settled(lambda: queue.running == 2 and queue.waiting == 1)
        assert queue.full
        with pytest.raises(RefusedError) as refused:
            await queue.run(gate.wait)
        assert refused.value.status == 429
        assert int((refused.value.headers or {})["Retry-After"]) >= 1
        gate.set()
        await asyncio.gather(*tasks)
        assert not queue.full
        await queue.close()

    run(test)


def test_who_goes_away_leaves_the_place_to_the_next() -> None:
    async def test() -> None:
        queue, gate = WorkQueue(1, 5), threading.Event()
        first = asyncio.create_task(queue.run(gate.wait))
        await settled(lambda: queue.running == 1)
        gone = asyncio.create_task(queue.run(lambda: "gone"))
        last = asyncio.create_task(queue.run(lambda: "last"))
        await settled(lambda: queue.waiting == 2)
        gone.cancel()
        await settled(lambda: queue.waiting == 1)
        gate.set()
        assert await last == "last"
        await first
        assert (queue.running, queue.waiting) == (0, 0)
        assert await queue.run(lambda: "again") == "again"
        await queue.close()

    run(test)


def test_a_failure_is_the_askers_and_frees_the_place() -> None:
    async def test() -> None:
        queue = WorkQueue(1, 0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run(lambda: 1 / 0)
        assert await queue.run(lambda: 5) == 5
        await queue.close()

    run(test)
