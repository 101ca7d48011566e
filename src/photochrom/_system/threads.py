"""Threads: a map over many items, and a limit for those of NumPy's linear algebra."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from photochrom._system.cpus import available_cpus
from photochrom._system.fork import forked_error

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int = 8
) -> Generator[Result]:
    """Yield `work(item)` for each item, in the items' order, computed by several threads.

    Items are taken in the caller's thread, at most `ahead` for each thread in advance, so that no
    thread idles while one item takes longer. An item is not kept once it is computed.
    Threads gain where the work is libvips's and NumPy's, outside Python's lock. Closing the
    generator cancels the calls that have not begun, and waits for the others. Raises
    PhotochromError where it is continued in a forked process, which has none of the threads.
    """
    process = os.getpid()
    pool = ThreadPoolExecutor(threads)
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > ahead * threads:
                yield pending.popleft().result()
                _check_process(process)
        while pending:
            yield pending.popleft().result()
            _check_process(process)
    finally:
        pool.shutdown(cancel_futures=True)


def _check_process(process: int) -> None:
    if os.getpid() != process:
        raise forked_error()


_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""The environment's variables that limit linear algebra."""


def limit_threads(count: int | None = None) -> None:
    """Let each product of matrices in this process use at most so many threads from now on.

    Ours are small. Threads that wait for them spin, and take the cores from other photos. A lower
    limit that the environment has set (OPENBLAS_NUM_THREADS and its like) stays.
    count: None for the CPUs of this process, unless the environment has set a limit.
    """
    if count is None:
        if any(name in os.environ for name in _LIMITS):
            return
        count = available_cpus()
    import numpy as np  # noqa: F401 - the limit is one of the libraries that are loaded

    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        library.set_num_threads(min(count, library.num_threads))
