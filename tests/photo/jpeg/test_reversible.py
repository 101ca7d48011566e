"""A grey JPEG's own scans as the luma of a colour one, and the way back."""

import io
import struct
import subprocess
import zlib
from contextlib import suppress

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.markers import FRAMES, FrameHeader, segment
from photochrom.photo.jpeg.record import NotReversibleError, original
from photochrom.photo.jpeg.reversible import GrayJpeg, Replacements, splice
from support.gray_jpegs import drawn_damage, luma_of, picture, planes
from support.programs import program

SIZES = [(1, 1), (1, 9), (2, 3), (7, 8), (8, 8), (9, 16), (17, 33), (64, 100), (129, 255)]


def by_pillow(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def by_vips(pixels, **options):
    return pyvips.Image.new_from_array(pixels).jpegsave_buffer(keep="none", **options)


def run(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def by_program(*command):
    def encode(pixels, **_):
        header = b"P5 %d %d 255\n" % pixels.shape[::-1]
        done = subprocess.run(
            [program(command[0]), *command[1:]],
            input=header + pixels.tobytes(),
            capture_output=True,
            check=True,
        )
        return done.stdout

    return encode


ENCODERS = {
    "baseline": (by_pillow, {"quality": 75}),
    "optimised": (by_pillow, {"quality": 92, "optimize": True}),
    "progressive": (by_pillow, {"quality": 92, "progressive": True}),
    "restarts": (by_pillow, {"quality": 60, "restart_marker_blocks": 3}),
    "progressive with restarts": (by_pillow, {"progressive": True, "restart_marker_rows": 1}),
    "coarse": (by_pillow, {"quality": 1}),
    "fine": (by_pillow, {"quality": 100}),
    "with a comment": (by_pillow, {"comment": b"Box 12, Krakow"}),
    "libvips": (by_vips, {"Q": 90}),
    "libvips, progressive": (by_vips, {"Q": 85, "interlace": True, "optimize_coding": True}),
    "libvips, trellis": (by_vips, {"Q": 85, "trellis_quant": True, "overshoot_deringing": True}),
    "ImageMagick": (by_program("convert", "pgm:-", "-quality", "88", "jpeg:-"), {}),
    "ImageMagick, sampled 2x2": (
        by_program("convert", "pgm:-", "-sampling-factor", "2x2", "jpeg:-"),
        {},
    ),
}


def encoded(name, height, width, seed=0):
    encoder, options = ENCODERS[name]
    return encoder(picture(height, width, seed), **options)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ENCODERS)
def test_the_grey_file_comes_back_and_its_luma_is_shown(name, size):
    data = encoded(name, *size)
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    assert original(colored) == data
    assert np.array_equal(luma_of(colored), luma_of(data))
    rgb = np.asarray(Image.open(io.BytesIO(colored)))
    assert rgb.shape == (*size, 3)
    assert np.ptp(rgb.astype(int), axis=2).max() > 0, "it has no colour"


@pytest.mark.parametrize("name", ENCODERS)
def test_the_scans_are_the_grey_files_own(name):
    data = encoded(name, 65, 90)
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    scans = [data[part.start : part.end] for part in gray.parts if part.marker is None]
    assert scans
    for scan in scans:
        assert scan in colored


@pytest.mark.parametrize("name", ENCODERS)
def test_jpegtran_finds_the_grey_files_coefficients(name):
    """jpegtran writes anew; so what it makes of both is compared, with the same options."""
    for size in SIZES:
        data = encoded(name, *size)
        gray = GrayJpeg.of(data)
        options = ["-copy", "none", "-optimize", *(["-progressive"] if gray.progressive else [])]
        taken = subprocess.run(
            [program("jpegtran"), "-grayscale", *options],
            input=splice(gray, planes(gray)),
            capture_output=True,
            check=True,
        )
        again = run([program("jpegtran"), *options], data)
        assert taken.stdout == again
        assert taken.stderr == b""


def with_segments(data, *segments):
    return data[:2] + b"".join(segments) + data[2:]


def test_what_is_said_beside_the_pixels_passes_through():
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "A harbour", 6
    data = by_pillow(picture(40, 50), exif=exif, comment=b"Box 12", dpi=(600, 600))
    iptc = segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x06\x1c\x02\x78\0\x01x")
    data = with_segments(data, iptc)
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    image = Image.open(io.BytesIO(colored))
    assert image.getexif()[0x010E] == "A harbour"
    assert image.getexif()[0x0112] == 6
    assert image.info["comment"] == b"Box 12"
    assert image.info["dpi"] == (600, 600)
    assert iptc in colored
    assert original(colored) == data


def test_a_grey_profile_is_replaced_and_comes_back():
    grey, rgb = b"G" * 70_000, b"R" * 140_000
    data = by_pillow(picture(20, 30), icc_profile=grey)
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray), Replacements(icc=rgb))
    assert Image.open(io.BytesIO(colored)).info["icc_profile"] == rgb
    assert original(colored) == data


def test_xmp_is_replaced_and_comes_back():
    head = b"http://ns.adobe.com/xap/1.0/\0"
    data = with_segments(by_pillow(picture(20, 30)), segment(0xE1, head + b"<old/>"))
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray), Replacements(xmp=b"<new/>"))
    assert head + b"<new/>" in colored
    assert head + b"<old/>" not in colored
    assert original(colored) == data


def thumbnail_in(data):
    command = [program("exiftool"), "-b", "-ThumbnailImage", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def test_the_thumbnail_is_not_shown_any_more_and_comes_back():
    """It would show the photo grey."""
    thumbnail = by_pillow(picture(16, 16))
    body = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 1, 26)
    body += struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 56, 514, 4, 1, len(thumbnail), 0)
    exif = segment(0xE1, b"Exif\0\0" + body + thumbnail)
    data = with_segments(by_pillow(picture(20, 30)), exif)
    assert thumbnail_in(data) == thumbnail
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    assert thumbnail_in(colored) == b""
    assert original(colored) == data


def test_adobes_marker_says_ycbcr():
    """With its transform 0, decoders would take luma and chroma for R, G and B."""
    adobe = segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0))
    whole = by_pillow(picture(20, 30))
    jfif_end = 4 + struct.unpack_from(">H", whole, 4)[0]
    data = whole[:2] + adobe + whole[jfif_end:]
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    assert np.array_equal(luma_of(colored), luma_of(data))
    assert original(colored) == data


def behind_the_first_table(data, *segments):
    """The file with segments between its first table and its frame."""
    frame = next(p for p in jpeg_stream.pieces(data) if p.marker in FRAMES)
    return data[: frame.start] + b"".join(segments) + data[frame.start :]


def test_segments_behind_the_first_table_are_changed_too():
    whole = by_pillow(picture(20, 30))
    jfif_end = 4 + struct.unpack_from(">H", whole, 4)[0]
    adobe = segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0))
    icc = segment(0xE2, b"ICC_PROFILE\0\1\1" + b"grey")
    data = behind_the_first_table(whole[:2] + whole[jfif_end:], adobe, icc)
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray), Replacements(icc=b"rgb"))
    assert np.array_equal(luma_of(colored), luma_of(data))
    assert colored.count(b"ICC_PROFILE") == 1
    assert b"grey" not in colored.replace(zlib.compress(b"grey"), b"")
    assert original(colored) == data


def test_many_segments_take_no_longer_than_few():
    """Sixty thousand empty comments took minutes."""
    comment = segment(0xFE, b"")
    data = with_segments(by_pillow(picture(31, 33)), *[comment] * 60_000)
    gray = GrayJpeg.of(data)
    assert original(splice(gray, planes(gray))) == data


def test_a_record_that_promises_too_much_is_refused():
    step = struct.pack(">BQQ", 0, 0, 60_000)
    body = zlib.compress(step * 300_000)
    whole = struct.pack(">BQ", 1, 1000) + bytes(32) + body
    record = segment(0xE9, b"Photochrom reversible\0\1\1" + whole)
    with pytest.raises(NotReversibleError, match="changed since"):
        original(with_segments(by_pillow(picture(300, 300), quality=100), record))


def test_all_tables_but_one_may_be_taken():
    whole = by_pillow(picture(20, 30))
    extra = [segment(0xDB, bytes([n]) + bytes(range(1, 65))) for n in (1, 2)]
    data = with_segments(whole, *extra)
    gray = GrayJpeg.of(data)
    assert original(splice(gray, planes(gray))) == data
    full = GrayJpeg.of(with_segments(data, segment(0xDB, b"\3" + bytes(range(1, 65)))))
    with pytest.raises(NotReversibleError, match="all four quantisation tables"):
        splice(full, planes(full))


def test_bytes_behind_the_image_stay():
    data = by_pillow(picture(20, 30)) + b"a film behind the photo" * 10
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    assert colored.endswith(b"a film behind the photo")
    assert original(colored) == data


REFUSED = {
    "in colour": (
        lambda: by_pillow(np.full((8, 8, 3), (90, 80, 70), np.uint8)),
        "it has colour in its data",
    ),
    "12 bits": (lambda: _frame(by_pillow(picture(9, 9)), 0xC1, precision=12), "12 bits"),
    "arithmetic": (lambda: _frame(by_pillow(picture(9, 9)), 0xC9), "arithmetic coding"),
    "lossless": (lambda: _frame(by_pillow(picture(9, 9)), 0xC3), "coded without loss"),
    "hierarchical": (lambda: _frame(by_pillow(picture(9, 9)), 0xC5), "hierarchical"),
    "no height": (lambda: _frame(by_pillow(picture(9, 9)), 0xC0, height=0), "its height stands"),
    "no image": (lambda: b"\xff\xd8\xff\xd9", "0 frames"),
    "cut": (lambda: by_pillow(picture(90, 90))[:-200], "ends within its coded data"),
    "not a JPEG": (lambda: b"GIF89a", "does not begin"),
}


def _frame(data, marker, precision=8, height=None):
    part = next(p for p in jpeg_stream.pieces(data) if p.marker in FRAMES)
    frame = FrameHeader.of(data, part.start)
    height = frame.height if height is None else height
    changed = FrameHeader(marker, precision, height, frame.width, frame.components)
    return data[: part.start] + changed.segment() + data[part.end :]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_with_the_reason(name):
    make, reason = REFUSED[name]
    with pytest.raises(NotReversibleError, match=reason):
        GrayJpeg.of(make())


def test_a_result_is_not_coloured_again():
    gray = GrayJpeg.of(by_pillow(picture(20, 30)))
    with pytest.raises(NotReversibleError, match="a result of this already"):
        GrayJpeg.of(splice(gray, planes(gray)))


def test_only_a_whole_result_gives_a_grey_file_back():
    data = by_pillow(picture(60, 70))
    with pytest.raises(NotReversibleError, match="no reversible result"):
        original(data)
    gray = GrayJpeg.of(data)
    colored = bytearray(splice(gray, planes(gray)))
    scan = next(p for p in jpeg_stream.pieces(bytes(colored)) if p.marker is None)
    colored[scan.start + 20] ^= 0x01
    with pytest.raises(NotReversibleError, match="changed since"):
        original(bytes(colored))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_done_rightly(data):
    """Bytes changed, cut out or cut off: the one line, or a result that gives the file back."""
    name = data.draw(st.sampled_from(list(ENCODERS)[:6]))
    damaged = drawn_damage(data, encoded(name, 24, 40))
    if not damaged:
        return
    try:
        gray = GrayJpeg.of(damaged)
        if gray.frame.width * gray.frame.height > 10_000_000:
            return
        colored = splice(gray, planes(gray))
    except NotReversibleError:
        return
    assert original(colored) == damaged


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_results_are_refused(data):
    gray_data = encoded("baseline", 24, 40)
    gray = GrayJpeg.of(gray_data)
    damaged = bytearray(splice(gray, planes(gray)))
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    with suppress(NotReversibleError):
        assert original(bytes(damaged)) == gray_data  # what was hit belongs to the chroma
