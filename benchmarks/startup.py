"""A 2-megapixel JPEG from the shell, against Python importing ONNX Runtime.

    python benchmarks/startup.py [--runs 21] [--photo FILE] [--threads 2]

Whole processes, in turn: `python -c "import onnxruntime"`, `photochrom --help`, and `photochrom
colorize`. Without --photo, a grey JPEG of 1600 x 1250 is made from the example photographs.
Printed: the medians of wall time and of CPU time (user and system, which other programs on the
machine disturb less), and the ratios to the first.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from end_to_end import make_photo

PHOTOCHROM = str(Path(sys.executable).with_name("photochrom"))


def seconds(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        photo = arguments.photo or Path(name) / "photo.jpg"
        if arguments.photo is None:
            make_photo(photo, 1600, 1250)
        options = ["-o", f"{name}/out.jpg", "--overwrite", "--threads", str(arguments.threads)]
        ways = {
            "import onnxruntime": [sys.executable, "-c", "import onnxruntime"],
            "photochrom --help": [PHOTOCHROM, "--help"],
            "photochrom colorize": [PHOTOCHROM, "colorize", str(photo), *options],
        }
        rows: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for run in range(arguments.runs + 1):  # the first warms the disk's cache
            for way, command in ways.items():
                figures = seconds(command)
                if run:
                    rows[way].append(figures)
    first: list[float] = []
    for way, measured in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*measured, strict=True))
        first = first or [wall, cpu]
        print(
            f"{way:20s} {wall:.3f} s, {wall / first[0]:.2f} times; "
            f"CPU {cpu:.3f} s, {cpu / first[1]:.2f} times"
        )


if __name__ == "__main__":
    main()
