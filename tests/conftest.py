"""Fixtures for every test: the example photographs, one loaded model, the command line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

# What the tests compute is too small to gain from more threads, which lose much beside other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A job that a shell starts in the background ignores SIGINT, one that nohup starts ignores SIGHUP,
# and so do its children, which tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

import numpy as np
import pytest
from hypothesis import settings

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.colorizer import Colorizer
from photochrom.photo.strips import Pixels

REPOSITORY = Path(__file__).resolve().parent.parent

# Derandomised, so that a run tells about the code and not about luck; no deadline, because the
# time of one example says nothing on a shared machine.
settings.register_profile("photochrom", deadline=None, derandomize=True, database=None)
settings.load_profile("photochrom")

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def lab_of() -> Callable[[Pixels], Array]:
    """Lab of an 8- or 16-bit picture: grey, (H, W), or colour with or without alpha."""

    def lab(picture: Pixels) -> Array:
        rgb = picture[..., :3] if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        return lab_from_srgb(rgb.astype(np.float32) / np.iinfo(picture.dtype).max)

    return lab


@pytest.fixture(scope="session")
def chroma_of() -> Callable[[Array], float]:
    """Mean length of ab, (..., 2)."""
    return lambda ab: float(np.linalg.norm(ab, axis=-1).mean())


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def examples() -> Path:
    """Grey photographs; their colour originals lie in the subfolder `color`."""
    return REPOSITORY / "examples"


@pytest.fixture(scope="session")
def colorizer() -> Colorizer:
    """The default model, loaded once."""
    return Colorizer()


@pytest.fixture(scope="session")
def script() -> Path:
    """The installed console script, beside the interpreter that runs the tests."""
    found = Path(sys.executable).with_name("photochrom")
    assert found.is_file(), f"{found}: install the package first (pip install -e .)"
    return found


@pytest.fixture(scope="session")
def photochrom(script: Path) -> Run:
    """Run the real command in a process of its own, with pipes for a terminal."""

    def run(
        *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = [str(script), *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, cwd=cwd, capture_output=True, timeout=600, check=False
        )

    return run


@pytest.fixture(scope="session")
def command() -> Run:
    """Run a command line in this process: where its words and files count, not its process.

    An exception that the command line does not turn into a line is raised here.
    """
    from typer.testing import CliRunner

    from photochrom.cli.main import app

    def run(
        *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        given = [str(argument) for argument in arguments]
        with contextlib.chdir(cwd or Path.cwd()):
            done = CliRunner().invoke(app, given, input=stdin, catch_exceptions=False)
        return subprocess.CompletedProcess(
            given, done.exit_code, done.stdout_bytes, done.stderr_bytes
        )

    return run


@pytest.fixture(scope="module")
def native_kernel() -> None:
    """Build the native kernel from the source as it is: no test runs one from before a change."""
    import hatch_build

    from photochrom._system import kernel
    from support.programs import missing

    if not hatch_build.compilers():
        missing("no C compiler")
    assert hatch_build.build()
    kernel.library.cache_clear()
    assert kernel.kernel_name() == "native"
