"""Tables that people bring: CSV files with a column `key` that names photos."""

from __future__ import annotations

from pathlib import Path

from photochrom.errors import DataError
from photochrom.workshop.data.csv_table import read_table

CLASSES = 1000
"""Of ImageNet."""


def read_column(path: Path, column: str) -> dict[str, str]:
    """One column of a CSV by the photos' keys; empty cells are "unknown".

    Raises DataError where the file cannot be read or lacks a column.
    """
    columns, rows = read_table(path)
    for name in ("key", column):
        if name not in columns:
            needs = " and ".join(dict.fromkeys(("key", column)))
            raise DataError(path, f"no column {name!r}", f"it needs {needs}")
    return {row["key"]: row[column] or "unknown" for row in rows}


def read_keys(path: Path) -> frozenset[str]:
    """The keys that a CSV lists, a row each; raises DataError as `read_column` does."""
    return frozenset(read_column(path, "key"))


def read_labels(path: Path) -> dict[str, int]:
    """ImageNet's class of photos by their keys, from a CSV with the columns `key` and `label`.

    Raises DataError as `read_column` does, and for a label that is no integer in 0..999.
    """
    labels = {}
    for key, text in read_column(path, "label").items():
        if not text.isdecimal() or int(text) >= CLASSES:
            raise DataError(path, f"{key} has label {text!r}", "write ImageNet's class, 0..999")
        labels[key] = int(text)
    return labels
