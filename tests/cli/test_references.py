"""`--reference` and `--reference-album`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def album(tmp_path: Path, examples: Path) -> Path:
    """Two grey photos in a folder, and the colour original of one in another."""
    (tmp_path / "gray").mkdir()
    (tmp_path / "corrected").mkdir()
    for name in ("cat.jpg", "otter.jpg"):
        shutil.copy(examples / name, tmp_path / "gray" / name)
    shutil.copy(examples / "color" / "cat.jpg", tmp_path / "corrected" / "cat.jpg")
    return tmp_path


def distance(one: Path, other: Path) -> float:
    first, second = (pyvips.Image.new_from_file(str(p)).numpy().astype(float) for p in (one, other))
    return float(np.abs(first - second).mean())


def test_a_reference_reaches_the_file(command: Run, album: Path, examples: Path) -> None:
    truth = examples / "color" / "cat.jpg"
    for name, options in (("plain", []), ("led", ["--reference", truth])):
        done = command("colorize", album / "gray/cat.jpg", "-o", album / f"{name}.png", *options)
        assert done.returncode == 0, done.stderr
    assert distance(album / "led.png", truth) < 0.7 * distance(album / "plain.png", truth)


def test_an_album_leads_a_folder_of_photos(photochrom: Run, album: Path) -> None:
    plain = photochrom("colorize", album / "gray", "-o", album / "plain")
    assert plain.returncode == 0, plain.stderr
    done = photochrom(
        "colorize", album / "gray", "-o", album / "led", "--reference-album", album / "corrected"
    )
    assert done.returncode == 0, done.stderr
    truth = album / "corrected" / "cat.jpg"
    led, without = (distance(album / way / "cat.color.jpg", truth) for way in ("led", "plain"))
    assert led < 0.7 * without
    again = photochrom("colorize", album / "gray", "-o", album / "led", "--resume")
    assert b"2 done before" not in again.stderr, "other colours without the references"


def test_what_cannot_lead_is_one_line(command: Run, album: Path) -> None:
    gray, out = album / "gray" / "cat.jpg", album / "out.png"
    for options, words in (
        (["--reference", gray], "has no colours that could lead those of another"),
        (["--reference", album / "nothing.jpg"], "nothing.jpg: no such file"),
        (["--reference-album", album / "gray"], "has no colour photo"),
    ):
        done = command("colorize", gray, "-o", out, *options)
        assert done.returncode == 1
        [line] = done.stderr.decode().splitlines()
        assert words in line
        assert not out.exists()


def test_variants_follow_a_reference(command: Run, album: Path) -> None:
    truth = album / "corrected" / "cat.jpg"
    for way, options in (("plain", []), ("led", ["--reference", truth])):
        done = command("variants", album / "gray/cat.jpg", "-n", "2", "-o", album / way, *options)
        assert done.returncode == 0, done.stderr
    for number in (1, 2):
        name = f"cat.color.{number}.jpg"
        led, plain = (distance(album / way / name, truth) for way in ("led", "plain"))
        assert led < plain
