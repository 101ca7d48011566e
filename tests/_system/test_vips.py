"""libvips prints nothing, whoever imports it first."""

import subprocess
import sys

import pytest

WARNS = """
import gc, sys
import numpy, {first}, {second}
import pyvips
data = pyvips.Image.gaussnoise(400, 400).cast("uchar").jpegsave_buffer()
for _ in range(50):
    image = pyvips.Image.jpegload_buffer(data[: len(data) // 2], fail_on="none")
    image.avg()
    gc.collect()
print(image.width)
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [("pyvips", "photochrom.photo.photo"), ("photochrom.photo.photo", "pyvips")],
)
def test_no_warning_is_printed(first, second, monkeypatch):
    monkeypatch.delenv("VIPS_WARNING", raising=False)
    program = WARNS.format(first=first, second=second)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("400\n", "", 0)


def test_libvips_warns_of_what_the_test_reads(monkeypatch):
    """Else the test above could not fail."""
    monkeypatch.delenv("VIPS_WARNING", raising=False)
    removed = "import pyvips; pyvips._remove_log_handler()"
    done = subprocess.run(
        [sys.executable, "-c", removed + WARNS.format(first="gc", second="sys")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "VIPS-WARNING" in done.stderr
