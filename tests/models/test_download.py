"""Downloads: whole and verified, or one clear line and nothing under the final name."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photochrom._system.retries import RetryPolicy
from photochrom.cli.main import app
from photochrom.errors import ModelError
from photochrom.models import Descriptor, describe, download
from photochrom.models import catalogue as catalogue_module
from photochrom.models.download import pull, remove
from support.faulty_server import CONTENT, Server, serve

HASTY = RetryPolicy(tries=3, first_pause=0.01, timeout=20)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


def model(server: Server, *paths: str, exact: bool = True) -> Descriptor:
    return Descriptor(
        "theirs",
        "to be pulled",
        "theirs.onnx",
        len(CONTENT),
        hashlib.sha256(CONTENT).hexdigest(),
        "MIT",
        "nothing",
        describe("eccv16").contract,
        exact=exact,
        urls=tuple(f"{server.url}/{path}" for path in paths),
    )


def left(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("path", ["good", "plain", "moved", "slow", "cut"])
def test_a_file_comes_whole(server, home, path):
    seen = []
    where = pull(model(server, path), lambda done, total: seen.append((done, total)), HASTY)
    assert where == home / "theirs.onnx"
    assert where.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert left(home) == ["theirs.onnx"]


def test_what_breaks_off_is_continued(server, home):
    pull(model(server, "cut"), policy=dataclasses.replace(HASTY, tries=1))
    ranges = [wanted for _, wanted in server.requests]
    assert ranges == [None, *(f"bytes={start}-" for start in range(100_000, 500_001, 100_000))]


def test_a_later_pull_goes_on_where_an_earlier_one_ended(server, home):
    with pytest.raises(ModelError, match="received 100000 bytes, expected 512000"):
        pull(model(server, "cutplain"), policy=HASTY)
    assert not (home / "theirs.onnx").exists()
    assert pull(model(server, "good"), policy=HASTY).read_bytes() == CONTENT
    assert server.requests[-1] == ("/good", "bytes=100000-")


def test_all_of_it_was_there_but_unchecked(server, home):
    home.mkdir(parents=True)
    wanted = model(server, "good")
    (home / f".theirs.onnx.{wanted.sha256[:16]}.part").write_bytes(CONTENT)
    assert pull(wanted, policy=HASTY).read_bytes() == CONTENT
    assert left(home) == ["theirs.onnx"]


def test_a_part_of_another_file_is_begun_anew(server, home):
    home.mkdir(parents=True)
    wanted = model(server, "good")
    (home / f".theirs.onnx.{wanted.sha256[:16]}.part").write_bytes(b"another file's beginning")
    assert pull(wanted, policy=HASTY).read_bytes() == CONTENT
    assert [part for _, part in server.requests] == ["bytes=24-", None]


FAULTS = {
    "missing": "HTTP 404",
    "busy": "HTTP 503",
    "cutplain": "received 100000 bytes, expected 512000",
    "wrong": "sent another file",
    "short": "sent another file",
    "page": "sent another file",
    "long": "would send 1024000 bytes",
    "endless": "sends more than 512000 bytes",
    "otherpart": "another range than requested",
    "loop": "redirects",
    "silent": "no answer in time",
}


@pytest.mark.parametrize("path", FAULTS)
def test_every_fault_is_one_line_and_leaves_no_file(server, home, path):
    policy = dataclasses.replace(HASTY, timeout=0.5) if path == "silent" else HASTY
    with pytest.raises(ModelError) as caught:
        pull(model(server, path), policy=policy)
    text = str(caught.value)
    assert "\n" not in text
    assert FAULTS[path].lower() in text.lower()
    assert f"{server.url}/{path}" in text
    assert not (home / "theirs.onnx").exists()


def test_nobody_listens(home, server):
    dead = dataclasses.replace(model(server, "good"), urls=("http://127.0.0.1:9/x",))
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9/x") as caught:
        pull(dead, policy=HASTY)
    assert "\n" not in str(caught.value)


def test_the_next_address_is_tried(server, home):
    found = pull(model(server, "missing", "wrong", "cutplain", "good"), policy=HASTY)
    assert found.read_bytes() == CONTENT
    assert [server.count(f"/{path}") for path in ("missing", "wrong", "good")] == [1, 1, 1]


def test_a_full_disk(server, home, monkeypatch):
    class Full:
        """A file on a disk without room."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", *rest, **how: (
            Full(opened(path, mode, *rest, **how))
            if path.suffix == ".part" and mode != "rb"
            else opened(path, mode, *rest, **how)
        ),
    )
    with pytest.raises(ModelError, match="No space left") as caught:
        pull(model(server, "good"), policy=HASTY)
    assert "\n" not in str(caught.value)
    assert not (home / "theirs.onnx").exists()


def test_two_pulls_at_once_fetch_once(server, home):
    wanted = model(server, "slow")
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(pull(wanted, policy=HASTY))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [home / "theirs.onnx"] * 2
    assert found[0].read_bytes() == CONTENT
    assert server.count("/slow") == 1


def test_a_size_that_is_only_about_right(server, home):
    about = dataclasses.replace(model(server, "good", exact=False), bytes=500_000)
    assert pull(about, policy=HASTY).read_bytes() == CONTENT


def test_what_ships_is_not_pulled():
    with pytest.raises(ModelError, match="nothing to pull"):
        pull(describe(None))
    with pytest.raises(ModelError, match="uninstall"):
        remove(describe(None))


@pytest.fixture
def catalogue(server, home, monkeypatch):
    wanted = model(server, "good")
    known = catalogue_module.known_models()
    for module in (catalogue_module, __import__("photochrom.models", fromlist=["x"])):
        monkeypatch.setattr(module, "known_models", lambda: (*known, wanted))
    monkeypatch.setattr(download, "RetryPolicy", lambda: HASTY)
    return wanted


def test_the_commands(catalogue, home, runner):
    listed = runner.invoke(app, ["models"])
    assert "state       obtainable: photochrom models pull theirs" in listed.stdout
    colored = runner.invoke(app, ["colorize", "x.jpg", "--model", "theirs"])
    assert colored.exit_code == 1
    assert "photochrom models pull theirs" in colored.stderr
    unasked = runner.invoke(app, ["models", "pull", "theirs"])
    assert unasked.exit_code != 0
    assert "--yes" in unasked.stderr
    assert "MIT" in unasked.stdout
    assert not home.exists()
    pulled = runner.invoke(app, ["models", "pull", "theirs", "--yes"])
    assert pulled.exit_code == 0, pulled.output
    assert (home / "theirs.onnx").read_bytes() == CONTENT
    assert runner.invoke(app, ["models", "verify", "theirs"]).stdout == "theirs: intact\n"
    (home / "theirs.onnx").write_bytes(CONTENT[::-1])
    damaged = runner.invoke(app, ["models", "verify"])
    assert damaged.exit_code == 1
    assert "photochrom models pull theirs" in damaged.stderr
    assert runner.invoke(app, ["models", "pull", "theirs", "-y"]).exit_code == 0
    assert "0.5 MB freed" in runner.invoke(app, ["models", "remove", "theirs", "-y"]).stdout
    assert runner.invoke(app, ["models", "remove", "theirs", "-y"]).exit_code == 1
