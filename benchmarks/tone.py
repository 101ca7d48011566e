"""Which pictures are taken for grey, toned or in colour: real photos, and prints made of them.

    python benchmarks/tone.py COLOR_PHOTOS... [--gray FOLDER] [--limit N]

COLOR_PHOTOS: shards or folders of photos in colour, all of which should be found. From every
fourth, others are made. Prints: sepia and cyanotype at two qualities of JPEG, selenium. Scans of
grey photos with colours that are not the picture's: chroma noise, a stamp, yellowed paper, writing
in ink, a colour target, colour fringes, moire, a mat, tape. Photos with little colour: faded ones,
a flower in a grey scene. --gray: a folder of photographs in black and white.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from photochrom.color.lab import lab_from_srgb, srgb_from_lab
from photochrom.photo import Photo
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.workshop.data.sources import photos_from

SEPIA = (20, 10, 0), (255, 240, 200), (140, 110, 80)
CYANOTYPE = (0, 10, 40), (235, 245, 255), (60, 110, 170)
SELENIUM = (15, 5, 15), (255, 250, 250), (130, 115, 125)
TARGET = "#005aa0", "#009696", "#008c46", "#f0dc14", "#d21e28", "#aa2882", "#fafafa", "#6e463c"
MATS = "#285032", "#781e28", "#28326e", "#c8783c"


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


def written_on(photo: Image.Image, ink: str, share: float) -> Image.Image:
    """Lines of writing from the top down to that share of the height."""
    picture = photo.convert("RGB")
    size = max(8, min(picture.size) // 12)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    for top in range(4, round(picture.height * share), round(1.8 * size)):
        draw.text((4, top), "Summer of 1931, aunt Anna in the garden, by the lake", ink, font)
    return as_jpeg(picture, 85)


def with_target(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    """A row of coloured patches below or beside the photo, or on its edge."""
    picture = photo.convert("RGB")
    side = round(min(picture.size) * random.uniform(0.08, 0.2))
    if random.random() < 0.5:
        picture = ImageOps.expand(picture, (0, 0, 0, side), "#ebebeb")
    draw, width = ImageDraw.Draw(picture), picture.width / len(TARGET)
    for index, color in enumerate(TARGET):
        left, top = index * width, picture.height - 0.9 * side
        draw.rectangle((left + 1, top, left + width - 2, picture.height - 3), color)
    if random.random() < 0.5:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return as_jpeg(picture, 88)


def out_of_register(photo: Image.Image, shift: int) -> Image.Image:
    """Red moved one way and blue the other, as by a scanner's rows."""
    red, green, blue = np.moveaxis(np.asarray(photo.convert("RGB")), 2, 0)
    shifted = (np.roll(red, shift, 0), green, np.roll(blue, -shift, 0))
    return as_jpeg(Image.fromarray(np.stack(shifted, axis=-1)), 90)


def moire(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    """Coloured waves, as on a photograph of a screen."""
    pixels = np.asarray(photo.convert("RGB"), float)
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width]
    angle, length = random.uniform(0, np.pi), min(height, width) * random.uniform(0.04, 0.15)
    bend = random.uniform(0, 2) * np.sin(2 * np.pi * (x / width + y / height))
    phase = 2 * np.pi * ((x * np.cos(angle) + y * np.sin(angle)) / length + bend)
    waves = random.uniform(8, 25) * np.sin(phase[..., None] + 2 * np.pi / 3 * np.arange(3))
    return as_jpeg(Image.fromarray((pixels + waves).clip(0, 255).astype(np.uint8)), 90)


def taped(photo: Image.Image) -> Image.Image:
    picture, mask = photo.convert("RGB"), Image.new("L", photo.size, 0)
    width, height = photo.size
    draw = ImageDraw.Draw(mask)
    for top in (0.0, 0.4, 0.88):
        draw.rectangle((0, top * height, width, (top + 0.1) * height), 140)
    return as_jpeg(Image.composite(Image.new("RGB", photo.size, "#d7aa46"), picture, mask), 88)


def with_flower(gray: Image.Image, random: np.random.Generator) -> Image.Image:
    """A disc of one strong hue on 4 % of the picture."""
    picture, mask = gray.convert("RGB"), Image.new("L", gray.size, 0)
    width, height = gray.size
    radius = (0.04 * width * height / np.pi) ** 0.5
    x, y = random.uniform(0.3, 0.7) * width, random.uniform(0.3, 0.7) * height
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), 170)
    hue = f"hsl({random.integers(360)}, 90%, 45%)"
    return as_jpeg(Image.composite(Image.new("RGB", gray.size, hue), picture, mask), 90)


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
        counted["blue writing"][judged(written_on(gray, "#1e28a0", 1.0))] += 1
        counted["red writing"][judged(written_on(gray, "#be1e28", 1.0))] += 1
        sepia = toned(gray, SEPIA)
        counted["blue writing on half of a sepia"][judged(written_on(sepia, "#1e28a0", 0.5))] += 1
        counted["a colour target"][judged(with_target(gray, random))] += 1
        for shift in (1, 2):
            counted[f"fringes, {shift} px"][judged(out_of_register(gray, shift))] += 1
        counted["moire of a screen"][judged(moire(gray, random))] += 1
        mat = ImageOps.expand(gray.convert("RGB"), min(gray.size) // 6, MATS[index // 4 % 4])
        counted["a coloured mat"][judged(as_jpeg(mat, 88))] += 1
        counted["yellowed tape"][judged(taped(gray))] += 1
        counted["a flower in a grey scene"][judged(with_flower(gray, random))] += 1
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
