"""Reversible JPEGs over many photos: do they come back, and how far is L from an ordinary result?

    python benchmarks/reversible.py val.tar [--limit 500] [--damaged 200] [--neutral 100]
        [--sheet FILE.png]

Every photo is made grey, cut to an odd size and encoded as JPEG in one of several ways (Pillow,
libvips, cjpeg, ImageMagick, Go; baseline, optimised, progressive, with restart markers, quality 1
to 100, with comments), then coloured reversibly. Counted: results that give the grey file back
byte for byte; results whose luma, as jpegtran takes it out, equals what jpegtran makes of the grey
file; pixels whose luma is shown otherwise (a decoder clips). Measured: the difference of L and of
ab from an ordinary PNG result. Then grey files are damaged, and must be refused or give themselves
back, in a file that decodes. --neutral: as many photos as JPEGs of three components, 4:4:4, 4:2:2,
4:4:0 and 4:2:0; they are counted and damaged in the same way. --sheet: the photo with the largest
difference of L, ordinary and reversible.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import Colorizer, PhotoError, restore_original
from photochrom.color.lab import lab_from_srgb
from photochrom.photo import Photo
from photochrom.photo.jpeg.record import NotReversibleError, original
from photochrom.photo.jpeg.reversible import GrayJpeg

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def photos(path: Path, limit: int) -> Iterator[NDArray[np.uint8]]:
    """Grey photos of odd sizes."""
    with tarfile.open(path) as tar:
        members = [m for m in tar if m.name.lower().endswith((".jpg", ".jpeg", ".webp", ".png"))]
        for member in members[:limit]:
            file = tar.extractfile(member)
            assert file is not None
            image = Image.open(io.BytesIO(file.read())).convert("L")
            width, height = (side - 1 + side % 2 for side in image.size)
            yield np.asarray(image.crop((0, 0, width, height)))


def encoded(gray: NDArray[np.uint8], number: int) -> tuple[str, bytes]:
    """A JPEG of one of several encoders, and its name."""
    quality = [1, 30, 60, 75, 85, 92, 97, 100][number % 8]
    ways = [
        "pillow",
        "progressive",
        "optimised",
        "restarts",
        "vips",
        "cjpeg",
        "ImageMagick",
        "Go",
    ]
    way = ways[number // 8 % len(ways)]
    header = b"P5 %d %d 255\n" % gray.shape[::-1]
    if way == "vips":
        import pyvips

        image = pyvips.Image.new_from_array(gray)
        interlace = bool(number % 2)
        return way, image.jpegsave_buffer(Q=quality, interlace=interlace, trellis_quant=True)
    if way == "cjpeg" and shutil.which("cjpeg"):
        command = ["cjpeg", "-grayscale", "-quality", str(quality), "-restart", "2"]
        return way, run(command, header + gray.tobytes())
    if way == "ImageMagick" and shutil.which("convert"):
        command = [
            "convert",
            "pgm:-",
            "-quality",
            str(quality),
            "-sampling-factor",
            "2x2",
            "jpeg:-",
        ]
        return way, run(command, header + gray.tobytes())
    if way == "Go" and shutil.which("go"):
        return way, run([go_encoder(), str(quality)], header + gray.tobytes())
    ways_of_pillow: dict[str, dict[str, Any]] = {
        "progressive": {"progressive": True},
        "optimised": {"optimize": True, "comment": b"Box 12"},
        "restarts": {"restart_marker_blocks": 7, "progressive": bool(number % 2)},
    }
    options = ways_of_pillow.get(way, {})
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "JPEG", quality=quality, **options)
    return way, file.getvalue()


GO = """package main
import ("bufio"; "fmt"; "image"; "image/jpeg"; "io"; "os"; "strconv")
func main() {
  in := bufio.NewReader(os.Stdin); var w, h, most int
  fmt.Fscanf(in, "P5 %d %d %d\\n", &w, &h, &most)
  m := image.NewGray(image.Rect(0, 0, w, h)); io.ReadFull(in, m.Pix)
  q, _ := strconv.Atoi(os.Args[1]); jpeg.Encode(os.Stdout, m, &jpeg.Options{Quality: q})
}
"""


@cache
def go_encoder() -> str:
    """A program that encodes a PGM by Go's own encoder."""
    folder = Path(tempfile.mkdtemp())
    (folder / "encode.go").write_text(GO)
    environment = {**os.environ, "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", str(folder / "encode"), str(folder / "encode.go")]
    subprocess.run(command, check=True, env=environment)
    return str(folder / "encode")


def neutral_encoded(gray: NDArray[np.uint8], number: int) -> tuple[str, bytes]:
    """A JPEG of three components without colour, of one of several encoders, and its name."""
    quality = [1, 30, 60, 75, 85, 92, 97, 100][number // 3 % 8]
    pixels = np.repeat(gray[..., None], 3, axis=2)
    ppm = b"P6 %d %d 255\n" % gray.shape[::-1] + pixels.tobytes()
    named = ["-quality", str(quality)]
    cjpeg = ["cjpeg", *named]
    ways: dict[str, dict[str, Any] | list[str]] = {
        "Pillow, 4:2:0": {"subsampling": 2},
        "Pillow, 4:2:2": {"subsampling": 1, "optimize": True},
        "Pillow, 4:4:4": {"subsampling": 0, "restart_marker_blocks": 7},
        "Pillow, progressive": {"progressive": True, "restart_marker_rows": number % 2},
        "cjpeg, 4:4:0": [*cjpeg, "-sample", "1x2", "-restart", "2B"],
        "cjpeg, 4:2:0": [*cjpeg, "-sample", "2x2", "-optimize", "-restart", "1"],
        "cjpeg, progressive": [*cjpeg, "-sample", "1x1", "-progressive"],
        "ImageMagick": ["convert", "ppm:-", "-type", "TrueColor", *named, "jpeg:-"],
        "libvips": {},
    }
    way = list(ways)[number % len(ways)]
    options = ways[way]
    if isinstance(options, list):
        return way, run(options, ppm)
    if way == "libvips":
        import pyvips

        image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
        return way, image.jpegsave_buffer(Q=quality, trellis_quant=True, interlace=bool(number % 2))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, **options)
    return way, file.getvalue()


def neutral(path: Path, count: int, damages: int, colorizer: Colorizer) -> str:
    """What becomes of grey photos in JPEGs of three components."""
    counts: Counter[str] = Counter()
    files, clipped, of_ab, sizes = [], [], [], []
    for number, pixels in enumerate(photos(path, count)):
        way, data = neutral_encoded(pixels, number)
        files.append(data)
        result = colorizer.colorize(Photo(data, f"photo {number}"))
        kept = result.encode(".jpg", reversible=True)
        gray = GrayJpeg.of(data)
        counts["neutral photos"] += 1
        counts[f"of {way}"] += 1
        counts["byte for byte"] += restore_original(kept) == data
        counts["by jpegtran"] += taken_by_jpegtran(kept, gray) == taken_by_jpegtran(data, gray)
        shown = np.asarray(Image.open(io.BytesIO(kept)))
        luma = np.abs(shown @ LUMA - np.asarray(Image.open(io.BytesIO(data)))[..., 0])
        clipped.append(float((luma > 1).mean()))
        usual = result.rgb
        difference = lab_from_srgb(shown / np.float32(255)) - lab_from_srgb(usual / np.float32(255))
        of_ab.append(float(np.linalg.norm(difference[..., 1:], axis=-1).mean()))
        sizes.append((gray.chroma_steps, len(kept) / len(data)))
    lines = [
        ", ".join(f"{name} {count}" for name, count in counts.items()),
        f"ab: {np.mean(of_ab):.2f} on average, {max(of_ab):.2f} in the worst",
        f"luma shown otherwise: {np.mean(clipped):.5%} of the pixels, {max(clipped):.4%} at most",
    ]
    for steps in sorted({steps for steps, _ in sizes}):
        times = np.median([ratio for own, ratio in sizes if own == steps])
        lines.append(f"chroma of each {steps[0]} x {steps[1]} pixels: {times:.2f} times the bytes")
    return "\n".join([*lines, damage(files, damages, colorizer)])


def run(command: list[str], data: bytes) -> bytes:
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def taken_by_jpegtran(data: bytes, gray: GrayJpeg) -> bytes:
    options = ["-copy", "none", "-optimize", *(["-progressive"] if gray.progressive else [])]
    return run(["jpegtran", "-grayscale", *options], data)


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    broken = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        place = int(random.integers(2, len(broken)))
        if random.random() < 0.3:
            del broken[place : place + int(random.integers(1, 40))]
        else:
            broken[place : place + 1] = random.bytes(1)
    return bytes(broken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--damaged", type=int, default=200)
    parser.add_argument("--neutral", type=int, default=100)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    colorizer = Colorizer()
    counts: Counter[str] = Counter()
    of_lightness, of_ab, clipped = [], [], []
    worst: tuple[float, Image.Image | None] = (0.0, None)
    files = []
    for number, pixels in enumerate(photos(arguments.photos, arguments.limit)):
        way, data = encoded(pixels, number)
        files.append(data)
        result = colorizer.colorize(Photo(data, f"photo {number}"))
        kept = result.encode(".jpg", reversible=True)
        counts["photos"] += 1
        counts[f"of {way}"] += 1
        counts["byte for byte"] += restore_original(kept) == data
        gray = GrayJpeg.of(data)
        if shutil.which("jpegtran"):
            counts["by jpegtran"] += taken_by_jpegtran(kept, gray) == taken_by_jpegtran(data, gray)
        shown = np.asarray(Image.open(io.BytesIO(kept)))
        usual = result.rgb
        luma = np.abs(shown @ LUMA - np.asarray(Image.open(io.BytesIO(data))))
        clipped.append(float((luma > 1).mean()))
        difference = lab_from_srgb(shown / np.float32(255)) - lab_from_srgb(usual / np.float32(255))
        lightness = np.abs(difference[..., 0])
        of_lightness.append((float(lightness.mean()), float(np.percentile(lightness, 99))))
        of_ab.append(float(np.linalg.norm(difference[..., 1:], axis=-1).mean()))
        if of_lightness[-1][0] > worst[0]:
            pair = np.concatenate([usual, shown], axis=1)
            worst = of_lightness[-1][0], Image.fromarray(pair)
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    means = np.array([mean for mean, _ in of_lightness])
    print(
        f"L: {means.mean():.2f} on average, {np.percentile(means, 99):.2f} in the photo of the "
        f"99th percentile, {means.max():.2f} in the worst; 99 % of the pixels of a photo within "
        f"{np.mean([p for _, p in of_lightness]):.2f}"
    )
    print(f"ab: {np.mean(of_ab):.2f} on average, {max(of_ab):.2f} in the worst")
    print(f"luma shown otherwise: {np.mean(clipped):.5%} of the pixels, {max(clipped):.4%} at most")
    if arguments.sheet and worst[1] is not None:
        worst[1].save(arguments.sheet)
    print(damage(files, arguments.damaged, colorizer))
    if arguments.neutral:
        print(neutral(arguments.photos, arguments.neutral, arguments.damaged, colorizer))


def damage(files: list[bytes], count: int, colorizer: Colorizer) -> str:
    """What becomes of damaged files."""
    random = np.random.default_rng(0)
    outcomes: Counter[str] = Counter()
    for number in range(count):
        broken = damaged(files[number % len(files)], random)
        try:
            kept = colorizer.colorize(Photo(broken, "damaged")).encode(".jpg", reversible=True)
        except PhotoError as error:
            outcomes["refused"] += "\n" not in str(error)
            continue
        try:
            whole = original(kept) == broken
        except NotReversibleError:
            whole = False
        image = Image.open(io.BytesIO(kept))
        try:
            image.load()
            decodes = image.mode == "RGB"
        except OSError:
            decodes = False
        outcomes["done" if whole and decodes else "WRONG"] += 1
    return f"damaged {count}: " + ", ".join(f"{n} {c}" for n, c in outcomes.items())


if __name__ == "__main__":
    main()
