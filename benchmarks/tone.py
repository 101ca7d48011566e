"""Which pictures are taken for grey, toned or in colour: real photos, and prints made of them.

    python benchmarks/tone.py COLOR_PHOTOS... [--gray FOLDER] [--limit N]

COLOR_PHOTOS: shards or folders of photos in colour, all of which should be found. From every
fourth, prints are made: sepia and cyanotype at two qualities of JPEG, selenium, chroma noise, a
coloured stamp, yellowed paper, faded colour. --gray: a folder of photographs that are none.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from photochrom.color.lab import lab_from_srgb, srgb_from_lab
from photochrom.photo import Photo
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.workshop.data.sources import photos_from

SEPIA = (20, 10, 0), (255, 240, 200), (140, 110, 80)
CYANOTYPE = (0, 10, 40), (235, 245, 255), (60, 110, 170)
SELENIUM = (15, 5, 15), (255, 250, 250), (130, 115, 125)


def judged(picture: Image.Image) -> Tone:
    return tone_of(np.asarray(picture.convert("RGB"), np.float32) / np.float32(255))


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def toned(gray: Image.Image, tone: tuple[tuple[int, int, int], ...]) -> Image.Image:
    black, white, middle = tone
    return ImageOps.colorize(gray, black, white, middle)


def noisy(gray: Image.Image, random: np.random.Generator) -> Image.Image:
    pixels = np.asarray(gray, float)[..., None]
    pixels = pixels + random.normal(0, 10, (*pixels.shape[:2], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def stamped(gray: Image.Image) -> Image.Image:
    picture = gray.convert("RGB")
    width, height = picture.size
    picture.paste("#c82828", (width - width // 7, height - height // 8, width - 5, height - 5))
    return picture


def faded(photo: np.ndarray, strength: float) -> Image.Image:
    lab = lab_from_srgb(photo.astype(np.float32) / 255)
    lab[..., 1:] = lab[..., 1:] * strength + (6, 8)
    return Image.fromarray(np.rint(srgb_from_lab(lab) * 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--gray", type=Path)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    counted: dict[str, Counter[Tone]] = defaultdict(Counter)
    random = np.random.default_rng(0)
    missed = []
    for index, (name, photo) in enumerate(islice(photos_from(arguments.photos), arguments.limit)):
        tone = tone_of(photo.astype(np.float32) / np.float32(255))
        counted["photos in colour"][tone] += 1
        if tone is not Tone.COLOR:
            missed.append(name)
        if index % 4:
            continue
        gray = Image.fromarray(photo).convert("L")
        for quality in (60, 90):
            counted[f"sepia, JPEG {quality}"][judged(as_jpeg(toned(gray, SEPIA), quality))] += 1
            print_ = as_jpeg(toned(gray, CYANOTYPE), quality)
            counted[f"cyanotype, JPEG {quality}"][judged(print_)] += 1
        counted["selenium"][judged(toned(gray, SELENIUM))] += 1
        counted["chroma noise, JPEG 40"][judged(as_jpeg(noisy(gray, random), 40))] += 1
        counted["a red stamp"][judged(stamped(gray))] += 1
        paper = ImageOps.expand(gray.convert("RGB"), min(gray.size) // 8, "#e8d6aa")
        counted["yellowed paper"][judged(paper)] += 1
        counted["faded colour, 0.4"][judged(faded(photo, 0.4))] += 1
    for path in sorted(arguments.gray.iterdir()) if arguments.gray else []:
        scan = Photo(path)
        scale = min(1, 256 / min(scan.width, scan.height))
        height, width = (max(1, round(side * scale)) for side in (scan.height, scan.width))
        counted["photographs in black and white"][tone_of(scan.small_copy(height, width))] += 1
    print("| | grey | tinted | colour |\n|---|---|---|---|")
    for name, counts in counted.items():
        print(f"| {name} | {' | '.join(str(counts[tone]) for tone in Tone)} |")
    if missed:
        print(f"\nnot counted: {', '.join(missed)}")


if __name__ == "__main__":
    main()
