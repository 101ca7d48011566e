"""NumPy's linear algebra, which starts threads of its own unless told otherwise."""

from __future__ import annotations

import os


def limit_threads(count: int) -> None:
    """How many threads each product of matrices may use, in processes started from now on, and in
    this one where NumPy is not imported yet.

    Ours are small. Threads that wait for them spin, and take the cores from other photos.
    """
    for library in ("OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(count))
