from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb, linear_from_srgb, luminance_from_lightness
from photochrom.workshop.evaluation import degradations
from photochrom.workshop.evaluation.degradations import DEGRADATIONS, Degraded

pytestmark = pytest.mark.workshop

NAMES = ("cat", "harbour", "students")
NOISY = {"noise and grain", "scan border"}
"""Those that draw random numbers."""


@pytest.fixture(scope="module")
def photos(examples) -> dict[str, np.ndarray]:
    """Colour photos with a short side of about 256 pixels, like those that are scored."""
    found = {}
    for name in NAMES:
        with Image.open(examples / "color" / f"{name}.jpg") as image:
            image.thumbnail((384, 384))
            found[name] = np.asarray(image.convert("RGB"))
    return found


def degrade(name: str, photo: np.ndarray, seed: int = 0) -> Degraded:
    return DEGRADATIONS[name](photo, np.random.default_rng(seed))


def lightness(photo: np.ndarray) -> np.ndarray:
    rgb = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, axis=2)
    return lab_from_srgb(rgb.astype(np.float32) / 255)[..., 0]


def cells(picture: np.ndarray, side: int = 16) -> np.ndarray:
    """Means over squares of `side` pixels; what is left over at the far edges is dropped."""
    height, width = (length // side for length in picture.shape)
    whole = picture[: height * side, : width * side]
    return whole.reshape(height, side, width, side).mean(axis=(1, 3))


def jumps(picture: np.ndarray) -> np.ndarray:
    """Mean step between every column and the next."""
    return np.abs(np.diff(picture, axis=1)).mean(axis=0)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_what_every_degradation_keeps(photos, name) -> None:
    for photo in photos.values():
        before = photo.copy()
        found = degrade(name, photo)
        assert np.array_equal(photo, before)
        assert found.photo.dtype == np.uint8
        assert found.photo.ndim == (3 if name == "sepia" else 2)
        height, width = photo.shape[:2]
        part = found.photo[found.top : found.top + height, found.left : found.left + width]
        assert part.shape[:2] == (height, width)
        # Still the same picture, and where it is said to be; measured 0.89 (blue-sensitive
        # film, a red subject) to 1.00.
        one, other = (cells(lightness(picture)).ravel() for picture in (part, photo))
        assert np.corrcoef(one, other)[0, 1] > 0.85
        again, other = degrade(name, photo), degrade(name, photo, seed=1)
        assert np.array_equal(found.photo, again.photo)
        assert (name in NOISY) != np.array_equal(found.photo, other.photo)


@pytest.mark.parametrize("name", [name for name in DEGRADATIONS if name != "scan border"])
def test_it_shows(photos, name) -> None:
    for photo in photos.values():
        change = lightness(degrade(name, photo).photo) - lightness(photo)
        assert np.abs(change).mean() > 1  # about the least that one can see


@pytest.mark.parametrize("name", ["red-blind film", "blue-sensitive film"])
def test_film_sees_red_dark_and_blue_light(name) -> None:
    patches = np.zeros((8, 24, 3), np.uint8)
    patches[:, :8], patches[:, 8:16], patches[:, 16:] = (200, 30, 30), (40, 60, 200), (128,) * 3
    seen = lightness(degrade(name, patches).photo)
    real = lightness(patches)
    assert seen[0, 0] < real[0, 0] - 10
    assert seen[0, 8] > real[0, 8] + 10
    assert seen[0, 16] == pytest.approx(real[0, 16], abs=0.3)  # a grey code's rounding


def test_blue_sensitive_film_sees_less_green() -> None:
    green = np.full((8, 8, 3), (60, 160, 50), np.uint8)
    orthochromatic, blue = (
        lightness(degrade(name, green).photo).mean()
        for name in ("red-blind film", "blue-sensitive film")
    )
    assert blue < orthochromatic - 10


def test_sepia_is_a_tint(photos) -> None:
    for photo in photos.values():
        toned = degrade("sepia", photo).photo
        lab = lab_from_srgb(toned.astype(np.float32) / 255)
        black, paper = degradations.SEPIA_RANGE
        wanted = black + (paper - black) * lightness(photo) / 100
        assert np.abs(lab[..., 0] - wanted).max() < 0.6  # 8-bit rounding of three channels
        middle = np.abs(lab[..., 0] - 50) < 5
        tint = degradations.SEPIA_AB + np.array(degradations.SEPIA_PAPER_AB) / 4
        assert lab[middle][:, 1:].mean(axis=0) == pytest.approx(tint, abs=1)


def test_the_pipeline_reduces_sepia_to_lightness(photos, colorizer) -> None:
    """A toned print gets the colours that its own lightness in grey gets."""
    for photo in photos.values():
        toned = degrade("sepia", photo).photo
        gray = degradations._gray(lightness(toned))
        one, other = colorizer.colorize(toned), colorizer.colorize(gray)
        # Two roundings to 8 bit apart; colours that differ by 2.3 look just different.
        assert np.linalg.norm(one.ab - other.ab, axis=-1).mean() < 1


def test_faded_tones_keep_their_order(photos) -> None:
    for photo in photos.values():
        faded, tones = degrade("low contrast", photo).photo, lightness(photo)
        assert degradations.FADED_RANGE[0] - 1 < lightness(faded).min()
        assert lightness(faded).max() < degradations.FADED_RANGE[1] + 1
        by_tone = faded.ravel()[tones.ravel().argsort()].astype(int)
        assert np.diff(by_tone).min() >= 0


def test_grain_is_strongest_in_mid_tones_and_in_clumps() -> None:
    tones = np.full((256, 384, 3), 5, np.uint8)
    tones[:, 192:] = 119  # L 50
    noise = lightness(degrade("noise and grain", tones).photo) - lightness(tones)
    dark, middle = noise[:, :192], noise[:, 192:]
    assert middle.std() == pytest.approx(
        np.hypot(degradations.GRAIN, degradations.SENSOR_NOISE), rel=0.1
    )
    assert dark.std() < middle.std() / 2
    neighbors = np.corrcoef(middle[:, :-1].ravel(), middle[:, 1:].ravel())[0, 1]
    assert neighbors > 0.2  # white noise: 0 within 0.005


def test_blur_spreads_light(photos) -> None:
    for photo in photos.values():
        sharp, soft = lightness(photo), lightness(degrade("blur", photo).photo)
        assert jumps(soft).mean() < jumps(sharp).mean() / 1.5
        light = [luminance_from_lightness(tones).mean() for tones in (sharp, soft)]
        assert light[1] == pytest.approx(light[0], rel=0.02)  # what lies at the edges


def test_jpeg_has_blocks(photos) -> None:
    for photo in photos.values():
        before = jumps(lightness(photo))
        after = jumps(lightness(degrade("JPEG", photo).photo))
        gain = after / before
        seams = np.arange(len(gain)) % 8 == 7
        assert gain[seams].mean() > 1.05 * gain[~seams].mean()


def test_dots_cover_what_the_tone_asks_for(photos) -> None:
    for photo in photos.values():
        real = linear_from_srgb(photo.astype(np.float32) / 255) @ [0.2126729, 0.7151522, 0.072175]
        dots = degrade("half-tone", photo).photo
        printed = linear_from_srgb(dots.astype(np.float32) / 255)
        ink, paper = luminance_from_lightness(np.array(degradations.SCREEN_RANGE, np.float32))
        assert ink - 0.01 < printed.min()
        assert printed.max() < paper + 0.01
        # Over 32 x 32 pixels, a hundred dots; a dot more or less is a hundredth.
        assert np.abs(cells(real, 32) - cells((printed - ink) / (paper - ink), 32)).max() < 0.03


def test_border(photos) -> None:
    for photo in photos.values():
        scan = degrade("scan border", photo)
        height, width = photo.shape[:2]
        whole = lightness(scan.photo)
        inside = whole[scan.top : scan.top + height, scan.left : scan.left + width]
        assert np.abs(inside - lightness(photo)).max() < 0.6  # one rounding to 8 bit
        assert whole.shape[0] > height
        assert whole.shape[1] > width
        assert whole[0].max() < 25  # the lid
        assert whole[scan.top - 2, scan.left : scan.left + width].min() > 85  # the mount
        share = (whole.size / inside.size) ** 0.5 - 1
        assert 0.1 < share < 0.22  # about 8 % a side
