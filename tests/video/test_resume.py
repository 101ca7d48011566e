"""A film that was interrupted at any moment goes on where it was, and becomes the same."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time

import numpy as np
import pytest

from photochrom.errors import DiskFullError, OutputExistsError, VideoError
from photochrom.options import ColorizeOptions
from photochrom.video.coloring import ShotSettings
from photochrom.video.job import FilmJob, Model
from photochrom.video.options import VideoOptions
from photochrom.video.source import Film
from photochrom.video.work import LONGEST, Work
from support.films import planes_of, scene, write_film

SHOTS = (70, LONGEST + 40, 60)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Three shots, of which one is longer than a piece."""
    pictures = [scene(number, seed) for seed, count in enumerate(SHOTS) for number in range(count)]
    return write_film(tmp_path_factory.mktemp("film") / "in.mkv", pictures, audio=2)


@pytest.fixture(scope="module")
def undisturbed(film, photochrom, tmp_path_factory):
    target = tmp_path_factory.mktemp("whole") / "out.mp4"
    assert photochrom("video", film, target, "--size", "32").returncode == 0
    return planes_of(target)


def start(script, film, target, **how):
    command = [str(script), "video", str(film), str(target), "--size", "32", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)


def same(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a, b)
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def kill_and_resume(script, film, target, kills, seed, kind=signal.SIGKILL):
    """Kill the command at random moments, then let it end; returns its record."""
    chance = random.Random(seed)
    for _ in range(kills):
        process = start(script, film, target)
        time.sleep(chance.uniform(0.5, 6))
        process.send_signal(kind)
        process.communicate()
        assert process.returncode in (-kind, 0, 130)
        if process.returncode == 0:
            break
        assert not target.exists()
    if not target.exists():
        process = start(script, film, target)
        out, error = process.communicate()
        assert process.returncode == 0, error
        return json.loads(out)
    return None


def check_killed(script, film, target, undisturbed, kills, seed):
    kill_and_resume(script, film, target, kills, seed)
    assert same(planes_of(target), undisturbed)
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]


@pytest.mark.slow
def test_three_kills_leave_no_trace(script, film, undisturbed, tmp_path):
    check_killed(script, film, tmp_path / "out.mp4", undisturbed, 3, seed=1)


def finished_within(process, seconds):
    """The exit code of a process whose group is killed after some time; None for never."""
    with process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


@pytest.mark.long
def test_forty_kills_leave_no_trace(script, film, undisturbed, tmp_path):
    """Of the whole process group, at any moment of a run; each finished file is compared."""
    began = time.monotonic()
    target = tmp_path / "out.mp4"
    assert finished_within(start(script, film, target), None) == 0
    usual = time.monotonic() - began
    chance, kills, finished = random.Random(7), 0, 0
    while kills < 40 or not target.exists():
        if target.exists():
            assert same(planes_of(target), undisturbed)
            assert [entry.name for entry in tmp_path.iterdir()] == [target.name]
            target.unlink()
            finished += 1
        process = start(script, film, target, start_new_session=True)
        code = finished_within(process, chance.uniform(0, usual) if kills < 40 else None)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert same(planes_of(target), undisturbed)
    print(f"{kills} kills, {finished + 1} finished files")


@pytest.mark.slow
def test_an_interruption_is_one_line_and_the_work_goes_on(script, film, undisturbed, tmp_path):
    target = tmp_path / "out.mp4"
    process = start(script, film, target)
    folder = tmp_path / ".out.mp4.photochrom-work"
    deadline = time.monotonic() + 60
    while not list(folder.glob("[!.]*.piece")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert error.decode().strip() == (
        "photochrom: interrupted; what is finished is kept, the same command goes on from there"
    )
    record = kill_and_resume(script, film, target, 0, 0)
    assert record["resumed"] >= SHOTS[0]
    assert same(planes_of(target), undisturbed)


def job(colorizer, film, target, **video):
    model = Model(colorizer.members, colorizer.name)
    options = ColorizeOptions(size=32)
    return FilmJob(Film(film), model, target, options, VideoOptions(**video), threads=1)


class StoppedError(Exception):
    pass


def stopped_after(pictures):
    def progress(stage, done, total):
        if stage == "coloring" and done == pictures:
            raise StoppedError

    return progress


def test_other_settings_of_one_shot_do_only_that_shot_again(colorizer, film, tmp_path):
    target = tmp_path / "out.mkv"
    first = job(colorizer, film, target, lossless=True)
    first.progress = stopped_after(sum(SHOTS) - 1)  # only the last piece is missing
    with pytest.raises(StoppedError):
        first.run()
    options = ColorizeOptions(size=32)
    settings = [ShotSettings(options)] * 3
    settings[1] = ShotSettings(ColorizeOptions(size=32, saturation=0.5))
    report = job(colorizer, film, target, lossless=True).run(settings=settings)
    assert report.resumed == SHOTS[0]
    planes = planes_of(target)
    chroma = [np.abs(planes[place][1].astype(int) - 128).mean() for place in (30, 150, 320)]
    assert chroma[1] < min(chroma[0], chroma[2])


def test_the_working_folder_is_small(colorizer, film, tmp_path):
    """At most 60 KB a picture, as the film is encoded by default."""
    target = tmp_path / "out.mp4"
    stopped = job(colorizer, film, target)
    stopped.progress = stopped_after(sum(SHOTS) - 1)
    with pytest.raises(StoppedError):
        stopped.run()
    work = Work(target)
    done = sum(SHOTS) - SHOTS[2]
    assert 0 < work.size < 60_000 * done
    work.release()


def test_a_result_is_made_by_one_process_at_a_time(colorizer, film, tmp_path):
    work = Work(tmp_path / "out.mp4")
    with pytest.raises(VideoError, match="another process"):
        job(colorizer, film, tmp_path / "out.mp4").run()
    work.release()
    assert not list(tmp_path.iterdir())


def test_a_taken_name_is_refused_before_the_work(colorizer, film, tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="overwrite=True"):
        job(colorizer, film, target).run()
    assert target.read_bytes() == b"mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_a_full_disk_is_foreseen(colorizer, film, tmp_path, monkeypatch):
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    report = job(colorizer, film, tmp_path / "out.mkv", lossless=True).run()
    [line] = report.warnings
    assert line.startswith("the disk will be full: about")


def test_a_full_disk_is_one_error_and_the_work_goes_on(colorizer, film, tmp_path, monkeypatch):
    import errno

    target = tmp_path / "out.mkv"
    real = np.savez
    calls = []

    def savez(file, **fields):
        calls.append(file)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, **fields)

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(DiskFullError, match="make room"):
        job(colorizer, film, target, lossless=True).run()
    assert not target.exists()
    report = job(colorizer, film, target, lossless=True).run()
    assert report.resumed == SHOTS[0]
    assert target.exists()
