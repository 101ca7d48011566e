"""Disks that are really full: a small file system in memory, mounted in a namespace of its own."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

SCRIPT = """
mount -t tmpfs -o size={size}k none {folder}
{first}
echo code $?
cp -r {folder} {before}
mount -o remount,size=100m {folder}
{then}
echo code $?
cp -r {folder} {after}
"""


def can_mount() -> bool:
    """Whether a file system can be mounted in a namespace of one's own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def run_on_small_disk(
    folder: Path, size: int, first: list[str], then: list[str], before: Path, after: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command where `folder` has room for `size` KB, then another where it has 100 MB.

    What the folder held after each is copied to `before` and `after`; codes are printed.
    """
    script = SCRIPT.format(
        size=size,
        folder=folder,
        before=before,
        after=after,
        first=shlex.join(first),
        then=shlex.join(then),
    )
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False
    )
