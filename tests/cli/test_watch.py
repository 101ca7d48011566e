"""`colorize --watch` as a process: signals, exit codes, kills; and what is wrong usage."""

import hashlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from photochrom.batch import Ledger, State
from support.trees import SMALL, save_gray_photos

RUNS = int(os.environ.get("PHOTOCHROM_WATCH_RUNS", "3"))
"""How often the long test is done."""
PATIENCE_S = 300  # until a test fails that waits for what does not come


class Watching:
    """A watch in a process of its own, whose lines come as they are printed."""

    def __init__(self, folder, *options, hooks=None):
        command = [sys.executable, "-m", "photochrom", "colorize", "scans", "-o", "out", "--watch",
                   "--model", "photochrom-lite", *SMALL, *options]  # fmt: skip
        path = [str(hooks)] * (hooks is not None) + [os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines, self.errors = queue.Queue(), queue.Queue()
        pipes = (self.process.stdout, self.lines), (self.process.stderr, self.errors)
        self.readers = [threading.Thread(target=self._read, args=pipe) for pipe in pipes]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(pipe, lines):
        for line in pipe:
            lines.put(line.rstrip("\n"))
        lines.put(None)  # its end

    def line(self):
        line = self.lines.get(timeout=PATIENCE_S)
        assert line is not None, list(self.errors.queue)
        return line

    def error(self):
        return self.errors.get(timeout=PATIENCE_S)

    def end(self, number):
        """Send a signal; returns the exit code and the lines that were not read yet."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        for reader in self.readers:
            reader.join(PATIENCE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code, list(self.lines.queue)[:-1], list(self.errors.queue)[:-1]


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "scans").mkdir()
    return tmp_path


def move_in(desk, *names, data=None):
    """Photos that are moved in, whole, with an old time."""
    made = desk / "made"
    for name in names:
        save_gray_photos(made, name)
        if data is not None:
            (made / name).write_bytes(data)
        os.utime(made / name, (0, 0))
        (made / name).replace(desk / "scans" / name)


def test_a_watch_is_ended_by_ctrl_c(desk):
    watch = Watching(desk)
    assert watch.error() == "photochrom: watching scans; Ctrl-C ends it"
    move_in(desk, "a.jpg")
    assert watch.line() == "out/a.color.jpg"
    move_in(desk, "broken.jpg", data=b"\xff\xd8\xff\xe0")
    assert "broken.jpg" in watch.error()
    move_in(desk, "broken.jpg", "b.jpg")
    assert {watch.line(), watch.line()} == {"out/b.color.jpg", "out/broken.color.jpg"}
    assert watch.end(signal.SIGINT) == (0, [], ["photochrom: 3 done"])


def test_a_failure_is_an_exit_code_and_records_are_as_of_other_jobs(desk):
    watch = Watching(desk, "--json", "--watch-poll", "--watch-settle", "0.2")
    move_in(desk, "broken.jpg", data=b"\xff\xd8\xff\xe0")
    record = json.loads(watch.line())
    assert (record["input"], record["state"], record["now"]) == ("scans/broken.jpg", "failed", True)
    code, lines, errors = watch.end(signal.SIGTERM)
    assert (code, lines) == (1, [])
    assert errors[-1].startswith("photochrom: 0 done, 1 failed (1 PhotoError); photochrom ledger")


def test_what_had_come_and_was_left_is_an_interruption(desk):
    watch = Watching(desk, "--watch-settle", "3600")
    watch.error()
    save_gray_photos(desk / "scans", "new.jpg")
    move_in(desk, "old.jpg")
    assert watch.line() == "out/old.color.jpg"  # and new.jpg was seen
    assert watch.end(signal.SIGINT) == (
        130, [], ["photochrom: interrupted; 1 photo not coloured yet, --resume goes on",
                  "photochrom: 1 done"],
    )  # fmt: skip


def test_a_closed_terminal_has_its_own_code(desk):
    watch = Watching(desk)
    watch.error()
    move_in(desk, "a.jpg")
    watch.line()
    assert watch.end(signal.SIGHUP)[0] == 129


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--watch", "a.jpg"], "--watch: is for folders, and a.jpg is none; name a folder"),
        (["--watch", "-"], "--watch: is for folders, and - is none"),
        (["--watch", "none"], "--watch: is for folders, and none is none"),
        (["--watch", ".", "a.jpg"], "--watch: is for folders, and a.jpg is none"),
        (["--watch", ".", "-o", "b.jpg"], "--watch: is for folders"),
        (["--watch", ".", "1912"], "--watch: without -o watches one folder; name one folder"),
        (["--watch", ".", "--hints", "h.json"], "belong to one photo at a time"),
        (["--watch", ".", "--confidence", "c.png"], "belong to one photo at a time"),
        (["--watch", ".", "--name", "{stem}-c{suffix}"], "another folder by --output"),
        (["--watch", ".", "-o", "out", "--engine", "ray"], "does not belong to --engine ray"),
        (["--watch", ".", "--resume"], "--resume: is for whole folders; add -o FOLDER"),
        (["--watch", ".", "--watch-settle", "0"], "--watch-settle 0.0: must be above 0"),
        ([".", "--watch-poll"], "--watch-poll: belongs to --watch; add that"),
        ([".", "--watch-settle", "3"], "--watch-settle: belongs to --watch; add that"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "line",
)
def test_wrong_usage_is_one_line(command, desk, options, said):
    scans = save_gray_photos(desk / "scans", "a.jpg", "1912/b.jpg")
    done = command("colorize", *options, cwd=scans)
    assert (done.returncode, done.stdout) == (2, b"")
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert sorted(path.name for path in scans.rglob("*")) == ["1912", "a.jpg", "b.jpg"]


FAKE = """
import os
from photochrom._system.atomic import move_into_place, temporary_beside
from photochrom.batch import work
from photochrom.errors import PhotoError
from photochrom.reports import FileReport

class Nothing:
    def check_size(self, size): pass

def color(task):
    data = task.source.read_bytes()
    if not data.endswith(b"END"):
        raise PhotoError(task.source, "is not whole")
    with temporary_beside(task.target) as part:
        part.write_bytes(b"colour of " + data)
        move_into_place(part, task.target, overwrite=task.overwrite)
    return FileReport(input=str(task.source), outputs=(task.target,))

work._color = color
work._model = lambda settings, threads: Nothing()
"""
"""Colours in no time, and sees whether a photo is whole."""


@pytest.fixture
def hooks(tmp_path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(FAKE)
    return tmp_path / "hooks"


def results(desk):
    return {path.name: path.stat().st_mtime_ns for path in (desk / "out").rglob("*.color.*")}


class Copying(threading.Thread):
    """Copies photos into the watched folder, in pieces or moved, and deletes some of them."""

    def __init__(self, desk, count, chance):
        super().__init__()
        self.desk, self.count, self.chance = desk, count, chance
        self.kept, self.deleted = {}, set()

    def run(self):
        scans = self.desk / "scans"
        for index in range(self.count):
            folder = scans / f"{index % 7}"
            folder.mkdir(exist_ok=True)
            path, data = folder / f"{index:04}.jpg", b"photo %d " % index * 20 + b"END"
            if self.chance.random() < 0.3:
                with path.open("wb") as file:
                    for start in range(0, len(data), 50):
                        file.write(data[start : start + 50])
                        file.flush()
            else:
                (self.desk / "moving").write_bytes(data)
                (self.desk / "moving").rename(path)
            self.kept[path] = data
            if self.chance.random() < 0.2:
                victim = self.chance.choice(list(self.kept))
                victim.unlink()
                del self.kept[victim]
                self.deleted.add(victim)


def run_with_kills(desk, hooks, count, kills, seed):
    """Copy photos while their watch is killed again and again; nothing is lost, nothing twice.

    What was under way at a kill, two tasks a worker, may be coloured again by the next watch.
    """
    chance = random.Random(seed)
    copying = Copying(desk, count, random.Random(seed + 1))
    options = ("--recursive", "--jobs", "2", "--watch-settle", "0.3", "--json")
    watch = Watching(desk, *options, hooks=hooks)
    copying.start()
    before = {}
    for _ in range(kills):
        for _ in range(chance.randrange(1, count // (kills + 1))):
            watch.line()
        watch.end(signal.SIGKILL)
        after = results(desk)
        changed = {name for name, time in before.items() if after[name] != time}
        assert len(changed) <= 4, changed  # under way at the kill before
        before = after
        watch = Watching(desk, *options, "--resume", hooks=hooks)
    copying.join()
    missing = {path.relative_to(desk / "scans").as_posix() for path in copying.kept}
    while missing:
        record = json.loads(watch.line())
        if record["state"] == "done":
            missing.discard(record["input"].removeprefix("scans/"))
    code, _, errors = watch.end(signal.SIGINT)
    assert code == 0, errors
    final = results(desk)
    assert len([name for name, time in before.items() if final[name] != time]) <= 4
    for path, data in copying.kept.items():
        result = desk / "out" / path.parent.name / f"{path.stem}.color.jpg"
        assert result.read_bytes() == b"colour of " + data
    assert not list((desk / "out").rglob(".*part*"))
    with Ledger(desk / "out") as ledger:
        rows = {record.path: record for record in ledger.records()}
    for path, data in copying.kept.items():
        row = rows[path.relative_to(desk / "scans").as_posix()]
        assert (row.state, row.sha256) == (State.DONE, hashlib.sha256(data).hexdigest())
    again = Watching(desk, *options, "--resume", hooks=hooks)
    states = [json.loads(again.line()) for _ in copying.kept]
    assert not any(state["now"] for state in states)
    code, lines, errors = again.end(signal.SIGINT)
    assert (code, lines) == (0, [])
    assert results(desk) == final


def test_killed_and_resumed(desk, hooks):
    run_with_kills(desk, hooks, 120, 2, seed=1)


@pytest.mark.long
def test_two_thousand_photos_and_random_kills(tmp_path, hooks):
    """As many runs as PHOTOCHROM_WATCH_RUNS says, by default three, each with another seed."""
    for run in range(RUNS):
        desk = tmp_path / f"run{run}"
        (desk / "scans").mkdir(parents=True)
        run_with_kills(desk, hooks, 2000, 6, seed=100 + run)
        shutil.rmtree(desk)
