"""What the files of a release say of themselves, as installers and package indexes read it."""

from __future__ import annotations

import subprocess
import sys
from email.parser import BytesParser
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from tools.release.artifacts import Artifact, Kind
from tools.release.contents import Member, members_of
from tools.release.errors import ReleaseError

NAME = "photochrom"
LICENCE = "Apache-2.0"
_PROJECT = "correct it in pyproject.toml"


def check_metadata(artifact: Artifact, version: str, readme: str) -> None:
    """Check name, version, licence, description and tags of one file.

    readme: the text that is the long description.
    Raises ReleaseError that names the file and the field.
    """
    members = members_of(artifact)
    folder = "" if artifact.kind is Kind.SOURCES else f"{NAME}-{version}.dist-info/"
    place = f"{folder}{'METADATA' if folder else 'PKG-INFO'}"
    if place not in members:
        raise ReleaseError(artifact.name, f"lacks {place}", "build it again: make release")
    try:
        found = Metadata.from_email(members[place].read())
    except ExceptionGroup as group:
        reasons = "; ".join(
            str(one) for one in group.exceptions if isinstance(one, InvalidMetadata)
        )
        raise ReleaseError(artifact.name, f"has invalid metadata ({reasons})", _PROJECT) from group
    for field, said, wanted in (
        ("name", found.name, NAME),
        ("version", str(found.version), version),
        ("license-expression", found.license_expression, LICENCE),
        ("content type", found.description_content_type, "text/markdown"),
    ):
        if said != wanted:
            raise ReleaseError(artifact.name, f"says {field} {said}, not {wanted}", _PROJECT)
    if (found.description or "").strip() != readme.strip():
        raise ReleaseError(artifact.name, "has another description than README.md", _PROJECT)
    for licence in found.license_files or []:
        if f"{folder and f'{folder}licenses/'}{licence}" not in members:
            raise ReleaseError(artifact.name, f"names {licence} and lacks it", _PROJECT)
    _check_file_name(artifact, version)
    if folder:
        _check_tags(artifact, members[f"{folder}WHEEL"])


def _check_file_name(artifact: Artifact, version: str) -> None:
    try:
        if artifact.kind is Kind.SOURCES:
            name, said = parse_sdist_filename(artifact.name)
        else:
            name, said, *_ = parse_wheel_filename(artifact.name)
    except (InvalidSdistFilename, InvalidWheelFilename) as error:
        raise ReleaseError(artifact.name, str(error), "build it again: make release") from error
    if (name, str(said)) != (NAME, version):
        raise ReleaseError(artifact.name, f"is not named {NAME} {version}", _PROJECT)


def _check_tags(artifact: Artifact, wheel: Member) -> None:
    """A pure wheel is for any machine, one with native code for one kind; both for any Python 3."""
    said = BytesParser().parsebytes(wheel.read())
    pure = artifact.kind is Kind.PURE
    tags = {str(tag) for tag in parse_wheel_filename(artifact.name)[3]}
    # tags of one Linux alone are refused by package indexes
    others = {tag for tag in tags if not tag.startswith("py3-none-") or "-linux_" in tag}
    if others or ("py3-none-any" in tags) != pure or set(said.get_all("Tag", [])) != tags:
        raise ReleaseError(
            artifact.name,
            f"is tagged {', '.join(sorted(tags))}, which is wrong for a {artifact.kind}",
            "correct the tag in hatch_build.py, or see auditwheel show",
        )
    if said["Root-Is-Purelib"] != ("true" if pure else "false"):
        raise ReleaseError(
            artifact.name,
            f"says Root-Is-Purelib {said['Root-Is-Purelib']}, which is wrong for a {artifact.kind}",
            "correct pure_python in hatch_build.py",
        )


def check_description(paths: list[Path]) -> None:
    """Let twine say whether package indexes take the metadata and show the description."""
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        faults = [line for line in lines if line and "PASSED" not in line]
        raise ReleaseError("twine check", "; ".join(faults) or "failed", "correct README.md")
