"""Grey photos in JPEGs of three components: their luma stays, their bytes come back."""

import io
import shutil
import struct
import subprocess

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.exchange import exchanged
from photochrom.photo.jpeg.exchange_request import Codes, Exchange
from photochrom.photo.jpeg.markers import DRI, FRAMES, FrameHeader, segment
from photochrom.photo.jpeg.record import NotReversibleError, original
from photochrom.photo.jpeg.reversible import GrayJpeg, splice
from photochrom.photo.jpeg.scans import layouts
from support.gray_jpegs import drawn_damage, luma_of, picture, planes
from support.programs import missing, program

SIZES = [(1, 1), (1, 9), (7, 8), (8, 8), (9, 16), (17, 33), (65, 90), (129, 255)]
SAMPLINGS = ["1x1", "2x1", "1x2", "2x2", "2x2,2x1,1x2", "1x2,1x2,1x2", "2x1,1x1,2x1"]
CODINGS = {
    "baseline": [],
    "optimised": ["-optimize"],
    "restarts": ["-restart", "3B"],
    "a restart in each row": ["-restart", "1", "-optimize"],
    "progressive": ["-progressive"],
    "progressive with restarts": ["-progressive", "-restart", "2B"],
    "coarse": ["-quality", "1"],
    "fine": ["-quality", "100", "-restart", "1B"],
}


pytestmark = pytest.mark.usefixtures("native_kernel")


def run(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def three(gray):
    return np.repeat(gray[..., None], 3, axis=2)


def ppm(gray):
    return b"P6 %d %d 255\n" % gray.shape[::-1] + three(gray).tobytes()


def by_cjpeg(gray, *options):
    return run([program("cjpeg"), *options], ppm(gray))


def by_pillow(gray, **options):
    file = io.BytesIO()
    Image.fromarray(three(gray)).save(file, "JPEG", **options)
    return file.getvalue()


def by_vips(gray, **options):
    image = pyvips.Image.new_from_array(three(gray)).copy(interpretation="srgb")
    return image.jpegsave_buffer(keep="none", **options)


GO = """package main
import ("bufio"; "fmt"; "image"; "image/jpeg"; "io"; "os")
func main() {
  in := bufio.NewReader(os.Stdin); var w, h, most int
  fmt.Fscanf(in, "P6 %d %d %d\\n", &w, &h, &most)
  rgb := make([]byte, 3 * w * h); io.ReadFull(in, rgb)
  m := image.NewRGBA(image.Rect(0, 0, w, h))
  for i := 0; i < w * h; i++ { copy(m.Pix[4 * i:], rgb[3 * i:3 * i + 3]); m.Pix[4 * i + 3] = 255 }
  jpeg.Encode(os.Stdout, m, nil)
}
"""


@pytest.fixture(scope="module")
def by_go(tmp_path_factory):
    if shutil.which("go") is None:
        missing("go is not installed")
    folder = tmp_path_factory.mktemp("go")
    (folder / "encode.go").write_text(GO, encoding="utf-8")
    command = ["go", "build", "-o", str(folder / "encode"), str(folder / "encode.go")]
    subprocess.run(command, check=True, cwd=folder)
    return lambda gray: run([str(folder / "encode")], ppm(gray))


FROM_PPM = ["-v", "error", "-f", "image2pipe", "-c:v", "ppm", "-i", "-"]
ENCODERS = {
    "Pillow": lambda gray: by_pillow(gray, quality=85),
    "Pillow, 4:4:4": lambda gray: by_pillow(gray, quality=95, subsampling=0, optimize=True),
    "Pillow, 4:2:2": lambda gray: by_pillow(gray, subsampling=1, restart_marker_blocks=5),
    "Pillow, progressive": lambda gray: by_pillow(gray, quality=90, progressive=True),
    "libvips": lambda gray: by_vips(gray, Q=80),
    "libvips, 4:4:4": lambda gray: by_vips(gray, Q=95, subsample_mode="off"),
    "libvips, progressive": lambda gray: by_vips(gray, Q=85, interlace=True),
    "libvips, trellis": lambda gray: by_vips(
        gray, Q=85, trellis_quant=True, optimize_scans=True, interlace=True
    ),
    "ImageMagick": lambda gray: run(
        [program("convert"), "ppm:-", "-type", "TrueColor", "-quality", "88", "jpeg:-"], ppm(gray)
    ),
    "FFmpeg": lambda gray: run(
        [program("ffmpeg"), *FROM_PPM, "-vf", "format=gray,format=yuvj420p", "-f", "mjpeg", "-"],
        ppm(gray),
    ),
}


def taken_by_jpegtran(data, progressive):
    options = ["-copy", "none", *(["-progressive"] if progressive else [])]
    done = subprocess.run(
        [program("jpegtran"), "-grayscale", *options], input=data, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(data):
    """The bytes come back; the luma is the same, as coefficients and as samples; it has colour."""
    gray = GrayJpeg.of(data)
    colored = splice(gray, planes(gray))
    assert original(colored) == data
    assert taken_by_jpegtran(colored, gray.progressive) == taken_by_jpegtran(data, gray.progressive)
    assert np.array_equal(luma_of(colored), luma_of(data))
    rgb = np.asarray(Image.open(io.BytesIO(colored)))
    assert np.ptp(rgb.astype(int), axis=2).max() > 0, "it has no colour"
    return colored


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_every_layout_comes_back_with_its_luma(sampling, coding):
    for size in SIZES:
        check(by_cjpeg(picture(*size), "-sample", sampling, *CODINGS[coding]))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_files_of_other_encoders(encoder):
    for size in [(9, 17), (64, 100), (65, 91)]:
        data = ENCODERS[encoder](picture(*size))
        assert len(frame_of(data).components) == 3
        check(data)


def test_files_of_go(by_go):
    for size in [(1, 1), (65, 91)]:
        check(by_go(picture(*size)))


@pytest.mark.parametrize("quality", [1, 5, 25, 50, 75, 90, 99, 100])
def test_all_qualities(quality):
    """Of the file and of the chroma that is added, from coarse to fine."""
    data = by_pillow(picture(65, 90), quality=quality)
    gray = GrayJpeg.of(data)
    assert original(splice(gray, planes(gray), quality=quality)) == data


SCRIPTS = {
    "one scan of each": "0;1;2;",
    "chroma in one scan": "0;1,2;",
    "progressive, DC of luma alone": "0: 0-0,0,0; 1,2: 0-0,0,0; 0: 1-63,0,0; 1: 1-63,0,0;"
    "2: 1-63,0,0;",
    "progressive, two refinements": "0,1,2: 0-0,0,2; 0: 1-63,0,1; 1: 1-63,0,1; 2: 1-63,0,0;"
    "0,1,2: 0-0,2,1; 0: 1-63,1,0; 1: 1-63,1,0; 0,1,2: 0-0,1,0;",
    "progressive, no AC of chroma": "0,1,2: 0-0,0,0; 0: 1-63,0,0;",
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("sampling", ["1x1", "2x2", "2x1"])
@pytest.mark.parametrize("restart", ["0", "2B"])
def test_scripts_of_scans(script, sampling, restart, tmp_path):
    (tmp_path / "script").write_text(SCRIPTS[script], encoding="utf-8")
    options = ["-sample", sampling, "-scans", str(tmp_path / "script"), "-restart", restart]
    for size in SIZES[3:]:
        check(by_cjpeg(picture(*size), *options))


def test_scans_that_mix_luma_and_one_chroma_are_refused(tmp_path):
    for script in ("0,1;2;", "0,1,2: 0-0,0,1; 0: 0-0,1,0; 1,2: 0-0,1,0; 0: 1-63,0,0;"):
        (tmp_path / "script").write_text(script, encoding="utf-8")
        data = by_cjpeg(picture(20, 30), "-scans", str(tmp_path / "script"))
        with pytest.raises(NotReversibleError, match="mix luma and chroma in an unusual way"):
            GrayJpeg.of(data)


def frame_of(data):
    part = next(p for p in jpeg_stream.pieces(data) if p.marker in FRAMES)
    return FrameHeader.of(data, part.body - 4)


def scan_of(data):
    parts = tuple(jpeg_stream.pieces(data))
    return next(layouts(data, parts, frame_of(data)))


@pytest.mark.parametrize("options", [[], ["-restart", "3B"]])
def test_the_bits_of_luma_are_copied(options):
    """Without its chroma, the colour file's scan is the grey file's scan without its own."""
    data = by_cjpeg(picture(33, 47), "-sample", "2x2", "-quality", "90", *options)
    colored = check(data)
    assert frame_of(colored).components[0] == frame_of(data).components[0]
    assert scan_of(colored).blocks == scan_of(data).blocks == (4, 1, 1)
    assert scan_of(colored).dc[0] == scan_of(data).dc[0]
    assert scan_of(colored).interval == scan_of(data).interval
    restarts = [part.marker for part in jpeg_stream.pieces(colored)].count(DRI)
    assert restarts == bool(options)


def padded_with_zeros(data):
    """The last byte before each marker of a scan filled by zeros: as some encoders do."""
    scan = scan_of(data).data
    coded = bytearray(data[scan.start : scan.end])
    ends = [i for i in range(1, len(coded)) if coded[i - 1] == 0xFF and coded[i]]
    for end in [*(place - 1 for place in ends), len(coded)]:
        ones = (~coded[end - 1] & (coded[end - 1] + 1)).bit_length() - 1
        coded[end - 1] &= 0xFF << min(ones, 1)
    return data[: scan.start] + bytes(coded) + data[scan.end :]


@pytest.mark.parametrize("restart", [[], ["-restart", "2B"]])
def test_bits_that_fill_a_byte_come_back(restart):
    found = 0
    for seed in range(12):
        data = by_cjpeg(picture(33, 47, seed), *restart)
        odd = padded_with_zeros(data)
        if odd == data:
            continue
        try:
            gray = GrayJpeg.of(odd)
        except NotReversibleError:  # the bit belonged to a code
            continue
        colored = splice(gray, planes(gray))
        assert original(colored) == odd
        found += 1
    assert found > 3


def test_fill_bytes_before_markers_come_back():
    data = by_cjpeg(picture(33, 47), "-restart", "2B")
    scan = scan_of(data)
    coded = data[scan.data.start : scan.data.end].replace(b"\xff\xd2", b"\xff\xff\xff\xd2")
    filled = data[: scan.data.start] + coded + b"\xff\xff" + data[scan.data.end :]
    assert len(filled) > len(data) + 3
    check(filled + b"a film behind the photo")
    check(data[: scan.header.start] + b"\xff\xff" + data[scan.header.start :])


def test_data_behind_the_last_mcu_comes_back():
    data = by_cjpeg(picture(33, 47))
    end = scan_of(data).data.end
    longer = data[:end] + b"left over" + data[end:]
    gray = GrayJpeg.of(longer)
    colored = splice(gray, planes(gray))
    assert original(colored) == longer
    assert np.array_equal(luma_of(colored), luma_of(data))


def test_a_table_that_all_components_share():
    """Luma and chroma have the same codes, as some small encoders write them."""
    data = by_cjpeg(picture(33, 47), "-sample", "2x1", "-restart", "3B")
    scan = scan_of(data)
    zeros = Codes.of_zeros(scan, 0)
    chroma = Codes(zeros.bits, zeros.lengths, 1)
    coded = exchanged(Exchange(data, scan, 1, True, (chroma, chroma), 2 * len(data)))
    shared = bytearray(data)
    for place in (4, 6):
        assert shared[scan.header.body + place] == 0x11
        shared[scan.header.body + place] = 0
    shared[scan.data.start : scan.data.end] = coded
    assert np.array_equal(luma_of(bytes(shared)), luma_of(data))
    check(bytes(shared))


REFUSED = {
    "in colour": (lambda: colored_by_pillow(0, subsampling=2), "it has colour in its data"),
    "in colour, progressive": (
        lambda: colored_by_pillow(0, progressive=True),
        "it has colour in its data",
    ),
    "one block in colour": (lambda: colored_by_pillow(90), "it has colour in its data"),
    "scans of chroma in colour": (
        lambda: run([program("jpegtran"), "-progressive"], colored_by_pillow(90)),
        "it has colour in its data",
    ),
    "RGB": (lambda: by_cjpeg(picture(9, 9), "-rgb"), "red, green and blue"),
    "Adobe's RGB": (lambda: with_adobe(by_pillow(picture(9, 9)), 0), "red, green and blue"),
    "CMYK": (
        lambda: run(
            [program("convert"), "ppm:-", "-colorspace", "CMYK", "jpeg:-"], ppm(picture(9, 9))
        ),
        "4 components",
    ),
    "narrow chroma": (
        lambda: by_cjpeg(picture(9, 40), "-sample", "4x1"),
        "its chroma has an unusual size",
    ),
    "luma smaller than chroma": (
        lambda: by_cjpeg(picture(20, 40), "-sample", "1x1,2x2,1x1"),
        "its chroma has an unusual size",
    ),
}


def colored_by_pillow(beginning, **options):
    pixels = three(picture(100, 100))
    pixels[beginning : beginning + 3, beginning : beginning + 3] = (200, 90, 30)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def with_adobe(data, transform):
    adobe = segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))
    jfif_end = 4 + struct.unpack_from(">H", data, 4)[0]
    return data[:2] + adobe + data[jfif_end:]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_with_the_reason(name):
    make, reason = REFUSED[name]
    with pytest.raises(NotReversibleError, match=reason):
        GrayJpeg.of(make())


def test_adobes_ycbcr_is_done():
    check(with_adobe(by_pillow(picture(33, 47)), 1))


def test_a_result_is_not_coloured_again():
    with pytest.raises(NotReversibleError, match="a result of this already"):
        GrayJpeg.of(check(by_pillow(picture(20, 30))))


def test_a_changed_result_gives_nothing_back():
    """A bit of the luma in the scan, or of the record that says how to rebuild it."""
    colored = check(by_pillow(picture(60, 70)))
    scan = scan_of(colored).data
    for place in (scan.start + 20, colored.index(b"Photochrom reversible") + 90):
        changed = bytearray(colored)
        changed[place] ^= 0x01
        with pytest.raises(NotReversibleError, match="changed since"):
            original(bytes(changed))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_done_rightly(data):
    coding = CODINGS[data.draw(st.sampled_from(list(CODINGS)))]
    damaged = drawn_damage(data, by_cjpeg(picture(24, 40), *coding))
    if not damaged:
        return
    try:
        gray = GrayJpeg.of(damaged)
        if gray.frame.width * gray.frame.height > 4_000_000:
            return
        colored = splice(gray, planes(gray))
    except NotReversibleError:
        return
    assert original(colored) == damaged


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_results_are_refused(data):
    gray_data = by_cjpeg(picture(24, 40), "-restart", "2B")
    gray = GrayJpeg.of(gray_data)
    damaged = bytearray(splice(gray, planes(gray)))
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    try:
        restored = original(bytes(damaged))
    except NotReversibleError:
        return
    assert restored == gray_data  # what was hit belongs to the chroma
