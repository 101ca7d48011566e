"""The ledger of a job: the state of each photograph, in an SQLite file beside the results.

Only the job's own process writes it. A photo's row is on the disk before its results can exist, so
that after a power cut a result without a row is not the job's.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from photochrom.errors import (
    ConfigError,
    JobError,
    Option,
    PhotochromError,
    Remedy,
    first_line,
    os_reason,
)

LEDGER = "photochrom-ledger.sqlite"
"""The ledger's file name in its folder."""
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS settings (digest TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS photo (
    path PRIMARY KEY,
    root,
    state TEXT NOT NULL,
    settings TEXT,
    size INTEGER,
    modified INTEGER,
    sha256 TEXT,
    outputs TEXT,
    seconds REAL,
    reason TEXT,
    error TEXT,
    at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS photo_state ON photo (state);
"""
_COLUMNS = (
    "path, root, state, settings, size, modified, sha256, outputs, seconds, reason, error, at"
)


_PLACE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_PERM,
    }
)
"""What SQLite answers where a file system lacks locks or shared memory, or cannot be written."""
_ON_A_DISK = Remedy("check the disk and its free space, then go on with {}", Option("resume", True))
_ON_A_SERVER = Remedy(
    "check the disk; on a file server, copy the ledger to a folder of this machine and go on with "
    "{} {}",
    Option("ledger", "FOLDER"),
    Option("resume", True),
    otherwise="copy it to a folder of this machine",
)
_ELSEWHERE = Remedy(
    "put the ledger into a folder of this machine with {}",
    Option("ledger", "FOLDER"),
    otherwise="copy it to a folder of this machine",
)

Outputs = tuple[tuple[str, int, int], ...]
"""Path, size and time (ns) of files."""


class State(Enum):
    """The state of a photograph in a job; a picture that is passed over has no row."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    PASSED_OVER = "passed over"


@dataclass(frozen=True)
class Record:
    """One photograph in the ledger.

    path: relative to root, with forward slashes. settings: their digest.
    size, modified (nanoseconds), sha256: of the input, as it was coloured.
    outputs: for each file that is the job's own, its path relative to the ledger's folder, size and
    time; size -1 for one that was about to be written. seconds: of work. reason: a word, error: a
    line, of a photo that is not done.
    """

    path: str
    root: str
    state: State
    settings: str = ""
    size: int = -1
    modified: int = -1
    sha256: str | None = None
    outputs: Outputs = ()
    seconds: float | None = None
    reason: str | None = None
    error: str | None = None
    at: float = 0.0


class Ledger:
    """An open ledger: one job at a time writes it, any number of processes read it."""

    def __init__(self, folder: Path | None, *, writing: bool = True) -> None:
        """Open the ledger in a folder, or create it; folder None: in memory, for one job.

        Raises ConfigError where another job is writing it, no ledger is there to be read, or the
        file is not a ledger.
        """
        self.path = (folder or Path()) / LEDGER
        self._lock = FileLock(f"{self.path}.lock")
        if folder is not None:
            self._claim(folder, writing)
        try:
            self._database = self._connected(folder is None, writing)
            if writing:
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = NORMAL")
                self._database.executescript(_SCHEMA)
                self._begin()
            self._check_version()
        except sqlite3.Error as error:
            self.close()
            raise _opening_fault(self.path, error) from error

    def _claim(self, folder: Path, writing: bool) -> None:
        if not writing:
            if not self.path.is_file():
                raise ConfigError(
                    folder,
                    "has no ledger",
                    "name the folder of a job's results, or the folder of its ledger",
                )
            return
        if not os.access(folder, os.W_OK):
            raise ConfigError(folder, "cannot be written", "name another folder")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ConfigError(
                folder, "another job is writing here", "wait for it or name another folder"
            ) from error
        except (OSError, NotImplementedError) as error:  # such as of a file server without locks
            problem = os_reason(error) if isinstance(error, OSError) else first_line(error)
            raise ConfigError(
                self.path, f"the ledger cannot be locked there ({problem})", _ELSEWHERE
            ) from error

    def _connected(self, in_memory: bool, writing: bool) -> sqlite3.Connection:
        if in_memory:
            return sqlite3.connect(":memory:", isolation_level=None)
        mode = "rwc" if writing else "ro"
        place = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(place, uri=True, isolation_level=None)

    def _begin(self) -> None:
        self._database.execute(
            "INSERT OR IGNORE INTO fact VALUES ('version', ?), ('begun', ?)",
            (_VERSION, time.time()),
        )

    def _check_version(self) -> None:
        row = self._database.execute("SELECT value FROM fact WHERE name = 'version'").fetchone()
        if row is None or row[0] != _VERSION:
            raise ConfigError(self.path, "of another version of Photochrom", "move it away")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release the lock."""
        if hasattr(self, "_database"):
            with suppress(sqlite3.Error):  # leaves one file, which can be read on a read-only disk
                self._database.execute("PRAGMA journal_mode = DELETE")
            self._database.close()
        self._lock.release()

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database
        except sqlite3.Error as error:
            remedy = _ON_A_SERVER if _is_of_place(error) else _ON_A_DISK
            raise JobError(self.path, f"cannot be read or written ({error})", remedy) from error

    def __len__(self) -> int:
        with self._errors() as database:
            (count,) = database.execute("SELECT count(*) FROM photo").fetchone()
        return int(count)

    def results_folder(self, results: str) -> str:
        """The folder that the ledger's results lie in: the one that it was first used for.

        results: that of the job that begins.
        """
        with self._errors() as database:
            database.execute("INSERT OR IGNORE INTO fact VALUES ('results', ?)", (results,))
            row = database.execute("SELECT value FROM fact WHERE name = 'results'").fetchone()
        return str(row[0])

    def remember_settings(self, digest: str, settings: dict[str, Any]) -> None:
        """Store the settings that a digest stands for."""
        text = json.dumps(settings, sort_keys=True)
        with self._errors() as database:
            database.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (digest, text))

    def settings(self) -> dict[str, dict[str, Any]]:
        """All settings that were ever used here, by digest."""
        with self._errors() as database:
            rows = database.execute("SELECT digest, json FROM settings")
            return {digest: json.loads(text) for digest, text in rows}

    def find(self, path: str) -> Record | None:
        """The row of a photo; None for a photo without a row."""
        with self._errors() as database:
            row = database.execute(
                f"SELECT {_COLUMNS} FROM photo WHERE path = ?", (_stored(path),)
            ).fetchone()
        return None if row is None else _record(row)

    def plan(self, records: Iterable[Record]) -> None:
        """Write rows and wait until they are on the disk."""
        self._write(records)
        with self._errors() as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def settle(self, record: Record) -> None:
        """Write the row of a photo that has ended; the end of this process does not lose it."""
        self._write([record])

    def _write(self, records: Iterable[Record]) -> None:
        marks = ", ".join("?" * 12)
        with self._errors() as database:
            database.execute("BEGIN")
            try:
                database.executemany(
                    f"INSERT OR REPLACE INTO photo ({_COLUMNS}) VALUES ({marks})",
                    map(_row, records),
                )
                database.execute("COMMIT")
            except sqlite3.Error:
                with suppress(sqlite3.Error):  # SQLite may have done it by itself
                    database.execute("ROLLBACK")
                raise

    def records(self, state: State | None = None) -> Iterator[Record]:
        """All photos, or those of one state, in the order of their paths."""
        where = "" if state is None else "WHERE state = ?"
        values = () if state is None else (state.value,)
        with self._errors() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM photo {where} ORDER BY path", values)
            yield from map(_record, rows)

    def counts(self) -> dict[tuple[State, str], int]:
        """How many photos there are of each state and reason."""
        with self._errors() as database:
            rows = database.execute(
                "SELECT state, coalesce(reason, ''), count(*) FROM photo GROUP BY 1, 2"
            )
            return {(State(state), reason): count for state, reason, count in rows}


def _opening_fault(path: Path, error: sqlite3.Error) -> PhotochromError:
    """The error for a ledger that SQLite cannot open."""
    if _code_of(error) == sqlite3.SQLITE_FULL:
        return JobError(path, f"cannot be written ({error})", "make room on the disk")
    if _is_of_place(error):
        return ConfigError(path, f"the ledger cannot be used there ({error})", _ELSEWHERE)
    return ConfigError(path, f"not a ledger that can be opened ({error})", "move it away")


def _is_of_place(error: sqlite3.Error) -> bool:
    """Whether an error comes from the file system, such as one without locks, not the content."""
    return _code_of(error) in _PLACE_FAULTS


def _code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for an error of the module's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _stored(text: str) -> str | bytes:
    """A path as SQLite stores it: bytes where it is not valid Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def _loaded(value: str | bytes) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _row(record: Record) -> tuple[Any, ...]:
    outputs = json.dumps(record.outputs)  # escapes names that are not valid Unicode
    return (
        _stored(record.path), _stored(record.root), record.state.value, record.settings,
        record.size, record.modified, record.sha256, outputs, record.seconds, record.reason,
        record.error and record.error.encode("utf-8", "backslashreplace").decode(),
        record.at or time.time(),
    )  # fmt: skip


def _record(row: tuple[Any, ...]) -> Record:
    path, root, state, settings, size, modified, sha256, outputs, *rest = row
    files = tuple((name, length, when) for name, length, when in json.loads(outputs))
    return Record(
        _loaded(path), _loaded(root), State(state), settings, size, modified, sha256, files, *rest
    )
