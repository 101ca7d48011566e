"""The exchange of blocks in C and in Python: the same bytes, the same refusals."""

import re
import subprocess

import hatch_build
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.chroma import ChromaPlane, dc_codes
from photochrom.photo.jpeg.exchange import _AddedStruct, _ExchangeStruct, exchanged
from photochrom.photo.jpeg.exchange_fallback import exchanged_by_python
from photochrom.photo.jpeg.exchange_request import Codes, Exchange, ExchangeError
from photochrom.photo.jpeg.markers import FRAMES, FrameHeader, JpegStructureError
from photochrom.photo.jpeg.scans import layouts
from support.gray_jpegs import picture
from support.programs import program

SIZES = [(1, 1), (9, 16), (33, 65)]
CODINGS = {
    "baseline": [],
    "optimised": ["-optimize", "-quality", "97"],
    "restarts": ["-restart", "2B"],
    "progressive": ["-progressive"],
    "progressive with restarts": ["-progressive", "-restart", "3B"],
}


pytestmark = pytest.mark.usefixtures("native_kernel")


def by_cjpeg(gray, *options):
    header = b"P6 %d %d 255\n" % gray.shape[::-1]
    pixels = header + np.repeat(gray[..., None], 3, axis=2).tobytes()
    command = [program("cjpeg"), *options]
    return subprocess.run(command, input=pixels, capture_output=True, check=True).stdout


def scans_of(data):
    parts = tuple(jpeg_stream.pieces(data))
    frame = next(part for part in parts if part.marker in FRAMES)
    return list(layouts(data, parts, FrameHeader.of(data, frame.body - 4)))


def requests(data, size, sampling):
    """With the chroma that the file has; and with other chroma, where luma is in the scan."""
    down, across = sampling
    shape = (-(-size[0] // down), -(-size[1] // across))
    for scan in scans_of(data):
        if scan.components == (0,):
            continue
        room = 8 * len(data) + 8 * scan.mcus
        kept = int(scan.components[0] == 0)
        zeros = [Codes.of_zeros(scan, place) for place in range(kept, len(scan.components))]
        yield Exchange(data, scan, kept, True, tuple(zeros[:2]) if kept else (), room)
        if kept:
            planes = [
                ChromaPlane.encoded(picture(*shape, seed), 90, scan.coding > 0, scan.interval)
                for seed in (1, 2)
            ]
            added = tuple(plane.blocks(scan) for plane in planes)
            yield Exchange(data, scan, kept, True, added, room + 2 * len(planes[0].data) * 8)


def answer(function, request):
    try:
        return function(request)
    except ExchangeError as error:
        return str(error)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(("name", "sampling"), [("1x1", (1, 1)), ("2x1", (1, 2)), ("2x2", (2, 2))])
def test_both_write_the_same(coding, name, sampling):
    for size in SIZES:
        data = by_cjpeg(picture(*size), "-sample", name, *CODINGS[coding])
        count = 0
        for request in requests(data, size, sampling):
            written = exchanged(request)
            assert written == exchanged_by_python(request)
            count += bool(written)
        assert count >= 2


@pytest.mark.parametrize("coding", CODINGS)
def test_the_same_chroma_gives_the_same_scan(coding):
    data = by_cjpeg(picture(33, 65), *CODINGS[coding])
    for scan in scans_of(data):
        if len(scan.components) == 3:
            zeros = tuple(Codes.of_zeros(scan, place) for place in (1, 2))
            written = exchanged(Exchange(data, scan, 1, True, zeros, 2 * len(data)))
            assert written == data[scan.data.start : scan.data.end]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_data_is_refused_by_both_or_read_alike(data):
    coding = CODINGS[data.draw(st.sampled_from(["baseline", "restarts", "optimised"]))]
    damaged = bytearray(by_cjpeg(picture(24, 40), *coding))
    scan = scans_of(bytes(damaged))[0]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(scan.data.start, scan.data.end - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        scan = scans_of(bytes(damaged))[0]
    except JpegStructureError:
        return
    zeros = tuple(Codes.of_zeros(scan, place) for place in (1, 2))
    request = Exchange(bytes(damaged), scan, 1, True, zeros, 2 * len(damaged))
    by_c, by_python = answer(exchanged, request), answer(exchanged_by_python, request)
    if isinstance(by_c, bytes) and isinstance(by_python, bytes):
        assert by_c == by_python
    elif isinstance(by_c, bytes):
        pytest.fail(f"Python alone refuses: {by_python}")


def test_too_little_room_is_refused():
    data = by_cjpeg(picture(64, 64), "-quality", "95")
    scan = scans_of(data)[0]
    zeros = tuple(Codes.of_zeros(scan, place) for place in (1, 2))
    with pytest.raises(ExchangeError):
        exchanged(Exchange(data, scan, 1, True, zeros, 200))


def test_lengths_that_do_not_fit_are_not_passed_on():
    data = by_cjpeg(picture(64, 64), "-restart", "2B")
    scan = scans_of(data)[0]
    plane = ChromaPlane.encoded(picture(32, 32), 90, False, 3)
    wrong = [
        (plane.blocks(scan),),  # another restart interval
        (Codes(np.zeros(3, np.uint32), np.ones(3, np.uint8), 1),),
        (Codes.alike(0, 33, 1),),
        (Codes.alike(0, 0, 1),),
        (Codes.alike(0, 1, 1),) * 3,
    ]
    for added in wrong:
        with pytest.raises(ValueError, match=r"MCUs|bits|two components"):
            exchanged(Exchange(data, scan, 1, True, added, 100_000))


def test_differences_of_dc_begin_anew_behind_a_restart():
    """Codes of table K.3: size 0 is 00, 2 is 011, 3 is 100, 10 is 11111110."""
    codes = dc_codes(np.array([3, 3, -1, 1023]), 0)
    texts = [f"{b:0{n}b}" for b, n in zip(codes.bits, codes.lengths, strict=True)]
    assert texts == ["01111", "00", "100011", "111111110" + "10000000000"]
    again = dc_codes(np.array([3, 3, -1, -1]), 2)
    texts = [f"{b:0{n}b}" for b, n in zip(again.bits, again.lengths, strict=True)]
    assert texts == ["01111", "00", "0100", "00"]


@pytest.mark.parametrize(
    ("name", "struct"), [("added", _AddedStruct), ("exchange", _ExchangeStruct)]
)
def test_the_structs_are_those_of_the_c_file(name, struct):
    path = hatch_build.ROOT / "src/photochrom/photo/jpeg/exchange.c"
    text = path.read_text(encoding="utf-8").split(f"struct {name} {{")[1].split("};")[0]
    body = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lists = re.findall(r"^ *(?:const |struct )?\w+ ([^;/]+);", body, re.MULTILINE)
    declared = [re.search(r"\w+", part)[0] for names in lists for part in names.split(",")]
    assert declared == [name for name, *_ in struct._fields_]
