"""exiftool, the independent reader and writer of metadata; CI installs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None and not os.environ.get("CI"),
    reason="exiftool is not installed",
)


def tags_of(path: Path) -> dict[str, Any]:
    """What exiftool reads, by "Group:Tag", numbers as they are."""
    options = ["-j", "-n", "-G1", "-a", "-U"]
    done = subprocess.run(["exiftool", *options, path], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)[0]


def write_tags(path: Path, *arguments: str) -> Path:
    """Write tags into a file, in place."""
    command = ["exiftool", "-q", "-n", "-overwrite_original", *arguments, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path
