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
def grey(request, examples):
    return Image.open(examples / f"{request.param}.jpg").convert("L")


@pytest.fixture
def colours(examples):
    return {path.stem: Image.open(path) for path in sorted((examples / "colour").glob("*.jpg"))}


def test_photos_in_colour(colours):
    assert {name: judged(photo) for name, photo in colours.items()} == dict.fromkeys(
        colours, Tone.COLOUR
    )
    assert len(colours) >= 7


def test_grey_is_grey(grey):
    assert judged(grey) is Tone.GREY


def test_chroma_noise_is_no_colour(grey):
    noise = np.random.default_rng(0).normal(0, 12, (grey.height, grey.width, 3))
    noisy = np.asarray(grey, float)[..., None] + noise
    picture = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    assert judged(as_jpeg(picture, 50)) is not Tone.COLOUR


@pytest.mark.parametrize("tone", [SEPIA, CYANOTYPE, SELENIUM], ids=["sepia", "cyan", "selenium"])
@pytest.mark.parametrize("quality", [75, 95])
def test_toned_prints(grey, tone, quality):
    black, white, middle = tone
    toned = ImageOps.colorize(grey, black, white, middle)
    assert judged(as_jpeg(toned, quality)) is Tone.TINTED


def test_a_coloured_stamp_does_not_make_a_colour_photo(grey):
    stamped = grey.convert("RGB")
    width, height = stamped.size
    stamped.paste("#c82828", (width - width // 7, height - height // 8, width - 9, height - 9))
    assert judged(stamped) is not Tone.COLOUR


def test_yellowed_paper_around_a_grey_photo(grey):
    paper = ImageOps.expand(grey.convert("RGB"), min(grey.size) // 8, "#e8d6aa")
    assert judged(paper) is Tone.TINTED


@pytest.mark.parametrize("strength", [0.6, 0.4])
def test_faded_colour_is_colour(colours, strength):
    found = []
    for photo in colours.values():
        pixels = np.asarray(photo, float)
        faded = strength * pixels + (1 - strength) * pixels.mean(axis=2, keepdims=True)
        found.append(judged(Image.fromarray((faded * [1, 0.95, 0.85]).astype(np.uint8))))
    assert found.count(Tone.COLOUR) >= len(found) - 1


def test_a_hand_tinted_print_is_in_colour(examples):
    """Cheeks, a dress and the sky, as such prints have them."""
    print_ = np.asarray(Image.open(examples / "students.jpg").convert("L"), float)
    tint = np.zeros((*print_.shape, 3))
    height, width = print_.shape
    tint[: height // 4] = (-30, -5, 25)
    tint[height // 2 :, width // 3 : width // 2] = (40, -20, -20)
    tint[height // 3 : height // 2, width // 2 :] = (-25, 20, -25)
    tinted = Image.fromarray((print_[..., None] + tint).clip(0, 255).astype(np.uint8))
    assert judged(tinted) is Tone.COLOUR


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (3, 2, 3)])
def test_pictures_without_room(shape):
    assert tone_of(np.full(shape, 0.5, np.float32)) is Tone.GREY


def test_colour_is_refused_where_asked(examples):
    colorizer = Colorizer(threads=1)
    photo = examples / "colour" / "cat.jpg"
    with pytest.raises(InColorError, match="--recolour") as error:
        colorizer.colorize(photo, recolour=False)
    assert "cat.jpg" in str(error.value)
    assert colorizer.colorize(photo).rgb.shape == (300, 451, 3)
    assert colorizer.colorize(examples / "cat.jpg", recolour=False).rgb.shape == (300, 451, 3)
