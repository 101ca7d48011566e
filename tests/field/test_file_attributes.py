"""Modification time and permissions of results: as `cp` and `cp --preserve=timestamps` set them."""

import os
import stat
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from photochrom import SaveOptions, colorize_file
from photochrom.batch import Job, JobSettings, run_job
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo
from support import pictures
from support.colored import saved

TAKEN = 1_000_000_000_123_456_789
"""September 2001, in nanoseconds."""
posix = pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, pictures.scene()[..., 0])
    os.utime(path, ns=(TAKEN, TAKEN))
    return path


@pytest.fixture(params=[0o022, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".jp2"])
def test_the_time_is_kept_where_asked(scan, tmp_path, suffix):
    kept = saved(Photo(scan), tmp_path / f"kept{suffix}", keep_time=True)
    fresh = saved(Photo(scan), tmp_path / f"fresh{suffix}")
    assert kept.stat().st_mtime_ns == TAKEN
    assert fresh.stat().st_mtime_ns > TAKEN


def test_the_time_of_bytes_is_now(scan, tmp_path):
    written = saved(Photo(scan.read_bytes()), tmp_path / "a.png", keep_time=True)
    assert written.stat().st_mtime_ns > TAKEN


@posix
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o640, 0o444, 0o777])
def test_a_new_file_has_the_permissions_that_cp_gives(scan, tmp_path, umask, mode):
    scan.chmod(mode)
    subprocess.run(["cp", scan, tmp_path / "copy.tif"], check=True)
    written = saved(Photo(scan), tmp_path / "new.tif")
    assert mode_of(written) == mode_of(tmp_path / "copy.tif") == mode & ~umask


@posix
def test_a_replaced_file_keeps_its_permissions_as_with_cp(scan, tmp_path, umask):
    for name in ("copy.tif", "old.tif"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o660)
    scan.chmod(0o600)
    subprocess.run(["cp", scan, tmp_path / "copy.tif"], check=True)
    written = saved(Photo(scan), tmp_path / "old.tif", overwrite=True)
    assert mode_of(written) == mode_of(tmp_path / "copy.tif") == 0o660


@posix
def test_an_array_has_the_permissions_of_any_new_file(tmp_path, umask):
    assert mode_of(saved(Photo(pictures.scene()), tmp_path / "a.png")) == 0o666 & ~umask


@posix
def test_pages_in_files_of_their_own(tmp_path, umask):
    scan = tmp_path / "two.tif"
    with tifffile.TiffWriter(scan) as file:
        file.write(pictures.scene()[..., 0])
        file.write(pictures.scene()[:90, :, 0])
    scan.chmod(0o640)
    os.utime(scan, ns=(TAKEN, TAKEN))
    (tmp_path / "out-2.tif").touch(0o600)
    report = colorize_file(
        scan,
        tmp_path / "out.tif",
        ColorizeOptions(size=64),
        SaveOptions(keep_time=True, overwrite=True),
    )
    assert [path.name for path in report.outputs] == ["out-1.tif", "out-2.tif"]
    assert [mode_of(path) for path in report.outputs] == [0o640 & ~umask, 0o600]
    assert [path.stat().st_mtime_ns for path in report.outputs] == [TAKEN, TAKEN]


def test_a_job_keeps_times_and_resumes(scan, tmp_path):
    settings = JobSettings(colorize=ColorizeOptions(size=64), save=SaveOptions(keep_time=True))
    (tmp_path / "in").mkdir()
    scan.rename(tmp_path / "in" / "scan.tif")
    job = Job([tmp_path / "in"], tmp_path / "out", settings, jobs=1)
    assert run_job(job).done == 1
    result = tmp_path / "out" / "scan.color.tif"
    assert result.stat().st_mtime_ns == TAKEN
    assert run_job(replace(job, resume=True)).done == 0
    assert np.asarray(tifffile.imread(result)).ndim == 3


@pytest.mark.parametrize("command", ["colorize", "variants"])
def test_the_flag(scan, tmp_path, command):
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / ("a.tif" if command == "colorize" else "")
    options = ["-o", str(output), "--keep-time", "--size", "64"]
    subprocess.run(
        [sys.executable, "-m", "photochrom", command, str(scan), *options],
        check=True,
        capture_output=True,
    )
    times = {path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.tif")}
    assert times == {TAKEN}
