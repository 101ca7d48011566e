"""Which files of a folder are whole, by a clock of the test's own."""

from pathlib import Path

import pytest

from photochrom.batch.arrivals import Arrivals
from photochrom.batch.planning import NOTHING
from photochrom.batch.tree import Entry, EntryKind

ROOT = Path("/scans")
NOW = 1_000_000.0


class Folder:
    """Files by name with size and time; moves its clocks on."""

    def __init__(self):
        self.files, self.clock = {}, 0.0
        self.arrivals = Arrivals(2.0, self.status_of, lambda: self.clock, lambda: NOW + self.clock)

    def status_of(self, path):
        return self.files.get(path.relative_to(ROOT).as_posix(), NOTHING)

    def write(self, name, size, age=0.0):
        self.files[name] = size, int((NOW + self.clock - age) * 1e9)

    def list(self, kind=EntryKind.PHOTO):
        entries = [Entry(name, kind) for name in sorted(self.files)]
        found, gone = self.arrivals.listed(ROOT, entries)
        return found, [arrival.entry.path for arrival in gone]

    def whole(self):
        whole, gone = self.arrivals.whole([ROOT])
        return [arrival.entry.path for arrival in whole], [arrival.entry.path for arrival in gone]


@pytest.fixture
def folder():
    return Folder()


def test_a_file_written_in_pieces_waits_for_its_last(folder):
    folder.write("slow.jpg", 10)
    assert folder.list() == (1, [])
    for size in (20, 30, 40):  # a piece every second and a half, for longer than two seconds
        folder.clock += 1.5
        folder.write("slow.jpg", size)
        assert folder.whole() == ([], [])
    folder.clock += 1.9
    assert folder.whole() == ([], [])
    folder.clock += 0.1
    assert folder.whole() == (["slow.jpg"], [])
    assert folder.list() == (0, [])  # given out once
    assert folder.whole() == ([], [])


def test_a_file_of_the_same_size_that_is_still_written_waits(folder):
    folder.write("filled.tif", 100)
    folder.list()
    folder.clock += 1.5
    folder.write("filled.tif", 100)  # room was made for it first
    assert folder.whole() == ([], [])
    folder.clock += 1.9
    assert folder.whole() == ([], [])


def test_an_old_file_that_is_moved_in_is_whole_at_once(folder):
    folder.write("moved.jpg", 10, age=3600)
    folder.write("just-written.jpg", 10, age=30)  # or on a server whose clock is late
    folder.list()
    assert folder.whole() == (["moved.jpg"], [])


def test_a_file_of_the_future_waits_only_until_it_is_settled(folder):
    folder.write("clock.jpg", 10, age=-7200)
    folder.list()
    assert folder.whole() == ([], [])
    folder.clock += 2
    assert folder.whole() == (["clock.jpg"], [])


def test_an_empty_photo_is_what_a_browser_makes_before_a_download(folder):
    folder.write("download.jpg", 0, age=3600)
    folder.list()
    folder.clock += 600
    assert folder.whole() == ([], [])
    assert [arrival.is_empty for arrival in folder.arrivals.waiting] == [True]
    folder.write("download.jpg", 10, age=3600)
    folder.whole()
    assert folder.whole() == (["download.jpg"], [])


def test_a_replaced_file_is_given_out_again(folder):
    folder.write("a.jpg", 10, age=3600)
    folder.list()
    folder.whole()
    folder.write("a.jpg", 10, age=1800)
    assert folder.list() == (1, [])
    assert folder.whole() == (["a.jpg"], [])


def test_a_file_that_was_read_in_its_newer_form_is_not_given_out_again(folder):
    folder.write("a.jpg", 10, age=3600)
    folder.list()
    folder.whole()
    folder.write("a.jpg", 20, age=1800)
    assert folder.list() == (1, [])
    folder.arrivals.read(ROOT, "a.jpg", folder.files["a.jpg"])
    assert folder.list() == (0, [])
    assert folder.whole() == ([], [])


def test_a_file_that_goes_away_is_told_once_by_whoever_sees_it_first(folder):
    folder.write("a.jpg", 10)
    folder.write("b.jpg", 10)
    folder.list()
    del folder.files["a.jpg"]
    assert folder.whole() == ([], ["a.jpg"])
    del folder.files["b.jpg"]
    assert folder.list() == (0, ["b.jpg"])
    assert folder.whole() == ([], [])
    assert folder.arrivals.waiting == []


def test_what_is_in_a_folder_that_went_away_stays_as_it_is(folder):
    folder.write("a.jpg", 10)
    folder.list()
    del folder.files["a.jpg"]
    assert folder.arrivals.whole([]) == ([], [])
    assert len(folder.arrivals.waiting) == 1


def test_a_file_that_comes_back_is_new(folder):
    folder.write("a.jpg", 10, age=3600)
    folder.list()
    folder.whole()
    kept = folder.files.pop("a.jpg")
    assert folder.list() == (0, [])
    folder.files["a.jpg"] = kept
    assert folder.list() == (1, [])


def test_a_forgotten_file_is_new(folder):
    folder.write("a.jpg", 10, age=3600)
    folder.list()
    folder.whole()
    folder.arrivals.forget(ROOT, "a.jpg")
    assert folder.list() == (1, [])
    assert folder.whole() == (["a.jpg"], [])


def test_a_folder_that_cannot_be_read_is_given_out_though_it_has_no_size(folder):
    folder.write("locked", 0, age=3600)
    folder.list(EntryKind.UNREADABLE_FOLDER)
    assert folder.whole() == (["locked"], [])
