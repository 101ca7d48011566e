"""CPUs of this process: affinity, cgroups' quotas, and what a person sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom._system.cpus import available_cpus

MANY = 16
UNIFIED = "30 24 0:27 {inside} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
CPU = "33 31 0:29 {inside} /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
OTHERS = (
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "34 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


@pytest.fixture(autouse=True)
def many_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 16 CPUs, of which this process may use all."""
    monkeypatch.setattr("photochrom._system.cpus._affinity", lambda: MANY)
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)


def machine(root: Path, groups: str, mounts: str, files: dict[str, str]) -> Path:
    """A root folder with proc and cgroups."""
    proc = root / "proc/self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(groups)
    (proc / "mountinfo").write_text(OTHERS + mounts)
    for name, content in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"job/task/cpu.max": "300000 100000\n"}, 3),
        ({"job/task/cpu.max": "250000 100000\n"}, 3),  # two threads would leave half a CPU idle
        ({"job/task/cpu.max": "20000 100000\n"}, 1),
        ({"job/task/cpu.max": "50000 10000\n"}, 5),
        ({"job/task/cpu.max": "max 100000\n"}, MANY),
        ({"job/task/cpu.max": "6400000 100000\n"}, MANY),
        ({"job/cpu.max": "200000 100000\n", "job/task/cpu.max": "max 100000\n"}, 2),
        ({"job/cpu.max": "200000 100000\n", "job/task/cpu.max": "400000 100000\n"}, 2),
        ({"job/cpu.max": "400000 100000\n", "job/task/cpu.max": "200000 100000\n"}, 2),
        ({"other/cpu.max": "200000 100000\n"}, MANY),
        ({"job/task/cpu.max": "damaged\n"}, MANY),
        ({}, MANY),
    ],
)
def test_quotas_of_version_2(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    root = machine(tmp_path, "0::/job/task\n", UNIFIED.format(inside="/"), files)
    assert available_cpus(root) == expected


def test_a_container_sees_its_own_cgroup_as_the_root(tmp_path: Path) -> None:
    """With a namespace of its own, and without, when the host's path is in /proc/self/cgroup."""
    files = {"cpu.max": "200000 100000\n"}
    own = machine(tmp_path / "own", "0::/\n", UNIFIED.format(inside="/"), files)
    assert available_cpus(own) == 2
    outside = machine(tmp_path / "outside", "0::/../x\n", UNIFIED.format(inside="/"), files)
    assert available_cpus(outside) == 2
    hosts = machine(tmp_path / "hosts", "0::/pod/c\n", UNIFIED.format(inside="/pod/c"), files)
    assert available_cpus(hosts) == 2
    other = machine(tmp_path / "other", "0::/pod/c\n", UNIFIED.format(inside="/pod/d"), files)
    assert available_cpus(other) == 2


@pytest.mark.parametrize(
    ("quota", "above", "expected"),
    [(150000, -1, 2), (-1, 300000, 3), (-1, -1, MANY), (0, -1, MANY)],
)
def test_quotas_of_version_1(tmp_path: Path, quota: int, above: int, expected: int) -> None:
    folder = "cpu,cpuacct/docker"
    files = {
        f"{folder}/cpu.cfs_quota_us": f"{above}\n",
        f"{folder}/cpu.cfs_period_us": "100000\n",
        f"{folder}/abc/cpu.cfs_quota_us": f"{quota}\n",
        f"{folder}/abc/cpu.cfs_period_us": "100000\n",
    }
    groups = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/x\n"
    both = CPU.format(inside="/") + UNIFIED.format(inside="/").replace("cgroup rw", "cgroup/u rw")
    assert available_cpus(machine(tmp_path, groups, both, files)) == expected


def test_without_proc_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cpus(tmp_path) == MANY


def test_what_is_set_for_python_counts_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"cpu.max": "200000 100000\n"}
    root = machine(tmp_path, "0::/\n", UNIFIED.format(inside="/"), files)
    monkeypatch.setenv("PYTHON_CPU_COUNT", "7")
    assert available_cpus(root) == 7
    monkeypatch.setenv("PYTHON_CPU_COUNT", "default")
    assert available_cpus(root) == 2
    monkeypatch.setitem(sys._xoptions, "cpu_count", "5")
    assert available_cpus(root) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="sets the affinity")
def test_affinity() -> None:
    script = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from photochrom._system.cpus import available_cpus; print(available_cpus())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_CPU_COUNT"}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=60, capture_output=True, env=environment
    )
    assert done.stdout.split() == [b"1"]
