"""The source distribution, built: it is what a release takes."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tools.release.artifacts import Artifact, Kind
from tools.release.contents import check_contents


@pytest.mark.slow
def test_it_has_every_file_of_the_repository(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, repository]
    subprocess.run(command, capture_output=True, timeout=600, check=True)
    [packed] = tmp_path.glob("photochrom-*.tar.gz")
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = {name for name in known if name and (repository / name).exists()}
    assert check_contents(Artifact(packed, Kind.SOURCES), files) > 900
    with tarfile.open(packed) as archive:
        (script,) = (one for one in archive.getmembers() if one.name.endswith("/photochrom-files"))
    assert script.mode & 0o111
