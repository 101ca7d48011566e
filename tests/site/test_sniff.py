"""What the browser's engine says about files, beside what Pillow and libvips say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms
from playwright.sync_api import Error

from photochrom.photo.icc import rgb_profile_for_gray, srgb_profile
from support.gray_jpegs import picture
from support.pictures import GRAY_PROFILES, RGB_PROFILES

pytestmark = pytest.mark.browser

SNIFF = "({ sniff }, data) => sniff(data)"
GRAY = Image.fromarray(picture(37, 53))
COLOR = Image.merge("RGB", [GRAY, GRAY.rotate(180), GRAY])


def sniffed(engine: Any, data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = engine.run("sniff.js", SNIFF, np.frombuffer(data, np.uint8))
    return found


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def with_alpha(image: Image.Image) -> Image.Image:
    copy = image.copy()
    copy.putalpha(GRAY)
    return copy


@pytest.mark.parametrize(
    ("image", "kind", "name", "bits", "bands"),
    [
        (GRAY, "JPEG", "jpeg", 8, 1),
        (COLOR, "JPEG", "jpeg", 8, 3),
        (COLOR.convert("CMYK"), "JPEG", "jpeg", 8, 4),
        (GRAY, "PNG", "png", 8, 1),
        (with_alpha(GRAY), "PNG", "png", 8, 2),
        (COLOR, "PNG", "png", 8, 3),
        (with_alpha(COLOR), "PNG", "png", 8, 4),
        (COLOR.quantize(16), "PNG", "png", 8, 3),
        (GRAY.point(lambda code: code > 128, "1"), "PNG", "png", 1, 1),
        (GRAY.convert("I").point(lambda code: code * 257).convert("I;16"), "PNG", "png", 16, 1),
        (COLOR, "WEBP", "webp", 8, 3),
        (with_alpha(COLOR), "WEBP", "webp", 8, 4),
        (COLOR, "GIF", "gif", 8, 3),
        (COLOR, "BMP", "bmp", 8, 3),
        (GRAY, "TIFF", "tiff", 8, 1),
        (COLOR, "TIFF", "tiff", 8, 3),
        (COLOR, "AVIF", "avif", None, None),
        (COLOR, "JPEG2000", "jp2", 8, 3),
        (GRAY, "PPM", "pnm", 8, 1),
    ],
)
def test_kind_size_and_bands(
    engine: Any, image: Image.Image, kind: str, name: str, bits: int | None, bands: int | None
) -> None:
    found = sniffed(engine, saved(image, kind))

    assert found["kind"] == name
    assert (found["width"], found["height"]) == image.size
    assert (found["bits"], found["bands"]) == (bits, bands)
    assert (found["orientation"], found["profile"], found["pages"]) == (1, "none", 1)


def test_lossless_webp(engine: Any) -> None:
    found = sniffed(engine, saved(with_alpha(COLOR), "WEBP", lossless=True))

    assert (found["width"], found["height"], found["bands"]) == (53, 37, 4)


def test_twelve_bits(engine: Any) -> None:
    data = bytearray(saved(GRAY, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12  # only the header is looked at

    assert sniffed(engine, bytes(data))["bits"] == 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation(engine: Any, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    found = sniffed(engine, saved(COLOR, kind, exif=exif.tobytes()))

    assert found["orientation"] == 6
    assert (found["width"], found["height"]) == (53, 37)


PROFILES = {
    "libvips": srgb_profile(),
    "lcms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "p3": bytes(pyvips.Operation.call("profile_load", "p3")),
    **RGB_PROFILES,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("libvips", "srgb"),
        ("lcms", "srgb"),
        ("p3", "rgb"),
        *((name, "rgb") for name in RGB_PROFILES),
    ],
)
def test_profile(engine: Any, kind: str, name: str, meant: str) -> None:
    data = saved(COLOR, kind, icc_profile=PROFILES[name])

    assert sniffed(engine, data)["profile"] == meant


@pytest.mark.parametrize("name", GRAY_PROFILES)
def test_gray_profile_and_what_becomes_of_it(engine: Any, name: str) -> None:
    profile = GRAY_PROFILES[name]
    found = sniffed(engine, saved(GRAY, "JPEG", icc_profile=profile))
    body = "({ rgbProfileForGray }, profile) => rgbProfileForGray(profile)"

    made = engine.run("icc.js", body, np.frombuffer(profile, np.uint8))

    assert found["profile"] == "gray"
    wanted = rgb_profile_for_gray(profile)
    if name == "lightness":  # a table of light at 4096 places, which Python's meets to 1 in 1000
        codes = [np.frombuffer(data[-8192:], ">u2") / 65535 for data in (made.tobytes(), wanted)]
        np.testing.assert_allclose(*codes, atol=1e-3)
        assert np.all(np.diff(codes[0]) >= 0)
        assert codes[0][-1] == 1
    else:
        assert made.tobytes() == wanted


@pytest.mark.parametrize(("kind", "frames"), [("GIF", 3), ("WEBP", 3), ("PNG", 3), ("TIFF", 3)])
def test_pages(engine: Any, kind: str, frames: int) -> None:
    others = [COLOR.rotate(10), COLOR.rotate(20)]

    found = sniffed(engine, saved(COLOR, kind, save_all=True, append_images=others))

    assert found["pages"] == frames


def test_an_example(engine: Any, examples: Path) -> None:
    path = examples / "cat.jpg"
    with Image.open(path) as image:
        size, bands = image.size, len(image.getbands())

    found = sniffed(engine, path.read_bytes())

    assert ((found["width"], found["height"]), found["bands"]) == (size, bands)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "The file is empty; copy it again from where it came from."),
        (b"%PDF-1.7", "The file is a PDF document; save its pictures as PNG or TIFF."),
        (b"hello", "The file is no picture that is known here; save it as JPEG or PNG."),
        (b"<svg xmlns=''/>", "The file is an SVG drawing; save it as PNG or TIFF."),
        (saved(GRAY, "PNG")[:20], "The PNG file is damaged: its header is not whole; "
         "copy it again from where it came from."),
        (saved(GRAY, "JPEG")[:30], "The JPEG is damaged: the segment at byte 20 has no sound "
         "length; open it in a photo editor and save it anew."),
    ],
)  # fmt: skip
def test_what_is_no_sound_picture_has_a_line(engine: Any, data: bytes, line: str) -> None:
    with pytest.raises(Error) as fault:
        sniffed(engine, data)

    assert str(fault.value).split("Error: ", 1)[1].splitlines()[0] == line


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_cut_files_have_a_line_or_a_size(engine: Any, kind: str) -> None:
    whole = saved(COLOR, kind)
    body = """async ({ sniff }, data, ends) => {
      const lines = [];
      for (const end of ends) {
        try {
          const { width, height } = await sniff(data.subarray(0, end));
          lines.push(width === null || (width > 0 && height > 0) ? "" : `${width} x ${height}`);
        } catch (fault) {
          lines.push(fault.constructor === Error ? "" : fault.stack);
        }
      }
      return lines;
    }"""

    lines = engine.run(
        "sniff.js", body, np.frombuffer(whole, np.uint8), list(range(0, len(whole), 7))
    )

    assert set(lines) == {""}
