"""ONNX Runtime Web: which version the site holds, and how its package is had and checked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from photochrom.errors import ConfigError, Option, Remedy, first_line, os_reason

RUNTIME_PACKAGE = "onnxruntime-web"
RUNTIME_VERSION = "1.30.0"
RUNTIME_LICENCE = "MIT, Microsoft Corporation"
_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
_NAME = f"{RUNTIME_PACKAGE} {RUNTIME_VERSION}"
_FILE = f"{RUNTIME_PACKAGE}-{RUNTIME_VERSION}.tgz"

RUNTIMES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": (
        "ort.webgpu.min.mjs",
        "ort-wasm-simd-threaded.asyncify.mjs",
        "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}
"""Of each backend: the module that is imported, the WebAssembly's own, and the WebAssembly."""


@contextmanager
def runtime_package(given: Path | None) -> Iterator[Path]:
    """The checked package: a file that is given, or what npm brings.

    Raises ConfigError where there is none, or it is another one.
    """
    if given is not None:
        _check(given)
        yield given
        return
    with TemporaryDirectory() as folder:
        package = _packed(Path(folder))
        _check(package)
        yield package


def _packed(folder: Path) -> Path:
    npm = shutil.which("npm")
    remedy = Remedy("install Node.js, or name the package as a file: {}", Option("runtime", _FILE))
    if npm is None:
        raise ConfigError("npm", f"is missing, which brings {_NAME}", remedy)
    command = [npm, "pack", "--silent", f"{RUNTIME_PACKAGE}@{RUNTIME_VERSION}"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        reason = first_line(Exception(error.stderr.strip() or "no reason given"))
        raise ConfigError("npm", f"did not bring {_NAME} ({reason})", remedy) from error
    return folder / _FILE


def _check(package: Path) -> None:
    try:
        with package.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(package, os_reason(error), f"name {_FILE}") from error
    if found != _SHA256:
        raise ConfigError(
            package, f"is not {_NAME}: its SHA-256 is {found[:16]}...", f"get {_FILE} again"
        )


def runtime_files(package: Path) -> Iterator[tuple[str, str, bytes]]:
    """The files of each backend: its name, the file's name and the content."""
    with tarfile.open(package) as archive:
        for backend, names in RUNTIMES.items():
            for name in names:
                member = archive.extractfile(f"package/dist/{name}")
                assert member is not None  # the package was checked
                yield backend, name, member.read()
