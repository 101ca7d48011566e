"""Work on many photos at once, with the results in the photos' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 8
"""Items in work for each thread, so that none waits for the one whose turn it is."""


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result]]:
    """Yield every item with what `work` makes of it; items are drawn as they are needed.

    jobs: threads. They fit work that libvips and NumPy do outside Python's lock.
    """
    with ThreadPoolExecutor(jobs) as pool:
        pending: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) > _AHEAD * jobs:
                oldest, future = pending.popleft()
                yield oldest, future.result()
        for oldest, future in pending:
            yield oldest, future.result()
