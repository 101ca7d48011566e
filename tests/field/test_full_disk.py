"""A disk that fills up under a job."""

import errno
import os
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from photochrom._system.vips import pyvips, system_error_of
from photochrom.batch import LEDGER, Job, JobSettings, Ledger, State, run_job
from photochrom.errors import DiskFullError, JobError
from photochrom.options import ColorizeOptions
from photochrom.photo import writer
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.server import Settings, create_app
from support.small_disks import can_mount, run_on_small_disk
from support.trees import SMALL, files_in, save_gray_photos, size_of

NAMES = [f"{number:02d}.jpg" for number in range(12)]
SETTINGS = JobSettings(colorize=ColorizeOptions(size=64))

FULL = """
import errno, os, stat
fsync = os.fsync
def full(descriptor):
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.{}, os.strerror(errno.{}))
    fsync(descriptor)
os.fsync = full
"""
"""For every process: no result reaches the disk."""


@pytest.fixture
def scans(tmp_path):
    return save_gray_photos(tmp_path / "scans", *NAMES)


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT"])
def test_a_job_stops_and_can_be_resumed(scans, tmp_path, monkeypatch, code):
    """Not one error for each photo that is left."""
    out = tmp_path / "out"
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(FULL.format(code, code))
    reports = []
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(tmp_path / "hooks"), prepend=os.pathsep)
        with pytest.raises(JobError) as caught:
            run_job(Job([scans], out, SETTINGS, jobs=2), reports.append)
    words = os.strerror(getattr(errno, code))
    remedy = f"{words}; make room on the disk, then go on with resume=True"
    assert str(caught.value).startswith(str(out))
    assert str(caught.value).endswith(f".color.jpg: {remedy}")
    assert reports == []
    assert files_in(out) == [LEDGER, f"{LEDGER}.lock"]
    with Ledger(out, writing=False) as ledger:
        assert ledger.counts() == {(State.WAITING, ""): len(NAMES)}
    summary = run_job(Job([scans], out, SETTINGS, jobs=2, resume=True))
    assert (summary.done, summary.failed) == (len(NAMES), 0)


def test_without_a_ledger_the_remedy_is_another(scans, tmp_path, monkeypatch):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(FULL.format("ENOSPC", "ENOSPC"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hooks"), prepend=os.pathsep)
    with pytest.raises(JobError, match="then colour the folder again"):
        run_job(Job.beside(scans, SETTINGS, jobs=1))
    assert files_in(scans) == NAMES


@pytest.mark.parametrize("saver", ["jpeg", "png", "tiff", "webp"])
def test_what_libvips_says_of_a_full_disk(saver):
    picture = pyvips.Image.gaussnoise(500, 500).cast("uchar")
    with Path("/dev/full").open("r+b", buffering=0) as full:
        target = pyvips.Target.new_to_descriptor(full.fileno())
        with pytest.raises(pyvips.Error) as caught:
            pyvips.Operation.call(f"{saver}save_target", picture, target)
    assert system_error_of(caught.value).errno == errno.ENOSPC


def test_other_faults_of_libvips_are_none_of_the_system():
    with pytest.raises(pyvips.Error) as caught:
        pyvips.Image.new_from_buffer(b"\xff\xd8\xff", "").avg()
    assert system_error_of(caught.value) is None


def test_a_full_disk_is_an_error_of_its_own():
    with pytest.raises(DiskFullError, match="No space left"):  # noqa: SIM117
        with foreseen_os_errors("a.png"):
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_507_to_clients(tmp_path, examples, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    photo = (examples / "cat.jpg").read_bytes()
    with TestClient(create_app(Settings(folder=tmp_path)), base_url="http://localhost") as client:
        monkeypatch.setattr(writer, "temporary_beside", full)
        answer = client.post("/api/v1/colorize?format=png&size=64", content=photo)
    assert answer.status_code == 507
    assert answer.json()["title"] == "The server's disk is full"
    assert answer.json()["remedy"] == "make room on the disk and try again"


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="needs unshare and user namespaces, to mount a tmpfs")
@pytest.mark.parametrize("place", ["beside the results", "elsewhere"])
def test_a_small_disk(tmp_path, place):
    """The real thing: room for some of the results, then for all."""
    scans = save_gray_photos(tmp_path / "scans", *NAMES, size=(600, 400))
    out, before, after = (tmp_path / name for name in ("out", "before", "after"))
    out.mkdir()
    options = [] if place != "elsewhere" else ["--ledger", str(tmp_path / "ledger")]
    command = [
        *(sys.executable, "-m", "photochrom", "colorize", str(scans), "-o", str(out)),
        *("--jobs", "2", *options, *SMALL),
    ]
    done = run_on_small_disk(out, 600, command, [*command, "--resume"], before, after)
    first, *summary = done.stderr.splitlines()
    assert first.startswith(f"photochrom: {out}/"), done.stderr
    assert "--resume" in first
    assert "No space left on device" in first or "disk is full" in first
    assert len(summary) == 1
    assert " done before, " in summary[0] or f" {len(NAMES)} done, " in summary[0]
    codes = [line for line in done.stdout.splitlines() if line.startswith("code ")]
    assert codes == ["code 1", "code 0"]
    results = sorted(path.name for path in before.glob("*.color.jpg"))
    assert len(results) < len(NAMES)
    assert not [name for name in files_in(before) if "part" in name]
    assert {size_of(before / name) for name in results} <= {(600, 400)}
    assert len(list(after.glob("*.color.jpg"))) == len(NAMES)
