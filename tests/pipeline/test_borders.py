"""What is proposed as a photo's border, on photos with borders made around them, and without."""

import numpy as np
import pytest
from PIL import Image

from photochrom import Crop, border_of


@pytest.fixture
def photo(examples):
    with Image.open(examples / "students.jpg") as image:
        image.thumbnail((600, 600))
        return image.convert("L").copy()


def around(photo, level, widths, noise=2.0, angle=0.0):
    """A photo on a page; widths: above, below, left and right."""
    above, below, left, right = widths
    width, height = photo.size
    page = np.random.default_rng(1).normal(
        level, noise, (above + height + below, left + width + right)
    )
    page = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    mask = Image.new("L", photo.size, 255).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    page.paste(photo.rotate(angle, Image.Resampling.BICUBIC, expand=True), (left, above), mask)
    return np.asarray(page), Crop(left, above, width, height)


def edges(crop):
    return np.array([crop.left, crop.top, crop.right, crop.bottom])


@pytest.mark.parametrize("level", [15, 60, 110, 235])
@pytest.mark.parametrize("widths", [(80, 90, 60, 150), (12, 12, 12, 12), (40, 0, 0, 60)])
def test_photo_inside_a_page(photo, level, widths):
    page, wanted = around(photo, level, widths)
    found = border_of(page)
    inside = edges(found) - edges(wanted)
    assert (inside * [1, 1, -1, -1] >= 0).all()  # nothing of the border is left
    # a corner of the photo as light as the page may be taken for a wedge of it
    assert (inside * [1, 1, -1, -1] <= (15 if level == 110 else 4)).all()


def test_frames_inside_each_other(photo):
    """A print with a white frame on an album's page under a scanner's lid."""
    print_, _ = around(photo, 238, (20, 20, 20, 20), noise=0)
    page, _ = around(Image.fromarray(print_), 50, (70, 60, 90, 80))
    scan, _ = around(Image.fromarray(page), 250, (30, 30, 30, 30), noise=0.5)
    found = border_of(scan)
    wanted = Crop(30 + 90 + 20, 30 + 70 + 20, *photo.size)
    assert np.abs(edges(found) - edges(wanted)).max() <= 4


@pytest.mark.parametrize("angle", [-1.0, 0.7])
def test_photo_that_lies_askew(photo, angle):
    page, wanted = around(photo, 60, (80, 80, 80, 80), angle=angle)
    part = border_of(page)
    cut = page[part.top : part.bottom, part.left : part.right]
    assert (np.abs(cut[0].astype(int) - 60) < 6).mean() < 0.1  # no wedge of the page is left
    assert part.width * part.height > 0.9 * wanted.width * wanted.height


@pytest.mark.parametrize(
    "name", ["cat", "harbour", "students", "astronaut", "colosseum", "otter", "square", "ceremony"]
)
def test_photos_without_a_border(examples, name):
    assert border_of(examples / f"{name}.jpg") is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (64, 64)])
def test_what_has_no_photo_in_it(shape):
    assert border_of(np.full(shape, 128, np.uint8)) is None


def test_upright(photo, tmp_path):
    """The proposal is in pixels of the upright photo, however it is stored."""
    page, wanted = around(photo, 60, (20, 40, 60, 80))
    exif = Image.Exif()
    exif[274] = 6
    path = tmp_path / "sideways.png"
    Image.fromarray(np.ascontiguousarray(np.rot90(page))).save(path, exif=exif)
    assert np.abs(edges(border_of(path)) - edges(wanted)).max() <= 4
