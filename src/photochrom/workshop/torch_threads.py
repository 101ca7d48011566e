"""How many threads PyTorch and NumPy have in the workshop's commands."""

from __future__ import annotations

import os

import torch

from photochrom._system.cpus import available_cpus
from photochrom._system.threads import limit_threads


def set_threads(threads: int | None) -> None:
    """Give PyTorch and NumPy at most so many threads.

    threads: None for OMP_NUM_THREADS, which torchrun sets too, else for the CPUs of this process.
    """
    limit_threads(threads)
    if threads is not None:
        torch.set_num_threads(threads)
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), available_cpus()))
