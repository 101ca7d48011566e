"""What the files of a release say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.release.artifacts import Artifact, Kind
from tools.release.errors import ReleaseError
from tools.release.metadata import check_description, check_metadata

from support.releases import INFO, METADATA, README, VERSION, artifact


def with_metadata(folder: Path, kind: Kind, old: str, new: str) -> Artifact:
    """A file whose metadata is changed."""
    assert old in METADATA
    name = "PKG-INFO" if kind is Kind.SOURCES else f"{INFO}/METADATA"
    return artifact(folder, kind, {name: METADATA.replace(old, new).encode()})


@pytest.mark.parametrize("kind", Kind)
def test_sound_metadata_passes(tmp_path: Path, kind: Kind) -> None:
    check_metadata(artifact(tmp_path, kind, {"LICENSE": b""}), VERSION, README)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Name: photochrom", "Name: photochrome", "says name photochrome, not photochrom;"),
        (f"Version: {VERSION}", "Version: 1.2.4", "says version 1.2.4, not 1.2.3;"),
        ("Apache-2.0", "MIT", "says license-expression MIT, not Apache-2.0;"),
        ("text/markdown", "text/plain", "says content type text/plain, not text/markdown;"),
        ("Colours photographs.", "Nothing.", "has another description than README.md;"),
        ("License-File: LICENSE", "License-File: COPYING", "names COPYING and lacks it;"),
        ("Apache-2.0", "Apache 2", "has invalid metadata ("),
    ],
)
def test_wrong_metadata_is_refused(
    tmp_path: Path, kind: Kind, old: str, new: str, fault: str
) -> None:
    with pytest.raises(ReleaseError) as error:
        check_metadata(with_metadata(tmp_path, kind, old, new), VERSION, README)
    assert fault in str(error.value)
    assert str(error.value).startswith("photochrom-1.2.3")
    assert "\n" not in str(error.value)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    packed = artifact(tmp_path, Kind.SOURCES)
    other = Artifact(packed.path.rename(tmp_path / "photochrom-1.2.4.tar.gz"), Kind.SOURCES)
    with pytest.raises(ReleaseError, match=r"1\.2\.4\.tar\.gz: is not named photochrom 1\.2\.3"):
        check_metadata(other, VERSION, README)


@pytest.mark.parametrize(
    ("kind", "tag", "pure", "fault"),
    [
        (Kind.PURE, "py3-none-any", "false", "Root-Is-Purelib false, which is wrong for a pure"),
        (
            Kind.PLATFORM,
            "py3-none-manylinux_2_5_x86_64",
            "true",
            "Root-Is-Purelib true, which is wrong",
        ),
        (Kind.PURE, "py3-none-linux_x86_64", "true", "is tagged py3-none-any, which is wrong"),
    ],
)
def test_tags_must_fit_the_wheel(
    tmp_path: Path, kind: Kind, tag: str, pure: str, fault: str
) -> None:
    wheel = f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    with pytest.raises(ReleaseError, match=fault):
        check_metadata(artifact(tmp_path, kind, {f"{INFO}/WHEEL": wheel}), VERSION, README)


def test_a_platform_wheel_for_any_machine_is_refused(tmp_path: Path) -> None:
    packed = Artifact(artifact(tmp_path, Kind.PURE).path, Kind.PLATFORM)
    with pytest.raises(ReleaseError, match="wrong for a platform wheel"):
        check_metadata(packed, VERSION, README)


def test_a_wheel_for_one_linux_alone_is_refused(tmp_path: Path) -> None:
    packed = artifact(tmp_path, Kind.PLATFORM)
    path = packed.path.rename(tmp_path / f"photochrom-{VERSION}-py3-none-linux_x86_64.whl")
    with pytest.raises(ReleaseError, match="is tagged py3-none-linux_x86_64, which is wrong"):
        check_metadata(Artifact(path, Kind.PLATFORM), VERSION, README)


def test_twine_refuses_what_an_index_would_not_show(tmp_path: Path) -> None:
    wheel = artifact(tmp_path, Kind.PURE)
    check_description([wheel.path])
    wheel = with_metadata(tmp_path, Kind.PURE, README, "")
    with pytest.raises(ReleaseError, match=r"^twine check: .*long_description"):
        check_description([wheel.path])
