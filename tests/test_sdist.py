"""The source distribution: it holds what the documentation speaks of."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

FOLDERS = ("benchmarks", "configs", "docs", "examples", "integrations", "runs", "src", "tools")


@pytest.mark.slow
def test_it_has_every_file_of_the_repository(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, repository]
    subprocess.run(command, capture_output=True, timeout=600, check=True)
    [packed] = tmp_path.glob("photochrom-*.tar.gz")
    with tarfile.open(packed) as archive:
        modes = {member.name.partition("/")[2]: member.mode for member in archive.getmembers()}
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--", *FOLDERS],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = {name for name in tracked if name and (repository / name).exists()}
    assert len(files) > 400
    assert sorted(files - set(modes)) == []
    assert modes["integrations/file-managers/photochrom-files"] & 0o111
