"""Watched folders: real events, real worker processes, the small model on small photos.

A test waits for reports and notes, never for a time: what is to be coloured at once has an old
time, as files that are moved in have, and what is to wait has a settling time of an hour.
"""

import os
import queue
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import watchfiles
from PIL import Image

from photochrom.batch import (
    Job,
    JobSettings,
    Ledger,
    Patterns,
    State,
    Watch,
    WatchOptions,
    Workers,
    run_job,
)
from photochrom.errors import ConfigError
from photochrom.options import ColorizeOptions
from support.trees import save_gray_photos

SMALL = JobSettings(model="photochrom-lite", colorize=ColorizeOptions(size=64))
AN_HOUR = 3600.0
PATIENCE_S = 120  # until a test fails that waits for what does not come


class Desk:
    """A watch on a thread, and what it tells."""

    def __init__(self, job, workers, options):
        self.reports, self.notes = queue.Queue(), queue.Queue()
        self.watch = Watch(job, self.reports.put, workers, options, self.notes.put)
        self.fault = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self.watch.run()
        except Exception as error:
            self.fault = error

    def report(self, name=None, state="done"):
        """The next report; of a photo with this name and state."""
        report = self.reports.get(timeout=PATIENCE_S)
        assert (report.record.path, report.record.state.value) == (name, state), report
        return report

    def note(self, text):
        assert text in self.notes.get(timeout=PATIENCE_S)


@contextmanager
def watched(job, workers, **options):
    desk = Desk(job, workers, WatchOptions(**({"settle": 0.2} | options)))
    desk.thread.start()
    try:
        yield desk
    finally:
        desk.watch.stop()
        desk.thread.join(PATIENCE_S)
    assert not desk.thread.is_alive()
    if desk.fault is not None:
        raise desk.fault


@pytest.fixture(scope="module")
def workers():
    """One worker process for all tests."""
    with Workers(SMALL, 1) as workers:
        yield workers


@pytest.fixture
def watching(workers):
    return partial(watched, workers=workers)


@pytest.fixture
def scans(tmp_path):
    root = tmp_path / "scans"
    root.mkdir()
    return root


@pytest.fixture
def job(scans):
    return Job([scans], scans.parent / "out", SMALL, recursive=True, jobs=1)


@pytest.fixture
def photo(tmp_path):
    """The bytes of a small grey photo."""
    return (save_gray_photos(tmp_path / "made", "a.jpg") / "a.jpg").read_bytes()


def put(path, data, age=AN_HOUR):
    """Move a file in, last changed so many seconds ago."""
    beside = path.parent.parent / f".{path.name}"
    beside.write_bytes(data)
    os.utime(beside, (time.time() - age, time.time() - age))
    beside.replace(path)


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.color.*")}


def test_what_is_there_and_what_is_moved_in(watching, scans, job, photo):
    put(scans / "before.jpg", photo)
    with watching(job) as desk:
        desk.report("before.jpg")
        many = scans.parent / "many"
        (many / "sub").mkdir(parents=True)
        names = {f"1912/{place}{index:02}.jpg" for index in range(10) for place in ("", "sub/")}
        for name in names:
            put(many.parent / name.replace("1912", "many"), photo)
        many.rename(scans / "1912")  # all at once
        found = {desk.reports.get(timeout=PATIENCE_S).record.path for _ in names}
    assert found == names
    assert desk.watch.summary.done == 21
    assert desk.watch.left == 0
    before = times(job.output)
    assert len({path.relative_to(job.output) for path in job.output.rglob("*.color.jpg")}) == 21
    again = run_job(replace(job, resume=True))
    assert (again.done, again.done_before) == (0, 21)
    assert times(job.output) == before


def test_a_file_is_not_touched_while_it_is_written(watching, scans, job, photo):
    with watching(job, settle=AN_HOUR) as desk:
        with (scans / "slow.jpg").open("wb") as slow:
            for piece in (photo[:500], photo[500:2000]):
                slow.write(piece)
                slow.flush()
                put(scans / f"other{slow.tell()}.jpg", photo)
                desk.report(f"other{slow.tell()}.jpg")  # listed since, and slow.jpg passed by
            slow.write(photo[2000:])
        os.utime(scans / "slow.jpg", (0, 0))
        desk.report("slow.jpg")


def test_new_files_are_whole_after_a_while(watching, scans, job, photo):
    with watching(job) as desk:
        (scans / "a.jpg").write_bytes(photo)
        desk.report("a.jpg")


def test_what_is_not_whole_when_the_watch_ends_is_counted(watching, scans, job, photo):
    with watching(job, settle=AN_HOUR) as desk:
        (scans / "a.jpg").write_bytes(photo)
        (scans / "download.jpg").touch()
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")
    assert desk.watch.left == 1


def test_a_folder_that_goes_away_and_comes_back(watching, scans, job, photo):
    put(scans / "a.jpg", photo)
    with watching(job) as desk:
        desk.report("a.jpg")
        shutil.rmtree(scans)
        desk.note("went away, waiting for it")
        scans.mkdir()
        put(scans / "b.jpg", photo)
        desk.note("is back")
        desk.report("b.jpg")
        put(scans / "c.jpg", photo)  # its changes are reported again
        desk.report("c.jpg")
    assert desk.notes.empty()


def test_a_drive_that_is_mounted_again(watching, scans, job, photo):
    """An empty folder remains where it was mounted; its photos are known when it is back."""
    put(scans / "a.jpg", photo)
    put(scans / "broken.jpg", photo[:900])
    with watching(job) as desk:
        desk.report("a.jpg")
        desk.report("broken.jpg", "failed")
        scans.rename(scans.parent / "drive")
        scans.mkdir()
        desk.note("went away, waiting for it")
        scans.rmdir()
        (scans.parent / "drive").rename(scans)
        desk.note("is back")
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")
    assert desk.reports.empty()
    assert (desk.watch.summary.done, desk.watch.summary.failed) == (2, 1)


def test_a_subfolder_that_is_deleted_and_made_again(watching, scans, job, photo):
    (scans / "1912").mkdir()
    put(scans / "1912" / "a.jpg", photo)
    with watching(job) as desk:
        desk.report("1912/a.jpg")
        shutil.rmtree(scans / "1912")
        (scans / "1912").mkdir()
        put(scans / "1912" / "b.jpg", photo)
        desk.report("1912/b.jpg")
    assert desk.notes.empty()


def test_a_photo_that_is_deleted_before_it_is_whole_is_a_note(watching, scans, job, photo):
    with watching(job, settle=AN_HOUR) as desk:
        (scans / "a.jpg").write_bytes(photo)
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")  # a.jpg has been listed
        (scans / "a.jpg").unlink()
        desk.note("a.jpg: was deleted before it was coloured")
    assert (desk.watch.summary.failed, desk.watch.left) == (0, 0)


DELETES = """
import os
from photochrom.batch import work
real = work._color
def color(task):
    if "deleted" in task.source.name:
        os.unlink(task.source)
    return real(task)
work._color = color
"""


def test_a_photo_that_is_deleted_under_a_worker(scans, job, photo, tmp_path, monkeypatch):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(DELETES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hooks"), prepend=os.pathsep)
    with watched(job, None) as desk:
        put(scans / "deleted.jpg", photo)
        report = desk.report("deleted.jpg", "skipped")
        assert report.record.error.endswith("deleted.jpg: was deleted before it was coloured")
    assert desk.watch.summary.reasons == {"deleted": 1}
    assert desk.watch.summary.failed == 0
    monkeypatch.undo()
    put(scans / "deleted.jpg", photo)
    assert run_job(replace(job, resume=True)).done == 1


def test_newer_content_is_coloured_again(watching, scans, job, photo):
    put(scans / "a.jpg", photo)
    with watching(job) as desk:
        desk.report("a.jpg")
        before = (job.output / "a.color.jpg").read_bytes()
        with Image.open(scans / "a.jpg") as image:
            image.rotate(180).save(scans.parent / "turned.jpg")
        put(scans / "a.jpg", (scans.parent / "turned.jpg").read_bytes(), age=AN_HOUR / 2)
        desk.report("a.jpg")
        assert (job.output / "a.color.jpg").read_bytes() != before
        os.utime(scans / "a.jpg", (0, 0))  # only touched
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")
    assert desk.watch.summary.done == 3


def test_a_broken_file_costs_a_line_and_counts_by_its_end(watching, scans, job, photo):
    with watching(job) as desk:
        put(scans / "a.jpg", photo[:900])
        assert "damaged" in desk.report("a.jpg", "failed").record.error
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")
        assert (desk.watch.summary.done, desk.watch.summary.failed) == (1, 1)
        put(scans / "a.jpg", photo)
        desk.report("a.jpg")
    assert (desk.watch.summary.done, desk.watch.summary.failed) == (2, 0)
    assert not desk.watch.summary.reasons


def test_a_known_photo_is_no_news(watching, scans, job, photo):
    put(scans / "a.jpg", photo)
    run_job(job)
    with watching(replace(job, resume=True)) as desk:
        assert desk.report("a.jpg").outcome is None
        (scans / "a.jpg").rename(scans.parent / "kept.jpg")
        put(scans / "b.jpg", photo)
        desk.report("b.jpg")
        (scans.parent / "kept.jpg").rename(scans / "a.jpg")
        put(scans / "c.jpg", photo)
        desk.report("c.jpg")
    assert (desk.watch.summary.done, desk.watch.summary.done_before) == (2, 1)


def test_patterns_hold_for_new_files(watching, scans, job, photo):
    chosen = replace(job, recursive=False, patterns=Patterns.of([], ["draft*"]))
    (scans / "sub").mkdir()
    with watching(chosen) as desk:
        for name in ("draft.jpg", "sub/a.jpg", "text.txt", ".hidden.jpg", "b.jpg"):
            put(scans / name, photo)
        desk.report("b.jpg")
    assert desk.watch.left == 0


def test_pictures_that_are_not_read_are_told(watching, scans, job):
    with watching(job) as desk:
        put(scans / "a.pdf", b"%PDF")
        desk.report("a.pdf", "passed over")
    assert desk.watch.summary.passed_over == {"PDF": 1}


def test_results_in_the_watched_folder_are_no_photos(watching, scans, job, photo):
    inside = replace(job, output=scans / "out", settings=replace(SMALL, name="{stem}{suffix}"))
    with watching(inside) as desk:
        for name in ("a.jpg", "b.jpg"):
            put(scans / name, photo)
            desk.report(name)
    assert desk.watch.summary.done == 2


@pytest.mark.parametrize("place", [".", ".."])
def test_names_that_would_be_watched_are_refused(scans, job, place):
    beside = replace(job, output=scans / place, settings=replace(SMALL, name="{stem}-c{suffix}"))
    with pytest.raises(ConfigError, match="taken for new photos; name another folder by path"):
        Watch(beside)


def test_a_folder_is_listed_where_nothing_is_reported(watching, scans, job, photo, monkeypatch):
    def deaf(*_, **__):
        raise RuntimeError("OS file watch limit reached")

    monkeypatch.setattr(watchfiles, "watch", deaf)
    with watching(job) as desk:
        desk.note("changes are not reported (OS file watch limit reached); folders are listed")
        put(scans / "a.jpg", photo)
        desk.report("a.jpg")
    assert desk.notes.empty()


def test_polling_asks_for_no_reports(watching, scans, job, photo, monkeypatch):
    monkeypatch.setattr(watchfiles, "watch", None)
    with watching(job, poll=True) as desk:
        put(scans / "a.jpg", photo)
        desk.report("a.jpg")
    assert desk.notes.empty()


def test_a_folder_that_is_not_there_is_an_error(scans, job):
    with pytest.raises(ConfigError, match="cannot be read"):
        Watch(replace(job, roots=[scans / "none"])).run()


@pytest.mark.parametrize("settle", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none(settle):
    with pytest.raises(ConfigError, match="above 0"):
        WatchOptions(settle=settle)


def test_the_ledger_has_a_row_for_each(watching, scans, job, photo):
    with watching(job) as desk:
        put(scans / "a.jpg", photo)
        desk.report("a.jpg")
        put(scans / "b.jpg", photo[:900])
        desk.report("b.jpg", "failed")
        with Ledger(job.output, writing=False) as ledger:  # while the watch goes on
            states = {record.path: record.state for record in ledger.records()}
    assert states == {"a.jpg": State.DONE, "b.jpg": State.FAILED}
    assert Path(job.output / "a.color.jpg").is_file()
