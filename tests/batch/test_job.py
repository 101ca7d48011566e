"""Jobs with the real model on small photos."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_info

from photochrom import Crop
from photochrom.batch import LEDGER, Job, JobSettings, Ledger, State, run_job, work
from photochrom.errors import ConfigError
from photochrom.options import ColorizeOptions, SaveOptions
from photochrom.references import Reference

SMALL = JobSettings(colorize=ColorizeOptions(size=64))


@pytest.fixture
def tree(examples, tmp_path):
    """Three photos in two folders, one broken, one in colour."""
    root = tmp_path / "scans"
    (root / "1912" / "sub").mkdir(parents=True)
    gray = Image.open(examples / "cat.jpg").resize((150, 100))
    for name in ("a.jpg", "1912/b.png", "1912/sub/c.tif"):
        gray.save(root / name)
    (root / "1912" / "broken.jpg").write_bytes((root / "a.jpg").read_bytes()[:900])
    Image.open(examples / "color" / "cat.jpg").resize((150, 100)).save(root / "color.jpg")
    return root


def job(tree, **changes):
    return Job([tree], tree.parent / "out", SMALL, **({"recursive": True, "jobs": 1} | changes))


def files(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(LEDGER)
    )


def size_of(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.size


RESULTS = ["1912/b.color.png", "1912/sub/c.color.tif", "a.color.jpg"]


def test_a_tree_is_mirrored_and_known(tree):
    reports = []
    summary = run_job(job(tree), reports.append)
    assert (summary.done, summary.skipped, summary.failed, summary.done_before) == (3, 1, 1, 0)
    assert summary.reasons == {"PhotoError": 1, "in colour already": 1}
    out = tree.parent / "out"
    assert files(out) == RESULTS
    assert len(reports) == 5
    with Ledger(out, writing=False) as ledger:
        states = {record.path: record.state for record in ledger.records()}
        assert states == {
            "a.jpg": State.DONE, "1912/b.png": State.DONE, "1912/sub/c.tif": State.DONE,
            "1912/broken.jpg": State.FAILED, "color.jpg": State.SKIPPED,
        }  # fmt: skip
        assert "damaged" in ledger.find("1912/broken.jpg").error
    for name in RESULTS:
        with Image.open(out / name) as image:
            picture = np.asarray(image).astype(int)
        assert np.ptp(picture, axis=2).mean() > 3


def test_resuming_repeats_nothing_that_is_done(tree):
    run_job(job(tree))
    with pytest.raises(ConfigError, match="add resume=True"):
        run_job(job(tree))
    out = tree.parent / "out"
    times = {name: (out / name).stat().st_mtime_ns for name in RESULTS}
    summary = run_job(job(tree, resume=True))
    assert (summary.done, summary.done_before, summary.skipped, summary.failed) == (0, 3, 1, 1)
    assert {name: (out / name).stat().st_mtime_ns for name in RESULTS} == times


def test_what_failed_is_tried_again_when_asked_or_mended(tree):
    run_job(job(tree))
    summary = run_job(job(tree, resume=True, retry_failed=True))
    assert (summary.done_before, summary.failed) == (3, 1)
    shutil.copy(tree / "a.jpg", tree / "1912" / "broken.jpg")
    summary = run_job(job(tree, resume=True))  # another size and time
    assert (summary.done, summary.done_before, summary.failed) == (1, 3, 0)


def test_a_changed_photo_is_done_again_and_a_touched_one_is_not(tree):
    run_job(job(tree))
    os.utime(tree / "a.jpg")
    turned = Image.open(tree / "1912" / "b.png").rotate(180)
    turned.save(tree / "1912" / "b.png")
    before = (tree.parent / "out" / "a.color.jpg").stat().st_mtime_ns
    summary = run_job(job(tree, resume=True))
    assert (summary.done, summary.done_before) == (1, 2)
    assert (tree.parent / "out" / "a.color.jpg").stat().st_mtime_ns == before


def test_other_settings_do_all_again(tree):
    run_job(job(tree))
    vivid = JobSettings(colorize=ColorizeOptions(size=64, vividness=1.0))
    other = Job([tree], tree.parent / "out", vivid, True, jobs=1, resume=True)
    before = (tree.parent / "out" / "a.color.jpg").read_bytes()
    summary = run_job(other)
    assert (summary.done, summary.done_before) == (3, 0)
    assert (tree.parent / "out" / "a.color.jpg").read_bytes() != before


def test_a_result_that_a_person_changed_is_kept(tree):
    run_job(job(tree))
    retouched = tree.parent / "out" / "a.color.jpg"
    retouched.write_bytes(b"retouched by hand")
    summary = run_job(job(tree, resume=True))
    assert retouched.read_bytes() == b"retouched by hand"
    assert summary.reasons["OutputExistsError"] == 1
    summary = run_job(job(tree, resume=True, overwrite=True))
    assert summary.done == 1
    assert size_of(retouched) == (150, 100)


def test_a_lost_result_is_made_again(tree):
    run_job(job(tree))
    (tree.parent / "out" / "a.color.jpg").unlink()
    summary = run_job(job(tree, resume=True))
    assert (summary.done, summary.done_before) == (1, 2)


def test_files_of_others_are_not_overwritten(tree):
    out = tree.parent / "out"
    out.mkdir()
    (out / "a.color.jpg").write_bytes(b"mine")
    summary = run_job(job(tree))
    assert (out / "a.color.jpg").read_bytes() == b"mine"
    assert (summary.done, summary.reasons["OutputExistsError"]) == (2, 1)


def test_two_photos_with_one_result(tree):
    Image.open(tree / "a.jpg").save(tree / "a.png")
    one = Job(
        [tree],
        tree.parent / "out",
        JobSettings(colorize=ColorizeOptions(size=64), format=".png"),
        jobs=1,
    )
    summary = run_job(one)
    assert (summary.done, summary.reasons["OutputExistsError"]) == (1, 1)


def test_results_inside_the_tree_are_no_photos(tree):
    inside = Job([tree], tree / "out", SMALL, recursive=True, jobs=1)
    run_job(inside)
    summary = run_job(Job([tree], tree / "out", SMALL, recursive=True, jobs=1, resume=True))
    assert (summary.done, summary.done_before) == (0, 3)


CRASH = """
import os, sys
from pathlib import Path
from photochrom.batch import work
real = work._color
def colour(task):
    if "b.png" in str(task.source):
        os.kill(os.getpid(), 11)
    return real(task)
work._color = colour
"""


def test_a_crash_in_native_code_costs_one_photo(tree, tmp_path, monkeypatch):
    """The worker processes load a module that makes one of them die as a codec's fault would."""
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hooks"), prepend=os.pathsep)
    summary = run_job(job(tree))
    assert (summary.done, summary.failed) == (2, 2)
    assert summary.reasons["WorkerDied"] == 1
    assert files(tree.parent / "out") == ["1912/sub/c.color.tif", "a.color.jpg"]


def start(tree, *options):
    command = [sys.executable, "-m", "photochrom", "colorize", str(tree), "-o",
               str(tree.parent / "out"), "--recursive", "--jobs", "1", "--size", "64"]  # fmt: skip
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def wait_for(condition, seconds=180):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_a_fault_of_ours_costs_one_photo(tree, tmp_path, monkeypatch):
    def break_down(_):
        raise ZeroDivisionError("in\nstrips")

    monkeypatch.setattr(work, "_color", break_down)
    outcome = work.color(work.Task(tree / "a.jpg", tmp_path / "a.color.jpg", False))
    assert (outcome.state, outcome.reason) == ("failed", "Unforeseen")
    assert str(outcome.error).startswith(f"{tree / 'a.jpg'}: unforeseen (ZeroDivisionError: in); ")
    assert outcome.sha256 is not None


def test_workers_leave_the_cores_to_each_other(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")  # what a worker would begin with
    with work.start_workers(JobSettings(), workers=1, threads=1) as pool:
        libraries = pool.schedule(threadpool_info).result()
    assert {lib["num_threads"] for lib in libraries if lib["user_api"] == "blas"} == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")
def test_a_worker_keeps_no_photo_open(tree, tmp_path, monkeypatch):
    """A drive can be unmounted, and a folder be deleted on Windows, when its photos are done."""
    monkeypatch.setattr(work, "_settings", SMALL)
    monkeypatch.setattr(work, "_colorizer", work._model(SMALL, 1))
    outcome = work.color(work.Task(tree / "a.jpg", tmp_path / "a.color.jpg", False))
    assert outcome.state == "done"
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert tree / "a.jpg" not in [path.readlink() for path in links]


@pytest.mark.slow
def test_killed_and_resumed(tree):
    for index in range(30):
        shutil.copy(tree / "a.jpg", tree / f"more{index:02d}.jpg")
    out = tree.parent / "out"
    running = start(tree)
    wait_for(lambda: len(list(out.rglob("more0*.color.jpg"))) >= 3)
    running.kill()  # the job's process only: its workers must notice
    running.communicate()
    done = {name: (out / name).stat().st_mtime_ns for name in files(out)}
    assert len(done) < 33
    summary = run_job(job(tree, resume=True))
    assert summary.done + summary.done_before == 33
    assert summary.done_before >= len(done) - 2  # one at work, one just written
    assert not list(out.rglob("*part*"))
    assert {size_of(out / name) for name in files(out)} == {(150, 100)}
    wait_for(
        lambda: (
            not subprocess.run(
                ["pgrep", "-g", str(running.pid)], capture_output=True, check=False
            ).stdout
        )
    )


@pytest.mark.slow
def test_interrupted_as_by_a_person(tree):
    for index in range(20):
        shutil.copy(tree / "a.jpg", tree / f"more{index:02d}.jpg")
    out = tree.parent / "out"
    running = start(tree)
    wait_for(lambda: len(list(out.rglob("more0*.color.jpg"))) >= 1)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: all processes of the job
    _, errors = running.communicate(timeout=180)
    assert running.returncode == 130, errors
    assert b"Traceback" not in errors
    assert b"--resume" in errors
    again = start(tree, "--resume")
    _, errors = again.communicate(timeout=300)
    assert b"21 done" in errors or b"done before" in errors
    assert len(files(out)) == 23


def test_a_folder_that_cannot_be_made(tree):
    blocked = Path("/proc/photochrom")
    with pytest.raises(ConfigError, match="/proc"):
        run_job(Job([tree], blocked, SMALL))


def test_every_option_decides_which_results_are_the_same():
    colors = {"vividness": 0.2, "size": 96, "variant": 2, "seed": 3, "recolor": True,
              "saturation": 1.5, "warmth": 0.1, "tint": -0.1, "smooth": 0.3,
              "references": (Reference("red", 2, 1, b"\xff\0\0\xf0\0\0"),)}  # fmt: skip
    file = {"quality": 80, "mark": False, "profile": "keep", "keep_time": True,
            "reversible": True, "crop": Crop(1, 2, 3, 4), "turn": 90}  # fmt: skip
    assert {*colors, "hints", "strokes"} == {item.name for item in fields(ColorizeOptions)}
    assert {*file, "overwrite"} == {item.name for item in fields(SaveOptions)}
    usual = JobSettings()
    for without in ({"reversible"}, {"crop", "turn"}):  # which exclude each other
        saving = {name: value for name, value in file.items() if name not in without}
        other = JobSettings(colorize=ColorizeOptions(**colors), save=SaveOptions(**saving))
        assert JobSettings.of(json.loads(json.dumps(other.as_dict()))) == other
    for name, value in colors.items():
        changed = JobSettings(colorize=ColorizeOptions(**{name: value}))
        assert changed.digest("x") != usual.digest("x"), name
    for name, value in file.items():
        changed = JobSettings(save=SaveOptions(**{name: value}))
        same = name == "keep_time"  # the same pixels; a resumed job does not make them again
        assert (changed.digest("x") == usual.digest("x")) == same, name


def test_a_job_from_before_there_were_these_options_goes_on():
    """Its digest has none of their names."""
    assert JobSettings().digest("x") == "e602b8366ec87f35"
