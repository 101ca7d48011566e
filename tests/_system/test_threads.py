"""An ordered map over threads, and the limit of linear algebra's own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from photochrom._system.threads import ordered_map


def test_results_come_in_order_and_from_several_threads() -> None:
    together = threading.Barrier(2, timeout=30)
    seen = set()

    def work(number: int) -> int:
        together.wait()  # two at once, or nothing ends
        seen.add(threading.get_ident())
        time.sleep(0.01 * (number % 2))
        return number * number

    assert list(ordered_map(work, range(20), 2)) == [n * n for n in range(20)]
    assert len(seen) == 2


def test_items_are_drawn_as_they_are_needed() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    results = ordered_map(lambda number: number, items(), 2, ahead=3)
    assert next(results) == 0
    assert len(drawn) == 2 * 3 + 1
    results.close()
    assert len(drawn) == 2 * 3 + 1


def test_closing_cancels_what_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    go = threading.Event()

    class Pool(ThreadPoolExecutor):
        """Lets what has begun go on once the rest is cancelled."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            go.set()
            super().shutdown(wait=wait)

    monkeypatch.setattr("photochrom._system.threads.ThreadPoolExecutor", Pool)

    def work(number: int) -> int:
        begun.append(number)
        if number:
            go.wait(30)
        return number

    results = ordered_map(work, range(100), 1, ahead=5)
    assert next(results) == 0
    results.close()
    assert begun in ([0], [0, 1])


def test_a_failure_is_the_callers() -> None:
    results = ordered_map(lambda number: 1 // number, [1, 0, 1], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


LIMITED = """
import sys
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from photochrom._system.threads import limit_threads

def threads():
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

threadpool_limits(4, user_api="blas")  # as on a machine of four cores
assert threads() == {4}, threads()
limit_threads(2)
assert threads() == {2}, threads()
limit_threads(3)  # never more than there were
assert threads() == {2}, threads()
"""


def test_linear_algebra_is_limited_after_numpy_was_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], check=False, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
