"""Shards written whole or not at all, so that a killed run goes on where its last shard ended.

    OUT/recipe.json              what the set is made of; another recipe is refused
    OUT/train-000000.tar         KEY.webp and KEY.json of the photos kept
    OUT/manifest.csv             every photo, kept or dropped; written last
    OUT/.unfinished/000000.csv   the manifest's rows up to and with shard 0

A shard is written in OUT/.unfinished and moved to its place, then its rows are. The rows' file
commits the shard: what has no rows is written again.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from photochrom._system.atomic import atomic_write, move_into_place
from photochrom.errors import ConfigError, DataError, os_reason
from photochrom.workshop.data.manifest import Entry, Tally, read_entries, write_entries

MANIFEST = "manifest.csv"
RECIPE = "recipe.json"
UNFINISHED = ".unfinished"


class ShardWriter:
    """A folder of shards and its manifest, filled photo by photo, in one order."""

    def __init__(self, out: Path, recipe: Mapping[str, Any], shard_size: int) -> None:
        """Start a set, or go on with one that was interrupted.

        recipe: sources and options, plain values; the same recipe gives the same set.
        shard_size: photos in a shard.
        Raises ConfigError where the folder holds a set of another recipe or other shards,
        DataError where it cannot be written.
        """
        self.out = out
        self.tally = Tally()
        self._shard_size = shard_size
        self._unfinished = out / UNFINISHED
        self._pending: list[Entry] = []
        self._tar: tarfile.TarFile | None = None
        self._stored = 0
        with self._writing():
            out.mkdir(parents=True, exist_ok=True)
            self._recipe = json.loads(json.dumps(recipe))
            self._check_recipe()
            self.finished = (out / MANIFEST).is_file()
            if self.finished:
                shutil.rmtree(self._unfinished, ignore_errors=True)
            else:
                self._unfinished.mkdir(exist_ok=True)
            self._parts = sorted(self._unfinished.glob("[0-9]*.csv"))
            self._shards = 0
            for entry in self.committed():
                self.tally.count(entry)
                if entry.shard:
                    self._shards = int(entry.shard.removeprefix("train-")) + 1

    def committed(self) -> Iterator[Entry]:
        """Yield the rows that are safe on disk, in order."""
        for part in [self.out / MANIFEST] if self.finished else self._parts:
            yield from read_entries(part)

    def keep(self, entry: Entry, encoded: bytes, record: Mapping[str, Any]) -> None:
        """Store a photo as KEY.webp with its record as KEY.json; a full shard is committed."""
        name = self._shard_name
        with self._writing():
            if self._tar is None:
                self._tar = tarfile.open(self._unfinished / f"{name}.tar", "w")  # noqa: SIM115
            _add(self._tar, f"{entry.key}.webp", encoded)
            _add(self._tar, f"{entry.key}.json", _json(record))
        self._note(replace(entry, shard=name))
        self._stored += 1
        if self._stored == self._shard_size:
            self._commit()

    def drop(self, entry: Entry) -> None:
        """Note a photo that is not stored."""
        self._note(entry)

    def close(self) -> None:
        """Drop the unfinished shard; its photos are written again by the next run."""
        if self._tar is not None:
            self._tar.close()
            self._tar = None

    def finish(self) -> None:
        """Commit what is left and write the manifest."""
        if self.finished:
            return
        if self._pending:
            self._commit()
        with self._writing():
            whole = self._unfinished / MANIFEST
            write_entries(whole, self.committed())
            move_into_place(whole, self.out / MANIFEST, durable=True)
            self.finished = True
            shutil.rmtree(self._unfinished)

    @property
    def _shard_name(self) -> str:
        return f"train-{self._shards:06d}"

    def _note(self, entry: Entry) -> None:
        self._pending.append(entry)
        self.tally.count(entry)

    def _commit(self) -> None:
        """Move the open shard, if there is one, and then its rows to their places."""
        with self._writing():
            if not self._parts:
                draft = self._unfinished / RECIPE
                draft.write_text(json.dumps(self._recipe, indent=1) + "\n", encoding="utf-8")
                move_into_place(draft, self.out / RECIPE, durable=True)
            if self._tar is not None:
                self._tar.close()
                name = f"{self._shard_name}.tar"
                move_into_place(self._unfinished / name, self.out / name, durable=True)
                self._tar, self._stored = None, 0
                self._shards += 1
            part = self._unfinished / f"{len(self._parts):06d}.csv"
            with atomic_write(part, durable=True) as draft:
                write_entries(draft, self._pending)
        self._parts.append(part)
        self._pending = []

    def _check_recipe(self) -> None:
        """Refuse a folder that was begun with another recipe, or with none."""
        path = self.out / RECIPE
        if not path.is_file():
            if (self.out / MANIFEST).exists() or any(self.out.glob("*.tar")):
                raise ConfigError(self.out, "holds other shards already", "choose another folder")
            return
        try:
            present = dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise DataError(path, f"not a recipe ({error})", "choose another folder") from error
        for name in sorted(present.keys() | self._recipe.keys()):
            old, new = (json.dumps(table.get(name)) for table in (present, self._recipe))
            if old != new:
                raise ConfigError(
                    self.out,
                    f"begun with {name} = {old}, not {new}",
                    "choose another folder, or delete this one",
                )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                self.out,
                f"cannot be written ({os_reason(error)})",
                "check the folder and its space",
            ) from error


def _json(record: Mapping[str, Any]) -> bytes:
    """Encode as UTF-8; lone surrogates, which it lacks, are escaped as JSON does."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # no time, no owner: the same photos give the same bytes
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
