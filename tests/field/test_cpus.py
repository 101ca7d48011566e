"""Threads and workers fit the CPUs that this process may use; what a person sets counts first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

CHOSEN = """
import json, os, sys

limit = int(sys.argv[1])
import photochrom._system.cpus as cpus
if limit:  # as a cgroup's quota does
    cpus._quotas = lambda root: iter([float(limit)])
affinity = os.sched_getaffinity(0)
cpus._affinity = lambda: int(sys.argv[2]) or len(affinity)

from photochrom import Colorizer
from photochrom._system.threads import limit_threads
from photochrom._system.vips import pyvips
from photochrom.batch import JobSettings
from photochrom.batch.workers import Workers
from photochrom.pipeline import full_size
from photochrom.server.settings import Settings
from threadpoolctl import threadpool_info
import photochrom.batch.workers



def network_threads(asked):
    return Colorizer(threads=asked).session._session.get_session_options().intra_op_num_threads


started = []
photochrom.batch.workers.start_workers = lambda settings, *counts: started.append(counts)
Workers(JobSettings(), None, None)
limit_threads()
blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
found = {
    "network": network_threads(None),
    "network asked": network_threads(5),
    "libvips": pyvips.concurrency_get(),
    "job": started[0],
    "server": [Settings().workers, Settings(workers=1).threads_each],
    "blas": max(blas),
}
if "torch" in sys.argv:
    import torch
    from photochrom.workshop.torch_threads import set_threads
    set_threads(None)
    found["torch"] = torch.get_num_threads()
    set_threads(6)
    found["torch asked"] = torch.get_num_threads()
print(json.dumps(found))
"""

LIMITS = (
    "VIPS_CONCURRENCY",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "PYTHON_CPU_COUNT",
)


def chosen(
    *before: str, quota: int = 0, affinity: int = 0, torch: bool = False, **environment: str
):
    """What a process of its own chooses."""
    clean = {name: value for name, value in os.environ.items() if name not in LIMITS}
    command = [*before, sys.executable, "-c", CHOSEN, str(quota), str(affinity)]
    done = subprocess.run(
        command + ["torch"] * torch,
        capture_output=True,
        check=False,
        timeout=300,
        env=clean | environment,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("taskset") is None, reason="needs taskset (util-linux)")
def test_taskset() -> None:
    first = str(min(os.sched_getaffinity(0)))
    found = chosen("taskset", "-c", first)
    expected_network = 1 if os.cpu_count() != 1 else 0
    assert found == {
        "network": expected_network,
        "network asked": 5,
        "libvips": 1,
        "job": [1, 1],
        "server": [2, 1],
        "blas": 1,
    }


@pytest.mark.workshop
def test_a_quota_of_one_cpu() -> None:
    """On a machine of 64: libvips, BLAS and PyTorch see those, or all that are really here."""
    found = chosen(quota=1, affinity=64, torch=True)
    assert found == {
        "network": 1 if os.cpu_count() != 1 else 0,
        "network asked": 5,
        "libvips": 1,
        "job": [1, 1],
        "server": [2, 1],
        "blas": 1,
        "torch": 1,
        "torch asked": 6,
    }


def test_a_quota_of_three_cpus() -> None:
    found = chosen(quota=3, affinity=64)
    assert found["job"] == [3, 1]
    assert found["server"] == [4, 3]
    assert found["network"] == (3 if os.cpu_count() != 3 else 0)


@pytest.mark.workshop
def test_what_the_environment_sets_counts_first() -> None:
    found = chosen(quota=1, affinity=64, torch=True, VIPS_CONCURRENCY="7", OMP_NUM_THREADS="2")
    assert found["libvips"] == 7
    assert found["torch"] == 2
    assert found["blas"] == 2
    assert found["torch asked"] == 6
