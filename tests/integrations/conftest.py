"""What the integrations lie in, and people's photos."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def integrations(repository: Path) -> Path:
    """The folder of what other programs load."""
    return repository / "integrations"


@pytest.fixture
def album(tmp_path: Path, examples: Path) -> Path:
    """A folder with grey photos of awkward names, and one in colour."""
    folder = tmp_path / "my album's photos"
    folder.mkdir()
    for name in ("a cat.jpg", "two\nlines.jpg", "-o.jpg"):
        shutil.copy(examples / "cat.jpg", folder / name)
    shutil.copy(examples / "color" / "cat.jpg", folder / "in <b>colour & done.jpg")
    return folder
