import io
import re
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms, ImageOps

from photochrom.errors import OutputExistsError, PhotoError
from photochrom.filters.upsample import LinearChroma
from photochrom.options import SaveOptions
from photochrom.photo import WRITTEN, Page, Photo, Turn, encode, kind_of, write
from photochrom.photo.codecs import optional as optional_codecs
from photochrom.photo.formats import JPEG
from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from photochrom.photo.reader import Source
from photochrom.photo.strips import Coding
from photochrom.pipeline.full_size import colored_strips

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'dc:source="Album 7, page 3"/></rdf:RDF></x:xmpmeta>'
)
ORIENTATION, MAKE = 274, 271


def tinted(photo):
    """The photo's strips, all in one colour."""
    offset = np.broadcast_to(np.float32([20, 15]), (2, 2, 2)).copy()
    chroma = LinearChroma(np.zeros_like(offset), offset)
    return colored_strips(photo.strips(), photo.plan, chroma)


def page(photo, strips):
    return Page(photo, strips, Coding(photo.space, photo.stored_dtype), False)


def save(photo, strips, target, **saving):
    write([page(photo, strips)], target, SaveOptions(**saving))


def pixels_of(photo):
    return photo.strips()(0, photo.height)


def one_line(error, name):
    text = str(error.value)
    assert name in text
    assert "\n" not in text
    return text


@pytest.fixture
def cat(examples):
    return Image.open(examples / "cat.jpg")


# Opening


def test_path_bytes_and_array_are_the_same_photo(cat, tmp_path):
    path = tmp_path / "cat.png"
    cat.save(path)
    array = np.asarray(cat)
    for source in (path, path.read_bytes(), array):
        photo = Photo(source)
        assert (photo.height, photo.width, photo.bands) == (300, 451, 1)
        assert photo.upright_size == (300, 451)
        assert photo.dtype == np.uint8
        assert photo.suffix == ".png"
        assert np.array_equal(pixels_of(photo)[..., 0], array)


@pytest.mark.parametrize(
    ("mode", "bands", "colors"), [("L", 1, 1), ("LA", 2, 1), ("RGB", 3, 3), ("RGBA", 4, 3)]
)
def test_bands(cat, tmp_path, mode, bands, colors):
    cat.convert(mode).save(tmp_path / "cat.png")
    photo = Photo(tmp_path / "cat.png")
    assert (photo.bands, photo.color_bands) == (bands, colors)
    assert photo.small_copy(64, 96).shape == (64, 96, 3)


@pytest.mark.parametrize("mode", ["1", "P"])
def test_packed_pixels_are_unpacked(cat, tmp_path, mode):
    packed = cat.convert("RGB").convert(mode)
    packed.save(tmp_path / "cat.png")
    found = pixels_of(Photo(tmp_path / "cat.png"))
    wanted = np.asarray(packed.convert("RGB" if found.shape[2] == 3 else "L"))
    assert np.array_equal(found.squeeze(), wanted)


def test_16_bit(cat, tmp_path):
    codes = np.asarray(cat).astype(np.uint16) * 257 - 3
    tifffile.imwrite(tmp_path / "cat.tif", codes)
    Image.fromarray(codes).save(tmp_path / "cat.png")
    for name in ("cat.tif", "cat.png"):
        photo = Photo(tmp_path / name)
        assert photo.dtype == np.uint16
        assert np.array_equal(pixels_of(photo)[..., 0], codes)
    assert np.array_equal(pixels_of(Photo(codes))[..., 0], codes)


def test_cmyk_becomes_srgb(examples, tmp_path):
    with Image.open(examples / "color" / "cat.jpg") as photo:
        photo.convert("CMYK").save(tmp_path / "cat.jpg", quality=95)
    photo = Photo(tmp_path / "cat.jpg")
    assert (photo.bands, photo.stored_dtype, photo.bits) == (3, np.uint8, 8)
    assert photo.dtype == np.uint16  # the conversion loses nothing


def test_other_profiles_are_applied(examples, tmp_path):
    """The numbers of a Display P3 file are not sRGB's; its profile says what they mean."""
    path = tmp_path / "cat.png"
    original = pyvips.Image.new_from_file(str(examples / "color" / "cat.jpg"))
    wide = original.icc_transform("p3", input_profile="srgb", embedded=False)
    wide.write_to_file(str(path))
    wanted = original.numpy().astype(int)
    assert np.abs(wide.numpy() - wanted).mean() > 2  # measured 3.6: the test can tell
    # Out and back in 8 bit: rounding.
    found = Photo(path).small_copy(*wanted.shape[:2]) * 255
    assert np.abs(found - wanted).mean() < 1


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turn_agrees_with_pillow(tmp_path, orientation):
    stored = np.random.default_rng(0).integers(0, 256, (5, 8, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "photo.tif"
    Image.fromarray(stored).save(path, exif=exif)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    turn = Turn.from_exif(orientation)
    assert np.array_equal(turn.apply(stored), wanted)
    quarters, mirrored = turn.undo()
    assert np.array_equal(Turn(quarters, mirrored).apply(wanted), stored)
    photo = Photo(path)
    assert photo.turn == turn
    assert photo.upright_size == wanted.shape[:2]
    assert np.array_equal(pixels_of(photo), stored)


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_impossible_orientations_turn_nothing(orientation):
    assert Turn.from_exif(orientation) == Turn()


def test_which_formats_keep_the_tag():
    kept = [s for s in (".jpg", ".JPEG", ".tif", ".png", ".webp") if kind_of(s).tagged]
    assert kept == [".jpg", ".JPEG", ".tif"]


# The small copy


def reference(picture, height, width):
    """Pillow's reduction of the same picture, (height, width, 3), 0..1."""
    small = picture.convert("RGB").resize((width, height), Image.Resampling.BOX)
    return np.asarray(small).astype(np.float32) / 255


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("size", [(451, 300), (1024, 649), (1021, 811), (2039, 1291), (3001, 1907)])
def test_small_copy_lies_where_the_photo_does(examples, tmp_path, suffix, size):
    """JPEGs are reduced by the decoder, 8 x 8 blocks at a time: no half-pixel may be lost."""
    with Image.open(examples / "color" / "students.jpg") as original:
        picture = original.resize(size, Image.Resampling.BICUBIC)
    path = tmp_path / f"photo{suffix}"
    picture.save(path, **({"quality": 95} if suffix == ".jpg" else {"compress_level": 1}))
    with Image.open(path) as saved:
        wanted = reference(saved, 192, 288)
    found = Photo(path).small_copy(192, 288)
    assert found.dtype == np.float32
    # A box and a triangle filter differ at edges: measured 0.005 to 0.007 on average.
    assert np.abs(found - wanted).mean() < 0.012

    def distance(rows, columns):
        moved = np.roll(wanted, (rows, columns), axis=(0, 1))
        return np.square(found - moved)[8:-8, 8:-8].mean()

    # A parabola through the errors of shifts by a pixel has its lowest point at the true offset.
    for axis in (0, 1):
        back, middle, ahead = (distance(*np.roll((s, 0), axis)) for s in (-1, 0, 1))
        offset = (back - ahead) / (2 * (back - 2 * middle + ahead))
        assert abs(offset) < 0.1  # pixels of the small copy


def test_small_copy_of_16_bit_is_that_of_8_bit(cat):
    codes = np.asarray(cat)
    low, high = Photo(codes), Photo(codes.astype(np.uint16) * 257)
    assert np.abs(low.small_copy(64, 96) - high.small_copy(64, 96)).max() < 1e-5  # float32


def test_small_copy_may_be_larger(cat):
    found = Photo(np.asarray(cat)[:3, :5]).small_copy(32, 64)
    assert found.shape == (32, 64, 3)
    assert 0 <= found.min() <= found.max() <= 1


# Writing


@pytest.fixture
def album_page(cat):
    """Encode the cat with everything a photo can carry."""

    def save(path, **options):
        exif = Image.Exif()
        exif[MAKE] = "Voigtlander"
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        if path.suffix == ".jpg":
            options["xmp"] = XMP
        # An RGB profile does not belong on a grey picture.
        cat.convert("RGB").save(path, exif=exif, icc_profile=profile, dpi=(300, 300), **options)
        return path

    return save


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_metadata_is_carried(album_page, tmp_path, suffix):
    source = album_page(tmp_path / f"page{suffix}")
    photo = Photo(source)
    target = tmp_path / f"out{suffix}"
    save(photo, tinted(photo), target)
    with Image.open(source) as before, Image.open(target) as after:
        assert after.size == before.size
        if suffix != ".tif":  # in a TIFF the maker is a tag of the file, not of its EXIF
            assert after.getexif()[MAKE] == "Voigtlander"
        assert after.info["icc_profile"] == before.info["icc_profile"]
        assert after.info["dpi"] == pytest.approx((300, 300), abs=0.1)  # PNG counts a metre


def test_xmp_is_merged_and_marked(album_page, tmp_path):
    photo = Photo(album_page(tmp_path / "page.jpg"))
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        target = tmp_path / f"out{suffix}"
        save(photo, tinted(photo), target)
        packet = bytes(pyvips.Image.new_from_file(str(target)).get("xmp-data"))
        assert SOURCE_TYPE.encode() in packet, suffix
        assert b"Album 7, page 3" in packet, suffix


def test_without_a_mark_the_xmp_stays_as_it_was(album_page, tmp_path):
    photo = Photo(album_page(tmp_path / "page.jpg"))
    save(photo, tinted(photo), tmp_path / "out.jpg", mark=False)
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.info["xmp"] == XMP


def test_a_photo_without_metadata_is_marked_too(cat, tmp_path):
    photo = Photo(np.asarray(cat))
    save(photo, tinted(photo), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert SOURCE_TYPE.encode() in after.info["xmp"]


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.name)
def test_quality_counts_where_the_kind_says_so(cat, kind):
    photo = Photo(np.asarray(cat))
    sizes = [
        len(encode([page(photo, tinted(photo))], kind.suffix, SaveOptions(quality=q)))
        for q in (20, 60, 95)
    ]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == (3 if kind.quality else 1)


def test_packages_write_only_their_own_kinds(cat):
    with pytest.raises(PhotoError, match="no package here writes JPEG"):
        optional_codecs.encode(np.asarray(cat.convert("RGB")), JPEG, "cat.jpg", quality=95)


def failing(photo):
    yield next(tinted(photo))
    raise PhotoError(None, "the photo vanished")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("existing", [None, b"yesterday's result"])
def test_a_failure_leaves_nothing_and_changes_nothing(tmp_path, suffix, existing):
    tall = np.tile(np.arange(256, dtype=np.uint8), (2000, 1))  # several strips
    photo = Photo(tall)
    target = tmp_path / f"out{suffix}"
    if existing:
        target.write_bytes(existing)
    with pytest.raises(PhotoError, match="the photo vanished"):
        save(photo, failing(photo), target, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ([target.name] if existing else [])
    if existing:
        assert target.read_bytes() == existing


def test_a_success_leaves_one_file(cat, tmp_path):
    photo = Photo(np.asarray(cat))
    save(photo, tinted(photo), tmp_path / "out.png")
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]


def test_an_existing_file_is_kept(cat, tmp_path):
    photo = Photo(np.asarray(cat))
    target = tmp_path / "out.png"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError) as error:
        save(photo, tinted(photo), target)
    one_line(error, "out.png")
    assert target.read_bytes() == b"mine"
    save(photo, tinted(photo), target, overwrite=True)
    with Image.open(target) as after:
        assert after.size == (451, 300)


@pytest.mark.parametrize(
    ("name", "says"),
    [("out.bmp", "format"), ("out", "format"), ("missing/out.jpg", "does not exist")],
)
def test_names_that_cannot_be_written(cat, tmp_path, name, says):
    photo = Photo(np.asarray(cat))
    with pytest.raises(PhotoError, match=says) as error:
        save(photo, tinted(photo), tmp_path / name)
    one_line(error, name)
    assert not list(tmp_path.iterdir())


def test_a_name_too_long_for_the_disk(cat, tmp_path):
    photo = Photo(np.asarray(cat))
    name = "x" * 300 + ".png"
    with pytest.raises(PhotoError) as error:
        save(photo, tinted(photo), tmp_path / name)
    one_line(error, name)


def test_a_folder_that_cannot_be_written_to(cat):
    """/proc takes no files, not even from root; where there is none, it is a missing folder."""
    photo = Photo(np.asarray(cat))
    with pytest.raises(PhotoError) as error:
        save(photo, tinted(photo), Path("/proc/out.png"))
    one_line(error, "/proc")


def test_a_folder_that_vanishes(cat, tmp_path):
    photo = Photo(np.asarray(cat))
    folder = tmp_path / "stick"
    folder.mkdir()

    def pull_the_stick():
        for part in folder.iterdir():
            part.unlink()
        folder.rmdir()
        yield from tinted(photo)

    with pytest.raises(PhotoError) as error:
        save(photo, pull_the_stick(), folder / "out.png")
    one_line(error, "out.png")


# Photos that cannot be read


def cut(path, source, share=0.5):
    """The first part of a file, as an interrupted copy leaves it."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_missing_file(tmp_path):
    with pytest.raises(PhotoError, match="no such file") as error:
        Photo(tmp_path / "nowhere.jpg")
    one_line(error, "nowhere.jpg")


def test_a_folder(tmp_path):
    with pytest.raises(PhotoError, match="folder") as error:
        Photo(tmp_path)
    one_line(error, str(tmp_path))


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PhotoError, match="empty") as error:
        Photo(tmp_path / "empty.jpg")
    one_line(error, "empty.jpg")


def test_no_bytes():
    with pytest.raises(PhotoError, match="no bytes") as error:
        Photo(b"", "standard input")
    one_line(error, "standard input")


def test_a_name_too_long_to_exist(tmp_path):
    name = "x" * 300 + ".jpg"
    with pytest.raises(PhotoError) as error:
        Photo(tmp_path / name)
    one_line(error, name)


def test_text_named_jpg(tmp_path):
    path = tmp_path / "letter.jpg"
    path.write_text("Dear grandmother,\nthank you for the photograph.\n")
    with pytest.raises(PhotoError, match="not an image") as error:
        Photo(path)
    one_line(error, "letter.jpg")
    with pytest.raises(PhotoError, match="not an image") as error:
        Photo(path.read_bytes(), "standard input")
    one_line(error, "standard input")


@pytest.mark.parametrize("dtype", [np.int16, np.uint32])
def test_unusual_samples(cat, tmp_path, dtype):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, np.asarray(cat).astype(dtype))
    with pytest.raises(PhotoError, match="8 or 16 bit") as error:
        Photo(path)
    one_line(error, "scan.tif")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.complex128),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 0, 3), np.uint16),
    ],
    ids=lambda a: f"{a.dtype}-{a.shape}",
)
def test_unusual_arrays(array):
    with pytest.raises(PhotoError) as error:
        Photo(array)
    one_line(error, "the photo")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_truncated_in_the_small_pass(examples, tmp_path, suffix, share):
    with Image.open(examples / "harbour.jpg") as photo:
        photo.convert("RGB").save(tmp_path / f"whole{suffix}")
    path = cut(tmp_path / f"cut{suffix}", tmp_path / f"whole{suffix}", share)
    with pytest.raises(PhotoError) as error:
        Photo(path).small_copy(192, 416)
    assert re.search("damaged|not an image", one_line(error, f"cut{suffix}"))


def test_truncated_in_the_full_pass(examples, tmp_path, monkeypatch):
    """The file is cut between the two passes, so that only the second can notice.

    That it was changed at all is noticed too, and is not what is tested here.
    """
    monkeypatch.setattr(Source, "check_unchanged", lambda _: None)
    data = (examples / "harbour.jpg").read_bytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data)
    photo = Photo(path)
    photo.small_copy(192, 416)
    path.write_bytes(data[: len(data) // 2])
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        with pytest.raises(PhotoError, match="damaged") as error:
            save(photo, tinted(photo), tmp_path / f"out{suffix}")
        one_line(error, "cut.jpg")
    assert [p.name for p in tmp_path.iterdir()] == ["cut.jpg"]


def test_vanished_between_the_passes(examples, tmp_path):
    path = tmp_path / "gone.jpg"
    path.write_bytes((examples / "cat.jpg").read_bytes())
    photo = Photo(path)
    path.unlink()
    with pytest.raises(PhotoError) as error:
        photo.small_copy(64, 96)
    one_line(error, "gone.jpg")


def test_bytes_of_a_photo_in_memory(examples):
    data = (examples / "cat.jpg").read_bytes()
    photo = Photo(data)
    assert photo.suffix == ".jpg"
    encoded = encode([page(photo, tinted(photo))], ".png", SaveOptions())
    with Image.open(io.BytesIO(encoded)) as after:
        assert (after.format, after.size, after.mode) == ("PNG", (451, 300), "RGB")
