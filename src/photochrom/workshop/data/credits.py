"""Credits in a table beside photos: authors and licences."""

from __future__ import annotations

from pathlib import Path

from photochrom.workshop.data.csv_table import read_table
from photochrom.workshop.data.manifest import CREDITS

TABLE_NAMES = ("manifest.csv", "credits.csv")

Credit = dict[str, str]
"""A photo's credits, by the names of `manifest.CREDITS`."""

_ANY = "*"


class CreditTables:
    """The tables in and beside a folder.

    A table is a CSV file with any of the columns source, licence, terms, author, origin, and with
    `key` (a photo's name without suffix), with `shard` or without, or `file` (its path as seen
    from the table). It lies in the photos' folder as manifest.csv or credits.csv, or beside the
    folder under the folder's name: gallery.csv beside gallery/.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tables of a folder; raises DataError where one is no table."""
        self.folder = folder.absolute()
        self._by_file: dict[str, Credit] = {}
        self._by_key: dict[tuple[str, str], Credit] = {}
        tables = [self.folder / name for name in TABLE_NAMES]
        tables.append(self.folder.parent / f"{self.folder.name}.csv")
        for table in filter(Path.is_file, tables):
            for row in read_table(table)[1]:
                self._add(row)

    def of_file(self, path: Path) -> Credit:
        """Credits of a photo file in the folder or below it; {} where no table knows it."""
        for parent in (self.folder, self.folder.parent):
            named = self._by_file.get(path.absolute().relative_to(parent).as_posix())
            if named is not None:
                return named
        return self._by_key.get((_ANY, path.stem), {})

    def of_member(self, archive: Path, key: str) -> Credit:
        """Credits of a photo in an archive in the folder, by the archive's and the photo's name."""
        credits = self._by_key.get((archive.name.split(".")[0], key))
        return credits if credits is not None else self._by_key.get((_ANY, key), {})

    def _add(self, row: dict[str, str]) -> None:
        credit = {name: row[name] for name in CREDITS if row.get(name)}
        if row.get("file"):
            self._by_file.setdefault(row["file"], credit)
        if row.get("key"):
            key = row["key"]
            self._by_key.setdefault((row.get("shard") or _ANY, key), credit)
            if self._by_key.setdefault((_ANY, key), credit) != credit:
                self._by_key[_ANY, key] = {}  # two shards share the key: alone it is ambiguous
