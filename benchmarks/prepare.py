"""`photochrom data prepare` on big JPEGs, against libvips making the same thumbnails and WebPs.

    python benchmarks/prepare.py PHOTOS [--count 200] [--runs 3] [--jobs 2]

PHOTOS is a folder of photos of 1000 pixels and more; crops of them, enlarged and with fresh grain,
become JPEGs of 1 to 3 megapixels in a temporary folder. Both ways work on the same files with the
same number of threads, in turn; the ratio is that of the medians. libvips alone reads, reduces and
encodes; it judges nothing, compares nothing and writes nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyvips

from photochrom._system.cpus import available_cpus
from photochrom.workshop.data.prepare import prepare
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.rendition import one_thread_each


def make_photos(source: Path, folder: Path, count: int) -> float:
    """Write `count` JPEGs; returns their megapixels on average."""
    random = np.random.default_rng(0)
    files = sorted(source.glob("*.jpg"))
    megapixels = []
    for index in range(count):
        photo = pyvips.Image.new_from_file(str(files[index % len(files)]))
        width, height = (int(side * random.uniform(0.6, 1)) for side in (photo.width, photo.height))
        left = int(random.integers(0, photo.width - width + 1))
        top = int(random.integers(0, photo.height - height + 1))
        target = random.uniform(1.0e6, 3.0e6)
        crop = photo.crop(left, top, width, height).resize((target / (width * height)) ** 0.5)
        grain = pyvips.Image.gaussnoise(crop.width, crop.height, sigma=3, mean=0)
        (crop + grain).cast("uchar").copy(interpretation="srgb").write_to_file(
            str(folder / f"{index:04d}.jpg"), Q=90
        )
        megapixels.append(crop.width * crop.height / 1e6)
    return statistics.mean(megapixels)


def libvips_alone(files: list[Path], recipe: Recipe, jobs: int) -> None:
    def work(file: Path) -> int:
        header = pyvips.Image.new_from_file(str(file))
        box = (10_000_000, recipe.size) if header.width >= header.height else (recipe.size, 10**7)
        image = pyvips.Image.thumbnail(str(file), box[0], height=box[1], size="down")
        encoded = image.webpsave_buffer(Q=recipe.quality, smart_subsample=True, keep="none")
        return len(encoded)

    one_thread_each()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, files))


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    started, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=available_cpus())
    arguments = parser.parse_args()
    recipe = Recipe()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "photos")
        folder.mkdir()
        megapixels = make_photos(arguments.photos, folder, arguments.count)
        files = sorted(folder.iterdir())
        alone, whole = [], []
        libvips_alone(files[:20], recipe, arguments.jobs)  # warms caches and threads
        for run in range(arguments.runs):
            out = Path(name, f"out{run}")
            alone.append(seconds(lambda: libvips_alone(files, recipe, arguments.jobs)))
            whole.append(seconds(partial(prepare, [str(folder)], out, recipe, jobs=arguments.jobs)))
    print(f"{len(files)} JPEGs of {megapixels:.2f} megapixels, {arguments.jobs} threads")
    medians = {}
    for way, figures in (("libvips", alone), ("photochrom", whole)):
        wall, processor = (statistics.median(column) for column in zip(*figures, strict=True))
        medians[way] = wall, processor
        each = 1000 * processor / len(files)
        print(f"{way:12s} {len(files) / wall:6.1f} photos/s, {each:.1f} ms of processor each")
    wall, processor = (a / b for a, b in zip(*medians.values(), strict=True))
    print(f"ratio of rates {wall:.2f}, of processor time {processor:.2f}")


if __name__ == "__main__":
    main()
