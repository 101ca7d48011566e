"""BMP, JPEG XL, Photoshop documents and camera raws; and kinds that are refused by their name."""

import io
import struct
from contextlib import suppress

import imagecodecs
import numpy as np
import pyjpegxl
import pytest
import tifffile
from PIL import Image
from psd_tools.compression import compress
from psd_tools.constants import Compression

from photochrom import colorize_file
from photochrom.errors import MissingExtraError, PhotoError
from photochrom.photo import Photo
from photochrom.photo.codecs.jpeg_xl_header import is_animated
from support.colored import saved
from support.pictures import MADE, RGB_PROFILES, encoded, scene

GRAY = scene()[..., 0]
COLOR = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]], axis=2)
HEIGHT, WIDTH = GRAY.shape


def pixels_of(data):
    photo = Photo(data)
    return photo, photo.strips()(0, photo.height)


def bmp(rows, bits, *, compression=0, palette=b"", header=40, top_down=False, masks=b""):
    """A BMP by hand; rows: the packed pixels, as they are stored."""
    height = -HEIGHT if top_down else HEIGHT
    info = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(rows), 2835,
                       2835, len(palette) // 4, 0) + masks  # fmt: skip
    info = info.ljust(header, b"\0")
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + info + palette + rows


def packed(rows):
    """Rows of bytes, each filled up to four."""
    width = -rows.shape[1] % 4
    return np.pad(rows, ((0, 0), (0, width))).tobytes()


GRAYS = np.repeat(np.arange(256, dtype=np.uint8), 4).reshape(256, 4)
SIXTEEN = GRAYS[::17]
LEVELS = GRAY >> 4


def run_lengths():
    """GRAY in runs of RLE8, bottom row first."""
    out = bytearray()
    for row in GRAY[::-1]:
        cuts = np.flatnonzero(np.diff(row)) + 1
        for run in np.split(row, cuts):
            for start in range(0, len(run), 255):
                out += bytes((len(run[start : start + 255]), run[0]))
        out += b"\0\0"
    return bytes(out + b"\0\1")


BMPS = {
    "1 bit": (bmp(packed(np.packbits(GRAY[::-1] > 99, axis=1)), 1, palette=GRAYS[::255].tobytes()),
              np.where(GRAY > 99, 255, 0)),
    "4 bit": (bmp(packed((LEVELS[::-1, ::2] << 4) | LEVELS[::-1, 1::2]), 4,
                  palette=SIXTEEN.tobytes()), LEVELS * 17),
    "8 bit": (bmp(packed(GRAY[::-1]), 8, palette=GRAYS.tobytes()), GRAY),
    "8 bit, top down": (bmp(packed(GRAY), 8, palette=GRAYS.tobytes(), top_down=True), GRAY),
    "run lengths": (bmp(run_lengths(), 8, compression=1, palette=GRAYS.tobytes()), GRAY),
    "16 bit": (bmp(((COLOR[::-1] >> 3).astype("<u2") @ np.array([1024, 32, 1], "<u2")).tobytes(),
                   16), (COLOR >> 3).astype(int) * 255 // 31),
    "24 bit": (bmp(packed(COLOR[::-1, :, ::-1].reshape(HEIGHT, -1)), 24), COLOR),
    "32 bit": (bmp(np.dstack([COLOR[::-1, :, ::-1], GRAY[::-1]]).tobytes(), 32), COLOR),
    "alpha": (bmp(np.dstack([COLOR[::-1, :, ::-1], GRAY[::-1]]).tobytes(), 32, compression=3,
                  header=124, masks=struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
              np.dstack([COLOR, GRAY])),
}  # fmt: skip


@pytest.mark.parametrize("name", BMPS)
def test_a_bmp_of_every_kind(name):
    data, wanted = BMPS[name]
    photo, found = pixels_of(data)
    assert (photo.kind.name, photo.suffix) == ("BMP", ".png")
    wanted = np.atleast_3d(wanted).astype(int)
    if found.shape[2] == 3 and wanted.shape[2] == 1:
        wanted = np.repeat(wanted, 3, axis=2)
    assert np.abs(found - wanted).max() <= (1 if name == "16 bit" else 0)


@pytest.mark.parametrize("name", BMPS)
def test_a_cut_bmp_is_refused(name):
    data = BMPS[name][0]
    for share in (0.5, 0.95):
        with pytest.raises(PhotoError, match="damaged"):
            pixels_of(data[: int(share * len(data))])


def jxl(array, **options):
    return bytes(pyjpegxl.encode_from_numpy(np.ascontiguousarray(array), lossless=True, **options))


def test_jpeg_xl():
    for array, bits in ((GRAY, 8), (COLOR, 8), (COLOR.astype(np.uint16) * 257, 16)):
        photo, found = pixels_of(jxl(array))
        assert (photo.kind.name, photo.bits, photo.suffix) == ("JPEG XL", bits, ".png")
        np.testing.assert_array_equal(found.squeeze(), array)
    profile = RGB_PROFILES["Adobe RGB"]
    photo, _ = pixels_of(jxl(COLOR, icc=profile))
    assert photo.profile is not None
    data = jxl(COLOR)
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(PhotoError, match="damaged"):
            pixels_of(data[: int(share * len(data))])


def animation(container):
    frames = np.stack([COLOR, 255 - COLOR, np.zeros_like(COLOR)])
    return imagecodecs.jpegxl_encode(frames, lossless=True, usecontainer=container)


@pytest.mark.parametrize("container", [False, True])
def test_the_first_picture_of_an_animated_jpeg_xl(container):
    data = animation(container)
    photo, found = pixels_of(data)
    assert photo.notes == ("only the first of its pictures is coloured",)
    np.testing.assert_array_equal(found, COLOR)
    for size in range(100, len(data), len(data) // 20):  # refused, or right
        with suppress(PhotoError):
            np.testing.assert_array_equal(pixels_of(data[:size])[1], COLOR)
    with pytest.raises(PhotoError, match="damaged"):
        pixels_of(data[:100])


@pytest.mark.parametrize("height", [1, 8, 96, 257, 700, 9000])
@pytest.mark.parametrize("width", [8, 96, 300])
def test_whether_a_jpeg_xl_is_animated(height, width):
    still = np.zeros((height, width, 3), np.uint8)
    for container in (False, True):
        options = {"lossless": True, "usecontainer": container}
        assert not is_animated(imagecodecs.jpegxl_encode(still, **options))
        assert is_animated(imagecodecs.jpegxl_encode(np.stack([still, still]), **options))
    assert not is_animated(jxl(still))


def psd(planes, mode, depth=8, *, palette=b"", resources=b"", layers=b"", version=1):
    """A Photoshop document with a flat picture alone."""
    count, height = len(planes), planes[0].shape[0]
    width = WIDTH
    raw = b"".join(np.ascontiguousarray(plane).tobytes() for plane in planes)
    return (
        struct.pack(">4sH6xHIIHH", b"8BPS", version, count, height, width, depth, mode)
        + struct.pack(">I", len(palette)) + palette
        + struct.pack(">I", len(resources)) + resources
        + struct.pack(">I", len(layers)) + layers
        + b"\0\0" + raw
    )  # fmt: skip


COMPRESSIONS = {"rle": 1, "zip": 2, "zip with prediction": 3}


def packed_psd(compression, version=1):
    """A grey document as Photoshop writes it, its flat picture compressed."""
    start = psd([GRAY], 1)[: -GRAY.size - 2]
    if version == 2:  # the layers' length has eight bytes
        start = start[:4] + b"\0\2" + start[6:] + bytes(4)
    data = compress(GRAY.tobytes(), Compression(compression), WIDTH, HEIGHT, 8, version)
    return start + struct.pack(">H", compression) + data


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("compression", COMPRESSIONS.values(), ids=COMPRESSIONS)
def test_a_cut_photoshop_document_is_refused(compression, version):
    data = packed_psd(compression, version)
    photo, found = pixels_of(data)
    np.testing.assert_array_equal(found[..., 0], GRAY)
    assert photo.notes == ()
    for share in (0.03, 0.5, 0.97, 0.999):
        with pytest.raises(PhotoError, match=r"^the photo: damaged [^\n]*$"):
            pixels_of(data[: int(share * len(data))])


def test_a_row_of_run_lengths_that_is_too_short_is_refused():
    data = packed_psd(1)
    rows = len(data) - len(psd([GRAY], 1)[: -GRAY.size]) - 2 * HEIGHT
    damaged = data[:-rows] + bytes(rows)  # literal runs of one byte each
    with pytest.raises(PhotoError, match=r"damaged .*a row has another length"):
        pixels_of(damaged)


def resource(key, data):
    return struct.pack(">4sHHI", b"8BIM", key, 0, len(data)) + data + b"\0" * (len(data) % 2)


DEEP = scene(1, np.uint16)[..., 0]
BANDS = [COLOR[..., n] for n in range(3)]
LAYER = (
    bytes(16) + struct.pack(">H4s4sBBBxI", 0, b"8BIM", b"norm", 255, 0, 0, 12) + bytes(12)
)  # without channels
CLEAR = struct.pack(">Ih", 2 + len(LAYER), -1) + LAYER + bytes(4)
"""One layer; as its count is negative, the first extra channel is alpha."""


@pytest.mark.parametrize(
    ("data", "wanted", "bits"),
    [
        (psd([GRAY], 1), GRAY, 8),
        (psd([DEEP.astype(">u2")], 1, 16), DEEP, 16),
        (psd([GRAY], 8), GRAY, 8),
        (psd(BANDS, 3), COLOR, 8),
        (psd([*BANDS, GRAY], 3, layers=CLEAR), np.dstack([COLOR, GRAY]), 8),
        (psd([*BANDS, GRAY], 3), COLOR, 8),
        (psd([GRAY], 2, palette=bytes(range(256)) * 3), np.dstack([GRAY] * 3), 8),
        (psd([np.packbits(GRAY < 99, axis=1)], 0, 1), np.where(GRAY < 99, 0, 255), 8),
    ],
    ids=["grey", "deep", "duotone", "rgb", "alpha", "extra", "indexed", "bitmap"],
)
def test_the_flat_picture_of_a_photoshop_document(data, wanted, bits):
    photo, found = pixels_of(data)
    assert (photo.kind.name, photo.bits, photo.suffix) == ("Photoshop document", bits, ".tif")
    np.testing.assert_array_equal(found.squeeze(), wanted)
    extra = "1 extra channels of the document were left out" in photo.notes
    assert extra == (found.shape[2] == 3 and len(data) > 4 * GRAY.size)


def test_what_a_photoshop_document_carries(tmp_path):
    profile = RGB_PROFILES["Adobe RGB"]
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    iptc = b"\x1c\x02\x5a\0\7Prizren"
    kept = resource(1034, b"\1") + resource(2000, bytes(range(26)))
    dpi = struct.pack(">IHHIHH", 600 << 16, 1, 1, 300 << 16, 1, 1)
    blocks = {1039: profile, 1060: xmp, 1028: iptc, 1005: dpi}
    resources = b"".join(resource(key, data) for key, data in blocks.items()) + kept
    photo = Photo(psd(BANDS, 3, resources=resources))
    assert photo.profile == profile
    assert (photo.metadata.xmp, photo.metadata.iptc) == (xmp, iptc)
    assert photo.metadata.photoshop == kept
    assert (photo.metadata.resolution, photo.metadata.unit) == ((600 / 25.4, 300 / 25.4), "in")
    target = saved(photo, tmp_path / "scan.tif")
    written = Photo(target).metadata
    assert (written.iptc, written.photoshop) == (iptc, kept)
    assert written.resolution == pytest.approx((600 / 25.4, 300 / 25.4))


def test_the_resolution_of_a_bmp():
    data = BMPS["8 bit"][0]
    metadata = Photo(data).metadata
    assert (metadata.resolution, metadata.unit) == ((72 / 25.4, 72 / 25.4), "in")
    for none in (struct.pack("<ii", 0, 0), struct.pack("<ii", 2835, 0), b"\xff" * 8):
        assert Photo(data[:38] + none + data[46:]).metadata.unit is None


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (psd([GRAY] * 4, 4), r"of a kind not read \(CMYK, 8 bit\); save it flat as TIFF"),
        (psd([GRAY] * 3, 9), r"\(Lab, 8 bit\); save it flat as TIFF"),
        (psd([np.zeros((HEIGHT, WIDTH), ">f4")], 1, 32), r"\(grey, 32 bit\); save it flat"),
        (
            psd([GRAY], 1, resources=resource(1057, struct.pack(">IB", 1, 0) + b"\0" * 13)),
            "a Photoshop document without its flat picture; save it flat as TIFF",
        ),
        (psd([GRAY], 1)[:9000], "damaged"),
    ],
    ids=["cmyk", "lab", "floats", "empty", "cut"],
)
def test_a_photoshop_document_that_is_not_read(data, line):
    with pytest.raises(PhotoError, match=line):
        pixels_of(data)


def dng(path, preview, raw=(HEIGHT, WIDTH)):
    """A DNG with a sensor's mosaic and a finished JPEG of some size."""
    mosaic = np.linspace(0, 4000, raw[0] * raw[1]).reshape(raw).astype(np.uint16)
    tags = [(50706, 1, 4, b"\1\4\0\0", True), (50708, 2, 0, "Test camera", True),
             (50721, 10, 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
             (271, 2, 0, "Test", True), (272, 2, 0, "Camera", True)]  # fmt: skip
    pattern = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)]
    with tifffile.TiffWriter(path) as file:
        file.write(COLOR[::8, ::8], photometric="rgb", subifds=2, subfiletype=1, extratags=tags,
                   metadata=None)  # fmt: skip
        file.write(mosaic, photometric="cfa", subfiletype=0, extratags=pattern, metadata=None)
        jpeg = encoded(Image.fromarray(preview), format="JPEG", quality=95, comment=b"roll 3")
        held = np.frombuffer(jpeg, np.uint8)[None]  # tifffile itself writes no JPEG
        file.write(held, photometric="minisblack", subfiletype=1, metadata=None)
    height, width = preview.shape[:2]
    with tifffile.TiffFile(path, mode="r+b") as file:
        tags = file.pages[0].pages[1].tags
        for name, value in {"Compression": 7, "PhotometricInterpretation": 6, "ImageWidth": width,
                            "ImageLength": height, "RowsPerStrip": height,
                            "SamplesPerPixel": 3}.items():  # fmt: skip
            tags[name].overwrite(value)


def test_the_finished_picture_of_a_raw_file(tmp_path):
    dng(tmp_path / "photo.dng", COLOR)
    photo, found = pixels_of(tmp_path / "photo.dng")
    assert photo.suffix == ".jpg"
    assert any("finished picture" in note for note in photo.notes)
    assert photo.metadata.comments == (b"roll 3",)
    assert np.abs(found.astype(int) - COLOR).mean() < 3


def test_a_raw_file_with_a_small_picture_alone_is_refused(tmp_path):
    big = np.zeros((150, 240, 3), np.uint16)
    with tifffile.TiffWriter(tmp_path / "scan.dng") as file:
        file.write(COLOR[::4, ::4], photometric="rgb", subifds=1, subfiletype=1, metadata=None,
                   extratags=[(50706, 1, 4, b"\1\4\0\0", True)])  # fmt: skip
        file.write(big, photometric=34892, subfiletype=0, metadata=None)
    with pytest.raises(PhotoError, match=r"raw file.*; develop it into a TIFF first"):
        pixels_of(tmp_path / "scan.dng")


def ftyp(brand):
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\2\0isomiso2mp41"


UNREAD = {
    "a PDF document": b"%PDF-1.7\n",
    "an SVG drawing": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "an icon (ICO)": b"\0\0\1\0\1\0\x10\x10",
    "a GIMP document (XCF)": b"gimp xcf v011\0",
    "a DICOM file": bytes(128) + b"DICM\2\0",
    "a FITS file": b"SIMPLE  =                    T",
    "an OpenEXR picture": b"v/1\1\2\0\0\0",
    "a Radiance HDR picture": b"#?RADIANCE\n",
    "a TGA picture": struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 64, 48, 24, 32),
    "a PCX picture": b"\x0a\5\1\x08" + bytes(124),
    "a JPEG XR picture": b"II\xbc\1\x20\0\0\0",
    "a DjVu document": b"AT&TFORM\0\0\0\0DJVU",
    "a web page": b"<!DOCTYPE html><html>",
    "a ZIP archive": b"PK\3\4\x14\0",
    "a video": ftyp(b"isom"),
}
VIDEOS = [ftyp(b"qt  "), b"\0\0\0\x08wide\0\0", b"RIFF\0\0\0\0AVI LIST", b"\x1a\x45\xdf\xa3\x01",
          b"\0\0\1\xba\x44"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"), [*UNREAD.items(), *(("a video", data) for data in VIDEOS)]
)
def test_kinds_that_are_not_read_are_called_by_their_name(name, data, tmp_path):
    path = tmp_path / "wrong.jpg"
    path.write_bytes(data + bytes(200))
    with pytest.raises(PhotoError) as error:
        Photo(path)
    assert str(error.value).startswith(f"{path}: is {name}, which Photochrom does not read; ")


@pytest.mark.parametrize("name", ["photo.bmp", "photo.jxl", "photo.psd"])
def test_a_result_is_of_a_kind_that_is_written(tmp_path, name):
    made = {"photo.bmp": BMPS["8 bit"][0], "photo.jxl": jxl(GRAY), "photo.psd": psd([GRAY], 1)}
    (tmp_path / name).write_bytes(made[name])
    wanted = ".tif" if name.endswith("psd") else ".png"
    report = colorize_file(tmp_path / name)
    assert report.record()["output"] == str(tmp_path / f"photo.color{wanted}")
    with pytest.raises(PhotoError, match="cannot write this format"):
        colorize_file(tmp_path / name, tmp_path / f"out{(tmp_path / name).suffix}")


@pytest.mark.parametrize(
    ("data", "package"), [(BMPS["8 bit"][0], "PIL"), (jxl(GRAY), "pyjpegxl"),
                          (psd([GRAY], 1), "psd_tools")],
    ids=["bmp", "jxl", "psd"],
)  # fmt: skip
def test_without_its_package_a_kind_is_one_line(data, package, monkeypatch):
    import importlib

    real = importlib.import_module

    def missing(wanted, *rest):
        if wanted.split(".")[0] == package:
            raise ModuleNotFoundError(wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"photochrom\[formats\]"):
        Photo(data)


@pytest.mark.parametrize("data", [BMPS["24 bit"][0], jxl(COLOR), psd(BANDS, 3)])
def test_too_many_pixels_are_refused_before_they_are_decoded(data):
    with pytest.raises(PhotoError, match=r"megapixels, the limit here is 0\.001"):
        Photo(data, max_pixels=1000)


def test_other_kinds_are_not_taken_for_these():
    for text in (b"BMX and other sports", b"\n\n\n\n", b"II*"):
        with pytest.raises(PhotoError):
            Photo(text)
    tiff = io.BytesIO()
    tifffile.imwrite(tiff, GRAY)
    assert Photo(tiff.getvalue()).kind.name == "TIFF"
    assert Photo(encoded(Image.fromarray(GRAY), format="PNG")).kind.name == "PNG"


CUT = ["grey.png", "interlaced.png", "grey.webp", "grey.gif", "grey.jp2", "rgb.jp2", "deep.jp2",
       "rgb.heic", "grey.pgm", "deep.pgm", "rgb.ppm"]  # fmt: skip


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.4, 0.9, 0.98])
def test_a_file_without_its_end_is_never_filled_in(name, share, tmp_path):
    MADE[name][0](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    with pytest.raises(PhotoError):
        pixels_of(data[: int(share * len(data))])
