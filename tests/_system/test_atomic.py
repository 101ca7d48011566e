"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from photochrom._system.atomic import (
    atomic_write,
    is_part,
    move_into_place,
    remove_parts,
    temporary_beside,
    temporary_folder_beside,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_whole(tmp_path: Path, durable: bool) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(b"old")
    with atomic_write(target, durable=durable) as part:
        assert part.suffix == ".jpg"
        part.write_bytes(b"half")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"half"
    assert names(tmp_path) == ["photo.jpg"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), atomic_write(target) as part:
        part.with_name("missing").read_bytes()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["photo.jpg"]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    with atomic_write(tmp_path / "atomic") as part:
        part.write_bytes(b"1")
    assert (tmp_path / "atomic").stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("links", [True, False])
def test_a_taken_name_stays_its_owners(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "photo.jpg"
    with temporary_beside(target) as part:
        part.write_bytes(b"ours")
        target.write_bytes(b"theirs")
        with pytest.raises(FileExistsError):
            move_into_place(part, target, overwrite=False)
    assert target.read_bytes() == b"theirs"
    with temporary_beside(tmp_path / "free.jpg") as part:
        part.write_bytes(b"ours")
        move_into_place(part, tmp_path / "free.jpg", overwrite=False)
    assert names(tmp_path) == ["free.jpg", "photo.jpg"]


def refuse(*_: object) -> None:
    raise PermissionError("a file system without links")


def test_of_many_writers_one_gets_the_name(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    won: list[int] = []

    def write(number: int) -> None:
        with temporary_beside(target) as part:
            part.write_bytes(bytes([number]))
            ready.wait()
            try:
                move_into_place(part, target, overwrite=False)
            except FileExistsError:
                return
            won.append(number)

    ready = threading.Barrier(8)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert target.read_bytes() == bytes(won)
    assert names(tmp_path) == ["photo.jpg"]


def test_durable_asks_the_disk_for_file_and_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    target = tmp_path / "photo.jpg"

    def fsync(descriptor: int, before=os.fsync) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((folder, target.exists()))
        before(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_write(target) as part:
        part.write_bytes(b"1")
    assert synced == []
    target.unlink()
    with atomic_write(target, durable=True) as part:
        part.write_bytes(b"1")
    assert synced == [(False, False), (True, True)]  # the content, then the name


def test_a_folder_is_whole_or_gone(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "latest"
    with temporary_folder_beside(target) as part:
        (part / "weights").write_bytes(b"1")
        part.rename(target)
    with pytest.raises(FileNotFoundError), temporary_folder_beside(target) as part:
        (part / "missing").read_bytes()
    assert names(tmp_path / "deep") == ["latest"]
    assert names(target) == ["weights"]


KILLED = """
import os, sys
from pathlib import Path
from photochrom._system.atomic import temporary_beside, temporary_folder_beside
from contextlib import ExitStack
open_ones = ExitStack()
for name in ("photo.jpg", "photo-2.jpg", "other.jpg"):
    open_ones.enter_context(temporary_beside(Path(name))).write_bytes(b"half")
latest = open_ones.enter_context(temporary_folder_beside(Path("latest")))
(latest / "weights").write_bytes(b"half")
os._exit(1)
"""


def test_what_a_killed_writer_leaves_is_found_by_its_target(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False, timeout=120)
    (tmp_path / "photo.jpg").write_bytes(b"whole")
    left = names(tmp_path)
    assert len(left) == 5
    assert [name for name in left if not is_part(name)] == ["photo.jpg"]
    remove_parts(tmp_path / "photo.jpg")  # its second page's too
    assert len(names(tmp_path)) == 3
    remove_parts(tmp_path / "latest")
    remove_parts(tmp_path / "other.jpg")
    assert names(tmp_path) == ["photo.jpg"]
