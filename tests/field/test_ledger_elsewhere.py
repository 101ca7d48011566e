"""A ledger apart from the results, for file servers without locks; what such a server answers."""

import errno
import fcntl
import sqlite3
from contextlib import closing

import pytest

from photochrom.batch import LEDGER, Job, JobSettings, Ledger, Record, State
from photochrom.cli.flags import flag
from photochrom.errors import ConfigError, JobError
from support.trees import SMALL, files_in, save_gray_photos


@pytest.fixture
def scans(tmp_path):
    return save_gray_photos(tmp_path / "scans", "a.jpg", "1912/b.png")


def test_a_ledger_in_another_folder(command, scans, tmp_path):
    job = ("colorize", scans, "-r", "-o", tmp_path / "out", "--ledger", tmp_path / "ledger", *SMALL)
    done = command(*job)
    assert done.returncode == 0, done.stderr
    assert files_in(tmp_path / "out") == ["1912/b.color.png", "a.color.jpg"]
    assert (tmp_path / "ledger" / LEDGER).is_file()
    assert command(*job).returncode == 2  # without --resume
    done = command(*job, "--resume")
    assert done.stderr.decode() == "photochrom: 0 done, 2 done before\n"
    shown = command("ledger", tmp_path / "ledger")
    assert shown.stdout.decode().splitlines()[0].split() == ["2", "done"]


def test_a_ledger_belongs_to_one_folder_of_results(command, scans, tmp_path):
    """Its rows of files that were about to be written would hold for a stranger's files."""
    job = ("colorize", scans, "-r", "--ledger", tmp_path / "ledger", *SMALL)
    assert command(*job, "-o", tmp_path / "out").returncode == 0
    other = command(*job, "-o", tmp_path / "other", "--resume")
    assert other.returncode == 2
    assert f"is the ledger of the results in {tmp_path / 'out'}" in other.stderr.decode()
    assert not list((tmp_path / "other").rglob("*.jpg"))
    assert command(*job, "-o", tmp_path / "out", "--resume").returncode == 0


def test_results_beside_the_photos_can_have_one(command, scans, tmp_path):
    job = ("colorize", scans, "-r", "--ledger", tmp_path / "ledger", *SMALL)
    (scans / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    done = command(*job)
    assert f"; photochrom ledger {tmp_path / 'ledger'} lists them" in done.stderr.decode()
    assert LEDGER not in files_in(scans)
    done = command(*job, "--resume")
    assert "photochrom: 0 done, 2 done before, 1 failed" in done.stderr.decode()


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        (["scans/a.jpg"], "--ledger: is for whole folders; name a folder"),
        (["scans", "scans/1912"], "without -o holds the photos of one folder"),
    ],
)
def test_where_it_cannot_be_meant(command, scans, inputs, problem):
    done = command("colorize", *inputs, "--ledger", "ledger", cwd=scans.parent)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert problem in done.stderr.decode()
    assert not (scans.parent / "ledger").exists()


def test_the_folder_of_results_says_where_to_look(command, tmp_path):
    done = command("ledger", tmp_path)
    assert done.returncode == 2
    assert b"or the folder of its ledger" in done.stderr


@pytest.fixture
def impatient(monkeypatch):
    """SQLite without its five seconds of waiting for a lock."""
    connect = sqlite3.connect

    def quick(*arguments, **options):
        return connect(*arguments, **options, timeout=0.05)

    monkeypatch.setattr(sqlite3, "connect", quick)


def test_a_ledger_that_another_program_locks(command, impatient, scans, tmp_path):
    out = tmp_path / "out"
    Ledger(scans).close()
    out.mkdir()
    with closing(sqlite3.connect(out / LEDGER, isolation_level=None)) as other:
        other.execute("CREATE TABLE mine (x)")
        other.execute("BEGIN EXCLUSIVE")
        done = command("colorize", scans, "-r", "-o", out, *SMALL)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"photochrom: {out / LEDGER}: the ledger cannot be used there (database is locked); "
        "put the ledger into a folder of this machine with --ledger FOLDER\n"
    )


def faulty_database(monkeypatch, code, text, statement):
    """Have SQLite fail as it does on file systems that lack something, at one statement."""

    class Connection(sqlite3.Connection):
        def _check(self, sql):
            if sql.startswith(statement):
                error = sqlite3.OperationalError(text)
                error.sqlite_errorcode = code
                raise error

        def execute(self, sql, *values):
            self._check(sql)
            return super().execute(sql, *values)

        def executemany(self, sql, *values):
            self._check(sql)
            return super().executemany(sql, *values)

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, **options, factory=Connection)
    )


FAULTS = [
    (sqlite3.SQLITE_PROTOCOL, "locking protocol"),
    (sqlite3.SQLITE_IOERR_LOCK, "disk I/O error"),
    (sqlite3.SQLITE_IOERR_SHMMAP, "disk I/O error"),
    (sqlite3.SQLITE_READONLY_CANTLOCK, "attempt to write a readonly database"),
    (sqlite3.SQLITE_BUSY, "database is locked"),
    (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
]


@pytest.mark.parametrize(("code", "text"), FAULTS)
def test_what_a_server_without_locks_answers(monkeypatch, tmp_path, code, text):
    faulty_database(monkeypatch, code, text, "PRAGMA journal_mode = WAL")
    with pytest.raises(ConfigError) as caught:
        Ledger(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / LEDGER}: the ledger cannot be used there ({text}); put the ledger into a "
        "folder of this machine with ledger='FOLDER'"
    )
    assert caught.value.line(flag).endswith("with --ledger FOLDER")


@pytest.mark.parametrize(("code", "text"), FAULTS)
def test_what_it_answers_later(monkeypatch, tmp_path, code, text):
    faulty_database(monkeypatch, code, text, "INSERT OR REPLACE INTO photo")
    with Ledger(tmp_path) as ledger, pytest.raises(JobError) as caught:
        ledger.settle(Record("a.jpg", "/scans", State.DONE))
    assert caught.value.line(flag) == (
        f"{tmp_path / LEDGER}: cannot be read or written ({text}); check the disk; on a file "
        "server, copy the ledger to a folder of this machine and go on with "
        "--ledger FOLDER --resume"
    )


def test_a_failed_write_leaves_no_open_transaction(monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        faulty_database(patched, sqlite3.SQLITE_FULL, "full", "INSERT OR REPLACE INTO photo")
        ledger = Ledger(tmp_path)
    with pytest.raises(JobError):
        ledger.settle(Record("a.jpg", "/scans", State.DONE))
    ledger.remember_settings("abc", {})  # a transaction of its own
    ledger.close()
    with Ledger(tmp_path, writing=False) as ledger:
        assert ledger.settings() == {"abc": {}}


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_folder_where_no_file_can_be_locked(monkeypatch, tmp_path, code):
    def refuse(*_):
        raise OSError(code, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ConfigError) as caught:
        Ledger(tmp_path)
    assert str(caught.value).startswith(
        f"{tmp_path / LEDGER}: the ledger cannot be locked there (No locks available); put the "
        "ledger into a folder of this machine with "
    )


def test_a_job_says_where_its_ledger_is(tmp_path):
    settings = JobSettings()
    assert Job([tmp_path], tmp_path / "out", settings).ledger_folder == tmp_path / "out"
    elsewhere = tmp_path / "ledger"
    assert Job([tmp_path], tmp_path, settings, ledger=elsewhere).ledger_folder == elsewhere
    assert Job.beside(tmp_path, settings).ledger_folder is None
    assert Job.beside(tmp_path, settings, ledger=elsewhere).ledger_folder == elsewhere
