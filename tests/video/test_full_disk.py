"""A disk that is really full: one line, nothing under the result's name, and the work goes on."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from photochrom.options import ColorizeOptions
from photochrom.video.job import FilmJob, Model
from photochrom.video.options import VideoOptions
from photochrom.video.source import Film
from photochrom.video.work import Work
from support.films import planes_of, scene, write_film
from support.small_disks import can_mount, run_on_small_disk

SHOTS = (30, 50)
PICTURES = [scene(number, seed) for seed, count in enumerate(SHOTS) for number in range(count)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "in.mkv", PICTURES)


@pytest.fixture(scope="module")
def whole(film, colorizer, tmp_path_factory):
    """The undisturbed result, and the bytes of its finished pieces."""
    target = tmp_path_factory.mktemp("whole") / "out.mp4"
    model = Model(colorizer.members, colorizer.name)
    options = ColorizeOptions(size=32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Work, "remove", Work.release)
        FilmJob(Film(film), model, target, options, VideoOptions(), threads=1).run()
    pieces = sorted(target.parent.rglob("*.piece"), key=lambda path: path.stat().st_mtime_ns)
    assert len(pieces) == len(SHOTS)
    return target, [piece.stat().st_size for piece in pieces]


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="needs unshare and user namespaces, to mount a tmpfs")
@pytest.mark.parametrize("moment", ["a shot", "the file"])
def test_a_full_disk_is_one_line_and_the_work_goes_on(tmp_path, film, whole, moment):
    """Room for the first shot only, or for both but not for the file that is put together."""
    result, (first, second) = whole
    file = result.stat().st_size
    room = first + (second // 2 if moment == "a shot" else second + file // 2)
    folder, before, after = (tmp_path / name for name in ("disk", "before", "after"))
    folder.mkdir()
    target = folder / "out.mp4"
    command = [
        *(sys.executable, "-m", "photochrom", "video", str(film), str(target)),
        *("--size", "32", "--json"),
    ]
    done = run_on_small_disk(folder, room // 1024 + 12, command, command, before, after)
    *warnings, line = done.stderr.splitlines()
    assert all("the disk will be full" in warning for warning in warnings)
    assert line == (
        f"photochrom: {target}: No space left on device; "
        "make room on the disk and start again: it goes on where it was"
    )
    code, record, last = done.stdout.splitlines()
    assert (code, last) == ("code 1", "code 0")
    assert [entry.name for entry in before.iterdir()] == [".out.mp4.photochrom-work"]
    assert not [entry for entry in before.rglob("*") if "part" in entry.name]
    assert json.loads(record)["resumed"] == (SHOTS[0] if moment == "a shot" else sum(SHOTS))
    assert [entry.name for entry in after.iterdir()] == ["out.mp4"]
    ours, theirs = planes_of(after / "out.mp4"), planes_of(result)
    assert len(ours) == len(theirs) == sum(SHOTS)
    np.testing.assert_array_equal([one[0] for one in ours], [one[0] for one in theirs])
    np.testing.assert_array_equal([one[1:] for one in ours], [one[1:] for one in theirs])


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="needs unshare and user namespaces, to mount a tmpfs")
def test_a_film_from_a_pipe_that_the_disk_does_not_hold_is_one_line(tmp_path):
    folder, before, after = (tmp_path / name for name in ("disk", "before", "after"))
    folder.mkdir()
    stream = tmp_path / "in.y4m"
    stream.write_bytes(b"YUV4MPEG2 W96 H64 F25:1 Ip A1:1 Cmono\n" + (b"FRAME\n" + bytes(6144)) * 60)
    command = [
        *("sh", "-c", f'exec "$0" -m photochrom video - {folder}/out.mp4 --size 32 < {stream}'),
        sys.executable,
    ]
    done = run_on_small_disk(folder, 100, command, ["true"], before, after)
    assert done.stderr.splitlines() == [
        f"photochrom: {folder}: No space left on device; make room on the disk and try again"
    ]
    assert done.stdout.splitlines() == ["code 1", "code 0"]
    assert not list(before.iterdir())
