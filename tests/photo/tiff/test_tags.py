"""EXIF and tags in TIFF, read again by tifffile and Pillow."""

import io
import struct

import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from photochrom.photo import Photo, from_exif
from photochrom.photo.metadata.exif import as_exif
from photochrom.photo.tiff.tags import (
    EXIF,
    GPS,
    Directory,
    Entry,
    append_tags,
    read_directories,
)
from support import pictures
from support.colored import saved

MAKE, DESCRIPTION, ARTIST, PRIVATE, ORIENTATION = 271, 270, 315, 65000, 274
EXPOSURE, MAKER_NOTE, COMMENT, LATITUDE = 33434, 37500, 37510, 2
NOTE = b"MAKER\0" + bytes(range(200))


def exif():
    """An EXIF block as Pillow makes it, with all of its directories."""
    made = Image.Exif()
    made[MAKE], made[DESCRIPTION], made[ARTIST] = "Voigtlander", "On the pier", "A. Person"
    made[PRIVATE] = "of the archive"
    details = made.get_ifd(EXIF)
    details[EXPOSURE], details[MAKER_NOTE] = IFDRational(1, 125), NOTE
    details[COMMENT] = b"ASCII\0\0\0hello"
    made.get_ifd(GPS)[LATITUDE] = (52.0, 30.0, 1.5)
    return made


@pytest.fixture
def scan(tmp_path):
    """A 16-bit TIFF with tags, EXIF and GPS."""
    pixels = pictures.scene(1, np.uint16)
    tags = exif()
    for tag, value in {256: 160, 257: 120, 258: 16, 259: 1, 262: 1, 273: 70_000, 277: 1, 278: 120,
                       279: pixels.nbytes, 282: IFDRational(600), 283: IFDRational(600),
                       296: 2}.items():  # fmt: skip
        tags[tag] = value
    path = tmp_path / "scan.tif"
    head = tags.tobytes()[6:]
    path.write_bytes(head + bytes(70_000) + pixels.astype("<u2").tobytes())  # Pillow adds its own
    return path


@pytest.fixture
def snapshot(tmp_path):
    path = tmp_path / "snapshot.jpg"
    Image.fromarray(pictures.scene()[..., 0]).save(path, exif=exif(), dpi=(600, 600))
    return path


def said(path):
    """What another program reads of a file's EXIF, tags first."""
    with Image.open(path) as picture:
        found = picture.getexif()
        return dict(found), dict(found.get_ifd(EXIF)), dict(found.get_ifd(GPS))


@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".png", ".webp", ".avif"])
@pytest.mark.parametrize("source", ["scan", "snapshot"])
def test_exif_goes_everywhere(request, tmp_path, source, suffix):
    photo = Photo(request.getfixturevalue(source))
    main, details, place = said(saved(photo, tmp_path / f"out{suffix}"))
    assert (main[MAKE], main[DESCRIPTION], main[ARTIST]) == (
        "Voigtlander", "On the pier", "A. Person"
    )  # fmt: skip
    assert float(details[EXPOSURE]) == pytest.approx(1 / 125)
    assert bytes(details[COMMENT]).endswith(b"hello")
    assert bytes(details[MAKER_NOTE])[:206] == NOTE
    assert tuple(map(float, place[LATITUDE])) == (52.0, 30.0, 1.5)


def test_private_tags_stay_in_a_tiff(scan, tmp_path):
    target = saved(Photo(scan), tmp_path / "out.tif")
    with tifffile.TiffFile(target) as after:
        tags = after.pages[0].tags
        assert tags[PRIVATE].value == "of the archive"
        assert tags[MAKE].value == "Voigtlander"
        assert tags["ExifTag"].value["ExposureTime"] == (1, 125)
        assert tags["GPSTag"].value["GPSLatitude"] == (52, 1, 30, 1, 3, 2)
        assert tags["XResolution"].value[0] / tags["XResolution"].value[1] == pytest.approx(600)
        assert after.pages[0].asarray().shape == (120, 160, 3)
        assert after.pages[0].dtype == np.uint16


def test_the_thumbnail_is_left_out(tmp_path):
    """It would show the photo grey."""
    small = io.BytesIO()
    Image.fromarray(pictures.scene()[::4, ::4, 0]).save(small, "JPEG")
    body = as_exif(from_exif(exif().tobytes()))[6:]
    main, second = struct.unpack("<I", body[4:8])[0], len(body)
    count = struct.unpack("<H", body[main : main + 2])[0]
    link = main + 2 + 12 * count
    thumbnail = struct.pack("<H", 2)
    for tag, value in ((513, second + 30), (514, len(small.getvalue()))):
        thumbnail += struct.pack("<HHII", tag, 4, 1, value)
    thumbnail += bytes(4)
    block = body[:link] + struct.pack("<I", second) + body[link + 4 :] + thumbnail
    block += small.getvalue()
    data = pictures.encoded(
        Image.fromarray(pictures.scene()[..., 0]), format="JPEG", exif=b"Exif\0\0" + block
    )
    before = pyvips.Image.new_from_buffer(data, "")
    assert before.get_typeof("jpeg-thumbnail-data")  # the test can tell
    after = pyvips.Image.new_from_file(str(saved(Photo(data), tmp_path / "out.jpg")))
    assert not after.get_typeof("jpeg-thumbnail-data")
    assert "Voigtlander" in after.get("exif-ifd0-Make")


def test_both_byte_orders_and_sizes_say_the_same(tmp_path):
    tags = [(DESCRIPTION, "s", 0, "On the pier", True), (PRIVATE, "H", 3, (1, 2, 65535), True)]
    tags.append((65001, "d", 2, (0.5, -1e300), True))
    wanted = None
    for order in "<>":
        for big in (False, True):
            path = tmp_path / f"{ord(order)}{big}.tif"
            tifffile.imwrite(path, pictures.scene()[..., 0], byteorder=order, bigtiff=big,
                             extratags=tags, metadata=None)  # fmt: skip
            with path.open("rb") as file:
                [found] = read_directories(file)
            words = found.descriptive_tags
            wanted = wanted or words
            assert words == wanted
    assert wanted.entries[PRIVATE].numbers() == (1, 2, 65535)


def with_note_at(place, size=1000):
    """An EXIF block whose maker's note lies at a place, the directories behind or before it."""
    note = bytes(range(250)) * (size // 250)
    words = Directory(
        {MAKE: Entry(2, 12, b"Voigtlander\0")},
        {EXIF: Directory({MAKER_NOTE: Entry(7, size, note, place)})},
    )
    return as_exif(words), note


@pytest.mark.parametrize("place", [8, 20, 518, 9000])
def test_a_makers_note_stays_where_it_was_in_a_jpeg(tmp_path, place):
    block, note = with_note_at(place)
    assert block[6 + place :].startswith(note)  # the test can tell
    path = tmp_path / "snapshot.jpg"
    Image.fromarray(pictures.scene()[..., 0]).save(path, exif=block)
    with Image.open(saved(Photo(path), tmp_path / "out.jpg")) as after:
        after.load()
        assert after.info["exif"][6 + place :].startswith(note)
        assert after.getexif()[MAKE] == "Voigtlander"
        assert after.info["jfif"]
    whole = (tmp_path / "out.jpg").read_bytes()
    assert whole.count(b"Exif\0\0") == 1
    assert whole[2:4] == b"\xff\xe0"  # JFIF comes first


def test_what_is_too_long_for_a_segment_is_left_out(tmp_path):
    path = tmp_path / "scan.tif"
    tags = [(ARTIST, "s", 0, "Anna", True), (PRIVATE, "B", 70_000, bytes(70_000), True)]
    tifffile.imwrite(path, pictures.scene()[..., 0], extratags=tags, metadata=None)
    with Image.open(saved(Photo(path), tmp_path / "out.jpg")) as after:
        assert after.getexif()[ARTIST] == "Anna"
        assert PRIVATE not in after.getexif()


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
@pytest.mark.parametrize(("profile", "space"), [("srgb", 1), ("keep", 65535)])
def test_exif_says_the_color_space_of_the_result(tmp_path, suffix, profile, space):
    made = exif()
    made.get_ifd(EXIF)[0xA001] = 1
    path = tmp_path / "snapshot.jpg"
    Image.fromarray(pictures.scene()[..., 0]).save(
        path, exif=made, icc_profile=pictures.GRAY_PROFILES["gamma 2.2"]
    )
    _, details, _ = said(saved(Photo(path), tmp_path / f"out{suffix}", profile=profile))
    assert details[0xA001] == space


def test_an_exif_block_goes_there_and_back():
    words = from_exif(exif().tobytes())
    assert from_exif(as_exif(words)) == words
    assert as_exif(Directory({})) is None


def test_words_are_added_and_pixels_stay(tmp_path):
    path = tmp_path / "two.tif"
    pages = [pictures.scene()[..., 0], 255 - pictures.scene()[..., 0]]
    tifffile.imwrite(path, pages[0], metadata=None)
    tifffile.imwrite(path, pages[1], append=True, metadata=None)
    texts = [Directory({ARTIST: Entry(2, 6, text + b"\0")}) for text in (b"Anna.", b"Berta")]
    append_tags(path, texts)
    with tifffile.TiffFile(path) as after:
        assert [page.tags[ARTIST].value for page in after.pages] == ["Anna.", "Berta"]
        for page, wanted in zip(after.pages, pages, strict=True):
            assert np.array_equal(page.asarray(), wanted)


@given(st.binary(max_size=300))
def test_noise_is_no_directory(noise):
    for data in (noise, b"II*\0\x08\0\0\0" + noise, b"MM\0+\0\x08\0\0" + noise):
        for directory in read_directories(io.BytesIO(data)):
            assert directory.data_end >= 0
            assert directory.descriptive_tags is not None
    from_exif(noise)


def test_circles_end(tmp_path):
    path = tmp_path / "circle.tif"
    tifffile.imwrite(path, pictures.scene()[..., 0], metadata=None)
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[first : first + 2])
    data[first + 2 + 12 * count : first + 6 + 12 * count] = struct.pack("<I", first)
    assert len(read_directories(io.BytesIO(bytes(data)))) == 1


def test_orientation_is_kept_in_a_tiff_and_applied_in_a_png(tmp_path):
    turned = exif()
    turned[ORIENTATION] = 6
    path = tmp_path / "scan.tif"
    Image.fromarray(pictures.scene(1, np.uint16)[..., 0]).save(path, exif=turned)
    from photochrom import Colorizer

    result = Colorizer(threads=1).colorize(path)
    result.save(tmp_path / "out.tif")
    result.save(tmp_path / "out.png")
    with tifffile.TiffFile(tmp_path / "out.tif") as after:
        assert after.pages[0].tags[ORIENTATION].value == 6
        assert after.pages[0].shape == (120, 160, 3)
    with Image.open(tmp_path / "out.png") as after:
        assert after.size == (120, 160)
        assert after.getexif().get(ORIENTATION, 1) == 1


def test_directories_that_point_to_themselves_end():
    """As many pointers as an entry table has room for, each to the table itself."""
    pointers = struct.pack("<HHII", EXIF, 4, 1, 8) * 4000
    block = b"II*\0" + struct.pack("<IH", 8, 4000) + pointers + bytes(4)
    words = from_exif(b"Exif\0\0" + block)
    assert words is None or EXIF not in words.children


def test_entries_that_share_their_bytes_do_not_multiply():
    size, count = 50_000, 800
    table = b"".join(
        struct.pack("<HHII", 60_000 + index, 7, size, 14 + 12 * count) for index in range(count)
    )
    block = b"II*\0" + struct.pack("<IH", 8, count) + table + bytes(4 + size)
    words = from_exif(b"Exif\0\0" + block)
    held = sum(len(entry.data) for entry in words.entries.values())
    assert size <= held <= 2 * len(block)


def test_strips_with_signed_offsets(tmp_path):
    """libtiff takes them; so is what is cut off from them noticed."""
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, pictures.scene()[..., 0], metadata=None)
    with tifffile.TiffFile(path) as found:
        places = [found.pages[0].tags[tag].offset for tag in (273, 279)]
    data = bytearray(path.read_bytes())
    for place in places:
        data[place + 2 : place + 4] = struct.pack("<H", 9)
    path.write_bytes(data)
    assert saved(Photo(path), tmp_path / "out.tif").is_file()
    [directory] = read_directories(io.BytesIO(bytes(data)))
    assert directory.data_end > 120 * 160
