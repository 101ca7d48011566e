"""ONNX Runtime has telemetry from version 1.29 on; Photochrom switches it off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os
before = len(os.listdir("/proc/self/task"))
import photochrom
photochrom.Colorizer(threads=1)
print(len(os.listdir("/proc/self/task")), before, os.environ["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_no_thread_and_no_file_of_telemetry(tmp_path: Path) -> None:
    """Its uploader would be a thread, and keep what it has not yet sent in the home folder."""
    environment = {
        name: value
        for name, value in os.environ.items()
        # ONNX Runtime sends nothing from tests and CI, nor under some of these variables
        if not name.startswith(("ORT_", "PYTEST_", "CI", "GITHUB_", "XDG_"))
    }
    environment |= {"HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        check=True,
        timeout=120,
        env=environment,
        text=True,
        cwd=tmp_path,
    )
    after, before, switch = done.stdout.split()
    assert switch == "1"
    assert int(after) == int(before)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name]
