"""What a canvas encoded gets the photo's metadata: the same that Python's writer gives its results.

Both are read by exiftool.
"""

from __future__ import annotations

import io
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from photochrom import Photo, SaveOptions
from photochrom.color.rgb_space import SRGB
from photochrom.photo import Page
from photochrom.photo.metadata.digital_source import says_computed
from photochrom.photo.strips import Coding
from photochrom.photo.writer import encode
from support.exiftool import needs_exiftool, tags_of, write_tags
from support.gray_jpegs import picture

pytestmark = [pytest.mark.browser, needs_exiftool]

DRESSED = """async (module, name, original, width, height, options) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  for (let x = 0; x < width; x += 1) {
    context.fillStyle = `hsl(${(360 * x) / width} 60% 50%)`;
    context.fillRect(x, 0, 1, height);
  }
  const kinds = { dressedJpeg: "jpeg", dressedPng: "png", dressedWebp: "webp" };
  const type = `image/${kinds[name]}`;
  const blob = await canvas.convertToBlob({ type, quality: 0.92 });
  const coded = new Uint8Array(await blob.arrayBuffer());
  return module[name](coded, original, options ?? undefined);
}"""
MODULES = {".jpg": "jpeg.js", ".png": "png.js", ".webp": "webp.js"}
NAMES = {".jpg": "dressedJpeg", ".png": "dressedPng", ".webp": "dressedWebp"}
SIZE = (61, 40)
"""Width and height of the photos as they are stored."""
OF_THE_FILE = (
    "SourceFile", "System:", "ExifTool:", "Composite:", "ICC", "RIFF:", "File:FileSize",
    "File:Encoding", "File:YCbCr", "File:ExifByteOrder", "File:CurrentIPTCDigest",
    "File:BitsPerSample", "File:ColorComponents", "XMP-x:XMPToolkit", "PNG:ColorType",
    "PNG:SRGBRendering",
)  # fmt: skip
"""What may differ: names, sizes and how the pixels are coded."""
EXIF = [
    "-EXIF:Orientation=6", "-EXIF:Make=Zeiss", "-EXIF:Artist=A. Ansel", "-EXIF:ColorSpace=65535",
    "-EXIF:ExifImageWidth=61", "-EXIF:ExifImageHeight=40", "-EXIF:ComponentsConfiguration=1 0 0 0",
    "-EXIF:DateTimeOriginal=1935:06:01 12:00:00", "-EXIF:UserComment=on glass",
    "-EXIF:GPSLatitude=48.2", "-EXIF:GPSLatitudeRef=N", "-EXIF:XResolution=300",
    "-EXIF:YResolution=300", "-EXIF:ResolutionUnit=2", "-EXIF:InteropIndex=R03",
    "-EXIF:CompressedBitsPerPixel=2", "-EXIF:YCbCrPositioning=1",
]  # fmt: skip
XMP = [
    "-XMP-dc:Title=A street", "-XMP-dc:Subject=tram", "-XMP-dc:Subject=street & <rain>",
    "-XMP-tiff:Orientation=6", "-XMP-tiff:ImageWidth=61", "-XMP-tiff:BitsPerSample=8",
    "-XMP-photoshop:ColorMode=1", "-XMP-exif:Gamma=2.2", "-XMP-xmp:Rating=4",
    "-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm",
]  # fmt: skip
IPTC = [
    "-IPTC:City=Wien", "-IPTC:Keywords=tram", "-IPTC:Keywords=rain", "-IPTC:DateCreated=1935:06:01",
    "-IPTC:By-line=A. Ansel", "-IPTC:Headline=Regen",
    "-Photoshop:URL=https://example.org", "-Photoshop:CopyrightFlag=1",
]  # fmt: skip


@pytest.fixture
def original(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A grey photo of a kind with all metadata that exiftool puts into it."""
    suffix = request.param
    path = tmp_path / f"photo{suffix}"
    gray = Image.fromarray(picture(SIZE[1], SIZE[0]))
    if suffix == ".png":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Title", "A title")
        texts.add_text("Comment", "a b c")
        texts.add_itxt("Author", "Ångström", lang="sv", tkey="Författare", zip=True)
        gray.save(path, pnginfo=texts, dpi=(300, 300))
    else:
        gray.save(path)
    write_tags(path, *EXIF, *XMP)
    if suffix == ".jpg":
        thumbnail = tmp_path / "small.jpg"
        gray.resize((16, 12)).save(thumbnail)
        write_tags(path, *IPTC, "-Comment=a b c", f"-ThumbnailImage<={thumbnail}")
        write_tags(path, "-JFIF:XResolution=300", "-JFIF:YResolution=300")
    elif suffix == ".png":
        write_tags(path, *[tag for tag in IPTC if tag.startswith("-IPTC")])
    return path


every_original = pytest.mark.parametrize("original", [".jpg", ".png", ".webp"], indirect=True)


def dressed(engine: Any, original: bytes, suffix: str, size: Any, options: Any = None) -> bytes:
    data = np.frombuffer(original, np.uint8)
    result = engine.run(MODULES[suffix], DRESSED, NAMES[suffix], data, *size, options)
    return bytes(result.tobytes())


def by_python(path: Path, suffix: str, size: tuple[int, int]) -> bytes:
    photo = Photo(path)
    colored = np.zeros((size[1], size[0], 3), np.uint8)
    page = Page(photo, iter([colored]), Coding(SRGB, colored.dtype), upright=True)
    return encode([page], suffix, SaveOptions())


def facts(path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    found = tags_of(path)
    return {tag: value for tag, value in found.items() if not tag.startswith(OF_THE_FILE)}


@every_original
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_same_metadata_as_pythons(
    engine: Any, original: Path, suffix: str, tmp_path: Path
) -> None:
    size = SIZE[::-1]  # upright

    mine = facts(tmp_path / f"mine{suffix}", dressed(engine, original.read_bytes(), suffix, size))
    pythons = facts(tmp_path / f"pythons{suffix}", by_python(original, suffix, size))

    if suffix == ".png":  # a canvas encodes transparency, and sRGB has a chunk of its own
        assert mine.pop("XMP-tiff:BitsPerSample") == [8] * 4
        assert pythons.pop("XMP-tiff:BitsPerSample") == [8] * 3
        assert pythons.pop("PNG:ProfileName") == "icc"
    assert mine == pythons
    assert mine["IFD0:Artist"] == "A. Ansel"
    assert mine["IFD0:Orientation"] == 1
    assert not any("Thumbnail" in tag for tag in mine)
    with Image.open(tmp_path / f"mine{suffix}") as image:
        image.load()
        assert image.size == size
    if suffix == ".jpg":
        checked = subprocess.run(["jpegtran", tmp_path / "mine.jpg"], capture_output=True)
        assert (checked.returncode, checked.stderr) == (0, b"")


def test_a_photo_without_metadata_gets_the_mark_alone(engine: Any, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture(20, 30)).save(path)

    for suffix in MODULES:
        found = facts(
            tmp_path / f"mine{suffix}", dressed(engine, path.read_bytes(), suffix, (30, 20))
        )
        own = {tag for tag in found if not tag.startswith(("File:", "PNG:", "JFIF:"))}
        assert own == {"XMP-iptcExt:DigitalSourceType"}


@every_original
def test_without_the_mark_the_photos_own_source_stays(
    engine: Any, original: Path, tmp_path: Path
) -> None:
    data = dressed(engine, original.read_bytes(), ".jpg", SIZE[::-1], {"mark": False})

    found = facts(tmp_path / "mine.jpg", data)

    assert found["XMP-iptcExt:DigitalSourceType"].endswith("/negativeFilm")


@pytest.mark.parametrize("original", [".jpg"], indirect=True)
def test_a_part_of_a_photo_says_so(engine: Any, original: Path, tmp_path: Path) -> None:
    write_tags(original, "-EXIF:SubjectArea=10 10 4 4", "-XMP-mwg-rs:RegionName=Someone")
    options = {"crop": "0,0,20x20 of 40x61"}

    found = facts(
        tmp_path / "mine.jpg", dressed(engine, original.read_bytes(), ".jpg", (20, 20), options)
    )

    assert found["XMP-xmpMM:HistoryAction"] == "cropped"
    assert found["XMP-xmpMM:HistoryParameters"] == options["crop"]
    assert found["XMP-xmpMM:HistorySoftwareAgent"] == "Photochrom"
    assert (found["ExifIFD:ExifImageWidth"], found["ExifIFD:ExifImageHeight"]) == (20, 20)
    assert "ExifIFD:SubjectArea" not in found
    assert not any("Region" in tag for tag in found)


@pytest.mark.parametrize("original", [".jpg"], indirect=True)
def test_exif_does_not_move(engine: Any, original: Path) -> None:
    """Notes of camera makers count places from the beginning of the block."""
    note = b"\x01NIKON" + bytes(range(200))
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0x927C] = note
    tags[0x0132] = "1935:06:01 12:00:00"
    stream = io.BytesIO()
    Image.fromarray(picture(20, 30)).save(stream, "JPEG", exif=tags)

    result = dressed(engine, stream.getvalue(), ".jpg", (30, 20))

    place = stream.getvalue().index(note) - stream.getvalue().index(b"Exif\0\0")
    assert result.index(note) - result.index(b"Exif\0\0") == place


def test_long_xmp_is_divided_and_joined(engine: Any, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture(20, 30)).save(path)
    long = tmp_path / "long.txt"
    long.write_text("word " * 40_000)
    write_tags(path, "-XMP-dc:Title=A street", f"-XMP-dc:Description<={long}")

    once = dressed(engine, path.read_bytes(), ".jpg", (30, 20))
    twice = dressed(engine, once, ".jpg", (30, 20))

    for data in (once, twice):
        found = facts(tmp_path / "mine.jpg", data)
        assert found["XMP-dc:Description"].split() == ["word"] * 40_000
        assert found["XMP-dc:Title"] == "A street"
        assert found["XMP-iptcExt:DigitalSourceType"].endswith("TrainedAlgorithmicMedia")
        with Image.open(io.BytesIO(data)) as image:  # each part fits into a segment
            assert image.size == (30, 20)
        (tmp_path / "again.jpg").write_bytes(data)
        assert not Photo(tmp_path / "again.jpg").metadata.notes


@pytest.mark.parametrize(
    "xmp",
    [
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><broken",
        b"<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>",
        b"<r xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>" + b"<a>" * 200,
    ],
)
def test_damaged_xmp_stays_as_it_is(engine: Any, xmp: bytes) -> None:
    stream = io.BytesIO()
    Image.fromarray(picture(20, 30)).save(stream, "JPEG", xmp=xmp)

    result = dressed(engine, stream.getvalue(), ".jpg", (30, 20))

    assert xmp in result


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be"])
def test_xmp_of_other_programs(engine: Any, code: str) -> None:
    """Other prefixes, comments, single quotes, several descriptions, one without any."""
    xmp = """\ufeff<?xpacket begin='' id='x'?><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'
      xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><!-- a > comment -->
      <r:Description r:about='' ext:DigitalSourceType='negativeFilm'/>
      <r:Description r:about='' xmlns:d='http://purl.org/dc/elements/1.1/'><d:format>a&amp;b</d:format>
      <ext:DigitalSourceType r:resource='x'/></r:Description></r:RDF><?xpacket end='w'?>   """
    stream = io.BytesIO()
    Image.fromarray(picture(20, 30)).save(stream, "PNG")
    body = """({ writtenXmp }, xmp) => writtenXmp(
      { xmp, resources: null, comments: [], texts: [] },
      { kind: "jpeg", width: 3, height: 2, bands: 3, orientation: 1 })"""

    made = engine.run("written_xmp.js", body, np.frombuffer(xmp.encode(code), np.uint8)).tobytes()

    assert says_computed(made)
    assert made.count(b"DigitalSourceType") == 1
    assert b"image/jpeg" in made
    assert b"<!-- a > comment -->" in made


@every_original
def test_damaged_originals_do_no_harm(engine: Any, original: Path) -> None:
    sound = original.read_bytes()
    random = np.random.default_rng(2)
    body = """async (module, places, sound, coded) => {
      const lines = [];
      for (let n = 0; n + 1 < places.length; n += 2) {
        const data = sound.slice(0, n % 10 ? sound.length : places[n]);
        for (let i = 0; i < 5; i += 1) data[(places[n] + 7 * i) % data.length] = places[n + 1] + i;
        try {
          const { length } = await module.dressedJpeg(coded, data);
          lines.push(length >= coded.length / 2 ? "" : "short");
        } catch (fault) {
          lines.push(fault.stack);
        }
      }
      return lines;
    }"""
    stream = io.BytesIO()
    Image.new("RGB", (40, 61)).save(stream, "JPEG")
    places = random.integers(0, len(sound), 1200)

    lines = engine.run(
        "jpeg.js",
        body,
        places.astype(np.int32),
        np.frombuffer(sound, np.uint8),
        np.frombuffer(stream.getvalue(), np.uint8),
    )

    assert set(lines) == {""}


def test_chunks_have_sound_checksums(engine: Any) -> None:
    stream = io.BytesIO()
    Image.fromarray(picture(20, 30)).save(stream, "PNG", dpi=(300, 300))

    data = dressed(engine, stream.getvalue(), ".png", (30, 20))

    place, names = 8, []
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 8 + size]
        names.append(body[:4])
        assert int.from_bytes(data[place + 8 + size : place + 12 + size], "big") == zlib.crc32(body)
        place += 12 + size
    assert names[:4] == [b"IHDR", b"sRGB", b"pHYs", b"iTXt"]
    assert names[-1] == b"IEND"
