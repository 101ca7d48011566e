"""One photo from file to file: what is written, what is refused, what is reported."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom import ColorizeOptions, FileReport, Photo, SaveOptions, colorize_file
from photochrom.errors import InColorError, ModelError, OutputExistsError, PhotoError
from photochrom.reports import reported
from support.records import FIELDS

SMALL = ColorizeOptions(size=64)


@pytest.fixture
def photo(examples, tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_bytes((examples / "cat.jpg").read_bytes())
    return path


def test_beside_the_photo(photo):
    report = colorize_file(photo, options=SMALL)
    assert report.outputs == (photo.with_name("cat.color.jpg"),)
    assert (report.state, report.width, report.height) == ("done", 451, 300)
    assert (report.model, report.reason, report.error) == ("photochrom", None, None)
    assert report.seconds > 0
    with Image.open(report.outputs[0]) as image:
        assert (image.size, image.mode) == ((451, 300), "RGB")
        assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 10


def test_format_names_the_result(photo):
    assert colorize_file(photo, options=SMALL, format="png").outputs[0].name == "cat.color.png"


def test_an_open_file(photo):
    file = io.BytesIO()
    report = colorize_file(photo.read_bytes(), file, SMALL, format="png")
    assert report.record()["output"] == "-"
    assert Image.open(file).format == "PNG"


def test_pages_of_different_sizes_become_files(tmp_path):
    scan = tmp_path / "album.tif"
    with tifffile.TiffWriter(scan) as file:
        for side in (40, 50):
            file.write(np.full((side, 60), 99, np.uint8))
    report = colorize_file(scan, tmp_path / "out.tif", SMALL)
    assert [path.name for path in report.outputs] == ["out-1.tif", "out-2.tif"]
    assert (report.width, report.height) == (60, 40)


def test_the_photo_is_never_overwritten(photo):
    before = photo.read_bytes()
    for source in (photo, str(photo), Photo(photo)):
        with pytest.raises(PhotoError, match="is the photo itself"):
            colorize_file(source, photo, SMALL, SaveOptions(overwrite=True))
    assert photo.read_bytes() == before


def test_what_fails_later_is_refused_before_the_work(photo, tmp_path):
    taken = tmp_path / "taken.jpg"
    taken.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        colorize_file(photo, taken, SMALL)
    with pytest.raises(OutputExistsError):
        colorize_file(photo, tmp_path / "new.jpg", SMALL, confidence=taken)
    with pytest.raises(PhotoError, match="is the coloured photo"):
        colorize_file(photo, tmp_path / "new.png", SMALL, confidence=tmp_path / "new.png")
    with pytest.raises(PhotoError, match="name a target"):
        colorize_file(photo.read_bytes())
    assert taken.read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.jpg", "taken.jpg"]


def test_a_record_has_all_keys_and_is_json(photo):
    done = colorize_file(photo, options=SMALL).record()
    failed = FileReport.failure("x.jpg", PhotoError("x.jpg", "damaged")).record()
    for record in (done, failed):
        assert set(record) == FIELDS
        assert json.loads(json.dumps(record)) == record
    assert failed["error"] == "x.jpg: damaged"
    assert done["output"] == done["outputs"][0]


def test_losses_are_warnings(examples, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65535, (50, 60)).astype(np.uint16)
    scan = tmp_path / "deep.tif"
    tifffile.imwrite(scan, pixels)
    report = colorize_file(scan, tmp_path / "deep.jpg", SMALL)
    assert report.losses
    assert report.warnings == [f"the file cannot hold {what}" for what in report.losses]


@pytest.mark.parametrize(
    ("fault", "state", "reason", "words"),
    [
        (InColorError("a.jpg", "is in colour"), "skipped", "in colour already", "is in colour"),
        (ModelError("m", "damaged"), "failed", "ModelError", "m: damaged"),
        (MemoryError(), "failed", "MemoryError", "a.jpg: needs more memory"),
        (ZeroDivisionError("in\nstrips"), "failed", "Unforeseen", "(ZeroDivisionError: in)"),
    ],
)
def test_every_fault_is_a_report(fault, state, reason, words):
    def work():
        raise fault

    report = reported("a.jpg", work)
    assert (report.input, report.state, report.reason) == ("a.jpg", state, reason)
    assert words in report.error
    assert "\n" not in report.error
    assert report.outputs == ()


def test_the_record_is_documented_field_by_field():
    page = (Path(__file__).parents[1] / "docs" / "batch.md").read_text()
    for name in FIELDS:
        assert f"| `{name}` |" in page, name
