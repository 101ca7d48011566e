"""Tables that people bring: CSV files, with a column `key` where they speak of photos."""

from __future__ import annotations

import csv
from pathlib import Path

from photochrom.errors import DataError

Row = dict[str, str]


def read_table(path: Path) -> tuple[tuple[str, ...], list[Row]]:
    """The columns' names and the rows of a CSV file in UTF-8, with a byte order mark or without.

    Raises DataError where it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            return tuple(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(path, f"not a readable table ({error})", "name a CSV file") from error
