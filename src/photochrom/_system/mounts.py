"""Which folders lie on file systems of other machines, whose changes the kernel does not report."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_REMOTE = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "davfs", "drvfs", "fuse.davfs2", "fuse.glusterfs",
        "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4",
        "smb3", "smbfs", "vboxsf", "virtiofs",
    }
)  # fmt: skip
"""Linux's names of file systems whose files another machine, or the host of this one, can change;
9p and drvfs are the drives of Windows in WSL."""
_MOUNTS = Path("/proc/self/mountinfo")


def is_remote(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a folder lies on a file system of another machine; false where that is not known.

    mounts: the table of mounts in Linux's form; other systems have none.
    """
    try:
        lines = os.fsdecode(mounts.read_bytes()).splitlines()
    except OSError:
        return False
    place = PurePosixPath(os.path.realpath(folder))
    longest, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = PurePosixPath(_unescaped(before.split(" ")[4]))
        if place.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), after.split(" ")[0]
    return kind in _REMOTE


def _unescaped(text: str) -> str:
    for code in ("040", "011", "012", "134"):  # space, tab, newline, backslash
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
