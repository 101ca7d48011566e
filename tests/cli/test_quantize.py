"""`photochrom quantize` as a person runs it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.workshop

pytest.importorskip("torch")

from photochrom.models.session import Session  # noqa: E402
from support import tiny_workshop  # noqa: E402

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_a_twin_that_colors(photochrom: Run, examples: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "small.onnx"
    done = photochrom("quantize", "photochrom", tiny_workshop.PHOTOS, "--photos", 4, "-o", target)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"{target}: {target.stat().st_size} bytes, 56% of the model's"
    assert lines[1] == f"SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}"
    assert lines[2].startswith("ab against the model's: mean distance ")
    assert Session(target).contract.name == "photochrom-int8"
    colored = tmp_path / "cat.jpg"
    done = photochrom("colorize", examples / "cat.jpg", "-o", colored, "--model", target)
    assert (done.returncode, done.stderr) == (0, b"")
    assert colored.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("model", "photos", "target", "code", "words"),
    [
        ("photochron", "examples", "out.onnx", 1, "did you mean photochrom?"),
        ("photochrom", "nowhere", "out.onnx", 1, "nowhere"),
        ("photochrom", "examples", "out.bin", 2, "a model's file ends in .onnx"),
    ],
)
def test_an_error_is_one_line(
    command: Run, repository: Path, tmp_path: Path, model, photos, target, code, words
) -> None:
    done = command("quantize", model, photos, "-o", tmp_path / target, cwd=repository)
    assert (done.returncode, done.stdout) == (code, b"")
    [line] = done.stderr.decode().splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []
