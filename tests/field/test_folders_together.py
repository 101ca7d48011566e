"""Several folders in one command, without -o: each its own job, by the same worker processes."""

import pytest

from photochrom.batch import workers
from support.trees import SMALL, files_in, save_gray_photos


@pytest.fixture
def pools(monkeypatch):
    """Counts the sets of worker processes that are started."""
    started = []
    start = workers.start_workers

    def counted(settings, count, threads):
        started.append(count)
        return start(settings, count, threads)

    monkeypatch.setattr(workers, "start_workers", counted)
    return started


def test_they_share_one_set_of_workers(command, tmp_path, pools):
    for folder, names in (("A", ["a.jpg"]), ("B", ["a.jpg", "b.jpg"]), ("C", ["c.jpg"])):
        save_gray_photos(tmp_path / folder, *names)
    done = command("colorize", "A", "B", "C", "--jobs", "2", *SMALL, cwd=tmp_path)
    assert done.returncode == 0
    assert pools == [2]
    assert [name for name in files_in(tmp_path) if ".color." in name] == [
        "A/a.color.jpg", "B/a.color.jpg", "B/b.color.jpg", "C/c.color.jpg"
    ]  # fmt: skip
    counts = [line.split(",")[0] for line in done.stderr.decode().splitlines()]
    assert counts == ["photochrom: 1 done", "photochrom: 2 done", "photochrom: 1 done"]
