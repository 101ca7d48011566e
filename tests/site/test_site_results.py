"""What is taken home from the site, and files that it refuses."""

from __future__ import annotations

import io
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from photochrom import restore_original
from photochrom.color.lab import Array, lab_from_srgb
from support.desk import Desk
from support.exiftool import needs_exiftool, tags_of, write_tags
from support.programs import program

pytestmark = pytest.mark.browser

FORMATS = {"jpg": "jpegload", "png": "pngload", "webp": "webpload"}


def downloaded(desk: Desk, folder: Path, file_format: str, button: str = "download-one") -> Path:
    desk.click("download")
    desk.page.select_option("#format", file_format)
    with desk.page.expect_download() as download:
        desk.click(button)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    desk.until(lambda: desk.page.is_hidden("#download-dialog"))
    return path


def chroma(picture: pyvips.Image) -> float:
    return float(np.ptp(picture.numpy()[..., :3].astype(int), axis=2).mean())


def tones_apart(one: pyvips.Image, other: pyvips.Image) -> float:
    """The mean difference of two photos' L, which coloring keeps."""

    def lightness(picture: pyvips.Image) -> Array:
        codes = picture.colourspace("srgb")[:3].numpy().astype(np.float32)
        return lab_from_srgb(codes / 255)[..., 0]

    return float(np.abs(lightness(one) - lightness(other)).mean())


@pytest.mark.parametrize("file_format", FORMATS)
def test_download_is_the_photo_at_full_size(
    harbour: Desk, examples: Path, tmp_path: Path, file_format: str
) -> None:
    path = downloaded(harbour, tmp_path, file_format)
    assert path.name == f"harbour.color.{file_format}"
    picture = pyvips.Image.new_from_file(str(path))
    assert (picture.width, picture.height) == (1024, 477)
    assert picture.bands == 3 or picture[3].min() == 255  # browsers write PNGs with an alpha band
    assert picture.get("vips-loader").startswith(FORMATS[file_format])
    assert chroma(picture) > 15
    original = pyvips.Image.new_from_file(str(examples / "harbour.jpg"))
    assert tones_apart(picture, original) < 1  # the same photo, at the same place


@needs_exiftool
@pytest.mark.parametrize("file_format", FORMATS)
def test_metadata_stays_and_the_photo_is_upright(
    desk: Desk, examples: Path, tmp_path: Path, file_format: str
) -> None:
    source = tmp_path / "turned.jpg"
    source.write_bytes((examples / "harbour.jpg").read_bytes())
    write_tags(
        source, "-Make=Leica", "-Model=II", "-DateTimeOriginal=1932:05:17 10:00:00",
        "-GPSLatitude=53.5", "-GPSLatitudeRef=N", "-Orientation=6", "-XMP-dc:Title=Harbour",
    )  # fmt: skip
    desk.put(source)
    assert desk.page.inner_text("#facts") == "477 × 1024 · JPG"
    path = downloaded(desk, tmp_path, file_format)
    picture = pyvips.Image.new_from_file(str(path))
    assert (picture.width, picture.height) == (477, 1024)
    assert picture.numpy()[:, :, :3].std() > 20
    tags, before = tags_of(path), tags_of(source)
    for name in ("IFD0:Make", "IFD0:Model", "ExifIFD:DateTimeOriginal", "GPS:GPSLatitude"):
        assert tags[name] == before[name], name
    assert tags["XMP-dc:Title"] == "Harbour"
    assert tags.get("IFD0:Orientation", 1) == 1
    upright = pyvips.Image.new_from_file(str(source)).autorot()
    assert tones_apart(picture, upright) < 1


def test_transparency_stays(desk: Desk, examples: Path, tmp_path: Path) -> None:
    photo = Image.open(examples / "cat.jpg").convert("LA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    photo.save(tmp_path / "clear.png")
    desk.put(tmp_path / "clear.png")
    picture = pyvips.Image.new_from_file(str(downloaded(desk, tmp_path, "png")))
    assert picture.bands == 4
    assert np.abs(picture[3].numpy().astype(int) - np.asarray(photo)[..., 1]).max() <= 1


def test_quality_and_note_are_as_chosen(harbour: Desk, tmp_path: Path) -> None:
    sizes, notes = [], []
    for quality, mark in ((60, True), (98, False)):
        harbour.click("download")
        harbour.page.select_option("#format", "jpg")
        harbour.page.fill("#quality", str(quality))
        harbour.page.set_checked("#mark", mark)
        with harbour.page.expect_download() as download:
            harbour.click("download-one")
        data = Path(download.value.path()).read_bytes()
        sizes.append(len(data))
        notes.append(b"algorithmic" in data.lower() or b"Photochrom" in data)
        harbour.until(lambda: harbour.page.is_hidden("#download-dialog"))
    harbour.click("download")
    harbour.page.fill("#quality", "95")
    harbour.page.check("#mark")
    assert sizes[0] < 0.7 * sizes[1]
    assert notes == [True, False]


def grayscale(data: bytes, *options: str) -> bytes:
    command = [program("jpegtran"), *options, "-copy", "none", "-optimize"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("orientation", [1, 6])
def test_reversible_download_has_the_originals_luma(
    desk: Desk, examples: Path, tmp_path: Path, orientation: int
) -> None:
    source = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.open(examples / "harbour.jpg").save(source, quality=90, exif=exif)
    desk.put(source)
    desk.click("download")
    desk.page.select_option("#format", "jpg")
    desk.page.check("#reversible")
    with desk.page.expect_download() as download:
        desk.click("download-one")
    path = tmp_path / "kept.jpg"
    download.value.save_as(path)
    assert grayscale(path.read_bytes(), "-grayscale") == grayscale(source.read_bytes())
    assert restore_original(path) == source.read_bytes()
    assert chroma(pyvips.Image.new_from_file(str(path))) > 15


def test_reversible_is_not_offered_for_other_formats(harbour: Desk) -> None:
    harbour.click("download")
    harbour.page.select_option("#format", "jpg")
    assert harbour.page.is_visible("#reversible-row")
    harbour.page.select_option("#format", "png")
    assert harbour.page.is_hidden("#reversible-row")


def test_all_results_are_a_zip(desk: Desk, examples: Path, tmp_path: Path) -> None:
    desk.put(examples / "cat.jpg", examples / "square.jpg", examples / "harbour.jpg")
    path = downloaded(desk, tmp_path, "", "download-all")
    assert path.name == "photochrom.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["cat.color.jpg", "square.color.jpg", "harbour.color.jpg"]
        pictures = [
            pyvips.Image.new_from_buffer(archive.read(name), "") for name in archive.namelist()
        ]
    assert [(one.width, one.height) for one in pictures][::2] == [(451, 300), (1024, 477)]
    assert min(chroma(one) for one in pictures) > 5


def test_photo_takes_the_look_of_another(desk: Desk, examples: Path, tmp_path: Path) -> None:
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    desk.slide("saturation", 0)
    desk.rest()
    desk.click("apply-all")
    desk.until(lambda: "has this look now" in desk.status)
    path = downloaded(desk, tmp_path, "png", "download-all")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert chroma(pyvips.Image.new_from_buffer(archive.read(name), "")) < 1, name


def png(width: int, height: int) -> bytes:
    """A PNG whose header promises a size that its data does not have."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (40, 30), 90).save(stream, "TIFF")
    return stream.getvalue()


REFUSED = {
    "letter.jpg": (b"Dear grandmother", "no picture that is known here"),
    "header.jpg": (None, "damaged"),
    "empty.jpg": (b"", "is empty"),
    "scan.tif": (tiff(), "the installed Photochrom reads it"),
    "huge.png": (png(10_000, 10_000), "100 megapixels"),
    "short.png": (png(100, 100), "damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_file_that_cannot_be_colored_is_one_line_and_the_page_goes_on(
    desk: Desk, examples: Path, tmp_path: Path, name: str
) -> None:
    data, words = REFUSED[name]
    path = tmp_path / name
    path.write_bytes((examples / "cat.jpg").read_bytes()[:120] if data is None else data)
    desk.page.set_input_files("#photo-input", str(path))
    desk.until(lambda: desk.states() == ["failed"])
    line = desk.page.inner_text("#card-text")
    assert line.startswith(f"{name}: ")
    assert words in line
    assert "\n" not in line
    assert line in desk.status
    desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
    desk.until(lambda: desk.states() == ["failed", "ready"])
    desk.rest()
    assert desk.chroma(0.75, 0.5) > 8
