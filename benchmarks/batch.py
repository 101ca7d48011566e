"""A folder through the batch path: throughput against its parts alone, memory, the ledger's share.

    python benchmarks/batch.py [--photos 500] [--jobs 2]
    python benchmarks/batch.py --many 10000 [--jobs 2]

The first form: JPEGs of 2 megapixels with grain. Decoding, network and encoding are timed alone, on
one thread, on a sample; so many cores could do at best cores / (their sum) photos a second. The
same is printed for CPU time (user and system, of all processes of the job with their start), which
other programs on the machine disturb less. The second: small photos; the workers' and the job's
memory over time, and the time in the ledger.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"


def make_photos(folder: Path, count: int, width: int, height: int) -> None:
    import pyvips

    files = sorted(EXAMPLES.glob("*.jpg"))
    folder.mkdir(parents=True)
    encoded = []
    for index in range(16):
        image = pyvips.Image.new_from_file(str(files[index % len(files)])).colourspace("b-w")[0]
        scale = max(width / image.width, height / image.height)
        image = image.resize(scale).crop(0, 0, width, height)
        grain = pyvips.Image.gaussnoise(width, height, sigma=6, mean=0, seed=index)
        encoded.append((image + grain).cast("uchar").jpegsave_buffer(Q=93))
    for index in range(count):
        part = folder / f"{index // 1000:03d}"
        part.mkdir(exist_ok=True)
        (part / f"{index:06d}.jpg").write_bytes(encoded[index % len(encoded)])


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def parts_alone(photo: Path, runs: int = 15) -> tuple[dict[str, float], float]:
    """Seconds of decoding, network and encoding on one thread, and their CPU time; medians."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips

    from photochrom import Colorizer
    from photochrom.color.vividness import Decoding

    session = Colorizer(threads=1).session
    lightness = np.random.default_rng(0).uniform(0, 100, (192, 288)).astype(np.float32)
    seconds: dict[str, list[float]] = {"decode": [], "network": [], "encode": []}
    processor = []
    for _ in range(runs):
        before = time.process_time()
        started = time.perf_counter()
        gray = pyvips.Image.new_from_file(str(photo), access="sequential").numpy()
        seconds["decode"].append(time.perf_counter() - started)
        started = time.perf_counter()
        session.predict(lightness, Decoding(1.0, 0.5, 1.0))
        seconds["network"].append(time.perf_counter() - started)
        rgb = pyvips.Image.new_from_array(np.repeat(np.atleast_3d(gray), 3, axis=2))
        started = time.perf_counter()
        rgb.copy(interpretation="srgb").jpegsave_buffer(Q=95, subsample_mode="off")
        seconds["encode"].append(time.perf_counter() - started)
        processor.append(time.process_time() - before)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return medians, statistics.median(processor)


def resident(pid: int) -> float:
    """Megabytes of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(pid: int) -> list[int]:
    processes = []
    for folder in Path("/proc").iterdir():
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid:
            processes.append(int(folder.name))
    return processes


class Watch:
    """Memory of this process and of the largest worker, every half second."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, float, float]] = []
        self.done = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.5):
            try:
                workers = max(map(resident, children(os.getpid())), default=0.0)
                self.rows.append((self.done, resident(os.getpid()), workers))
            except OSError:
                continue

    def between(self, first: int, last: int) -> tuple[float, float]:
        """Mean memory of the job and of a worker while these photos ended."""
        rows = [row[1:] for row in self.rows if first <= row[0] < last]
        return tuple(np.mean(rows, axis=0)) if rows else (float("nan"), float("nan"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--many", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    from photochrom.batch import Job, Ledger, run_job

    count = arguments.many or arguments.photos
    size = (160, 120) if arguments.many else (1732, 1155)
    with tempfile.TemporaryDirectory() as name:
        make_photos(Path(name) / "in", count, *size)
        watch = Watch()
        spent = 0.0

        def timed(method: Callable[..., Any]) -> Callable[..., Any]:
            def run(self: Ledger, *values: Any) -> Any:
                nonlocal spent
                started = time.perf_counter()
                try:
                    return method(self, *values)
                finally:
                    spent += time.perf_counter() - started

            return run

        for method in ("find", "plan", "settle"):
            setattr(Ledger, method, timed(getattr(Ledger, method)))

        def listener(_: object) -> None:
            watch.done += 1

        job = Job([Path(name) / "in"], Path(name) / "out", recursive=True, jobs=arguments.jobs)
        before = cpu_seconds()
        summary = run_job(job, listener)
        processor = cpu_seconds() - before
        watch.stop()
        assert summary.done == count, summary
        rate = count / summary.seconds
        print(
            f"{count} photos of {size[0]} x {size[1]}, {arguments.jobs} jobs: {rate:.2f} a second"
        )
        print(f"ledger: {100 * spent / summary.seconds:.2f} % of the time")
        if arguments.many:
            step = count // 10
            for label, span in (("first", (step // 5, step)), ("last", (count - step, count))):
                job_memory, worker = watch.between(*span)
                print(f"{label} tenth: job {job_memory:.1f} MB, largest worker {worker:.1f} MB")
        else:
            alone, alone_processor = parts_alone(next((Path(name) / "in").rglob("*.jpg")))
            best = arguments.jobs / sum(alone.values())
            parts = ", ".join(f"{part} {1000 * value:.0f} ms" for part, value in alone.items())
            print(f"alone on one thread: {parts}; at best {best:.2f} photos a second")
            print(f"reached: {100 * rate / best:.0f} %")
            each = processor / count
            print(
                f"CPU time: {1000 * each:.0f} ms a photo, "
                f"the parts {1000 * alone_processor:.0f} ms: {100 * alone_processor / each:.0f} %"
            )


if __name__ == "__main__":
    main()
