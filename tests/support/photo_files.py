"""Pictures of every kind that a set has to sort out, as files; for the tests of the data tools."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from support import tiny_workshop


def color_photos(count: int, short: int = 160) -> list[Image.Image]:
    """Crops of the example photos that are no near duplicates of each other."""
    seen = []
    for crop in tiny_workshop.color_crops(8 * count, short):
        small = np.asarray(crop.convert("L").resize((16, 16)), float)
        if all(np.abs(small - other).mean() > 25 for other, _ in seen):
            seen.append((small, crop))
    assert len(seen) >= count
    return [crop for _, crop in seen[:count]]


def sepia(photo: Image.Image) -> Image.Image:
    return ImageOps.colorize(photo.convert("L"), (20, 10, 0), (255, 240, 200), (140, 110, 80))


def graphic(width: int = 320, height: int = 240) -> Image.Image:
    """A drawing: flat shapes of a few colours with outlines."""
    picture = Image.new("RGB", (width, height), "#f4f1e8")
    draw = ImageDraw.Draw(picture)
    colors = ["#c8102e", "#00529b", "#f6be00", "#2e7d32", "#7b1fa2"]
    for index in range(24):
        left, top = (index * 53) % (width - 40), (index * 37) % (height - 40)
        box = (left, top, left + 38, top + 38)
        shape = draw.ellipse if index % 2 else draw.rectangle
        shape(box, fill=colors[index % 5], outline="black", width=3)
    return picture


def jpeg(photo: Image.Image, quality: int = 90) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def write_jpegs(folder: Path, photos: list[Image.Image], prefix: str = "p") -> Path:
    """Photos as folder/p00.jpg, ...; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, photo in enumerate(photos):
        (folder / f"{prefix}{index:02d}.jpg").write_bytes(jpeg(photo))
    return folder
