from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.workshop.data.manifest import Reason
from photochrom.workshop.data.recipe import Fit
from photochrom.workshop.data.rendition import Rendition
from photochrom.workshop.data.screen import color_variety, judge
from support import photo_files, tiny_workshop

pytestmark = pytest.mark.workshop

PHOTOS = sorted(tiny_workshop.PHOTOS.glob("*.jpg"))


def reduced(content: Path | bytes) -> np.ndarray:
    return Rendition(content).reduced(256, Fit.KEEP)


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_real_photos_stay_and_their_colorless_copies_go(path: Path) -> None:
    assert judge(reduced(path), 8.0).reason is None
    with Image.open(path) as photo:
        gray = photo.convert("L")
        tinted = photo_files.sepia(photo)
    assert judge(reduced(photo_files.jpeg(gray.convert("RGB"))), 8.0).reason == Reason.GRAY
    verdict = judge(reduced(photo_files.jpeg(tinted, 80)), 8.0)
    assert verdict.reason == Reason.TINTED
    assert verdict.colorfulness > 8.0  # which alone would have kept it


def test_scan_of_a_gray_print_is_gray_in_spite_of_noise() -> None:
    with Image.open(PHOTOS[0]) as photo:
        gray = np.asarray(photo.convert("L"), np.float32)[..., None]
    noise = np.random.default_rng(0).normal(0, 4, (*gray.shape[:2], 3))
    scan = np.clip(gray * (1.0, 0.99, 0.97) + noise, 0, 255).astype(np.uint8)
    content = photo_files.jpeg(Image.fromarray(scan))
    assert judge(reduced(content), 0.0).reason == Reason.GRAY


@pytest.mark.parametrize("quality", [60, 90])
def test_drawing_is_a_graphic(quality: int) -> None:
    content = photo_files.jpeg(photo_files.graphic(), quality)
    assert judge(reduced(content), 8.0).reason == Reason.GRAPHIC


def test_cut_out_object_on_white_paper_is_a_photo() -> None:
    with Image.open(tiny_workshop.PHOTOS / "cat.jpg") as photo:
        paper = Image.new("RGB", (photo.width * 2, photo.height * 2), "white")
        paper.paste(photo, (photo.width // 2, photo.height // 2))
    assert judge(reduced(photo_files.jpeg(paper)), 8.0).reason is None


def test_little_color_is_dull_only_below_the_threshold() -> None:
    pixels = reduced(PHOTOS[0])
    gray = pixels.mean(axis=2, keepdims=True)
    faded = np.clip(gray + 0.3 * (pixels - gray), 0, 255).astype(np.uint8)
    figure = judge(faded, 0.0).colorfulness
    assert judge(faded, figure + 1).reason == Reason.DULL
    assert judge(faded, figure - 1).reason is None


def test_variety_of_two_hues_at_every_lightness() -> None:
    """Red left and green right, both from dark to light: lightness explains little of ab."""
    light = np.linspace(0.3, 1, 64)[:, None, None]
    pixels = np.empty((64, 64, 3), np.uint8)
    pixels[:, :32] = light * (200, 60, 60)
    pixels[:, 32:] = light * (0, 126, 60)
    variety, across, _ = color_variety(pixels)
    assert variety > 30  # half the way from (55, 32) to (-46, 28) in ab, less where it is dark
    assert across < 6


def test_smallest_pictures_are_judged() -> None:
    assert judge(np.zeros((2, 3, 3), np.uint8), 0.0).reason == Reason.GRAY
