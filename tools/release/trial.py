"""A file of a release, tried as a user would: installed into a bare environment elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from photochrom._system.vips import pyvips
from photochrom.color.lab import Array, lab_from_srgb
from tools.release.artifacts import Artifact
from tools.release.errors import ReleaseError

LEAST_CHROMA = 10.0
"""Mean length of ab of a coloured photo; 28.5 of examples/harbour.jpg, 0 of the grey photo."""
MOST_LIGHTNESS_ERROR = 1.0
"""Mean difference in L from the grey photo; 0.26 of examples/harbour.jpg, what JPEG loses."""
_SECONDS = 1200
_OWN = ("PHOTOCHROM_", "PYTHON", "VIRTUAL_ENV", "PIP_REQUIRE")
"""How the names of variables begin that would let another Photochrom or Python in."""


@dataclass(frozen=True)
class Installation:
    """A bare environment in which one file of a release is installed.

    subject: how errors name it. folder: an empty folder, which is the current one of every
    command. programs: where the environment's programs are. environment: variables.
    """

    subject: str
    folder: Path
    programs: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.programs / "python"

    def call(self, program: str, *words: str | Path) -> str:
        """What a program prints; ReleaseError where it fails or warns."""
        try:
            done = subprocess.run(
                [str(self.programs / program), *map(str, words)],
                cwd=self.folder,
                env=dict(self.environment),
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._fault(program, words, str(error)) from error
        if done.returncode or (program == "photochrom" and done.stderr):
            lines = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
            raise self._fault(program, words, f"exit code {done.returncode}: {lines[-1]}")
        return done.stdout

    def _fault(self, program: str, words: tuple[str | Path, ...], reason: str) -> ReleaseError:
        shown = " ".join([program, *(str(word) for word in words if not Path(word).is_absolute())])
        return ReleaseError(
            self.subject, f"installed, `{shown}` fails ({reason})", "repeat it by hand, and mend it"
        )


@contextmanager
def installed(artifact: Artifact, *, compiler: bool = True) -> Iterator[Installation]:
    """Install a file into a fresh environment, which is removed afterwards.

    compiler: whether programs outside the environment, such as a C compiler, can be found.
    Raises ReleaseError where it cannot be installed.
    """
    with TemporaryDirectory(prefix="photochrom-release-") as home:
        root = Path(home).resolve()
        folder = root / "photos"
        folder.mkdir()
        venv.create(root / "venv", with_pip=True, symlinks=os.name != "nt")
        programs = root / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        paths = [str(programs), *([os.environ.get("PATH", "")] if compiler else [])]
        unwanted = _OWN if compiler else (*_OWN, "CC")
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith(unwanted)},
            "PATH": os.pathsep.join(paths),
            "PHOTOCHROM_HOME": str(root / "data"),
        }
        subject = artifact.name if compiler else f"{artifact.name} without a C compiler"
        installation = Installation(subject, folder, programs, environment)
        installation.call("python", "-m", "pip", "install", "--quiet", artifact.path.resolve())
        yield installation


def check_doctor(
    installation: Installation, version: str, kernel: str, weights: Mapping[str, str]
) -> None:
    """Check what `photochrom doctor` says.

    kernel: "native" or "numpy". weights: the SHA-256 of each shipped network by its name.
    Raises ReleaseError that names what differs.
    """
    said: dict[str, Any] = json.loads(installation.call("photochrom", "doctor", "--json"))
    own = Path(said["installed_in"].replace("~", str(Path.home()), 1)).resolve()
    if not own.is_relative_to(installation.folder.parent):
        raise ReleaseError(installation.subject, f"runs the code in {own}", "unset PYTHONPATH")
    here = {
        model["name"]: model["sha256"]
        for model in said["models"]
        if model["state"] in ("sound", "present")
    }
    for what, found, wanted in (
        ("version", said["photochrom"], version),
        ("kernel", said["kernel"], kernel),
        ("models", _line(here), _line(weights)),
    ):
        if found != wanted:
            raise ReleaseError(
                installation.subject,
                f"`photochrom doctor` says {what} {found}, not {wanted}",
                "see hatch_build.py and pyproject.toml",
            )


def _line(weights: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(weights.items())) or "none"


def check_colors(installation: Installation, photo: Path) -> float:
    """Colour a grey photo with the command line, and check that the result has colours.

    Returns the mean length of ab of the result, in CIE Lab units.
    Raises ReleaseError where it is grey, of another size, or of another lightness.
    """
    copy = installation.folder / photo.name
    copy.write_bytes(photo.read_bytes())
    result = installation.folder / f"{photo.stem}.color{photo.suffix}"
    installation.call("photochrom", "colorize", copy.name)
    if not result.is_file():
        raise ReleaseError(installation.subject, f"writes no {result.name}", "mend it, and test it")
    return colors_of(result, copy, installation.subject)


def colors_of(result: Path, photo: Path, subject: str) -> float:
    """The mean length of ab of a coloured photo; ReleaseError as `check_colors`."""
    colored, gray = _lab(result), _lab(photo)
    remedy = "mend it, and test it: make test"
    if colored.shape != gray.shape:
        sizes = " and ".join(f"{lab.shape[1]} x {lab.shape[0]}" for lab in (colored, gray))
        raise ReleaseError(subject, f"changes the size of {photo.name} ({sizes})", remedy)
    chroma = float(np.linalg.norm(colored[..., 1:], axis=-1).mean())
    if chroma < LEAST_CHROMA:
        raise ReleaseError(
            subject,
            f"leaves {photo.name} grey (mean chroma {chroma:.1f}, at least {LEAST_CHROMA:g})",
            remedy,
        )
    error = float(np.abs(colored[..., 0] - gray[..., 0]).mean())
    if error > MOST_LIGHTNESS_ERROR:
        raise ReleaseError(
            subject, f"changes the lightness of {photo.name} by {error:.1f} on average", remedy
        )
    return chroma


def _lab(path: Path) -> Array:
    """Lab of an 8-bit picture, (H, W, 3)."""
    picture = pyvips.Image.new_from_file(str(path)).colourspace("srgb")
    return lab_from_srgb(picture.numpy()[..., :3].astype(np.float32) / 255)
