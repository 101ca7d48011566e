"""Which files of a folder, or of a whole tree, are photographs to be coloured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pathspec import PathSpec

from photochrom.errors import ConfigError, os_reason
from photochrom.photo.formats import SUFFIXES
from photochrom.photo.naming import is_result


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


def photos_in(
    root: Path, *, recursive: bool, patterns: Patterns, leave_out: Sequence[Path] = ()
) -> Iterator[str]:
    """Relative paths of the photos below a folder, sorted folder by folder.

    Hidden files and folders, and links to folders, are passed over; so are the folders of
    `leave_out`, which hold results. Memory is that of one folder's names.
    Raises ConfigError where the folder itself cannot be read. A folder below it that cannot be read
    is yielded like a photo, so that it is reported as a failed one.
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
            yield relative
            continue
        below = []
        for entry in listed:
            if entry.name.startswith("."):
                continue
            path = f"{relative}/{entry.name}" if relative else entry.name
            if _is_folder(entry):
                link = entry.is_symlink()
                if recursive and not link and os.path.realpath(entry.path) not in left_out:
                    below.append(path)
            elif _is_photo(entry.name) and patterns.fit(path):
                yield path
        pending += reversed(below)


def _is_photo(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES and not is_result(name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
