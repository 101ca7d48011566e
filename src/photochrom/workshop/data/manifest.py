"""The manifest: one row a photo, kept or dropped, with its size, its credits and the reason."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from photochrom.errors import DataError


class Reason(StrEnum):
    """Why a photo was dropped."""

    CORRUPT = "corrupt"
    SMALL = "small"
    GRAY = "grey"
    TINTED = "tinted"
    DULL = "dull"
    GRAPHIC = "graphic"
    DUPLICATE = "duplicate"
    EXCLUDED = "excluded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Entry:
    """A row of the manifest; text as it stands in the file.

    width, height: as stored where the photo was kept, else of the original.
    source: a label of the collection; origin: where the photo itself came from; file: where this
    run found it.
    hash: the perceptual hash, 16 hexadecimal digits. reason: empty where the photo was kept.
    """

    key: str
    split: str = "train"
    shard: str = ""
    source: str = ""
    width: str = ""
    height: str = ""
    licence: str = ""
    terms: str = ""
    author: str = ""
    origin: str = ""
    file: str = ""
    hash: str = ""
    colorfulness: str = ""
    reason: str = ""
    detail: str = ""


COLUMNS = tuple(column.name for column in fields(Entry))
CREDITS = ("source", "licence", "terms", "author", "origin")
"""The columns of credits."""


@dataclass
class Tally:
    """How many photos were kept, and how many dropped for which reason."""

    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def count(self, entry: Entry) -> None:
        """Add one row."""
        if entry.reason:
            self.dropped[entry.reason] += 1
        else:
            self.kept += 1

    @property
    def total(self) -> int:
        """All photos looked at."""
        return self.kept + self.dropped.total()


def one_line(text: str) -> str:
    """Text from outside as it may stand in the manifest: single spaces, nothing unprintable."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in " ".join(text.split())
    )


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write a manifest, header included."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in entries)


_RENAMED = {"colourfulness": "colorfulness"}
"""Columns of earlier versions, and what they are called now."""


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the rows of a manifest.

    Raises DataError where a column is missing or unknown.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        reader.fieldnames = [_RENAMED.get(name, name) for name in reader.fieldnames or ()]
        if tuple(reader.fieldnames) != COLUMNS:
            raise DataError(path, "not a manifest of this version", "make the set again")
        for row in reader:
            yield Entry(**row)
