"""Which photos of a set are meant: conditions on the columns of its manifest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from photochrom.errors import DataError
from photochrom.workshop.data.csv_table import read_table

_CONDITION = re.compile(r"(?P<column>\w+)(?P<sign>!?=)(?P<value>.*)")


def selected_keys(manifest: str | Path, conditions: Sequence[str]) -> frozenset[str]:
    """The keys of the photos whose row in a manifest meets every condition.

    manifest: a CSV with the column `key`.
    conditions: "column=value" or "column!=value"; "terms=free" keeps the photos that are free to
    use.
    Raises DataError where the file cannot be read, a condition is not one, a column is missing or
    nothing is left.
    """
    tests = [_parse(condition) for condition in conditions]
    columns, rows = read_table(Path(manifest))
    missing = {"key", *(column for column, _, _ in tests)}.difference(columns)
    if missing:
        raise DataError(
            manifest,
            f"no column {', '.join(sorted(missing))}",
            f"it has {', '.join(columns) or 'none'}",
        )
    keys = frozenset(
        row["key"]
        for row in rows
        if all((row[column] == value) is equal for column, equal, value in tests)
    )
    if not keys:
        raise DataError(
            manifest, f"no photo with {', '.join(conditions)}", "look at the column's values"
        )
    return keys


def _parse(condition: str) -> tuple[str, bool, str]:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise DataError(condition, "is no condition", "write column=value or column!=value")
    return match["column"], match["sign"] == "=", match["value"]
