"""How many CPUs this process may use: those of its affinity, as far as its cgroup's quota reaches.

`os.cpu_count()` counts the machine's. A container, or a job of a cluster, often has fewer, and one
thread for each of the machine's would only take turns.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def available_cpus(root: Path = ROOT) -> int:
    """CPUs for this process, at least 1.

    The least of: those of its affinity (taskset, cpusets), and the quota of its cgroup and of each
    above it, rounded up. Python's own -X cpu_count and PYTHON_CPU_COUNT count before all of these.
    root: of the file system that has proc and the cgroups.
    """
    asked = sys._xoptions.get("cpu_count") or os.environ.get("PYTHON_CPU_COUNT", "")
    if str(asked).isdecimal() and int(asked):
        return int(asked)
    return max(1, min([_affinity(), *(math.ceil(quota) for quota in _quotas(root))]))


def _affinity() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """The quota, in CPUs, of this process's cgroup and of each above it; none without a limit."""
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        mounts = (root / "proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux, or no proc
        return
    own = dict[str, str]()
    for line in groups:  # "4:cpu,cpuacct:/path" of version 1, "0::/path" of version 2
        _, controllers, path = line.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    for line in mounts:
        mount, _, system = line.partition(" - ")
        kind, _, options = system.split(" ", 2)
        inside, point = mount.split(" ")[3:5]
        controller = "" if kind == "cgroup2" else "cpu"
        unified = kind == "cgroup2"
        if controller in own and (unified or (kind == "cgroup" and "cpu" in options.split(","))):
            for folder in _folders(root / point.lstrip("/"), inside, own[controller]):
                quota = _quota(folder, unified)
                if quota is not None:
                    yield quota


def _folders(mounted: Path, inside: str, group: str) -> Iterator[Path]:
    """The folder of a cgroup, and those above it up to where the hierarchy is mounted.

    inside: which cgroup is mounted; in a container it may be the process's own.
    """
    yield mounted
    with suppress(ValueError):  # a cgroup outside of what is mounted
        parts = PurePosixPath(group).relative_to(inside).parts
        if ".." not in parts:  # nor outside of what the container sees
            for part in parts:
                mounted /= part
                yield mounted


def _quota(folder: Path, unified: bool) -> float | None:
    """A cgroup's quota, in CPUs; None where it has no limit.

    unified: whether it is of cgroups' version 2.
    """
    try:
        if unified:
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8").strip()
                for name in ("quota", "period")
            )
        cpus = int(quota) / int(period)  # "max", or -1, without a limit
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return cpus if cpus > 0 else None
