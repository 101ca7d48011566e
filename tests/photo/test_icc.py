import io

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from photochrom.color.lab import RGB_FROM_XYZ
from photochrom.color.rgb_space import SRGB
from photochrom.photo import Photo
from photochrom.photo.icc import is_gray, rgb_profile_for_gray, space_of, srgb_profile
from support import pictures
from support.colored import saved

KINDS = np.dtype(np.uint8), np.dtype(np.uint16)
ALL = pictures.GRAY_PROFILES | pictures.RGB_PROFILES


def by_lcms(codes, profile):
    """sRGB in 0..1 as libvips and lcms make it of 16-bit codes, (H, W, bands)."""
    kind = "grey16" if codes.shape[2] == 1 else "rgb16"
    image = pyvips.Image.new_from_array(codes).copy(interpretation=kind)
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image.icc_transform("srgb", embedded=True, depth=16).numpy() / 65535


@pytest.mark.parametrize("name", ALL)
def test_a_space_means_what_lcms_says(name):
    profile = ALL[name]
    bands = 1 if is_gray(profile) else 3
    codes = np.random.default_rng(0).integers(8000, 65536, (64, 64, bands)).astype(np.uint16)
    if bands == 3:  # so little chroma that sRGB holds it
        codes = (0.2 * codes + 0.8 * codes.mean(axis=2, keepdims=True)).astype(np.uint16)
    space = space_of(profile)
    linear = (
        space.curve.decode(codes) @ (RGB_FROM_XYZ @ space.xyz_from_rgb).T[-bands:]
        if (bands == 3)
        else np.repeat(space.curve.decode(codes), 3, axis=2)
    )
    found = SRGB.curve.encode(linear.astype(np.float32).clip(0, 1), np.dtype(np.float32))
    assert np.abs(found - by_lcms(codes, profile)).max() < 0.004  # one 8-bit code; lcms rounds
    assert space is not SRGB


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", ALL)
def test_codes_go_there_and_back(name, kind):
    curve = space_of(ALL[name]).curve
    codes = np.arange(np.iinfo(kind).max + 1).astype(kind)
    there_and_back = curve.encode(curve.decode(codes), kind)
    if name == "dot gain 20 %":  # black and white ends of the screen are flat
        same = there_and_back == codes
        assert same.mean() > 0.8
    else:
        assert np.array_equal(there_and_back, codes)


def test_srgb_is_known_whoever_wrote_it():
    assert space_of(srgb_profile()) is SRGB
    written = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert space_of(written) is SRGB


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_damaged_profiles_are_no_spaces(share):
    whole = pictures.RGB_PROFILES["Display P3"]
    assert space_of(whole[: int(len(whole) * share)]) is None


def test_noise_is_no_space():
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(pictures.RGB_PROFILES["Display P3"])
        for place in random.integers(128, len(damaged), 8):
            damaged[place] = random.integers(256)
        found = space_of(bytes(damaged))
        assert found is None or np.isfinite(found.xyz_from_rgb).all()


def test_lookup_tables_are_left_to_lcms():
    tags = {b"A2B0": bytes(64), b"kTRC": pictures.gamma(2.2)}
    assert space_of(pictures.profile(b"RGB ", tags)) is None


def png_with(profile, bands=1, dtype=np.uint8):
    picture = pictures.scene(bands, dtype).squeeze()
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", icc_profile=profile)
    return stream.getvalue()


@pytest.mark.parametrize("name", pictures.GRAY_PROFILES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_gray_profile_kept_keeps_the_codes(tmp_path, name, dtype):
    profile = pictures.GRAY_PROFILES[name]
    photo = Photo(png_with(profile, 1, dtype))
    target = saved(photo, tmp_path / "out.png", ab=(0, 0), profile="keep")
    after = pyvips.Image.new_from_file(str(target))
    codes = after.numpy()
    wanted = pictures.scene(1, dtype)
    if name != "dot gain 20 %":
        assert np.array_equal(codes, np.repeat(wanted, 3, axis=2))
    written = after.get("icc-profile-data")
    assert not is_gray(written)
    # lcms says of the result what it says of the photo
    scale = 257 if dtype == np.uint8 else 1
    after, before = (array.astype(np.uint16) * scale for array in (codes, wanted))
    assert np.abs(by_lcms(after, written) - by_lcms(before, profile)).max() < 0.006


@pytest.mark.parametrize("name", ALL)
def test_into_srgb_the_lightness_is_kept(tmp_path, name, lab_of):
    profile = ALL[name]
    bands = 1 if is_gray(profile) else 3
    data = png_with(profile, bands)
    target = saved(Photo(data), tmp_path / "out.tif")
    after = pyvips.Image.new_from_file(str(target))
    assert space_of(after.get("icc-profile-data")) is SRGB
    before = by_lcms(pictures.scene(bands).astype(np.uint16) * 257, profile)
    wanted = lab_of(np.rint(before * 65535).astype(np.uint16))[..., 0]
    assert np.abs(lab_of(after.numpy())[..., 0] - wanted).mean() < 0.2  # 8-bit rounding
    assert np.abs(lab_of(after.numpy())[..., 1]).mean() > 5


@pytest.mark.parametrize("name", pictures.RGB_PROFILES)
def test_a_wide_profile_kept_holds_wider_colors(tmp_path, name):
    profile = pictures.RGB_PROFILES[name]
    photo = Photo(png_with(profile, 3))
    green = {}
    for how in ("srgb", "keep"):
        target = saved(photo, tmp_path / f"{how}.png", ab=(-110, 60), profile=how)
        image = pyvips.Image.new_from_file(str(target))
        assert (image.get("icc-profile-data") == profile) == (how == "keep")
        lab = image.icc_import(embedded=True, pcs="lab").numpy()
        green[how] = lab[..., 1].mean()
    assert green["keep"] < green["srgb"] - 3


def test_a_twin_is_a_profile_that_others_read():
    twin = rgb_profile_for_gray(pictures.GRAY_PROFILES["gamma 2.2"])
    opened = ImageCms.ImageCmsProfile(io.BytesIO(twin))
    assert "BT.709" in ImageCms.getProfileDescription(opened)
    assert opened.profile.xcolor_space == "RGB "


def test_a_useless_profile_is_said_and_left_out(tmp_path):
    broken = pictures.RGB_PROFILES["Adobe RGB"][:200] + bytes(100)
    image = pyvips.Image.new_from_array(pictures.scene(3)).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", broken)
    image.write_to_file(str(tmp_path / "broken.tif"))
    photo = Photo(tmp_path / "broken.tif")
    if photo.profile is None:  # libvips may have left it out itself while writing
        assert photo.notes == () or "ICC profile" in photo.notes[0]
    after = Photo(saved(photo, tmp_path / "out.tif"))
    assert after.space is SRGB
