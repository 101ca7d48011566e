import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from photochrom import Colorizer
from photochrom.errors import InColorError
from photochrom.pipeline.toning import Tone, tone_of

SEPIA = (20, 10, 0), (255, 240, 200), (140, 110, 80)
CYANOTYPE = (0, 10, 40), (235, 245, 255), (60, 110, 170)
SELENIUM = (15, 5, 15), (255, 250, 250), (130, 115, 125)
NAMES = ["astronaut", "cat", "colosseum", "harbour", "otter", "students"]


def judged(picture):
    return tone_of(np.asarray(picture.convert("RGB"), np.float32) / 255)


def as_jpeg(picture, quality):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


@pytest.fixture(params=NAMES)
def gray(request, examples):
    return Image.open(examples / f"{request.param}.jpg").convert("L")


@pytest.fixture
def colors(examples):
    return {path.stem: Image.open(path) for path in sorted((examples / "color").glob("*.jpg"))}


def test_photos_in_color(colors):
    assert {name: judged(photo) for name, photo in colors.items()} == dict.fromkeys(
        colors, Tone.COLOR
    )
    assert len(colors) >= 7


def test_gray_is_gray(gray):
    assert judged(gray) is Tone.GRAY


def test_chroma_noise_is_no_color(gray):
    noise = np.random.default_rng(0).normal(0, 12, (gray.height, gray.width, 3))
    noisy = np.asarray(gray, float)[..., None] + noise
    picture = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    assert judged(as_jpeg(picture, 50)) is not Tone.COLOR


@pytest.mark.parametrize("tone", [SEPIA, CYANOTYPE, SELENIUM], ids=["sepia", "cyan", "selenium"])
@pytest.mark.parametrize("quality", [75, 95])
def test_toned_prints(gray, tone, quality):
    black, white, middle = tone
    toned = ImageOps.colorize(gray, black, white, middle)
    assert judged(as_jpeg(toned, quality)) is Tone.TINTED


def test_a_colored_stamp_does_not_make_a_color_photo(gray):
    stamped = gray.convert("RGB")
    width, height = stamped.size
    stamped.paste("#c82828", (width - width // 7, height - height // 8, width - 9, height - 9))
    assert judged(stamped) is not Tone.COLOR


def test_yellowed_paper_around_a_gray_photo(gray):
    paper = ImageOps.expand(gray.convert("RGB"), min(gray.size) // 8, "#e8d6aa")
    assert judged(paper) is Tone.TINTED


@pytest.mark.parametrize("strength", [0.6, 0.4])
def test_faded_color_is_color(colors, strength):
    found = []
    for photo in colors.values():
        pixels = np.asarray(photo, float)
        faded = strength * pixels + (1 - strength) * pixels.mean(axis=2, keepdims=True)
        found.append(judged(Image.fromarray((faded * [1, 0.95, 0.85]).astype(np.uint8))))
    assert found.count(Tone.COLOR) >= len(found) - 1


def test_a_hand_tinted_print_is_in_color(examples):
    """Cheeks, a dress and the sky, as such prints have them."""
    print_ = np.asarray(Image.open(examples / "students.jpg").convert("L"), float)
    tint = np.zeros((*print_.shape, 3))
    height, width = print_.shape
    tint[: height // 4] = (-30, -5, 25)
    tint[height // 2 :, width // 3 : width // 2] = (40, -20, -20)
    tint[height // 3 : height // 2, width // 2 :] = (-25, 20, -25)
    tinted = Image.fromarray((print_[..., None] + tint).clip(0, 255).astype(np.uint8))
    assert judged(tinted) is Tone.COLOR


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (3, 2, 3)])
def test_pictures_without_room(shape):
    assert tone_of(np.full(shape, 0.5, np.float32)) is Tone.GRAY


def test_color_is_refused_unless_asked_for(examples):
    colorizer = Colorizer(threads=1)
    photo = examples / "color" / "cat.jpg"
    with pytest.raises(InColorError, match="add recolor=True to colour it anew") as error:
        colorizer.colorize(photo)
    assert "cat.jpg" in str(error.value)
    assert colorizer.colorize(photo, recolor=True).rgb.shape == (300, 451, 3)
    assert colorizer.colorize(examples / "cat.jpg").rgb.shape == (300, 451, 3)
