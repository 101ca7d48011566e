"""Reversible JPEGs that the browser's engine makes of grey ones: read by other programs, given back
by Python, compared with what Python makes.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Error

from photochrom import restore_original
from photochrom.photo.icc import rgb_profile_for_gray
from photochrom.photo.jpeg.reversible import GrayJpeg, Replacements, splice
from support.gray_jpegs import luma_of, picture, planes
from support.pictures import GRAY_PROFILES
from support.programs import program

pytestmark = pytest.mark.browser

SPLICED = """async ({ spliced }, gray, cb, cr, xmp, downsampled) =>
  spliced(gray, cb, cr, { xmp: xmp.length ? xmp : null, downsampled })"""
FAULT = "({ reversibleFault }, data) => reversibleFault(data)"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def as_bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def gray_jpeg(
    size: tuple[int, int] = (61, 83),
    *,
    exif: bytes = b"",
    profile: bytes | None = None,
    **options: Any,
) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(picture(*size))
    image.save(stream, "JPEG", quality=88, exif=exif, icc_profile=profile, **options)
    return stream.getvalue()


def encoded(plane: NDArray[np.uint8], progressive: bool) -> bytes:
    image = pyvips.Image.new_from_array(plane)
    return bytes(
        image.jpegsave_buffer(Q=95, interlace=progressive, optimize_coding=True, keep="none")
    )


def spliced(
    engine: Any, gray: bytes, *, xmp: bytes = b"", chroma: Any = None, downsampled: bool = True
) -> bytes:
    own = GrayJpeg.of(gray)
    chroma = planes(own) if chroma is None else chroma
    coded = [as_bytes(encoded(plane, own.progressive)) for plane in chroma]
    made = engine.run("reversible.js", SPLICED, as_bytes(gray), *coded, as_bytes(xmp), downsampled)
    return bytes(made.tobytes())


def _with_thumbnail() -> bytes:
    """EXIF of two directories."""
    exif = Image.Exif()
    exif[0x010F] = "Zeiss"
    exif._ifds[1] = {0x0100: 16}
    return exif.tobytes()


GRAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one pixel": {"size": (1, 1)},
    "one block": {"size": (8, 9)},
    "large": {"size": (700, 501)},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "comment": {"comment": "on glass"},
    "thumbnail": {"exif": _with_thumbnail()},
    "optimized": {"optimize": True},
    "dpi": {"dpi": (300, 300)},
    **{name: {"profile": profile} for name, profile in GRAY_PROFILES.items()},
}


@pytest.mark.parametrize("name", GRAYS)
def test_luma_stays_and_the_grey_file_comes_back(engine: Any, name: str, tmp_path: Path) -> None:
    gray = gray_jpeg(**GRAYS[name])

    colored = spliced(engine, gray, xmp=XMP)

    np.testing.assert_array_equal(luma_of(colored), luma_of(gray))
    assert restore_original(colored) == gray
    assert XMP in colored
    assert gray_of(colored, tmp_path) == gray_of(gray, tmp_path)


def gray_of(data: bytes, folder: Path) -> bytes:
    """The coefficients of luma as jpegtran writes them."""
    (folder / "photo.jpg").write_bytes(data)
    command = [
        program("jpegtran"),
        "-grayscale",
        "-copy",
        "none",
        "-optimize",
        folder / "photo.jpg",
    ]
    done = subprocess.run(command, check=True, capture_output=True)
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("name", [name for name in GRAYS if name != "lightness"])
def test_the_file_that_python_makes(engine: Any, name: str) -> None:
    """But for the record, whose packing may differ."""
    gray = GrayJpeg.of(gray_jpeg(**GRAYS[name]))
    profile = GRAYS[name].get("profile")
    icc = rgb_profile_for_gray(profile) if profile else None
    chroma = planes(gray)

    mine = without_record(spliced(engine, gray.data, xmp=XMP, chroma=chroma))
    pythons = without_record(splice(gray, chroma, Replacements(XMP, icc), quality=95))

    assert mine == pythons


def without_record(data: bytes) -> bytes:
    start = data.index(b"Photochrom reversible\0") - 4
    assert data.count(b"Photochrom reversible\0") == 1
    return data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]


@pytest.mark.parametrize("name", ["plain", "progressive", "restarts"])
def test_all_decoders_read_it_alike(engine: Any, name: str, tmp_path: Path) -> None:
    gray = gray_jpeg(**GRAYS[name])
    path = tmp_path / "colored.jpg"
    path.write_bytes(spliced(engine, gray))
    body = """async (_, data) => {
      const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      return new Uint8Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data);
    }"""

    by_pillow = np.asarray(Image.open(path)).astype(int)
    by_libvips = pyvips.Image.new_from_file(str(path)).numpy()
    shown = engine.run("bytes.js", body, as_bytes(path.read_bytes()))
    by_chromium = shown.reshape(*by_pillow.shape[:2], 4)[..., :3]
    command = [program("convert"), path, "-depth", "8", "rgb:-"]
    drawn = subprocess.run(command, check=True, capture_output=True).stdout

    assert by_pillow.std(axis=2).mean() > 3  # in color
    np.testing.assert_allclose(by_libvips, by_pillow, atol=1)
    np.testing.assert_allclose(by_chromium, by_pillow, atol=3)
    np.testing.assert_allclose(as_bytes(drawn).reshape(by_pillow.shape), by_pillow, atol=1)


def test_chroma_as_large_as_the_photo(engine: Any, tmp_path: Path) -> None:
    gray = gray_jpeg()
    chroma = (picture(61, 83, 5), picture(61, 83, 6))

    colored = spliced(engine, gray, chroma=chroma, downsampled=False)

    image = Image.open(io.BytesIO(colored))
    image.draft("YCbCr", image.size)
    for band, plane in enumerate(chroma, 1):
        difference = np.abs(np.asarray(image)[..., band].astype(int) - plane)
        assert difference.mean() < 2
    assert restore_original(colored) == gray
    assert gray_of(colored, tmp_path) == gray_of(gray, tmp_path)


def test_xmp_of_the_grey_file_is_replaced(engine: Any) -> None:
    gray = gray_jpeg(xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!--old--></x:xmpmeta>")

    colored = spliced(engine, gray, xmp=XMP)

    assert XMP in colored
    assert b"old" not in without_record(colored)
    assert restore_original(colored) == gray
    assert b"old" in without_record(spliced(engine, gray))


def test_data_behind_the_end_stays(engine: Any) -> None:
    gray = gray_jpeg() + b"behind"

    assert restore_original(spliced(engine, gray)) == gray


def _changed(data: bytes, offset: int, *values: int) -> bytes:
    """A file with other bytes behind its frame's marker."""
    place = data.index(b"\xff\xc0") + offset
    return data[:place] + bytes(values) + data[place + len(values) :]


COLOR = io.BytesIO()
Image.new("RGB", (16, 16)).save(COLOR, "JPEG")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (gray_jpeg(), None),
        (gray_jpeg(progressive=True), None),
        (COLOR.getvalue(), "it has 3 components, not grey alone"),
        (b"\x89PNG\r\n\x1a\n", "it is no JPEG"),
        (gray_jpeg()[:-2], "its structure is damaged"),
        (_changed(gray_jpeg(), 4, 12), "it has 12 bits a sample"),
        (_changed(gray_jpeg(), 1, 0xC9), "it has arithmetic coding"),
        (_changed(gray_jpeg(), 1, 0xC3), "it is coded without loss"),
        (_changed(gray_jpeg(), 1, 0xC5), "it is hierarchical"),
        (_changed(gray_jpeg(), 5, 0, 0), "its height stands behind its pixels"),
    ],
)
def test_what_cannot_be_done(engine: Any, data: bytes, fault: str | None) -> None:
    assert engine.run("reversible.js", FAULT, as_bytes(data)) == fault


def test_a_result_is_refused(engine: Any) -> None:
    colored = spliced(engine, gray_jpeg())

    with pytest.raises(Error, match="cannot be coloured reversibly: it has 3 components"):
        engine.run("reversible.js", SPLICED, *map(as_bytes, [colored] * 3), as_bytes(b""), True)


def test_chroma_of_another_size_or_process_is_refused(engine: Any) -> None:
    gray = gray_jpeg()
    with pytest.raises(Error, match="a chroma plane of 10 x 20"):
        spliced(engine, gray, chroma=(picture(20, 10), picture(20, 10)))
    coded = as_bytes(encoded(planes(GrayJpeg.of(gray))[0], progressive=True))
    with pytest.raises(Error, match="another coding process"):
        engine.run("reversible.js", SPLICED, as_bytes(gray), coded, coded, as_bytes(b""), True)


def test_too_long_xmp_is_refused(engine: Any) -> None:
    with pytest.raises(Error, match="XMP and the note about computed colours are too long"):
        spliced(engine, gray_jpeg(), xmp=bytes(65_510))
