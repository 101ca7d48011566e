"""The full-size arithmetic alone, native against NumPy: nanoseconds a pixel on one thread.

    python benchmarks/kernel.py [--megapixels 4] [--runs 5]

Both kernels get the same strips in turn, in one process; nothing is decoded or encoded. The last
row is the chroma of reversible JPEGs, of which a sample stands for four pixels.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from photochrom._system.kernel import kernel_name
from photochrom.color.rgb_space import SRGB
from photochrom.filters.upsample import LinearChroma
from photochrom.photo.strips import Coding, Pixels, StripPlan
from photochrom.pipeline.full_size import _Kernel
from photochrom.pipeline.luma_chroma import ChromaSolver, _blocks

WIDTH = 6000
CASES = (
    ("grey, 8 bit", "uint8", 1),
    ("grey and alpha, 8 bit", "uint8", 2),
    ("RGB, 8 bit", "uint8", 3),
    ("grey, 16 bit", "uint16", 1),
    ("grey, float", "float32", 1),
)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def picture(dtype: np.dtype[Any], shape: tuple[int, int, int]) -> Pixels:
    values = np.random.default_rng(0).random(shape, np.float32)
    return (values * (np.iinfo(dtype).max if dtype.kind == "u" else 1)).astype(dtype)


def row(title: str, pixels: int, fast: Callable[[], object], slow: Callable[[], object]) -> str:
    times = [(seconds(fast), seconds(slow)) for _ in range(RUNS + 1)][1:]
    quick, usual = (statistics.median(column) / pixels * 1e9 for column in zip(*times, strict=True))
    return f"| {title} | {quick:.1f} | {usual:.1f} | {usual / quick:.1f} |"


def main() -> None:
    global RUNS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=4)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    RUNS = arguments.runs
    if kernel_name() != "native":
        parser.error("the native kernel was not built: python hatch_build.py")
    height = max(2, round(arguments.megapixels * 1e6 / WIDTH))
    random = np.random.default_rng(0)
    chroma = LinearChroma(
        random.normal(0, 0.3, (192, 288, 2)).astype(np.float32),
        random.normal(0, 20, (192, 288, 2)).astype(np.float32),
    )
    plan = StripPlan.of(WIDTH, height)
    print("| to RGB of the same type | native ns | NumPy ns | ratio |")
    print("|---|---|---|---|")
    for title, name, bands in CASES:
        dtype = np.dtype(name)
        whole = picture(dtype, (height, WIDTH, bands))
        kernel = _Kernel(plan, chroma, SRGB, Coding(SRGB, dtype))
        fast, kernel.native = kernel.native, None

        def strips(color: Callable[[Pixels, int], Pixels], whole: Pixels = whole) -> None:
            for top, rows in plan.spans():
                color(whole[top : top + rows], top)

        assert fast is not None
        work = (partial(strips, fast), partial(strips, kernel))
        print(row(title, height * WIDTH, *work), flush=True)
    gray = picture(np.dtype(np.uint8), (height, WIDTH, 1))
    solver = ChromaSolver(SRGB, chroma, (height, WIDTH))
    blocks = list(_blocks(lambda top, rows: gray[top : top + rows], height))
    found = solver.native
    assert found is not None
    solver.native = None
    print(
        row(
            "chroma of a reversible JPEG",
            height * WIDTH,
            lambda: [found(block.rows, block.top) for block in blocks],
            lambda: [solver(block) for block in blocks],
        )
    )


RUNS = 5

if __name__ == "__main__":
    main()
