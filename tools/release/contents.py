"""What is in the files of a release: all that belongs there, nothing else, nothing too large."""

from __future__ import annotations

import hashlib
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.release.artifacts import Artifact, Kind
from tools.release.errors import ReleaseError

PACKAGE, SOURCES = "photochrom/", "src/"
WEIGHTS = "photochrom/models/weights/"
LIBRARY = re.compile(r"^photochrom/pipeline/(libfull_size\.(so|dylib)|full_size_kernel\.dll)$")

UNPACKED = (".ci/", ".gitattributes", ".importlinter")
"""Files of the repository that are for its own checks, and in no source distribution."""

IN_WHEELS = (
    "photochrom/py.typed",
    "photochrom/licenses/NOTICE.md",
    "photochrom/licenses/onnxruntime-web.txt",
    f"{WEIGHTS}catalogue.toml",
    f"{WEIGHTS}NOTICE.md",
    f"{WEIGHTS}damage.onnx",
    f"{WEIGHTS}photochrom.onnx",
    f"{WEIGHTS}photochrom-free.onnx",
    f"{WEIGHTS}photochrom-lite.onnx",
    *(f"photochrom/presets/shipped/{name}.toml" for name in ("album", "faithful", "portrait")),
    "photochrom/server/page/index.html",
    "photochrom/server/page/page.css",
    *(f"photochrom/server/page/texts/{name}.js" for name in ("de", "en", "es", "fr", "it", "sq")),
    "photochrom/site/api.js",
    "photochrom/site/engine/kernel.wasm",
    "photochrom/site/engine/worker.js",
    "photochrom/site/service_worker.js",
    "photochrom/site/static/icons/512.png",
)
"""A file of each part that a user would miss, should it once be deleted by mistake."""
IN_DIST_INFO = (
    "METADATA",
    "RECORD",
    "WHEEL",
    "entry_points.txt",
    "licenses/LICENSE",
    "licenses/src/photochrom/licenses/NOTICE.md",
    "licenses/src/photochrom/models/weights/NOTICE.md",
    "sboms/photochrom.cdx.json",
)
IN_SOURCES = (
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "Makefile",
    "README.md",
    "examples/SOURCES.md",
    "examples/harbour.jpg",
    "hatch_build.py",
    "pyproject.toml",
    "src/photochrom/pipeline/full_size.c",
    "tests/conftest.py",
    "tools/release/__main__.py",
    *(f"{SOURCES}{name}" for name in IN_WHEELS),
)
GENERATED = {"PKG-INFO"}
"""What a source distribution holds and the repository does not."""

PICTURES = (
    "docs/",
    "examples/",
    "tests/photo/seeds/",
    "tests/shipped_colors/",
    f"{SOURCES}{PACKAGE}site/static/icons/",
)
"""Folders of the repository that may hold pictures."""
_PICTURE = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|heic|tiff?|bmp|jxl|jp2|psd|p[gp]m|dng|nef|cr2|mp4|mkv|mov)$", re.I
)
_CACHE = re.compile(
    r"(^|/)(__pycache__|\.[a-z]+_cache|\.hypothesis|\.venv[^/]*|\.git|node_modules|out|dist)/"
    r"|\.py[co]$|(^|/)\.(env|coverage|DS_Store)$"
)
_NATIVE = re.compile(r"\.(so|dylib|dll|pyd|o|a|lib)$")
_CHECKPOINT = re.compile(r"\.(pt|pth|ckpt|safetensors|npz|tar)$")

MOST_BYTES = {Kind.SOURCES: 38e6, Kind.PURE: 32e6, Kind.PLATFORM: 32e6}
"""Of a whole file; 34.3, 29.6 and 29.7 MB at version 0.2.0."""
LARGEST_WEIGHTS, LARGEST = 12.5e6, 0.5e6
"""Bytes of one unpacked file; 12.2 MB of photochrom.onnx, 0.43 MB of docs/paper/results.jpg."""


@dataclass(frozen=True)
class Member:
    """A file in an archive, by its path in the tree that was packed; size in bytes."""

    name: str
    size: int
    read: Callable[[], bytes]


def members_of(artifact: Artifact) -> dict[str, Member]:
    """The files of an archive by name; those of a source distribution without its folder."""
    found = _unzipped(artifact.path) if artifact.path.suffix == ".whl" else _untarred(artifact.path)
    return {member.name: member for member in found}


def _unzipped(path: Path) -> Iterable[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]

    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            with zipfile.ZipFile(path) as archive:
                return archive.read(name)

        return read

    return [Member(info.filename, info.file_size, reader(info.filename)) for info in infos]


def _untarred(path: Path) -> Iterable[Member]:
    with tarfile.open(path) as archive:
        infos = [info for info in archive.getmembers() if not info.isdir()]

    def reader(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            with tarfile.open(path) as archive:
                file = archive.extractfile(name)
                return b"" if file is None else file.read()

        return read

    return [Member(info.name.partition("/")[2], info.size, reader(info.name)) for info in infos]


def check_contents(artifact: Artifact, tracked: set[str]) -> int:
    """Check the names, sizes and weights in one file of a release.

    tracked: the files that git knows. Returns how many files there are.
    Raises ReleaseError that names the file, what is wrong with it, and what to do.
    """
    members = members_of(artifact)
    _check_unwanted(artifact, members)
    if artifact.kind is Kind.SOURCES:
        wanted = {name for name in tracked if not name.startswith(UNPACKED)}
        _check_names(artifact, set(members) - GENERATED, wanted, IN_SOURCES)
    else:
        _check_wheel(artifact, members, tracked)
    _check_sizes(artifact, members.values())
    return len(members)


def _check_wheel(artifact: Artifact, members: dict[str, Member], tracked: set[str]) -> None:
    libraries = {name for name in members if LIBRARY.match(name)}
    if artifact.kind is Kind.PLATFORM and len(libraries) != 1:
        raise ReleaseError(
            artifact.name,
            f"holds {len(libraries)} native libraries in photochrom/pipeline, and must hold one",
            "install a C compiler and build it again: make release",
        )
    info = {name for name in members if name.partition("/")[0].endswith(".dist-info")}
    for name in IN_DIST_INFO:
        if not any(found.partition("/")[2] == name for found in info):
            raise ReleaseError(
                artifact.name,
                f"lacks .dist-info/{name}",
                "see license-files and sbom-files in pyproject.toml",
            )
    wanted = {name.removeprefix(SOURCES) for name in tracked if name.startswith(SOURCES)}
    _check_names(artifact, set(members) - info - libraries, wanted, IN_WHEELS)
    _check_weights(artifact, members)


def _check_names(
    artifact: Artifact, found: set[str], wanted: set[str], required: Iterable[str]
) -> None:
    """Exactly what git knows must be there, and what the list of required files names."""
    for name in required:
        if name not in found:
            raise ReleaseError(
                artifact.name,
                f"lacks {name}",
                "bring the file back, or correct tools/release/contents.py",
            )
    if missing := sorted(wanted - found):
        raise ReleaseError(
            artifact.name,
            f"lacks {_some(missing)}",
            "correct what pyproject.toml and .gitignore say of it",
        )
    if alien := sorted(found - wanted):
        raise ReleaseError(
            artifact.name,
            f"holds {_some(alien)}, which git does not know",
            "remove it from the folder, or commit it",
        )


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


def _check_unwanted(artifact: Artifact, members: Iterable[str]) -> None:
    """What is in no release, whether git knows it or not."""
    wheel = artifact.kind is not Kind.SOURCES
    for name in sorted(members):
        place = f"{SOURCES}{name}" if wheel else name
        if _CACHE.search(name):
            fault, remedy = "a cache or a private file", "remove it"
        elif _CHECKPOINT.search(name):
            fault, remedy = "a checkpoint or training data", "remove it"
        elif _PICTURE.search(name) and not place.startswith(PICTURES):
            fault, remedy = "a picture", "photos belong in examples/, with their source"
        elif _NATIVE.search(name) and not (artifact.kind is Kind.PLATFORM and LIBRARY.match(name)):
            fault, remedy = "native code", "build it with PHOTOCHROM_PURE=1, from a clean clone"
        else:
            continue
        raise ReleaseError(artifact.name, f"holds {name}, {fault}", remedy)


def _check_sizes(artifact: Artifact, members: Iterable[Member]) -> None:
    bytes_, most = artifact.path.stat().st_size, MOST_BYTES[artifact.kind]
    _check_size(artifact.name, artifact.kind, bytes_, most)
    for member in members:
        limit = LARGEST_WEIGHTS if member.name.endswith(".onnx") else LARGEST
        _check_size(f"{artifact.name}, {member.name}", "file in it", member.size, limit)


def _check_size(subject: str, what: str, bytes_: int, most: float) -> None:
    if bytes_ > most:
        raise ReleaseError(
            subject,
            f"takes {bytes_ / 1e6:.2f} MB, a {what} at most {most / 1e6:g}",
            "make it smaller, or raise the limit in tools/release/contents.py",
        )


def _check_weights(artifact: Artifact, members: dict[str, Member]) -> None:
    """The weights are those of the catalogue that lies beside them."""
    catalogue = tomllib.loads(members[f"{WEIGHTS}catalogue.toml"].read().decode("utf-8"))
    for model in catalogue["model"]:
        if "urls" in model:
            continue
        content = members[f"{WEIGHTS}{model['file']}"].read()
        if hashlib.sha256(content).hexdigest() != model["sha256"]:
            raise ReleaseError(
                f"{artifact.name}, {model['file']}",
                "is not the file that catalogue.toml names by its SHA-256",
                "restore it: git checkout src/photochrom/models/weights",
            )
