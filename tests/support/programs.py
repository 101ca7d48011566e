"""Programs that read and write files with other eyes; CI installs them all."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program; without it a test is skipped, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed; .ci/run installs it")
    return str(found)


def missing(what: str) -> None:
    """Skip a test for want of something; in CI, let it fail."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
