"""Four files say the version, and must say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.release.errors import ReleaseError
from tools.release.versions import is_dated, requirements_of, version_of

FILES = {
    "pyproject.toml": """[project]
version = "1.2.3"
dependencies = ["numpy>=1", "pyvips[binary]"]
""",
    "src/photochrom/__init__.py": '__version__ = "1.2.3"\n',
    "CITATION.cff": 'cff-version: 1.2.0\ntitle: "x"\nversion: 1.2.3\n',
    "CHANGELOG.md": """# Changelog

## Unreleased

## 1.2.3 (unreleased)

## 1.2.2 (2026-01-01)
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_version_is_the_one_of_all_files(folder: Path) -> None:
    assert version_of(folder) == "1.2.3"


@pytest.mark.parametrize("name", list(FILES)[1:])
def test_a_file_with_another_version_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text(FILES[name].replace("1.2.3", "1.2.4"))
    with pytest.raises(ReleaseError) as error:
        version_of(folder)
    assert str(error.value).startswith(f"{name}: says version 1.2.4, and pyproject.toml 1.2.3;")


def test_a_file_without_a_version_is_named(folder: Path) -> None:
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n")
    with pytest.raises(ReleaseError, match=r"^CHANGELOG\.md: says no version; write 1\.2\.3"):
        version_of(folder)


def test_the_changelog_tells_whether_the_day_is_written(folder: Path) -> None:
    assert not is_dated(folder, "1.2.3")
    assert is_dated(folder, "1.2.2")


def test_requirements_are_those_of_the_project(folder: Path) -> None:
    names = [requirement.name for requirement in requirements_of(folder / "pyproject.toml")]
    assert names == ["numpy", "pyvips"]


def test_the_repository_says_one_version(repository: Path) -> None:
    from photochrom import __version__

    assert version_of(repository) == __version__
