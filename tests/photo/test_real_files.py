"""Files from real cameras, phones and scanners; `make real-files` fetches them, CI does.

They come with the sources of other packages that read pictures. Their words are compared as
exiftool reads them, makers' notes included.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from photochrom.color.lab import lab_from_srgb
from photochrom.photo import Photo

pytestmark = pytest.mark.slow  # all files are coloured once

FOLDER = Path(__file__).resolve().parents[2] / "out" / "real-files"
CAMERAS = [
    *(f"piexif-1.1.3/tests/images/r_{maker}.jpg" for maker in (
        "canon", "casio", "olympus", "pana", "pen", "ricoh", "sigma", "sony"
    )),
    "piexif-1.1.3/tests/images/02.jpg",
    "hachoir-3.4.0/tests/files/gps.jpg",
    "hachoir-3.4.0/tests/files/usa_railroad.jpg",
    "hachoir-3.4.0/tests/files/jpeg.exif.photoshop.jpg",
    "filetype-1.2.0/tests/fixtures/sample.jpg",
]  # fmt: skip
PHONES = [
    "pillow_heif-1.8.1/tests/images/heif_other/arrow.heic",  # turned
    "pillow_heif-1.8.1/tests/images/heif_other/empty_icc.heic",
]
SCANS = [
    "piexif-1.1.3/tests/images/01.tif",
    "hachoir-3.4.0/tests/files/sample.tif",
    "filetype-1.2.0/tests/fixtures/sample.tif",  # 61 megapixels, one bit each
    "pillow-11.3.0/Tests/images/pport_g4.tif",
    "pillow-11.3.0/Tests/images/ifd_tag_type.tiff",  # a thermal camera's, 16 bit
]

OF_THE_FILE = {
    "SourceFile",
    "ExifTool",
    "File",
    "System",
    "QuickTime",  # HEIC's boxes
    "Meta",
    "Composite",
    "JFIF",
    "Adobe",
}
"""Groups that tell of the file itself; and of thumbnails, which showed it grey:"""
OF_THUMBNAILS = {"IFD1", "Photoshop:PhotoshopThumbnail", "InteropIFD"}
OF_PIXELS = {
    "YCbCrPositioning", "CompressedBitsPerPixel", "ColorSpace", "ExifImageWidth",
    "ExifImageHeight", "ComponentsConfiguration", "BitsPerSample", "Compression", "SubfileType",
    "PhotometricInterpretation", "StripOffsets", "SamplesPerPixel", "RowsPerStrip",
    "StripByteCounts", "ExtraSamples", "Predictor", "FillOrder", "T6Options", "TileWidth",
    "TileLength", "TileOffsets", "TileByteCounts", "PlanarConfiguration", "Orientation",
    "PageNumber", "TransferFunction", "SampleFormat", "PreviewImageStart",
}  # fmt: skip
RESOLUTION = {"XResolution", "YResolution", "ResolutionUnit"}
BEYOND_ITS_NOTE = {
    "Sigma:Software",
    "Sigma:ChrominanceNoiseReduction",
    "Sigma:LuminanceNoiseReduction",
}
"""That camera's note points out of itself, to what is nobody's."""


@pytest.fixture(scope="module")
def colored(photochrom, tmp_path_factory):
    """All of them through the command line, as one job; the folder of results."""
    if not FOLDER.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{FOLDER} is missing; .ci/run fetches it")
        pytest.skip("not fetched; `make real-files` does")
    album = tmp_path_factory.mktemp("real")
    for name in [*CAMERAS, *PHONES, *SCANS]:
        target = album / "in" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / name, target)
    done = photochrom(
        "colorize", album / "in", "-o", album / "out", "--recursive", "--recolor"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return album / "out"


def result_of(colored, name):
    path = Path(name)
    return colored / path.with_name(f"{path.stem}.color{path.suffix}")


def said(path):
    """What exiftool reads, by group and name."""
    command = ["exiftool", "-j", "-n", "-G1", "-a", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    [found] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("name", [*CAMERAS, *PHONES, *SCANS])
def test_every_word_is_kept(colored, name):
    before, after = said(FOLDER / name), said(result_of(colored, name))
    lost = {}
    for tag, value in before.items():
        group, _, word = tag.partition(":")
        if group.startswith("ICC"):
            continue
        if {group, tag} & (OF_THE_FILE | OF_THUMBNAILS | BEYOND_ITS_NOTE) or word in OF_PIXELS:
            continue
        if word in RESOLUTION and before.get("IFD0:ResolutionUnit") == 1:
            continue  # of no unit: libvips takes it for millimetres
        found = after.get(tag)
        if isinstance(value, float):
            found = found if found is None else pytest.approx(found, rel=1e-5)
        if found != value:
            lost[tag] = (value, found)
    assert not lost
    assert len(before) > 20


@pytest.mark.parametrize("name", [*CAMERAS, *PHONES, *SCANS])
def test_every_pixel_keeps_its_lightness(colored, name):
    def small(path):
        photo = Photo(path)
        copy = photo.small_copy(*(max(1, side // 8) for side in (photo.height, photo.width)))
        return lab_from_srgb(photo.turn.apply(copy))

    before, after = small(FOLDER / name), small(result_of(colored, name))
    assert before.shape == after.shape
    assert np.abs(after[..., 0] - before[..., 0]).mean() < 0.6


def test_a_turned_one_stands_upright(colored):
    with Image.open(result_of(colored, "piexif-1.1.3/tests/images/02.jpg")) as picture:
        assert ImageOps.exif_transpose(picture).size == (400, 210)
