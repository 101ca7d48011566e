"""How an installed file of a release is tried."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tools.release.errors import ReleaseError
from tools.release.trial import Installation, check_colors, check_doctor, colors_of

WEIGHTS = {"photochrom": "a" * 64, "photochrom-damage": "b" * 64}


def installation(folder: Path, script: str) -> Installation:
    """An installation whose `photochrom` is a shell script."""
    for name in ("programs", "photos"):
        (folder / name).mkdir()
    program = folder / "programs/photochrom"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    environment = {"PATH": os.environ["PATH"]}
    return Installation("x.whl", folder / "photos", folder / "programs", environment)


def said(folder: Path, **changes: Any) -> Installation:
    """An installation whose doctor says this."""
    models = [
        {"name": "photochrom", "sha256": "a" * 64, "state": "sound"},
        {"name": "photochrom-damage", "sha256": "b" * 64, "state": "present"},
        {"name": "eccv16", "sha256": "c" * 64, "state": "absent"},
    ]
    own = str(folder / "venv/lib/photochrom")
    record = {"photochrom": "1.2.3", "installed_in": own, "kernel": "native", "models": models}
    return installation(folder, f"echo '{json.dumps(record | changes)}'")


def test_a_doctor_that_says_what_it_should_passes(tmp_path: Path) -> None:
    check_doctor(said(tmp_path), "1.2.3", "native", WEIGHTS)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"photochrom": "1.2.2"}, "says version 1.2.2, not 1.2.3;"),
        ({"kernel": "numpy"}, "says kernel numpy, not native;"),
        ({"models": []}, "says models none, not photochrom aaaaaaaaaaaa, photochrom-damage bbbb"),
        ({"installed_in": "/elsewhere"}, "runs the code in /elsewhere; unset PYTHONPATH"),
    ],
)
def test_a_doctor_that_says_otherwise_is_refused(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ReleaseError) as error:
        check_doctor(said(tmp_path, **changes), "1.2.3", "native", WEIGHTS)
    assert str(error.value).startswith("x.whl: ")
    assert fault in str(error.value)


def test_a_command_that_fails_or_warns_is_one_line(tmp_path: Path) -> None:
    tried = installation(tmp_path, 'echo "first" >&2; echo "no such model" >&2; exit 1')
    with pytest.raises(ReleaseError, match=r"`photochrom models` fails \(exit code 1: no such mo"):
        tried.call("photochrom", "models")
    (tmp_path / "programs/photochrom").write_text("#!/bin/sh\necho 'warning: x' >&2\n")
    with pytest.raises(ReleaseError, match=r"`photochrom models` fails \(exit code 0: warning: x"):
        tried.call("photochrom", "models")


def test_colors_are_those_of_a_photo_in_color(examples: Path) -> None:
    # mean chroma of examples/color/harbour.jpg, by Pillow and scikit-image: 29.192
    chroma = colors_of(examples / "color/harbour.jpg", examples / "harbour.jpg", "x.whl")
    assert chroma == pytest.approx(29.19, abs=0.01)


def test_a_result_that_stays_grey_is_refused(tmp_path: Path, examples: Path) -> None:
    tried = installation(tmp_path, 'cp "$2" "${2%.jpg}.color.jpg"')
    with pytest.raises(ReleaseError, match=r"^x\.whl: leaves harbour\.jpg grey \(mean chroma 0\.0"):
        check_colors(tried, examples / "harbour.jpg")


def test_a_missing_result_is_refused(tmp_path: Path, examples: Path) -> None:
    with pytest.raises(ReleaseError, match=r"^x\.whl: writes no harbour\.color\.jpg;"):
        check_colors(installation(tmp_path, "exit 0"), examples / "harbour.jpg")


def test_a_result_of_another_photo_is_refused(tmp_path: Path, examples: Path) -> None:
    with pytest.raises(ReleaseError, match=r"changes the size of cat\.jpg \(1024 x 477 and 451"):
        colors_of(examples / "color/harbour.jpg", examples / "cat.jpg", "x.whl")
    turned = tmp_path / "turned.png"
    Image.open(examples / "color/harbour.jpg").transpose(Image.Transpose.ROTATE_180).save(turned)
    with pytest.raises(ReleaseError, match=r"changes the lightness of harbour\.jpg by"):
        colors_of(turned, examples / "harbour.jpg", "x.whl")
