"""What an unlucky archive meets: kills at random moments, damaged files, mutated ones.

    python benchmarks/faults.py kills [--times 50]
    python benchmarks/faults.py damaged
    python benchmarks/faults.py fuzz [--minutes 20] [--seed 0]
    python benchmarks/faults.py lost [--minutes 20] [--seed 0]

kills: a job is killed (SIGKILL to the whole group) at random moments and resumed, until it ends;
then each result must be whole, and nothing that was done may have been done again.
damaged: over 500 files that are cut, flipped, misnamed, empty or strange, in one folder; each
must end in one line, no traceback, nothing left.
fuzz: random changes to small files of every kind, coloured in worker processes; whatever is no
result and no foreseen error is printed with its seed and kept.
lost: damaged files of every kind but JPEG, in ways that can be noticed; whatever shows black or
flat areas that the sound file has not, without an error or a warning, is printed with its number.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1] / "tests"
EXAMPLES = Path(__file__).parents[1] / "examples"


def command(source: Path, out: Path, *options: str) -> list[str]:
    start = [sys.executable, "-m", "photochrom", "colorize", str(source), "-o", str(out)]
    return [*start, "--recursive", "--size", "64", *options]


def kills(times: int) -> None:
    from PIL import Image

    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "in", Path(name) / "out"
        gray = Image.open(EXAMPLES / "cat.jpg").resize((600, 400))
        for index in range(4 * times):
            path = folder / f"{index % 7}" / f"{index:04d}.{('jpg', 'png', 'tif')[index % 3]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            gray.save(path)
        killed, repeated = 0, 0
        seen: dict[Path, int] = {}
        for _ in range(20 * times):
            options = ["--resume", "--jobs", "2"]
            job = subprocess.Popen(
                command(folder, out, *options),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            ended = False
            if killed < times:
                try:
                    job.wait(timeout=chance.uniform(0.5, 9))
                    ended = True
                except subprocess.TimeoutExpired:
                    os.killpg(job.pid, signal.SIGKILL)
                    killed += 1
                    job.wait()
            else:
                ended = job.wait() is not None
            errors = job.stderr.read().decode() if job.stderr else ""
            assert "Traceback" not in errors, errors
            now = {p: p.stat().st_mtime_ns for p in out.rglob("*.color.*") if "part" not in p.name}
            repeated += sum(now.get(path) != when for path, when in seen.items())
            seen = now
            if ended and killed >= times:
                break
            if ended:  # done before enough kills: begin anew
                shutil.rmtree(out)
                seen = {}
        whole = 0
        for path in out.rglob("*.color.*"):
            with Image.open(path) as picture:
                picture.load()
                whole += picture.size == (600, 400) and bool(np.ptp(np.asarray(picture)) > 0)
        left = [path for path in out.rglob(".*") if path.is_file()]
        print(f"{killed} kills; {whole} of {4 * times} results whole; {repeated} done twice, "
              f"{len(left)} files left over")  # fmt: skip


def made_files(folder: Path) -> dict[str, bytes]:
    sys.path.insert(0, str(TESTS))
    from support import pictures

    folder.mkdir(parents=True, exist_ok=True)
    for name, (write, *_) in pictures.MADE.items():
        write(folder / name)
    return {name: (folder / name).read_bytes() for name in pictures.MADE}


def damaged(_: object = None) -> None:
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "in", Path(name) / "out"
        sound = made_files(Path(name) / "sound")
        folder.mkdir()

        def add(label: str, data: bytes) -> None:
            (folder / label).write_bytes(data)

        for file, data in sound.items():
            stem, suffix = file.rsplit(".", 1)
            for tenth in range(10):
                add(f"cut{tenth}-{stem}.{suffix}", data[: len(data) * tenth // 10])
            for flips in range(4):
                changed = bytearray(data)
                for _ in range(1 + 8 * flips):
                    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
                add(f"flip{flips}-{stem}.{suffix}", bytes(changed))
            other = chance.choice([s for s in ("jpg", "png", "tif", "webp") if s != suffix])
            add(f"wrong-{stem}-{suffix}.{other}", data)
        for suffix in ("jpg", "png", "tif", "webp", "gif", "avif", "ppm", "jp2", "heic"):
            add(f"noise.{suffix}", chance.randbytes(5000))
            add(f"text.{suffix}", b"Dear grandmother\n" * 20)
        (folder / "folder.jpg").mkdir()
        (folder / "loop.jpg").symlink_to("loop.jpg")
        (folder / "dangling.png").symlink_to("nowhere.png")
        os.mkfifo(folder / "pipe.jpg")
        for strange in ("two\nlines.jpg", "写真.jpg", " .jpg", "-o.jpg", "'\".jpg"):
            add(strange, sound["grey.jpg"])
        (folder / os.fsdecode(b"\xff\xfe.jpg")).write_bytes(sound["grey.jpg"])
        import tifffile

        tifffile.imwrite(folder / "one.tif", np.zeros((1, 1), np.uint8))
        tifffile.imwrite(folder / "long.tif", np.zeros((1, 60000), np.uint8))
        tifffile.imwrite(folder / "nan.tif", np.full((9, 9), np.nan, np.float32))
        count = len(list(folder.iterdir()))
        done = subprocess.run(
            command(folder, out, "--jobs", "2"), capture_output=True, check=False, timeout=3600
        )
        errors = done.stderr.decode(errors="replace")
        results = [path for path in out.rglob("*.color*") if path.is_file()]
        broken = 0
        import pyvips

        for path in results:
            try:
                data = path.read_bytes()  # not by name: libvips takes only text for one
                pyvips.Image.new_from_buffer(data, "", fail_on="warning").write_to_memory()
            except pyvips.Error:
                broken += path.suffix not in (".ppm", ".jp2", ".heic")
        left = [path for path in out.rglob(".*") if path.is_file()]
        summary = f"{count} names, exit code {done.returncode}; {len(results)} results"
        print(f"{summary}, {broken} of them broken; {errors.count('Traceback')} tracebacks")
        print(f"{len(left)} files left over")
        print(errors.strip().splitlines()[-1])


def fuzz(minutes: float, seed: int) -> None:
    import multiprocessing

    from pebble import ProcessExpired, ProcessPool

    from photochrom.batch.settings import JobSettings
    from photochrom.batch.work import Task, color, init_worker
    from photochrom.options import ColorizeOptions

    chance = random.Random(seed)
    findings = Path("fuzz-findings")
    with tempfile.TemporaryDirectory() as name:
        sound = made_files(Path(name) / "sound")
        context = multiprocessing.get_context("spawn")
        counts = {"done": 0, "failed": 0, "skipped": 0}
        end = time.monotonic() + 60 * minutes
        start = (JobSettings(colorize=ColorizeOptions(size=64), max_pixels=4_000_000), 1)
        with ProcessPool(2, context=context, initializer=init_worker, initargs=start) as pool:
            number = 0
            while time.monotonic() < end:
                block = []
                for _ in range(32):
                    file, data = chance.choice(list(sound.items()))
                    changed = mutated(data, chance)
                    source = Path(name) / f"{number:07d}-{file}"
                    source.write_bytes(changed)
                    target = source.with_suffix(f".color{source.suffix}")
                    task = Task(source, target, True)
                    block.append((source, target, pool.schedule(color, args=(task,), timeout=60)))
                    number += 1
                for source, target, future in block:
                    try:
                        outcome = future.result()
                        counts[outcome.state] += 1
                        wrong = outcome.error is not None and "\n" in outcome.error
                        wrong |= outcome.reason in ("Unforeseen", "MemoryError")
                        answer = repr(outcome)
                    except (ProcessExpired, TimeoutError, Exception) as error:
                        answer, wrong = repr(error), True
                    if wrong:
                        findings.mkdir(exist_ok=True)
                        shutil.copy(source, findings / source.name)
                        print(f"{source.name}: {answer}", flush=True)
                    source.unlink()
                    target.unlink(missing_ok=True)
        left = [path for path in Path(name).iterdir() if path.is_file()]
        print(f"{number} files, {counts}, {len(left)} left over")


def lost(minutes: float, seed: int) -> None:
    sys.path.insert(0, str(TESTS))
    from support.damaged_files import search

    files, findings = search(60 * minutes, seed, workers=2)
    print("\n".join(findings))
    print(f"{files} damaged files, {len(findings)} with areas that are lost in silence")


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        place = chance.randrange(min(len(changed), chance.choice((64, 600, len(changed)))))
        way = chance.randrange(5)
        if way == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1:
            changed[place] = chance.choice((0, 1, 127, 128, 255))
        elif way == 2:
            length = chance.randrange(1, 9)
            changed[place : place + length] = chance.randbytes(length)
        elif way == 3:
            del changed[place : place + chance.randrange(1, 64)]
        else:
            piece = changed[place : place + chance.randrange(1, 64)]
            at = chance.randrange(len(changed))
            changed[at:at] = piece
        if len(changed) < 2:
            break
    return bytes(changed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("kills", "damaged", "fuzz", "lost"))
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.what == "kills":
        kills(arguments.times)
    elif arguments.what == "damaged":
        damaged()
    elif arguments.what == "fuzz":
        fuzz(arguments.minutes, arguments.seed)
    else:
        lost(arguments.minutes, arguments.seed)


if __name__ == "__main__":
    main()
