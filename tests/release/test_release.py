"""`python -m tools.release`, whole, in a clone of the repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest


def clone(repository: Path, folder: Path) -> Path:
    """A clone of the last commit; git takes the committer from the environment."""
    subprocess.run(["git", "clone", "-q", repository, folder], check=True, capture_output=True)
    return folder


def release(clone: Path) -> CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    command = [sys.executable, "-m", "tools.release"]
    return subprocess.run(
        command,
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )


@pytest.mark.slow
def test_what_stops_a_release_is_one_line_and_no_file(repository: Path, tmp_path: Path) -> None:
    folder = clone(repository, tmp_path / "clone")
    citation = folder / "CITATION.cff"
    citation.write_text(citation.read_text().replace("\nversion: ", "\nversion: 9."))
    done = release(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: CITATION.cff: is not committed; commit it")
    assert done.stderr.count("\n") == 1
    author = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *author, "commit", "-qam", "x"], cwd=folder, check=True)
    done = release(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: CITATION.cff: says version 9.")
    assert not (folder / "dist").exists()


@pytest.mark.long
def test_a_release_is_built_tried_and_summed(repository: Path, tmp_path: Path) -> None:
    folder = clone(repository, tmp_path / "clone")
    (folder / "dist").mkdir()
    (folder / "dist/photochrom-0.0.1.tar.gz").write_bytes(b"")
    done = release(folder)
    assert (done.returncode, done.stderr) == (0, "")
    released = folder / "dist"
    sums = (released / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    names = [line.split("  ")[1] for line in sums]
    assert {path.name for path in released.iterdir()} == {*names, "SHA256SUMS"}
    assert [Path(name).suffix for name in sorted(names)] == [".whl", ".whl", ".json", ".gz"]
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256((released / name).read_bytes()).hexdigest() == digest
    kernels = [
        line.rpartition("with the ")[2] for line in done.stdout.splitlines() if "installed" in line
    ]
    assert kernels == ["native kernel", "numpy kernel", "numpy kernel", "native kernel"]
