"""Which photos of a set are meant: conditions on the columns of its manifest."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import DataError

_CONDITION = re.compile(r"(?P<column>\w+)(?P<sign>!?=)(?P<value>.*)")


@dataclass(frozen=True)
class Selection:
    """The photos whose row in a manifest meets every condition; `key in selection` asks.

    keys: those photos' keys. described: the conditions as a person wrote them, for messages.
    """

    keys: frozenset[str]
    described: str

    @classmethod
    def read(cls, manifest: str | Path, conditions: Sequence[str]) -> Selection:
        """Read a CSV with the column `key` and apply conditions to its other columns.

        conditions: "column=value" or "column!=value"; "terms=free" keeps the photos that are free
        to use.
        Raises DataError where the file cannot be read, a condition is not one, a column is missing
        or nothing is left.
        """
        tests = [_parse(condition) for condition in conditions]
        rows = _rows(Path(manifest), {"key", *(column for column, _, _ in tests)})
        keys = frozenset(
            row["key"]
            for row in rows
            if all((row[column] == value) is equal for column, equal, value in tests)
        )
        described = ", ".join(conditions)
        if not keys:
            raise DataError(f"{manifest}: no photo with {described}; look at the column's values")
        return cls(keys, described)

    def __contains__(self, key: object) -> bool:
        return key in self.keys


def _parse(condition: str) -> tuple[str, bool, str]:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise DataError(f"{condition!r} is no condition; write column=value or column!=value")
    return match["column"], match["sign"] == "=", match["value"]


def _rows(manifest: Path, columns: set[str]) -> list[Mapping[str, str]]:
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = columns - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    f"{manifest}: no column {', '.join(sorted(missing))}; it has "
                    f"{', '.join(reader.fieldnames or ['none'])}"
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{manifest}: not a readable manifest ({error}); name a CSV file"
        ) from error
