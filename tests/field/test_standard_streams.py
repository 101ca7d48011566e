"""Standard input, output and error that are closed, full, or no longer read."""

import json
import shlex
import subprocess
import sys

import pytest

from support.trees import SMALL, files_in, save_gray_photos, size_of

pytestmark = pytest.mark.slow


@pytest.fixture
def scans(tmp_path):
    return save_gray_photos(tmp_path / "scans", "a.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def shell(script, tmp_path):
    """Run a command line of the shell, in which `photochrom` is the real one."""

    def run(line):
        line = line.replace("photochrom", shlex.quote(str(script)), 1)
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line.replace("SMALL", shlex.join(SMALL))],
            cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    return run


def assert_colored(folder, *names):
    """These results and nothing else; nobody's words went into one of them."""
    names = [f"{name}.color.jpg" for name in names]
    assert sorted(name for name in files_in(folder) if ".color." in name) == names
    for name in names:
        assert size_of(folder / name) == (150, 100)
        assert (folder / name).read_bytes().endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    ("inputs", "closed"),
    [
        ("scans/a.jpg", ">&-"),
        ("scans", "2>&-"),
        ("scans", "<&- >&- 2>&-"),
    ],
)
def test_closed_streams(shell, scans, closed, inputs):
    done = shell(f"photochrom colorize {inputs} SMALL {closed}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert_colored(scans, *("abc" if inputs == "scans" else "a"))
    names = [f"scans/{name}.color.jpg" for name in ("abc" if inputs == "scans" else "a")]
    assert sorted(done.stdout.split()) == ([] if ">&-" in closed.replace("2>&-", "") else names)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (
            "photochrom colorize - -o x.jpg SMALL <&-",
            "-: standard input is closed; pipe a photo in, or name a file",
        ),
        (
            "photochrom colorize scans/a.jpg -o - SMALL >&-",
            "-o -: standard output is closed; name a file",
        ),
        (
            "photochrom colorize - SMALL < scans/a.jpg >&-",
            "-o -: standard output is closed; name a file",
        ),
    ],
)
def test_a_photo_from_or_to_a_closed_stream(shell, scans, line, error):
    """Refused before the work: the photo is nowhere, or the result would be."""
    done = shell(line)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"photochrom: {error}\n")


DESCRIPTORS = """
from photochrom.cli import main
main.app = lambda: None
main.main()
with open("descriptor", "w") as file:
    file.write(str(file.fileno()))
print("words")
"""


def test_no_file_gets_the_descriptor_of_a_closed_stream(tmp_path):
    """Words of a library that prints by descriptor would go into it."""
    command = shlex.join([sys.executable, "-c", DESCRIPTORS])
    subprocess.run(["bash", "-c", f"{command} <&- >&- 2>&-"], cwd=tmp_path, check=True)
    assert int((tmp_path / "descriptor").read_text()) > 2


def test_a_reader_that_ends_early_stops_no_work(shell, scans):
    """As `head` does; the results are what was asked for, their names are not all of it."""
    done = shell("photochrom colorize scans --json SMALL | head -1")
    assert done.returncode == 0
    assert json.loads(done.stdout)["state"] == "done"
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("photochrom: 3 done, ")
    assert_colored(scans, *"abc")


def test_errors_that_nobody_reads_stop_no_work(shell, scans):
    (scans / "0.jpg").write_bytes(b"\xff\xd8\xff")
    done = shell("photochrom colorize scans SMALL 2>&1 >/dev/null | head -0")
    assert done.returncode == 1  # of the photo that is damaged
    assert done.stderr == ""
    assert_colored(scans, *"abc")


@pytest.mark.parametrize("inputs", ["scans/a.jpg", "scans", "scans --json", "scans/a.jpg -o -"])
def test_a_full_disk_under_standard_output(shell, scans, inputs):
    done = shell(f"photochrom colorize {inputs} SMALL >/dev/full")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("photochrom: standard output: No space left on device")
    assert not [name for name in files_in(scans) if "part" in name]


def test_a_full_disk_under_a_listing(shell):
    done = shell("photochrom models >/dev/full")
    assert (done.returncode, done.stderr) == (
        1, "photochrom: standard output: No space left on device\n"
    )  # fmt: skip


def test_a_full_disk_under_the_errors(shell, scans):
    done = shell("photochrom colorize scans SMALL 2>/dev/full")
    assert done.returncode == 0
    assert_colored(scans, *"abc")


def test_a_photo_into_a_pipe_that_nobody_reads(shell, scans):
    """Its result is lost, so that is an error."""
    save_gray_photos(scans, "large.png", size=(1500, 1000))
    done = shell("photochrom colorize scans/large.png -o - SMALL | true")
    assert done.returncode == 1
    assert done.stderr == (
        "photochrom: standard output: Broken pipe; check the program that reads it\n"
    )
