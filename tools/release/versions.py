"""The version, which four files of the repository say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from tools.release.errors import ReleaseError

PROJECT, MODULE = "pyproject.toml", "src/photochrom/__init__.py"
CITATION, CHANGES = "CITATION.cff", "CHANGELOG.md"

_SAYS = {
    MODULE: re.compile(r'^__version__ = "(.+)"$', re.MULTILINE),
    CITATION: re.compile(r"^version: (\S+)$", re.MULTILINE),
    CHANGES: re.compile(r"^## (?!Unreleased)(\S+)", re.MULTILINE),
}
"""How each file says its version; of the changelog the newest heading counts."""
_UNDATED = re.compile(r"^## \S+ \(unreleased\)$", re.MULTILINE)


def version_of(repository: Path) -> str:
    """The version that is to be released.

    Raises ReleaseError that names the file where one says another version than pyproject.toml.
    """
    text = (repository / PROJECT).read_text(encoding="utf-8")
    version = str(tomllib.loads(text)["project"]["version"])
    for name, pattern in _SAYS.items():
        found = pattern.search((repository / name).read_text(encoding="utf-8"))
        if found is None:
            raise ReleaseError(name, "says no version", f"write {version} into it")
        if found[1] != version:
            raise ReleaseError(
                name,
                f"says version {found[1]}, and {PROJECT} {version}",
                "write the same version into both",
            )
    return version


def is_dated(repository: Path, version: str) -> bool:
    """Whether the changelog says on which day the version was released."""
    text = (repository / CHANGES).read_text(encoding="utf-8")
    return not any(line.startswith(f"## {version} ") for line in _UNDATED.findall(text))


def requirements_of(project: Path) -> list[Requirement]:
    """What pyproject.toml says that an installation needs."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in table["dependencies"]]
