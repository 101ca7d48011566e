"""`photochrom app` and `photochrom serve`, as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest


@contextmanager
def running(
    script: Path, *arguments: str, env: dict[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        address = re.search(r"http://\S+/", line)
        assert address, (line, process.stderr.read() if process.stderr else "")
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                httpx2.get(address[0] + "healthz")
                break
            except httpx2.TransportError:
                time.sleep(0.05)
        yield address[0], process
    finally:
        process.kill()
        process.communicate()


def test_app_takes_a_free_port_and_ends_with_ctrl_c(
    script: Path, examples: Path, tmp_path: Path
) -> None:
    place = {"TMPDIR": str(tmp_path)}
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # another program has it already, which is as good
        with running(script, "app", "--no-browser", env=place) as (address, process):
            assert address.startswith("http://127.0.0.1:")
            assert not address.endswith(":8000/")
            assert "Photochrom" in httpx2.get(address).text
            photo = (examples / "cat.jpg").read_bytes()
            answer = httpx2.post(address + "api/v1/sessions", content=photo, timeout=60)
            assert answer.status_code == 201
            assert list(tmp_path.glob("photochrom-*/*/upload"))
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert error == "photochrom: stopped; temporary files removed\n"
    assert not list(tmp_path.glob("photochrom-*"))


def _under_way(address: str) -> int:
    """Requests that a server works on, or that wait in its queue."""
    text = httpx2.get(address + "metrics").text
    return sum(
        int(float(n)) for n in re.findall(r"^photochrom_(?:running|waiting) (\S+)$", text, re.M)
    )


@pytest.mark.slow
def test_serve_finishes_what_runs(script: Path, examples: Path) -> None:
    photo = (examples / "harbour.jpg").read_bytes()
    with running(script, "serve", "--port", "0", "--workers", "1") as (address, process):
        answers: list[httpx2.Response] = []

        def ask() -> None:
            answers.append(
                httpx2.post(address + "api/v1/colorize?size=512", content=photo, timeout=60)
            )

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        until = time.monotonic() + 60
        while _under_way(address) + len(answers) < len(asking):  # until all have arrived
            assert time.monotonic() < until
        process.send_signal(signal.SIGTERM)
        for thread in asking:
            thread.join(60)
        process.communicate(timeout=120)
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert process.returncode == 0


def test_serve_with_a_token_and_a_file(script: Path, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("port = 0\nhints = 7\n")
    secret = {"PHOTOCHROM_SERVER_TOKEN": "tulip"}
    with running(script, "serve", "--config", str(file), env=secret) as (address, _):
        assert httpx2.get(address + "api/v1/models").status_code == 401
        assert httpx2.get(address + "api/v1/about").json()["limits"]["hints"] == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serve", "--host", "0.0.0.0"), "--token"),
        (("serve", "--model", "nobody"), "nobody"),
        (("serve", "--config", "no.toml"), "no.toml: No such file"),
        (("serve", "--host", "192.0.2.1", "--insecure"), "choose another --host"),
    ],
)
def test_what_cannot_be_served_is_one_line(photochrom, tmp_path, arguments, words) -> None:
    done = photochrom(*arguments, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert words in done.stderr.decode()


def test_a_taken_port_is_said(photochrom) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = photochrom("serve", "--port", port and str(port))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"127.0.0.1:{port}: Address already in use" in done.stderr.decode()
