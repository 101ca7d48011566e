"""SIGHUP: what a terminal that is closed, or a lost connection, sends to a command and its job."""

import os
import pty
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from photochrom.batch import LEDGER, Ledger, State
from support.trees import SMALL, files_in, save_gray_photos, size_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP"),
]
PHOTOS = [f"{number:02d}.jpg" for number in range(40)]


def default_hang_up():
    """In a child: the signal as a shell gives it, whatever ignores it around these tests."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def scans(tmp_path):
    return save_gray_photos(tmp_path / "scans", *PHOTOS)


def job(scans):
    return [sys.executable, "-m", "photochrom", "colorize", str(scans), "-o",
            str(scans.parent / "out"), "--jobs", "2", *SMALL]  # fmt: skip


def wait_for_results(out, count=2, seconds=120):
    end = time.monotonic() + seconds
    while len(list(out.glob("*.color.jpg"))) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def assert_in_good_order(out):
    """Whole results, no other files, and a ledger that knows each result."""
    results = [name for name in files_in(out) if not name.startswith(LEDGER)]
    assert 2 <= len(results) < len(PHOTOS)
    assert {name.endswith(".color.jpg") for name in results} == {True}
    assert {size_of(out / name) for name in results} == {(150, 100)}
    with Ledger(out) as ledger:  # which nobody locks
        done = {record.outputs[0][0] for record in ledger.records(State.DONE)}
    assert done <= set(results)


def gone(group, seconds=20):
    """Whether all processes of a group have ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_job(scans, whole_group):
    """Sent to the job's process alone, as by `kill`, or to its workers too, as by a terminal."""
    out = scans.parent / "out"
    with subprocess.Popen(
        job(scans), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=default_hang_up,
    ) as process:  # fmt: skip
        wait_for_results(out)
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGHUP)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 129, errors
    assert errors == b"photochrom: interrupted; finished photos are kept, --resume goes on\n"
    assert gone(process.pid)
    assert_in_good_order(out)


def test_a_terminal_that_is_closed(scans):
    """The job's progress bar, and its last line, have nowhere to go."""
    out = scans.parent / "out"
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        job(scans), stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        preexec_fn=lambda: (default_hang_up(), own_terminal()),
    ) as process:  # fmt: skip
        os.close(terminal)
        wait_for_results(out)
        os.close(controller)
        assert process.wait(timeout=60) == 129
    assert gone(process.pid)
    assert_in_good_order(out)


def own_terminal():
    """In a child: make its standard input the terminal that controls its session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_nohup_is_respected(scans):
    with subprocess.Popen(
        job(scans), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as process:  # fmt: skip
        wait_for_results(scans.parent / "out")
        os.killpg(process.pid, signal.SIGHUP)
        process.communicate(timeout=240)
    assert process.returncode == 0
    assert len(list((scans.parent / "out").glob("*.color.jpg"))) == len(PHOTOS)


def test_a_command(script):
    """While it waits for its photo."""
    with subprocess.Popen(
        [str(script), "colorize", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=default_hang_up,
    ) as process:  # fmt: skip
        process.stdin.write(bytes(1_000_000))  # more than a pipe holds: it reads when this ends
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 129
    assert errors == b"photochrom: interrupted; finished photos are kept\n"


def test_a_server_ends_as_at_its_usual_end(script, tmp_path):
    with subprocess.Popen(
        [str(script), "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)}, preexec_fn=default_hang_up,
    ) as process:  # fmt: skip
        address = process.stdout.readline().decode().split()[3]
        wait_until_up(address)
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"photochrom: stopped; temporary files removed\n")
    assert not list(tmp_path.glob("photochrom-*"))


def wait_until_up(address, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(address + "healthz", timeout=5).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
