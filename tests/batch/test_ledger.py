import os
import sqlite3
import subprocess
import sys

import pytest

from photochrom.batch import LEDGER, Ledger, Record, State
from photochrom.errors import ConfigError

DONE = Record(
    "1912/a.jpg", "/scans", State.DONE, "abc", 10, 20, "ff", (("1912/a.color.jpg", 5, 6),), 1.5,
    at=3.0,
)  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.remember_settings("abc", {"vividness": 0.5})
        ledger.plan([DONE])
        assert ledger.find("1912/a.jpg") == DONE
        assert ledger.find("1912/b.jpg") is None
    with Ledger(tmp_path, writing=False) as ledger:
        assert list(ledger.records()) == [DONE]
        assert list(ledger.records(State.FAILED)) == []
        assert ledger.settings() == {"abc": {"vividness": 0.5}}
        assert ledger.counts() == {(State.DONE, ""): 1}
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == [LEDGER]


def test_names_that_are_no_text(tmp_path):
    name = os.fsdecode(b"\xff\xfe/\xe9.jpg")
    record = Record(name, os.fsdecode(b"/\xff"), State.FAILED, error=f"{name}: damaged", at=1.0)
    with Ledger(tmp_path) as ledger:
        ledger.settle(record)
        row = ledger.find(name)
    assert (row.path, row.root) == (record.path, record.root)
    assert row.error.endswith(": damaged")


def test_one_writer_at_a_time_and_any_reader(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.settle(DONE)
        program = (
            "import sys; from pathlib import Path; from photochrom.batch import Ledger\n"
            "folder = Path(sys.argv[1])\n"
            "print(len(Ledger(folder, writing=False)))\n"
            "Ledger(folder)"
        )
        other = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=False
        )
        assert other.stdout.split() == [b"1"]
        assert b"another job is writing here" in other.stderr
    Ledger(tmp_path).close()


@pytest.mark.parametrize("content", [b"", b"not a ledger" * 100])
def test_what_is_no_ledger(tmp_path, content):
    (tmp_path / LEDGER).write_bytes(content)
    if content:
        with pytest.raises(ConfigError, match="not a ledger"):
            Ledger(tmp_path)
    with pytest.raises(ConfigError):
        Ledger(tmp_path, writing=False)
    with pytest.raises(ConfigError, match="has no ledger"):
        Ledger(tmp_path / "elsewhere", writing=False)


def test_another_version_is_refused(tmp_path):
    Ledger(tmp_path).close()
    database = sqlite3.connect(tmp_path / LEDGER)
    database.execute("UPDATE fact SET value = 99 WHERE name = 'version'")
    database.commit()
    database.close()
    with pytest.raises(ConfigError, match="another version"):
        Ledger(tmp_path)


def test_a_killed_writer_loses_nothing(tmp_path):
    """What is settled survives the end of the process, without a close."""
    program = (
        "import os, sys; from pathlib import Path\n"
        "from photochrom.batch import Ledger, Record, State\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for n in range(100): ledger.settle(Record(str(n), '/', State.DONE))\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    with Ledger(tmp_path) as ledger:
        assert len(ledger) == 100
