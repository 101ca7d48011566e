"""Repaired photos and their files: only damaged pixels change, and XMP says what was done."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from photochrom import ConfigError, PhotoError, RepairOptions, SaveOptions, colorize, repair
from photochrom.files import colorize_file, repair_file
from photochrom.photo import Photo


def draw(size, wide=False):
    """A mask with two scratches, and a stain where it is asked for."""
    picture = Image.new("L", size)
    pen = ImageDraw.Draw(picture)
    width, height = size
    pen.line([(width // 5, 0), (width // 2, height)], 255, 5)
    pen.line([(0, height // 2), (width, height // 3)], 255, 3)
    if wide:
        pen.ellipse([width * 3 // 5, height // 2, width * 3 // 5 + 60, height // 2 + 60], 255)
    return picture


@pytest.fixture
def clean(examples):
    return np.asarray(Image.open(examples / "cat.jpg").convert("L"))


@pytest.fixture
def mask(clean):
    return draw(clean.shape[::-1])


def damaged(clean, mask, dtype):
    """The photo with white scratches, in another type of number."""
    pixels = np.where(np.asarray(mask) > 0, 255, clean).astype(np.uint8)
    return pixels if dtype == np.uint8 else (pixels.astype(dtype) * 257)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_other_pixels_of_a_lossless_file_are_equal(clean, mask, suffix, dtype, tmp_path):
    before = damaged(clean, mask, dtype)
    source = tmp_path / f"scan{suffix}"
    Image.fromarray(before).save(source)
    mask.save(tmp_path / "mask.png")
    report = repair_file(source, options=RepairOptions(mask=tmp_path / "mask.png"))
    after = np.asarray(Image.open(tmp_path / f"scan.repaired{suffix}"))
    drawn = np.asarray(mask) > 0
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    assert np.array_equal(after[~drawn], before[~drawn])
    white = np.iinfo(dtype).max
    assert np.abs(after[drawn] / white - clean[drawn] / 255).mean() < 0.06
    assert np.abs(before[drawn] / white - clean[drawn] / 255).mean() > 0.3
    assert report.mended == pytest.approx(drawn.mean())
    assert report.model is None
    assert report.warnings == []


def test_xmp_says_what_was_done(clean, mask, tmp_path):
    repair_file(
        damaged(clean, mask, np.uint8), tmp_path / "a.png", RepairOptions(mask=np.asarray(mask))
    )
    xmp = Photo(tmp_path / "a.png").metadata.xmp
    assert b"digitalsourcetype/algorithmicallyEnhanced" in xmp
    share = (np.asarray(mask) > 0).mean()
    assert f"damage filled: {share:.4%} of the pixels; a given mask".encode() in xmp
    repair_file(
        tmp_path / "a.png",
        tmp_path / "b.png",
        RepairOptions(mask=np.asarray(mask)),
        SaveOptions(mark=False),
    )
    assert Photo(tmp_path / "b.png").metadata.xmp.count(b"damage filled") == 2


def test_what_is_wide_stays_and_is_said(clean, tmp_path):
    mask = draw(clean.shape[::-1], wide=True)
    before = damaged(clean, mask, np.uint8)
    report = repair_file(
        before,
        tmp_path / "a.png",
        RepairOptions(mask=np.asarray(mask), max_width=12),
        mask=tmp_path / "mask.png",
    )
    (warning,) = report.warnings
    assert "damaged more than 12 pixels wide, and stay as they are" in warning
    after = np.asarray(Image.open(tmp_path / "a.png"))
    height, width = clean.shape
    stain = np.s_[height // 2 + 20 : height // 2 + 40, width * 3 // 5 + 20 : width * 3 // 5 + 40]
    assert np.array_equal(after[stain], before[stain])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "mask.png")), np.asarray(mask))


def test_alpha_and_colors(clean, mask):
    """A toned scan with transparency: every colour is filled, alpha is left alone."""
    drawn = np.asarray(mask) > 0
    alpha = np.where(drawn, 200, 255).astype(np.uint8)
    tones = [damaged(clean, mask, np.uint8) // share for share in (1, 2, 3)]
    pixels = np.dstack([*tones, alpha])
    png = repair(pixels, mask=np.asarray(mask)).encode(".png")
    after = np.asarray(Image.open(io.BytesIO(png)))
    assert np.array_equal(after[..., 3], alpha)
    assert np.array_equal(after[~drawn], pixels[~drawn])
    for band, share in enumerate((1, 2, 3)):
        assert np.abs(after[..., band][drawn] - (clean // share)[drawn].astype(int)).mean() < 16


@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_turned_photos(clean, orientation, tmp_path):
    """The mask is that of the upright photo; the file keeps its orientation tag."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(clean).save(tmp_path / "scan.tif", exif=exif)
    photo = Photo(tmp_path / "scan.tif")
    mask = np.asarray(draw(photo.upright_size[::-1]))
    repaired = repair(photo, mask=mask)
    repaired.save(tmp_path / "out.tif")
    other = Photo(tmp_path / "out.tif")
    assert other.orientation == orientation
    changed = other.turn.apply(other.strips()(0, other.height)[..., 0]) != photo.turn.apply(clean)
    assert changed.any()
    assert not (changed & (mask == 0)).any()
    assert np.array_equal(repaired.damage_picture(), mask)


def test_grey_profile_is_kept(clean, mask, tmp_path):
    from photochrom.photo.icc import srgb_profile

    Image.fromarray(clean).convert("RGB").save(tmp_path / "a.png", icc_profile=srgb_profile())
    repair_file(tmp_path / "a.png", tmp_path / "b.png", RepairOptions(mask=np.asarray(mask)))
    with Image.open(tmp_path / "b.png") as picture:
        assert picture.info["icc_profile"] == srgb_profile()
    with pytest.raises(PhotoError, match="does not hold its 16-bit codes; write a TIFF or PNG"):
        repair_file(
            clean.astype(np.uint16) * 257, tmp_path / "b.jpg", RepairOptions(mask=np.asarray(mask))
        )


def test_colors_are_those_of_the_mended_photo(clean, mask, tmp_path):
    """The network sees the mended photo, and its pixels are coloured."""
    before = damaged(clean, mask, np.uint8)
    options = RepairOptions(mask=np.asarray(mask))
    report = colorize_file(before, tmp_path / "a.png", repair=options)
    expected = colorize(repair(before, options).photo)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), expected.rgb)
    assert report.mended == pytest.approx((np.asarray(mask) > 0).mean())
    assert report.model == "photochrom"
    sound = colorize(clean)
    whole = colorize(before)

    def distance(result):
        return np.abs(result.ab - sound.ab).mean()

    assert distance(expected) < 0.5 * distance(whole)


def test_reversible_results_hold_the_photos_own_pixels(clean, mask, tmp_path):
    Image.fromarray(damaged(clean, mask, np.uint8)).save(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="it is repaired"):
        colorize_file(
            tmp_path / "a.jpg",
            save=SaveOptions(reversible=True),
            repair=RepairOptions(mask=np.asarray(mask)),
        )


def test_pages(clean, mask, tmp_path):
    """Each page is searched; one mask for several pages is refused."""
    page = Image.fromarray(damaged(clean, mask, np.uint8))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page.transpose(1)])
    with pytest.raises(ConfigError, match="is one picture for 2 pages"):
        repair_file(tmp_path / "a.tif", options=RepairOptions(mask=np.asarray(mask)))


@pytest.mark.parametrize("keywords", [{"sensitivity": 1.1}, {"max_width": 0}, {"max_width": 49}])
def test_options_out_of_range(keywords):
    with pytest.raises(ConfigError, match="must lie in"):
        RepairOptions(**keywords)


def test_crop_and_turn(clean, mask):
    from photochrom import Crop

    repaired = repair(damaged(clean, mask, np.uint8), mask=np.asarray(mask))
    whole = np.asarray(Image.open(io.BytesIO(repaired.encode(".png"))))
    part = repaired.encode(".png", crop=Crop(30, 40, 200, 100), turn=90)
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(part))), np.rot90(whole[40:140, 30:230], -1)
    )
