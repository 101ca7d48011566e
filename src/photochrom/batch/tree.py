"""Which files of a folder, or of a whole tree, are photographs to be coloured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pathspec import PathSpec

from photochrom.errors import ConfigError, os_reason
from photochrom.photo.formats import kind_by_name
from photochrom.photo.naming import is_result
from photochrom.photo.unsupported import unsupported_format

_SYSTEM_FOLDERS = frozenset(
    {
        "@eadir",  # Synology: thumbnails and indexes
        "@tmp",
        "#recycle",
        "#snapshot",
        "@recycle",  # QNAP
        "@recently-snapshot",
        "network trash folder",  # file servers for macOS
        "temporary items",
        "__macosx",  # archives packed by macOS
        "$recycle.bin",  # Windows
        "recycler",
        "recycled",
        "system volume information",
        "lost+found",  # Linux
        "~snapshot",  # NetApp
    }
)
"""Names, in lower case, of folders where file servers and desktops keep thumbnails, snapshots and
deleted files. Their hidden folders (.Trash-1000, .Trashes, .thumbnails) need no list."""


@dataclass(frozen=True)
class Patterns:
    """Patterns that select relative paths, as in a .gitignore: "*.tif", "1912/", "drafts/**".

    include: where given, a path must match one of them. exclude: a path that matches one is left
    out, also where `include` has it.
    """

    include: PathSpec[Any] | None = None
    exclude: PathSpec[Any] | None = None

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> Patterns:
        """Patterns from their texts; raises ConfigError for an invalid one."""
        try:
            specs = [
                PathSpec.from_lines("gitignore", lines) if lines else None
                for lines in (include, exclude)
            ]
        except ValueError as error:
            raise ConfigError(None, f"a pattern cannot be read ({error})") from error
        return cls(*specs)

    def fit(self, path: str) -> bool:
        """Whether the patterns select a relative path with forward slashes."""
        if self.exclude is not None and self.exclude.match_file(path):
            return False
        return self.include is None or self.include.match_file(path)


class EntryKind(Enum):
    """How a job treats an entry of a tree."""

    PHOTO = "photo"
    UNSUPPORTED = "unsupported"
    """A picture of a format that Photochrom does not read."""
    UNREADABLE_FOLDER = "unreadable folder"


@dataclass(frozen=True)
class Entry:
    """A file or folder of a tree.

    path: relative to the tree's root, with forward slashes.
    """

    path: str
    kind: EntryKind


def photos_in(
    root: Path, *, recursive: bool, patterns: Patterns, leave_out: Sequence[Path] = ()
) -> Iterator[str]:
    """Relative paths of the photos below a folder; see `entries_in`."""
    for entry in entries_in(root, recursive=recursive, patterns=patterns, leave_out=leave_out):
        if entry.kind is EntryKind.PHOTO:
            yield entry.path


def entries_in(
    root: Path, *, recursive: bool, patterns: Patterns, leave_out: Sequence[Path] = ()
) -> Iterator[Entry]:
    """The photos below a folder, sorted folder by folder, and what a job cannot read there.

    Passed over without an entry: hidden files and folders, folders of file servers and desktops
    (`is_system_folder`), links to folders, results, files that are no pictures, and the folders of
    `leave_out`, which hold results. Memory is that of one folder's names.
    Raises ConfigError where the folder itself cannot be read; a folder below it is an entry then.
    """
    left_out = {os.path.realpath(folder) for folder in leave_out}
    pending = [""]
    while pending:
        relative = pending.pop()
        folder = root / relative if relative else root
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not relative:
                raise ConfigError(root, f"cannot be read ({os_reason(error)})") from error
            yield Entry(relative, EntryKind.UNREADABLE_FOLDER)
            continue
        below = []
        for entry in listed:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if _is_folder(entry):
                if recursive and _is_walked(entry, left_out):
                    below.append(path)
            elif (kind := kind_of_file(entry.name)) is not None and patterns.fit(path):
                yield Entry(path, kind)
        pending += reversed(below)


def is_system_folder(name: str) -> bool:
    """Whether a folder's name is one under which file servers and desktops keep their own files."""
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def kind_of_file(name: str) -> EntryKind | None:
    """How a job treats a file, by its name; None where it passes the file over."""
    if kind_by_name(name) is not None:
        kind = EntryKind.PHOTO
    elif unsupported_format(name) is not None:
        kind = EntryKind.UNSUPPORTED
    else:
        return None
    return None if name.startswith(".") or is_result(name) else kind


def _is_walked(entry: os.DirEntry[str], left_out: set[str]) -> bool:
    if is_system_folder(entry.name) or entry.is_symlink():
        return False
    return os.path.realpath(entry.path) not in left_out


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
