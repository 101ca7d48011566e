"""Build the native kernel of the full-size pass into the wheel, where there is a C compiler.

Without a compiler, or where it fails, the wheel is the pure one and Photochrom works with NumPy.
PHOTOCHROM_PURE=1 builds the pure wheel in any case. `python hatch_build.py` builds the library into
the source tree.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PIPELINE = ROOT / "src/photochrom/pipeline"
SOURCE = PIPELINE / "full_size.c"
NAMES = {"win32": "full_size_kernel.dll", "darwin": "libfull_size.dylib"}
LIBRARY = PIPELINE / NAMES.get(sys.platform, "libfull_size.so")
# No contraction: a fused multiplication and addition would round otherwise than NumPy does.
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
SHARED = ["-shared", "-fvisibility=hidden", *([] if sys.platform == "win32" else ["-fPIC"])]
PLAIN = "-DPHOTOCHROM_PLAIN"
"""One version of the code for all processors, for compilers that cannot make several."""


MICROSOFT = {"cl", "clang-cl"}
"""Compilers with other options, which cannot build the kernel."""


def compilers() -> list[list[str]]:
    """The commands of the C compilers on this machine, best first."""
    named = _command(os.environ.get("CC", ""))
    others = [[path] for name in ("cc", "gcc", "clang") if (path := shutil.which(name))]
    found = [named, *others] if named else others
    return [command for command in found if Path(command[0]).stem.lower() not in MICROSOFT]


def _command(text: str) -> list[str]:
    """The words of CC: a program with options, or a path that may contain spaces; none if broken.

    Backslashes are part of a path on Windows, and protect spaces elsewhere.
    """
    if shutil.which(text):
        return [text]
    try:
        words = shlex.split(text, posix=os.name == "posix")
    except ValueError:  # a quote that is not closed
        return []
    return [word.strip("\"'") for word in words] if os.name == "nt" else words


def build(target: Path = LIBRARY, source: Path = SOURCE) -> bool:
    """Build the library; whether one was built that this Python can load."""
    if platform.python_implementation() != "CPython":
        return False
    for compiler in compilers():
        for extra in ([], [PLAIN]):
            if _compiled([*compiler, *FLAGS, *SHARED, *extra], source, target):
                return True
    return False


def _compiled(command: Sequence[str], source: Path, target: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / target.name
        try:
            subprocess.run(
                [
                    *command,
                    "-o",
                    str(made),
                    str(source.resolve()),
                    *([] if os.name == "nt" else ["-lm"]),
                ],
                check=True,
                capture_output=True,
                timeout=120,
                cwd=folder,  # what a compiler leaves beside the library goes with the folder
            )
            ctypes.CDLL(str(made))
            # a library that is in use keeps its file; the new one takes its name
            fresh = target.with_name(f".{target.name}.{os.getpid()}")
            shutil.copyfile(made, fresh)
            fresh.replace(target)
        except (OSError, subprocess.SubprocessError):
            return False
    return True


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, or by a test, without the build's environment
    pass
else:

    class KernelBuildHook(BuildHookInterface[Any]):
        """Put the library into the wheel, which is then for this kind of machine only."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
            """Build the library before the wheel's files are collected."""
            if os.environ.get("PHOTOCHROM_PURE") == "1":
                return
            if not build():
                # a library that an earlier build put into a tree that is used in place stays: it
                # is loaded only if it is for this version of the code
                return
            build_data["artifacts"].append(LIBRARY.relative_to(ROOT).as_posix())
            build_data["pure_python"] = False
            machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{machine}"


if __name__ == "__main__":
    if not build():
        sys.exit("no C compiler here builds the kernel; Photochrom works with NumPy")
    print(LIBRARY.relative_to(ROOT))
