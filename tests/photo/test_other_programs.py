"""What exiftool and ImageMagick say of our files; CI installs both."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.photo import Photo
from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from support import pictures
from support.colored import saved
from support.programs import program

KEPT = {
    "Make": "Voigtlander",
    "ImageDescription": "On the pier",
    "Artist": "A. Person",
    "ExposureTime": 0.008,
    "UserComment": "hello",
    "GPSLatitude": 52.5004166666667,
    "XResolution": 600,
    "City": "Prizren",
    "ObjectName": "Album 7",
    "Source": "page 3",
}
"""By exiftool's names: EXIF, GPS, IPTC and XMP."""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def scan(tmp_path, request):
    """A file that exiftool has filled with everything."""
    suffix = request.param
    path = tmp_path / f"scan{suffix}"
    pixels = pictures.scene(1, np.uint8 if suffix == ".jpg" else np.uint16)
    Image.fromarray(pixels[..., 0]).save(path)
    run(
        program("exiftool"), "-q", "-overwrite_original", "-n", "-EXIF:Make=Voigtlander",
        "-EXIF:ImageDescription=On the pier", "-EXIF:Artist=A. Person",
        "-EXIF:ExposureTime=0.008", "-EXIF:UserComment=hello", "-GPS:GPSLatitude=52.5004166666667",
        "-GPS:GPSLatitudeRef=N", "-EXIF:XResolution=600", "-EXIF:YResolution=600",
        "-EXIF:ResolutionUnit=2", "-XMP-dc:Source=page 3",
        *([] if suffix == ".png" else ["-IPTC:City=Prizren", "-IPTC:ObjectName=Album 7"]),
        str(path),
    )  # fmt: skip
    return path


def said(path):
    [found] = json.loads(run(program("exiftool"), "-j", "-n", str(path)))
    return found


@pytest.mark.parametrize("target", [".jpg", ".tif", ".png", ".webp", ".avif"])
@pytest.mark.parametrize("scan", [".jpg", ".tif", ".png"], indirect=True)
def test_exiftool_reads_what_was_there(scan, tmp_path, target):
    before = said(scan)
    after = said(saved(Photo(scan), tmp_path / f"out{target}"))
    wanted = {name: value for name, value in KEPT.items() if name in before}
    assert len(wanted) >= 7
    if target in (".png", ".webp", ".avif"):  # have no place for IPTC's own records
        wanted = {n: v for n, v in wanted.items() if n not in ("City", "ObjectName")}
    if target in (".webp", ".avif"):
        wanted.pop("XResolution", None)
    found = {name: after.get(name) for name in wanted}
    for name, value in wanted.items():
        if isinstance(value, float | int):
            assert float(found[name]) == pytest.approx(value, rel=1e-3), name
        else:
            assert found[name] == value, name
    assert after["DigitalSourceType"] == SOURCE_TYPE
    assert after.get("Warning", "[minor]").startswith("[minor]")  # of libvips's way with WebP
    assert "Error" not in after


@pytest.mark.parametrize("name", ["deep.tif", "rgba.png", "grey.jpg", "grey.webp", "float.tif"])
def test_imagemagick_reads_the_pixels(tmp_path, name):
    """Depth, channels and codes, by another decoder."""
    identify = program("identify")
    write, *_ = pictures.MADE[name]
    write(tmp_path / name)
    photo = Photo(tmp_path / name)
    target = saved(photo, tmp_path / f"out{(tmp_path / name).suffix}", ab=(0, 0))
    facts = run(identify, "-format", "%w %h %[channels] %z", str(target)).split()
    assert facts[:2] == ["160", "120"]
    assert int(facts[-1]) == (
        32 if photo.stored_dtype.kind == "f" else 8 * photo.stored_dtype.itemsize
    )
    convert = str(Path(identify).with_name("convert"))
    codes = ["-alpha", "off", "-depth", "16", "-endian", "LSB", "rgb:-"]
    raw = subprocess.run([convert, target, *codes], check=True, capture_output=True).stdout
    found = np.frombuffer(raw, "<u2").reshape(120, 160, 3) / 65535
    lossy = target.suffix in (".jpg", ".webp")
    wanted = photo.small_copy(120, 160)
    assert np.abs(found - wanted).max() < (0.06 if lossy else 2e-5)
