"""A new file's permissions and time: as `cp` sets them, from the file that it is made of."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

ALL_PERMISSIONS = 0o777
"""With these a file is created whose permissions tell the process's umask."""
_ORDINARY = 0o666


def set_attributes(part: Path, target: Path, source: Path | None, *, keep_time: bool) -> None:
    """Set the permissions, and the time where asked, of a file that is about to get its name.

    A target that exists keeps its permissions. A new one gets those of the source that the umask
    leaves; without a source, read and write for whom the umask leaves them.

    part: the finished file, created with `ALL_PERMISSIONS`. target: the name that it gets.
    source: the file that it is made of. keep_time: give it the source's modification time.
    Raises OSError where the time cannot be set. Permissions that a file system does not have, or
    lets nobody change, are left as they are.
    """
    if keep_time and source is not None:
        status = source.stat()
        os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    with suppress(OSError):
        part.chmod(_permissions(part, target, source))


def _permissions(part: Path, target: Path, source: Path | None) -> int:
    with suppress(FileNotFoundError):
        return stat.S_IMODE(target.stat().st_mode) & ALL_PERMISSIONS
    wanted = _ORDINARY if source is None else stat.S_IMODE(source.stat().st_mode)
    return wanted & stat.S_IMODE(part.stat().st_mode) & ALL_PERMISSIONS
