"""Files out of git repositories: bare or ordinary clones, read without a work tree."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from photochrom.errors import DataError
from photochrom.workshop.data.shards import IMAGE_SUFFIXES

LAYOUTS = (
    "{owner}+{name}/repo",
    "{owner}+{name}",
    "{owner}/{name}",
    "{owner}/{name}.git",
)
"""Where a clone of OWNER/NAME may lie in the folder of clones."""
_ENVIRONMENT = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
"""A partial clone never fetches missing contents from its server."""


@dataclass(frozen=True)
class CommittedFile:
    """A file of a repository's newest commit: its path, and the id of its content."""

    path: str
    blob: str


def find_clone(clones: Path, repository: str) -> Path | None:
    """The git folder of a repository OWNER/NAME in a folder of clones; None where there is none."""
    owner, _, name = repository.partition("/")
    for layout in LAYOUTS:
        folder = clones / layout.format(owner=owner, name=name)
        for git_folder in (folder / ".git", folder):
            if (git_folder / "HEAD").is_file():
                return git_folder
    return None


def committed_images(git_folder: Path, include: re.Pattern[str]) -> list[CommittedFile]:
    """Image files of the newest commit whose path matches `include` anywhere.

    Equal contents are listed once. The order is that of the SHA-1 of the paths: random, and the
    same everywhere.
    Raises DataError where git cannot list the commit.
    """
    try:
        listing = subprocess.run(
            ["git", f"--git-dir={git_folder}", "ls-tree", "-r", "-z", "HEAD"],
            capture_output=True,
            env=_ENVIRONMENT,
            check=True,
        ).stdout
    except FileNotFoundError as error:
        raise DataError(None, "git is not installed", "install it") from error
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.decode(errors="replace").split())
        raise DataError(
            git_folder, f"no readable git folder ({reason})", "clone it again"
        ) from error
    hashed = []
    for line in filter(None, listing.split(b"\0")):
        meta, raw_path = line.split(b"\t", 1)
        _, object_type, name = meta.split()
        path = raw_path.decode("utf-8", "surrogateescape")
        suffix = PurePosixPath(path).suffix.lower()
        if object_type == b"blob" and suffix in IMAGE_SUFFIXES and include.search(path):
            hashed.append((hashlib.sha1(raw_path).digest(), path, name.decode()))
    first: dict[str, str] = {}
    for _, path, blob in sorted(hashed):
        first.setdefault(blob, path)
    return [CommittedFile(path, blob) for blob, path in first.items()]


class BlobReader:
    """Reads contents by their ids, through one process of git; for one thread."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, blob: str) -> bytes | None:
        """The bytes of a content, None where the clone lacks it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(blob.encode() + b"\n")
        self._process.stdin.flush()
        header = self._process.stdout.readline().split()
        if len(header) != 3:
            return None
        content = self._process.stdout.read(int(header[2]))
        self._process.stdout.read(1)
        return content


@contextmanager
def blob_reader(git_folder: Path) -> Iterator[BlobReader]:
    """Open a reader of a repository's contents."""
    process = subprocess.Popen(
        ["git", f"--git-dir={git_folder}", "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    try:
        yield BlobReader(process)
    finally:
        process.kill()
        process.communicate()
