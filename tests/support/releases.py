"""Small files that look like those of a release."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tools.release.artifacts import Artifact, Kind
from tools.release.contents import IN_DIST_INFO, IN_SOURCES, SOURCES, WEIGHTS

VERSION = "1.2.3"
LIBRARY = "photochrom/pipeline/libfull_size.so"
INFO = f"photochrom-{VERSION}.dist-info"
README = "# Photochrom\n\nColours photographs.\n"
METADATA = (
    f"Metadata-Version: 2.4\nName: photochrom\nVersion: {VERSION}\n"
    "License-Expression: Apache-2.0\nLicense-File: LICENSE\n"
    f"Description-Content-Type: text/markdown\n\n{README}"
)
CATALOGUE = "".join(
    f'[[model]]\nfile = "{name}.onnx"\nsha256 = "{hashlib.sha256(b"").hexdigest()}"\n'
    for name in ("photochrom", "photochrom-free", "photochrom-lite")
)
TRACKED = {*IN_SOURCES, ".ci/run", ".gitattributes"}
"""What git knows of the repository that such files are of."""

_FILES = {
    Kind.SOURCES: f"photochrom-{VERSION}.tar.gz",
    Kind.PURE: f"photochrom-{VERSION}-py3-none-any.whl",
    Kind.PLATFORM: f"photochrom-{VERSION}-py3-none-manylinux_2_5_x86_64.whl",
}


def artifact(
    folder: Path, kind: Kind, changes: Mapping[str, bytes | None] | None = None
) -> Artifact:
    """A sound file of a release, but for changes: contents by name, None to leave one out."""
    files: dict[str, bytes | None] = {}
    path = folder / _FILES[kind]
    if kind is Kind.SOURCES:
        files = dict.fromkeys(IN_SOURCES, b"")
        files |= {f"src/{WEIGHTS}catalogue.toml": CATALOGUE.encode(), "PKG-INFO": METADATA.encode()}
    else:
        pure = kind is Kind.PURE
        tag = path.stem.partition(f"{VERSION}-")[2]
        wheel = f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(pure).lower()}\nTag: {tag}\n"
        sources = [name for name in IN_SOURCES if name.startswith(SOURCES)]
        files = {name.removeprefix(SOURCES): b"" for name in sources}
        files |= {f"{INFO}/{name}": b"" for name in IN_DIST_INFO}
        files |= {f"{INFO}/METADATA": METADATA.encode(), f"{INFO}/WHEEL": wheel.encode()}
        files |= {f"{WEIGHTS}catalogue.toml": CATALOGUE.encode()}
        files |= {} if pure else {LIBRARY: b"\x7fELF"}
    files |= changes or {}
    packed = {name: content for name, content in files.items() if content is not None}
    (_tar if kind is Kind.SOURCES else _zip)(path, packed)
    return Artifact(path, kind)


def _zip(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _tar(path: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"photochrom-{VERSION}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
