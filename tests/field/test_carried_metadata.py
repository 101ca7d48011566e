"""IPTC, comments, texts, long XMP, EXIF and resolution reach every kind that has a place for them.

exiftool reads the results; what is lost is one warning.
"""

import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from openjpeg.utils import encode_array
from PIL import Image, PngImagePlugin

from photochrom import SaveOptions, colorize_file
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo, kind_of, losses
from photochrom.photo.metadata.gif_blocks import comment_extension, read_metadata
from support import pictures
from support.colored import saved
from support.exiftool import needs_exiftool, tags_of, write_tags

WITH_XMP = [".jpg", ".png", ".tif", ".webp", ".avif", ".heic", ".jp2", ".gif"]
WITHOUT_IPTC = [".png", ".webp", ".avif", ".heic", ".jp2", ".gif"]
IPTC = {
    "ObjectName": ("XMP-dc:Title", "Anna"),
    "Caption-Abstract": ("XMP-dc:Description", "Anna, summer 1912, Køge"),
    "By-line": ("XMP-dc:Creator", "A. N. Other"),
    "By-lineTitle": ("XMP-photoshop:AuthorsPosition", "Photographer"),
    "CopyrightNotice": ("XMP-dc:Rights", "(c) 1912"),
    "City": ("XMP-photoshop:City", "Køge"),
    "Sub-location": ("XMP-iptcCore:Location", "Harbour"),
    "Province-State": ("XMP-photoshop:State", "Zealand"),
    "Country-PrimaryLocationName": ("XMP-photoshop:Country", "Denmark"),
    "Country-PrimaryLocationCode": ("XMP-iptcCore:CountryCode", "DNK"),
    "Headline": ("XMP-photoshop:Headline", "At the pier"),
    "Credit": ("XMP-photoshop:Credit", "City archive"),
    "Source": ("XMP-photoshop:Source", "Box 7"),
    "SpecialInstructions": ("XMP-photoshop:Instructions", "Handle with care"),
    "OriginalTransmissionReference": ("XMP-photoshop:TransmissionReference", "job 5"),
    "Writer-Editor": ("XMP-photoshop:CaptionWriter", "B. Clerk"),
}
COMMENT = "back of the print: Anna, summer 1912"


def picture():
    return Image.fromarray(pictures.scene()[..., 0])


def lost(photo, suffix, **saving):
    return losses(photo, kind_of(suffix), SaveOptions(**saving))


@pytest.fixture
def with_iptc(tmp_path):
    path = tmp_path / "iptc.jpg"
    picture().save(path)
    write_tags(
        path,
        "-IPTC:CodedCharacterSet=UTF8",
        "-IPTC:Keywords=family",
        "-IPTC:Keywords=garden",
        "-IPTC:DateCreated=1912:07:14",
        "-IPTC:TimeCreated=11:30:00+01:00",
        *(f"-IPTC:{name}={value}" for name, (_, value) in IPTC.items()),
    )
    return path


@needs_exiftool
@pytest.mark.parametrize("suffix", WITHOUT_IPTC)
def test_iptc_becomes_xmp(with_iptc, tmp_path, suffix):
    found = tags_of(saved(Photo(with_iptc), tmp_path / f"a{suffix}"))
    expected = dict(IPTC.values()) | {
        "XMP-dc:Subject": ["family", "garden"],
        "XMP-photoshop:DateCreated": "1912:07:14 11:30:00+01:00",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert [loss for loss in lost(Photo(with_iptc), suffix) if "256" not in loss] == []


@needs_exiftool
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".jp2"])
def test_iptc_stays_iptc_where_it_has_a_place(with_iptc, tmp_path, suffix):
    found = tags_of(saved(Photo(with_iptc), tmp_path / f"a{suffix}"))
    assert found["IPTC:Caption-Abstract"] == "Anna, summer 1912, Køge"
    again = tags_of(saved(Photo(tmp_path / f"a{suffix}"), tmp_path / "b.jpg"))
    assert again["IPTC:Keywords"] == ["family", "garden"]
    assert "ExifTool:Warning" not in found


@needs_exiftool
def test_a_value_of_the_photos_own_xmp_is_not_replaced(with_iptc, tmp_path):
    write_tags(with_iptc, "-XMP-dc:Description=the better caption", "-XMP-dc:Subject=album")
    found = tags_of(saved(Photo(with_iptc), tmp_path / "a.webp"))
    assert found["XMP-dc:Description"] == "the better caption"
    assert found["XMP-dc:Subject"] == "album"
    assert found["XMP-dc:Title"] == "Anna"


@needs_exiftool
def test_latin_1_iptc(tmp_path):
    path = tmp_path / "a.jpg"
    picture().save(path)
    write_tags(path, "-charset", "iptc=Latin", "-IPTC:City=Køge")
    assert b"K\xf8ge" in path.read_bytes()
    assert tags_of(saved(Photo(path), tmp_path / "a.webp"))["XMP-photoshop:City"] == "Køge"


@needs_exiftool
def test_iptc_that_xmp_has_no_property_for(with_iptc):
    write_tags(with_iptc, "-IPTC:Contact=desk 4")
    assert lost(Photo(with_iptc), ".webp") == ["the IPTC records 2:118"]
    assert lost(Photo(with_iptc), ".ppm") == ["IPTC"]
    assert lost(Photo(with_iptc), ".png") == []


@needs_exiftool
def test_iptc_longer_than_a_segment(tmp_path):
    path = tmp_path / "a.tif"
    picture().save(path)
    words = [f"-IPTC:Keywords=word {number} {'x' * 50}" for number in range(1500)]
    (tmp_path / "arguments").write_text("\n".join(words))
    write_tags(path, "-@", str(tmp_path / "arguments"))
    found = tags_of(saved(Photo(path), tmp_path / "a.jpg"))
    assert len(found["IPTC:Keywords"]) == 1500
    again = tags_of(saved(Photo(tmp_path / "a.jpg"), tmp_path / "b.jpg"))
    assert again["IPTC:Keywords"] == found["IPTC:Keywords"]


@needs_exiftool
@pytest.mark.parametrize("suffix", [*WITH_XMP, ".ppm"])
@pytest.mark.parametrize("source", [".jpg", ".gif", ".png", ".pgm"])
def test_a_comment(tmp_path, source, suffix):
    path = tmp_path / f"scan{source}"
    if source == ".png":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", COMMENT)
        picture().save(path, pnginfo=text)
    elif source == ".pgm":
        pixels = pictures.scene()[..., 0]
        head = f"P5\n# {COMMENT}\n{pixels.shape[1]} {pixels.shape[0]}\n255\n"
        path.write_bytes(head.encode() + pixels.tobytes())
    else:
        picture().save(path, comment=COMMENT.encode())
    found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
    names = ("File:Comment", "PNG:Comment", "XMP-exif:UserComment", "GIF:Comment")
    assert [str(found[name]).strip() for name in names if name in found] == [COMMENT]


@needs_exiftool
def test_several_and_long_comments(tmp_path):
    path = tmp_path / "a.jpg"
    picture().save(path)
    data = path.read_bytes()
    first = b"Anna\xff\xfe" + bytes(3)  # bytes of no text, as some cameras write
    segments = b"".join(struct.pack(">HH", 0xFFFE, len(c) + 2) + c for c in (first, b"x" * 60_000))
    path.write_bytes(data[:2] + segments + data[2:])
    again = Photo(saved(Photo(path), tmp_path / "b.jpg"))
    assert again.metadata.comments == (first, b"x" * 60_000)
    as_gif = Photo(saved(Photo(path), tmp_path / "b.gif"))
    assert as_gif.metadata.comments == (first, b"x" * 60_000)
    png = Photo(saved(Photo(path), tmp_path / "b.png"))
    assert [len(text.text) for text in png.metadata.texts] == [6, 60_000]
    assert len(tags_of(saved(png, tmp_path / "c.jpg"))["File:Comment"]) > 5


@needs_exiftool
def test_a_comment_beside_exif_comments_of_xmp(tmp_path):
    path = tmp_path / "a.jpg"
    picture().save(path, comment=COMMENT.encode())
    write_tags(path, "-XMP-exif:UserComment=another")
    found = tags_of(saved(Photo(path), tmp_path / "a.webp"))
    assert found["XMP-exif:UserComment"] == "another"
    assert found["XMP-dc:Description"] == COMMENT
    write_tags(path, "-XMP-dc:Description=a third")
    assert lost(Photo(path), ".webp") == ["its comment"]
    assert lost(Photo(path), ".jpg") == []


def png_with_texts(path, *extra):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Anna")
    text.add_text("Description", "Anna, summer 1912", zip=True)
    text.add_itxt("Author", "Søren Ø.", lang="da", tkey="Ophav")
    text.add_text("Copyright", "© 1912")
    text.add_text("Software", "Scanner 3")
    text.add_text("Creation Time", "Sun, 14 Jul 1912 11:30:00 +0100")
    for keyword, value in extra:
        text.add_text(keyword, value)
    picture().save(path, pnginfo=text)
    return Photo(path)


def test_texts_of_a_png_stay(tmp_path):
    photo = png_with_texts(tmp_path / "scan.png", ("parameters", "any words"), ("long", "x" * 5000))
    again = Photo(saved(photo, tmp_path / "a.png"))
    assert again.metadata.texts == photo.metadata.texts
    with Image.open(tmp_path / "scan.png") as before, Image.open(tmp_path / "a.png") as after:
        before.load()
        after.load()
        kept = {name: text for name, text in after.text.items() if "xmp" not in name}
        assert kept == before.text
        assert after.text["Author"].lang == "da"


@needs_exiftool
@pytest.mark.parametrize("suffix", [s for s in WITH_XMP if s != ".png"])
def test_texts_of_a_png_become_xmp(tmp_path, suffix):
    photo = png_with_texts(tmp_path / "scan.png", ("date:create", "2020-01-01T00:00:00+00:00"))
    found = tags_of(saved(photo, tmp_path / f"a{suffix}"))
    expected = {
        "XMP-dc:Title": "Anna",
        "XMP-dc:Description": "Anna, summer 1912",
        "XMP-dc:Creator": "Søren Ø.",
        "XMP-dc:Rights": "© 1912",
        "XMP-xmp:CreatorTool": "Scanner 3",
        "XMP-xmp:CreateDate": "1912:07:14 11:30:00+01:00",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not [loss for loss in lost(photo, suffix) if "text" in loss]


def test_texts_without_a_property_are_a_warning(tmp_path):
    photo = png_with_texts(tmp_path / "scan.png", ("parameters", "words"), ("Warning", "fragile"))
    assert lost(photo, ".jpg") == ["the text chunks parameters, Warning"]
    assert lost(photo, ".png") == []
    assert len(lost(photo, ".ppm")) == 1


def test_a_text_that_grows_without_end(tmp_path):
    """64 MB of nothing in 64 kB."""
    path = tmp_path / "scan.png"
    png_with_texts(path)
    data = path.read_bytes()
    body = b"bomb\0\0" + zlib.compress(bytes(64 << 20))
    check = struct.pack(">I", zlib.crc32(b"zTXt" + body))
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + check
    path.write_bytes(data[:33] + chunk + data[33:])
    photo = Photo(path)
    assert photo.notes == ("some of its text chunks are damaged, and were left out",)
    assert "bomb" not in {text.keyword for text in photo.metadata.texts}


def test_a_profile_that_imagemagick_hid_in_text(tmp_path):
    exif = Image.Exif()
    exif[315] = "A. N. Other"
    raw = exif.tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(raw):8d}\n{raw.hex()}\n", zip=True)
    picture().save(tmp_path / "scan.png", pnginfo=text)
    photo = Photo(tmp_path / "scan.png")
    assert photo.metadata.texts == ()
    with Image.open(saved(photo, tmp_path / "a.jpg")) as after:
        assert after.getexif()[315] == "A. N. Other"


def jp2(path, *boxes, in_header=b""):
    """A JP2 with boxes behind the pixels, and others in its header."""
    data = encode_array(
        pictures.scene()[..., 0], bits_stored=8, photometric_interpretation=2, codec_format=1
    )
    start = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", data, start)
    head = struct.pack(">I", size + len(in_header)) + data[start + 4 : start + size] + in_header
    path.write_bytes(data[:start] + head + data[start + size :] + b"".join(boxes))
    return path


def resolution_box(name, numbers):
    body = struct.pack(">I4s", 18, name) + struct.pack(">HHHHbb", *numbers)
    return struct.pack(">I4s", 8 + len(body), b"res ") + body


@needs_exiftool
@pytest.mark.parametrize("name", [b"resc", b"resd"])
@pytest.mark.parametrize(
    "numbers",
    [(23622, 1, 11811, 1, 0, 0), (600, 254, 300, 254, 4, 4), (30000, 127, 15000, 127, 2, 2)],
)
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".jp2"])
def test_the_resolution_of_jpeg_2000(tmp_path, name, numbers, suffix):
    """600 pixels an inch down, 300 across."""
    path = jp2(tmp_path / "scan.jp2", in_header=resolution_box(name, numbers))
    found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
    if suffix == ".jp2":
        across, down = (found[f"Jpeg2000:Capture{axis}Resolution"] * 2.54 for axis in "XY")
    else:
        group = "JFIF" if suffix == ".jpg" else "IFD0"
        across, down = (found[f"{group}:{axis}Resolution"] for axis in "XY")
    assert (across, down) == pytest.approx((300, 600), rel=1e-5)


@needs_exiftool
def test_exif_and_iptc_of_jpeg_2000(tmp_path):
    path = jp2(tmp_path / "scan.jp2")
    write_tags(path, "-EXIF:Artist=A. N. Other", "-GPS:GPSLatitude=52.5", "-GPS:GPSLatitudeRef=N",
               "-IPTC:City=Prizren", "-ExifIFD:UserComment=hello")  # fmt: skip
    for suffix in (".jpg", ".jp2", ".tif"):
        found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
        assert found["IFD0:Artist"] == "A. N. Other"
        assert found["GPS:GPSLatitude"] == 52.5
        assert found["ExifIFD:UserComment"] == "hello"
        assert found["IPTC:City"] == "Prizren"


def with_long_xmp(folder):
    """A JPEG with 200 kB of XMP, divided by exiftool."""
    path = folder / "scan.jpg"
    picture().save(path)
    (folder / "history").write_text("log " * 50_000)
    return write_tags(
        path, f"-XMP-photoshop:History<={folder / 'history'}", "-XMP-dc:Source=shelf 9"
    )


@needs_exiftool
@pytest.mark.parametrize("suffix", WITH_XMP)
def test_long_xmp_is_joined_and_divided(tmp_path, suffix):
    path = with_long_xmp(tmp_path)
    assert path.read_bytes().count(b"http://ns.adobe.com/xmp/extension/") > 2
    found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
    assert len(found["XMP-photoshop:History"].strip()) == 200_000 - 1
    assert found["XMP-dc:Source"] == "shelf 9"
    assert "ExifTool:Warning" not in found
    assert lost(Photo(path), suffix) == (["all but 256 colours"] if suffix == ".gif" else [])
    again = tags_of(saved(Photo(tmp_path / f"a{suffix}"), tmp_path / "b.jpg"))
    assert len(again["XMP-photoshop:History"].strip()) == 200_000 - 1


@needs_exiftool
@pytest.mark.parametrize("damage", ["missing", "other"])
def test_an_extension_that_is_not_whole(tmp_path, damage):
    path = with_long_xmp(tmp_path)
    data = path.read_bytes()
    start = data.rindex(b"http://ns.adobe.com/xmp/extension/") - 4
    (size,) = struct.unpack_from(">H", data, start + 2)
    part = data[start : start + 2 + size]
    other = part[:39] + b"0" * 32 + part[71:]
    path.write_bytes(data.replace(part, b"" if damage == "missing" else other))
    photo = Photo(path)
    assert photo.notes == ("a part of its XMP is damaged, and was left out",)
    assert tags_of(saved(photo, tmp_path / "a.jpg"))["XMP-dc:Source"] == "shelf 9"


@needs_exiftool
def test_xmp_of_a_gif(tmp_path):
    path = tmp_path / "scan.gif"
    picture().save(path)
    write_tags(path, "-XMP-dc:Source=shelf 9")
    for suffix in (".gif", ".png"):
        assert tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))["XMP-dc:Source"] == "shelf 9"
    with Image.open(tmp_path / "a.gif") as again:
        assert again.size == (pictures.WIDTH, pictures.HEIGHT)


def test_noise_in_blocks():
    for noise in (b"", b"GIF89a", b"GIF89a" + bytes(7) + b"\x21\xfe\x05ab", b"\x21" * 50):
        read_metadata(io.BytesIO(noise))
    whole = b"GIF89a" + bytes(7) + comment_extension(b"a" * 300) + b"\x3b"
    assert read_metadata(io.BytesIO(whole)).comments == [b"a" * 300]


def test_a_lossless_webp_stays_lossless(tmp_path):
    noisy = np.random.default_rng(5).integers(0, 255, (60, 80), np.uint8)
    Image.fromarray(noisy).convert("RGB").save(tmp_path / "exact.webp", lossless=True)
    Image.fromarray(noisy).convert("RGB").save(tmp_path / "lossy.webp", quality=80)
    exact = saved(Photo(tmp_path / "exact.webp"), tmp_path / "a.webp", ab=(0, 0))
    with Image.open(exact) as after:
        assert (np.asarray(after.convert("L")) == noisy).all()
    assert b"VP8L" in exact.read_bytes()
    lossy = saved(Photo(tmp_path / "lossy.webp"), tmp_path / "b.webp", ab=(0, 0))
    assert b"VP8L" not in lossy.read_bytes()


@needs_exiftool
def test_resolution_where_it_lies_in_exif(tmp_path):
    picture().save(tmp_path / "scan.png", dpi=(600, 600))
    for suffix in (".webp", ".avif", ".heic"):
        path = saved(Photo(tmp_path / "scan.png"), tmp_path / f"a{suffix}")
        found = tags_of(saved(Photo(path), tmp_path / f"b{suffix}.jpg"))
        assert (found["JFIF:XResolution"], found["JFIF:ResolutionUnit"]) == (600, 1)
    assert lost(Photo(tmp_path / "scan.png"), ".ppm") == ["its resolution"]


@needs_exiftool
def test_exif_too_long_for_a_jpeg(tmp_path):
    path = tmp_path / "a.tif"
    picture().save(path)
    write_tags(path, f"-EXIF:ImageDescription={'x' * 70_000}", "-EXIF:Artist=A. N. Other")
    assert lost(Photo(path), ".jpg") == ["EXIF longer than 65 kB"]
    assert tags_of(saved(Photo(path), tmp_path / "a.jpg"))["IFD0:Artist"] == "A. N. Other"
    assert lost(Photo(path), ".png") == []


def test_a_loss_is_a_warning_on_every_surface(tmp_path):
    path = tmp_path / "scan.png"
    png_with_texts(path, ("parameters", "any words"))
    warning = "the file cannot hold the text chunks parameters"
    report = colorize_file(path, tmp_path / "a.jpg", ColorizeOptions(size=64))
    assert report.warnings == [warning]
    command = [sys.executable, "-m", "photochrom", "colorize", str(path), "--size", "64"]
    run = subprocess.run(
        [*command, "-o", str(tmp_path / "b.jpg"), "--json"], capture_output=True, text=True
    )
    assert json.loads(run.stdout)["warnings"] == [warning]
    assert run.stderr.count("text chunks parameters") == 1


@needs_exiftool
@pytest.mark.parametrize("suffix", [".webp", ".avif", ".heic", ".gif"])
def test_photoshops_copyright_and_paths(tmp_path, suffix):
    path = tmp_path / "scan.jpg"
    picture().save(path)
    write_tags(path, "-Photoshop:CopyrightFlag=1", "-Photoshop:URL=https://archive.example/7")
    found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
    assert found["XMP-xmpRights:Marked"] in (True, "True")
    assert found["XMP-xmpRights:WebStatement"] == "https://archive.example/7"
    assert lost(Photo(path), ".ppm") == ["the copyright"]
    data = path.read_bytes()
    path_resource = b"8BIM" + struct.pack(">HHI", 2000, 0, 26) + bytes(26)
    start = data.index(b"Photoshop 3.0\0")
    (size,) = struct.unpack_from(">H", data, start - 2)
    grown = struct.pack(">H", size + len(path_resource)) + data[start : start + size - 2]
    path.write_bytes(data[: start - 2] + grown + path_resource + data[start + size - 2 :])
    assert "clipping paths" in lost(Photo(path), suffix)
    assert lost(Photo(path), ".tif") == []


@needs_exiftool
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".heic", ".jp2"])
def test_exif_is_as_it_was(tmp_path, suffix):
    """A note that counts from the block's start stays at its place; tags nobody knows stay too."""
    exif = Image.Exif()
    exif[316], exif[64123] = "a computer", "private"
    exif.get_ifd(0x8769)[37500] = note = b"a note of a maker that nobody knows"
    picture().save(tmp_path / "scan.jpg", exif=exif)
    written = saved(Photo(tmp_path / "scan.jpg"), tmp_path / f"a{suffix}")

    def place(path):
        data = path.read_bytes()
        found = data.index(note)
        return found - max(data.rfind(b"II*\0", 0, found), data.rfind(b"MM\0*", 0, found))

    assert place(written) == place(tmp_path / "scan.jpg")
    found = tags_of(written)
    assert found["IFD0:HostComputer"] == "a computer"
    assert found["IFD0:Exif_0xfa7b"] == "private"
    assert not str(found.get("ExifTool:Warning", "")).startswith("[minor] Bad")
