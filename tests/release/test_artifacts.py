"""The folder of a release, and what git knows of the repository."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from tools.release.artifacts import clear, tracked_files, write_sums
from tools.release.errors import ReleaseError


def test_sums_are_of_every_file_of_a_release(tmp_path: Path) -> None:
    for name, content in (("photochrom-1.tar.gz", b"a"), ("photochrom-1.whl", b"b"), ("x", b"c")):
        (tmp_path / name).write_bytes(content)
    wanted = "".join(
        f"{hashlib.sha256(content).hexdigest()}  photochrom-1.{suffix}\n"
        for content, suffix in ((b"a", "tar.gz"), (b"b", "whl"))
    )
    assert write_sums(tmp_path).read_text() == wanted


def test_only_files_of_releases_are_cleared(tmp_path: Path) -> None:
    for name in ("photochrom-1.tar.gz", "photochrom-1.cdx.json", "SHA256SUMS", "mine.txt"):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_release_is_what_a_commit_says(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        author = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *author, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "ö.txt").write_text("o")
    git("add", ".")
    git("commit", "-m", "x")
    assert tracked_files(tmp_path) == {"a.txt", "ö.txt"}
    (tmp_path / "b.txt").write_text("b")
    with pytest.raises(ReleaseError, match=r"^b\.txt: is not committed; commit it, or put it away"):
        tracked_files(tmp_path)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(ReleaseError, match=r"^a\.txt \(and 1 more\): is not committed"):
        tracked_files(tmp_path)


def test_a_folder_without_git_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"git cannot be asked about it; release from a clone"):
        tracked_files(tmp_path)
