"""Every kind of file in, its own kind and others out, read again by other programs."""

import io

import netpbmfile
import numpy as np
import openjpeg
import pillow_heif
import pytest
import pyvips
import tifffile
from PIL import Image

from photochrom.errors import MissingExtraError, PhotoError
from photochrom.options import SaveOptions
from photochrom.photo import KINDS, Photo, kind_by_name, kind_of, losses
from photochrom.photo.formats import sniffed
from support import pictures
from support.colored import saved


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """All of `pictures.MADE`, as files."""
    folder = tmp_path_factory.mktemp("made")
    for name, (write_file, *_) in pictures.MADE.items():
        write_file(folder / name)
    return folder


def read(path):
    """Pixels as another program reads them, (H, W, bands), white at 1."""
    suffix = path.suffix
    if suffix == ".tif":
        pixels = tifffile.imread(path)
    elif suffix in (".ppm", ".pgm"):
        pixels = netpbmfile.imread(path)
    elif suffix == ".jp2":
        pixels = openjpeg.decode(path)
    elif suffix == ".heic":
        pixels = np.asarray(pillow_heif.open_heif(path))
    elif suffix == ".png":  # Pillow reduces 16-bit colour to 8
        pixels = pyvips.Image.new_from_file(str(path)).numpy()
    else:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    pixels = np.atleast_3d(pixels)
    full = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    return pixels / full


@pytest.mark.parametrize("name", pictures.MADE)
def test_what_is_read(made, name):
    _, bands, bits, error = pictures.MADE[name]
    photo = Photo(made / name)
    assert (photo.width, photo.height) == (pictures.WIDTH, pictures.HEIGHT)
    assert photo.bands == bands
    assert photo.bits == (bits if photo.stored_dtype.kind != "f" else 32) or name == "half.tif"
    wanted = pictures.scene(1, np.float32)
    small = photo.small_copy(pictures.HEIGHT, pictures.WIDTH)
    if error < 1:
        assert np.abs(small - wanted).max() <= error + 0.005  # 8-bit rounding


@pytest.mark.parametrize("name", pictures.MADE)
def test_its_own_kind_comes_out(made, tmp_path, name):
    photo = Photo(made / name)
    target = saved(photo, tmp_path / f"out{(made / name).suffix.replace('.pgm', '.ppm')}")
    after = Photo(target)
    assert kind_of(target) is after.kind
    assert (after.width, after.height) == (photo.width, photo.height)
    assert after.stored_dtype == photo.stored_dtype
    if target.suffix != ".gif":  # libvips gives every GIF a transparent entry
        assert after.alpha == photo.alpha
    found = read(target)
    small = photo.small_copy(photo.height, photo.width)
    color = found[..., :3]
    weights = np.array([0.2126, 0.7152, 0.0722])
    if ((small > 0.1) & (small < 0.9)).mean() > 0.1:  # black and white have room for none
        assert np.abs(color - color.mean(axis=2, keepdims=True)).mean() > 0.02
    light = ((np.maximum(color, 0.04045) + 0.055) / 1.055) ** 2.4 @ weights
    wanted = ((np.maximum(small, 0.04045) + 0.055) / 1.055) ** 2.4 @ weights
    lossy = target.suffix in (".jpg", ".gif", ".heic", ".webp")
    assert np.abs(light - wanted).mean() < (0.03 if lossy else 0.003)


@pytest.mark.parametrize(
    "name", ["grey.png", "deep.png", "deep.tif", "float.tif", "tiles.tif", "motorola.tif",
             "deep.pgm", "deep.jp2", "grey.pgm", "big.tif"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm", ".jp2"])
def test_grays_pass_unchanged(made, tmp_path, name, suffix):
    """Codes without colour come out as they went in, wherever the kind can hold them."""
    photo = Photo(made / name)
    if photo.stored_dtype.kind == "f" and suffix != ".tif":
        pytest.skip("rounds floats")
    target = saved(photo, tmp_path / f"out{suffix}", ab=(0, 0))
    found = read(target)
    original = np.concatenate([photo.strips()(0, photo.height)])
    full = 1.0 if photo.stored_dtype.kind == "f" else np.iinfo(photo.stored_dtype).max
    tolerance = 2e-6 if photo.stored_dtype.kind == "f" else 0
    for band in range(3):
        assert np.abs(found[..., band] - original[..., 0] / full).max() <= tolerance


def test_avif_of_8_and_of_12_bit(tmp_path):
    """Only libvips reads it here; so it is compared with what was put in."""
    for dtype, bits, error in ((np.uint8, 8, 0.02), (np.uint16, 12, 0.02)):
        photo = Photo(pictures.scene(1, dtype))
        target = saved(photo, tmp_path / f"{bits}.avif", quality=98)
        after = Photo(target)
        assert (after.bits, after.stored_dtype) == (bits, np.dtype(dtype))
        again = saved(after, tmp_path / f"again{bits}.avif", quality=98)
        assert Photo(again).bits == bits
        white = Photo(saved(Photo(np.full((64, 64), np.iinfo(dtype).max, dtype)),
                            tmp_path / f"white{bits}.avif", ab=(0, 0)))  # fmt: skip
        step = np.iinfo(dtype).max / (2**bits - 1)  # it is lossy
        assert white.strips()(0, 64).max() >= np.iinfo(dtype).max - 1.01 * step
        assert np.abs(after.small_copy(120, 160).mean() - photo.small_copy(120, 160).mean()) < error


def test_what_a_kind_cannot_hold_is_said(made):
    deep, clear = Photo(made / "deep.png"), Photo(made / "rgba.png")
    both, floats = Photo(made / "deep-rgba.tif"), Photo(made / "float.tif")
    said = {
        (photo, suffix): losses(photo, kind_of(suffix), SaveOptions())
        for photo in (deep, clear, both, floats)
        for suffix in (".jpg", ".png", ".tif", ".webp", ".avif", ".gif")
    }
    assert said[deep, ".jpg"] == ["16-bit depth"]
    assert said[deep, ".avif"] == ["16-bit depth"]
    assert said[deep, ".png"] == said[deep, ".tif"] == []
    assert said[clear, ".jpg"] == ["transparency"]
    assert said[clear, ".webp"] == []
    assert said[both, ".jpg"] == ["16-bit depth", "transparency"]
    assert said[floats, ".png"] == ["floating point"]
    assert said[floats, ".tif"] == []
    assert said[clear, ".gif"] == ["all but 256 colours", "partial transparency"]


def test_transparency_becomes_white_in_jpeg(tmp_path):
    picture = pictures.scene(4)
    picture[..., 3] = 0
    target = saved(Photo(picture), tmp_path / "out.jpg")
    assert read(target).min() > 0.98


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_suffix_has_one_kind(kind):
    assert all(kind_by_name(f"a{suffix.upper()}") is kind for suffix in kind.suffixes)
    written = kind if kind.written else None
    assert all(kind_of(f"a{suffix}") is written for suffix in kind.suffixes)


def test_the_name_does_not_decide_what_is_read(made, tmp_path):
    """A PNG called .jpg is read as what it is."""
    path = tmp_path / "wrong.jpg"
    path.write_bytes((made / "deep.png").read_bytes())
    photo = Photo(path)
    assert (photo.kind.name, photo.bits) == ("PNG", 16)


@pytest.mark.parametrize(
    "text",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"P7\n", b"BM", b"v", b"1,2\n3,4"],
)
def test_other_readers_of_libvips_are_never_asked(text):
    assert sniffed(text) is None
    with pytest.raises(
        PhotoError, match=r"not an image of a kind|, which Photochrom does not read"
    ):
        Photo(text)


@pytest.mark.parametrize(
    ("name", "package"),
    [("grey.pgm", "netpbmfile"), ("grey.jp2", "openjpeg"), ("rgb.heic", "pillow_heif")],
)
def test_without_its_package_a_kind_is_one_line(made, monkeypatch, name, package):
    import builtins
    import importlib

    real = importlib.import_module

    def missing(wanted, *rest):
        if wanted.split(".")[0] == package:
            raise ModuleNotFoundError(wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)
    assert builtins.__import__
    with pytest.raises(MissingExtraError, match=r"photochrom\[formats\]"):
        Photo(made / name)


@pytest.mark.parametrize("name", ["grey.png", "grey.jpg", "deep.tif", "grey.pgm", "grey.jp2",
                                  "rgb.heic", "grey.webp", "grey.gif"])  # fmt: skip
def test_too_many_pixels_are_refused(made, name):
    with pytest.raises(PhotoError, match="megapixels, the limit here is 0") as error:
        Photo(made / name, max_pixels=1000)
    assert "raise max_pixels" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_is_decoded():
    """41 kB that would be 40,000 x 40,000 pixels."""
    bomb = io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(bomb, "PNG")
    with pytest.raises(PhotoError, match="1600 megapixels, the limit here is 1000"):
        Photo(bomb.getvalue())
    interlaced = io.BytesIO()
    pyvips.Image.black(20_000, 10_000).pngsave_buffer(interlace=True)
    Image.new("1", (20_000, 10_000)).save(interlaced, "GIF")
    with pytest.raises(PhotoError, match="200 megapixels, the limit here is 150"):
        Photo(interlaced.getvalue())


def test_floats_beyond_white_and_nan_stay(tmp_path):
    picture = pictures.scene(1, np.float32)
    picture[:10, :10], picture[20:22, 20:22], picture[30, 30] = 1.7, np.nan, np.inf
    picture[40, 40] = -0.2
    tifffile.imwrite(tmp_path / "odd.tif", picture[..., 0])
    photo = Photo(tmp_path / "odd.tif")
    found = tifffile.imread(saved(photo, tmp_path / "out.tif"))
    odd = ~((picture >= 0) & (picture <= 1))[..., 0]
    for band in range(3):
        np.testing.assert_array_equal(found[odd, band], picture[odd, 0])
    assert np.isfinite(found[~odd]).all()
    assert np.isfinite(photo.small_copy(32, 64)).all()


def test_floats_of_another_range_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "wide.tif", pictures.scene(1, np.float32)[..., 0] * 255)
    with pytest.raises(PhotoError, match="white is 1"):
        Photo(tmp_path / "wide.tif").small_copy(32, 64)


def test_a_picture_too_small_for_jpeg_2000_is_one_line(tmp_path):
    photo = Photo(np.full((31, 90), 128, np.uint8))
    with pytest.raises(
        PhotoError, match=r"out\.jp2: 90 x 31 pixels are too few .*; choose another f"
    ):
        saved(photo, tmp_path / "out.jp2")
    assert not list(tmp_path.iterdir())


def test_whatever_a_package_raises_is_one_line(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("no memory for tiles\nof this size")

    monkeypatch.setattr("openjpeg.utils.encode_array", refuse)
    photo = Photo(np.full((64, 64), 128, np.uint8))
    wanted = r"out\.jp2: cannot be written as JPEG 2000 \(no memory for tiles\); choose another"
    with pytest.raises(PhotoError, match=wanted):
        saved(photo, tmp_path / "out.jp2")


@pytest.mark.parametrize("suffix", [".ppm", ".jp2", ".gif"])
def test_where_there_is_no_room_for_a_profile_codes_are_srgb(tmp_path, suffix):
    stream = io.BytesIO()
    profile = pictures.GRAY_PROFILES["linear"]
    Image.fromarray(pictures.scene()[..., 0]).save(stream, "PNG", icc_profile=profile)
    photo = Photo(stream.getvalue())
    saving = SaveOptions(profile="keep")
    assert "a profile, so its codes are sRGB" in losses(photo, kind_of(suffix), saving)
    kept = Photo(saved(photo, tmp_path / f"kept{suffix}", ab=(0, 0), profile="keep"))
    plain = Photo(saved(photo, tmp_path / f"plain{suffix}", ab=(0, 0)))
    assert np.array_equal(kept.small_copy(60, 80), plain.small_copy(60, 80))


def test_16_bit_into_heic_are_12(tmp_path):
    deep = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    target = saved(Photo(deep), tmp_path / "out.heic", ab=(0, 0), quality=100)
    assert pillow_heif.open_heif(target, convert_hdr_to_8bit=False).info["bit_depth"] == 12
    assert Photo(target).bits == 12


def test_a_resolution_in_exif_alone_is_kept(tmp_path):
    """As HEIC has it."""
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 300.0, 300.0, 2
    picture = pillow_heif.from_pillow(Image.fromarray(pictures.scene(3)))
    picture.save(tmp_path / "in.heic", exif=exif.tobytes())
    target = saved(Photo(tmp_path / "in.heic"), tmp_path / "out.jpg")
    with Image.open(target) as after:
        assert after.info["dpi"] == (300, 300)
        assert after.getexif()[282] == 300


def test_a_graymap_without_white_is_one_line():
    with pytest.raises(PhotoError, match="damaged"):
        Photo(b"P5\n2 2\n0\n\0\0\0\0")


def test_untrusted_loaders_are_blocked_and_all_kinds_are_read_all_the_same(tmp_path):
    """In a process of its own: it is for the whole process."""
    import subprocess
    import sys

    for name, (write, *_) in pictures.MADE.items():
        write(tmp_path / name)
    csv = tmp_path.parent / "table.csv"
    csv.write_text("1,2\n3,4\n")
    code = (
        "import sys; from pathlib import Path\n"
        "from photochrom._system.vips import block_untrusted, pyvips\n"
        "from photochrom.photo import Photo\n"
        "block_untrusted()\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()): Photo(path).small_copy(32, 32)\n"
        "pyvips.Operation.call('csvload', sys.argv[2])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(csv)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "csvload: operation is blocked" in done.stderr
