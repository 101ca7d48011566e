"""Damage to JPEGs: how much of it is noticed, and what the look for it costs.

    python benchmarks/jpeg_damage.py fuzz val.tar        (its own --help: count and seed)
    python benchmarks/jpeg_damage.py speed [FILE.jpg ...]

fuzz: photos of a tar file become JPEGs of eleven layouts and several qualities, whose coded data is
then changed: a bit, three bits, a few bytes, 40 bytes, a piece cut out, the end cut off, zeros
instead of a piece, bytes inserted. A table says by kind of damage how many files were refused, how
many had a warning, and how many passed without one: unchanged, with no pixel more than 24 codes
wrong, or wrong. Sound files with a warning are counted too.
speed: megabytes of coded data a second on one thread, and the time as a share of libvips's for
decoding the file; without files, of a made 24-megapixel photo, baseline, optimised and progressive.
PHOTOCHROM_KERNEL=numpy measures the way without the library in the fuzz.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom.errors import PhotoError
from photochrom.photo import Photo
from photochrom.photo.jpeg.structure import frame_of
from photochrom.photo.jpeg.walk import walk

LAYOUTS: dict[str, dict[str, Any]] = {
    "grey": {"mode": "L"},
    "4:2:0": {"mode": "RGB", "subsampling": 2},
    "4:2:2": {"mode": "RGB", "subsampling": 1},
    "4:4:4": {"mode": "RGB", "subsampling": 0},
    "grey, optimised": {"mode": "L", "optimize": True},
    "colour, optimised": {"mode": "RGB", "optimize": True},
    "grey, restarts": {"mode": "L", "restart_marker_rows": 1},
    "colour, restarts": {"mode": "RGB", "restart_marker_blocks": 7},
    "grey, progressive": {"mode": "L", "progressive": True},
    "colour, progressive": {"mode": "RGB", "progressive": True},
    "progressive, restarts": {"mode": "RGB", "progressive": True, "restart_marker_rows": 2},
}
WAYS = ("bit", "3 bits", "bytes", "40 bytes", "cut out", "cut off", "zeros", "inserted")
OUTCOMES = ("refused", "warning", "unchanged", "slightly wrong", "wrong")
VISIBLE = 24


def damaged(data: bytes, way: str, chance: random.Random) -> bytes:
    frame = frame_of(data)
    assert frame is not None
    start, end = frame.data, len(data) - 2
    changed, place = bytearray(data), chance.randrange(start, end)
    length = chance.randrange(1, 9) if way == "bytes" else 40
    if way in ("bit", "3 bits"):
        for at in [place, *(chance.randrange(start, end) for _ in range(2))][
            : 3 if "3" in way else 1
        ]:
            changed[at] ^= 1 << chance.randrange(8)
    elif way in ("bytes", "40 bytes"):
        length = min(length, end - place)
        changed[place : place + length] = chance.randbytes(length)
    elif way == "cut out":
        del changed[place : min(end, place + chance.randrange(1, 500))]
    elif way == "cut off":
        del changed[place:]
    elif way == "zeros":
        length = min(chance.randrange(16, 2000), end - place)
        changed[place : place + length] = bytes(length)
    else:
        changed[place:place] = chance.randbytes(chance.randrange(1, 40))
    return bytes(changed)


def read(data: bytes) -> tuple[tuple[str, ...], np.ndarray]:
    photo = Photo(data)
    pixels = photo.strips()(0, photo.height).astype(int)
    return photo.notes, pixels


def outcome(data: bytes, sound: np.ndarray) -> str:
    try:
        notes, pixels = read(data)
    except PhotoError:
        return "refused"
    if notes:
        return "warning"
    if pixels.shape != sound.shape:
        return "wrong"
    largest = np.abs(pixels - sound).max()
    return "wrong" if largest > VISIBLE else "slightly wrong" if largest else "unchanged"


def fuzz(shard: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    counts: Counter[tuple[str, str]] = Counter()
    alarms = 0
    with tarfile.open(shard) as tar:
        members = [member for member in tar.getmembers() if member.name.endswith((".webp", ".jpg"))]
        for _ in range(count):
            file = tar.extractfile(chance.choice(members))
            assert file is not None
            options = dict(LAYOUTS[chance.choice(list(LAYOUTS))])
            with Image.open(io.BytesIO(file.read())) as stored:
                photo = stored.convert(options.pop("mode"))
            photo.thumbnail((chance.randrange(100, 450),) * 2)
            encoded = io.BytesIO()
            photo.save(encoded, "JPEG", quality=chance.choice((30, 75, 90, 95, 100)), **options)
            notes, sound = read(encoded.getvalue())
            alarms += bool(notes)
            way = chance.choice(WAYS)
            changed = damaged(encoded.getvalue(), way, chance)
            if changed != encoded.getvalue():
                counts[way, outcome(changed, sound)] += 1
    print(f"| damage | {' | '.join(OUTCOMES)} |")
    print("|---" * (1 + len(OUTCOMES)) + "|")
    for way in WAYS:
        print(f"| {way} | {' | '.join(str(counts[way, found]) for found in OUTCOMES)} |")
    sums = [sum(counts[way, found] for way in WAYS) for found in OUTCOMES]
    print(f"| all | {' | '.join(map(str, sums))} |")
    print(f"{alarms} of {count} sound files had a warning")


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times)


def speed(files: list[Path]) -> None:
    from end_to_end import make_photo

    with tempfile.TemporaryDirectory() as name:
        if not files:
            files = [
                Path(name) / f"{kind}.jpg" for kind in ("baseline", "optimised", "progressive")
            ]
            make_photo(files[0])
            for file, option in zip(files[1:], ("-optimize", "-progressive"), strict=True):
                command = ["jpegtran", option, "-outfile", str(file), str(files[0])]
                subprocess.run(command, check=True)
        print("| file | MB | MB/s | share of decoding |")
        print("|---|---|---|---|")
        for file in files:
            data = file.read_bytes()
            frame = frame_of(data)
            assert frame is not None
            found = walk(data, frame)
            assert found is not None
            assert found.sound
            taken = seconds(partial(walk, data, frame))
            decoding = seconds(partial(decode, data))
            size = len(data) / 1e6
            print(f"| {file.stem} | {size:.1f} | {size / taken:.0f} | {taken / decoding:.2f} |")


def decode(data: bytes) -> None:
    import pyvips

    pyvips.Image.jpegload_buffer(data).avg()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    fuzzing = commands.add_parser("fuzz")
    fuzzing.add_argument("shard", type=Path)
    fuzzing.add_argument("--count", type=int, default=2000)
    fuzzing.add_argument("--seed", type=int, default=0)
    commands.add_parser("speed").add_argument("files", type=Path, nargs="*")
    arguments = parser.parse_args()
    if arguments.what == "fuzz":
        fuzz(arguments.shard, arguments.count, arguments.seed)
    else:
        speed(arguments.files)


if __name__ == "__main__":
    main()
