"""A part of a photo as its result, and results that are turned."""

import hashlib
import json

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageOps

from photochrom import ColorizeOptions, Crop, Photo, SaveOptions, colorize_file, save_pages
from photochrom.batch import Job, JobSettings, State, run_job
from photochrom.errors import ConfigError, PhotoError
from photochrom.photo.strips import StripPlan
from photochrom.pipeline.full_size import colored_strips
from support.exiftool import tags_of, write_tags

SMALL = ColorizeOptions(size=64)
CROP = Crop(31, 17, 83, 59)
ORIENTATION = 274


def upright(path):
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image))


@pytest.fixture
def scan(examples, tmp_path):
    """Store a photo with an orientation, in a kind of file that loses nothing."""

    def stored(orientation, suffix):
        path = tmp_path / f"scan{suffix}"
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        with Image.open(examples / "cat.jpg") as cat:
            cat.resize((150, 100)).save(path, exif=exif)
        return path

    return stored


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_codes_are_those_of_the_whole_result(colorizer, scan, tmp_path, orientation, suffix, turn):
    result = colorizer.colorize(scan(orientation, suffix), SMALL)
    height, width = result.photo.upright_size
    crop = Crop(31, 17, width // 2, height // 2)
    whole, part = tmp_path / f"whole{suffix}", tmp_path / f"part{suffix}"
    result.save(whole)
    result.save(part, crop=crop, turn=turn)
    wanted = upright(whole)[crop.top : crop.bottom, crop.left : crop.right]
    assert np.array_equal(upright(part), np.rot90(wanted, -turn // 90))
    assert np.ptp(wanted.astype(int), axis=2).max() > 10  # it is in colour


def test_strips_are_cut_while_they_come(colorizer, examples):
    """Rows below the crop are not decoded, and no strip is longer than the plan's."""
    result = colorizer.colorize(examples / "cat.jpg", SMALL)
    plan = StripPlan(451, 300, 16)
    fetch, fetched = result.photo.strips(), []

    def watched(top, rows):
        fetched.append(top)
        return fetch(top, rows)

    crop = Crop(40, 50, 100, 60)
    strips = list(colored_strips(watched, plan, result.chroma, 1, part=crop))
    assert fetched == list(range(0, 110, 16))
    assert [len(strip) for strip in strips] == [14, 16, 16, 14]
    assert np.array_equal(np.concatenate(strips), result.rgb[50:110, 40:140])


def test_metadata_is_that_of_the_crop(colorizer, examples, tmp_path):
    source = tmp_path / "camera.jpg"
    source.write_bytes((examples / "cat.jpg").read_bytes())
    write_tags(
        source,
        "-EXIF:Orientation#=6",
        "-EXIF:ExifImageWidth=451",
        "-EXIF:ExifImageHeight=300",
        "-EXIF:SubjectArea=200 100 40 40",
        "-XMP-tiff:ImageWidth=451",
        "-XMP-exif:ExifImageWidth=451",
        "-XMP-mwg-rs:RegionName=Grandmother",
    )
    target = tmp_path / "out.jpg"
    report = colorize_file(source, target, SMALL, SaveOptions(crop=CROP, turn=90))
    tags = tags_of(target)
    assert (tags["File:ImageWidth"], tags["File:ImageHeight"]) == (59, 83)
    assert (tags["ExifIFD:ExifImageWidth"], tags["ExifIFD:ExifImageHeight"]) == (59, 83)
    assert (tags["XMP-tiff:ImageWidth"], tags["XMP-exif:ExifImageWidth"]) == (59, 59)
    assert tags["IFD0:Orientation"] == 3
    assert "ExifIFD:SubjectArea" not in tags
    assert "XMP-mwg-rs:RegionName" not in tags
    assert any("regions marked in it" in line for line in report.warnings)
    assert tags["XMP-xmpMM:HistoryAction"] == "cropped"
    assert tags["XMP-xmpMM:HistoryParameters"] == "83x59+31+17 of 300x451"


def test_an_older_history_stays(colorizer, examples, tmp_path):
    source = tmp_path / "edited.png"
    Image.open(examples / "cat.jpg").save(source)
    write_tags(source, "-XMP-xmpMM:HistoryAction=saved")
    target = tmp_path / "out.png"
    colorizer.colorize(source, SMALL).save(target, crop=CROP, mark=False)
    assert tags_of(target)["XMP-xmpMM:HistoryAction"] == ["saved", "cropped"]


@pytest.mark.parametrize("suffix", ["avif", "gif", "webp", "jpg", "tif", "png"])
def test_every_kind_of_file_is_cropped_and_turned(colorizer, examples, tmp_path, suffix):
    target = tmp_path / f"out.{suffix}"
    colorizer.colorize(examples / "cat.jpg", SMALL).save(target, crop=CROP, turn=270)
    image = pyvips.Image.new_from_file(str(target)).autorot()
    assert (image.width, image.height) == (59, 83)
    assert tags_of(target)["XMP-xmpMM:HistoryAction"] == "cropped"


def test_all_pages_are_cropped(colorizer, tmp_path):
    scan = tmp_path / "album.tif"
    pages = [np.full((120, 160), level, np.uint16) for level in (20_000, 40_000)]
    with tifffile.TiffWriter(scan) as file:
        for page in pages:
            file.write(page)
    results = colorizer.colorize_pages(scan, SMALL)
    [path] = save_pages(results, tmp_path / "out.tif", crop=CROP, turn=180)
    with tifffile.TiffFile(path) as file:
        assert [page.shape for page in file.pages] == [(59, 83, 3)] * 2
        assert [page.tags[ORIENTATION].value for page in file.pages] == [3, 3]


def test_beyond_the_photo_is_refused_before_the_work(examples, tmp_path):
    target = tmp_path / "out.jpg"
    with pytest.raises(PhotoError, match=r"cat\.jpg: the crop 452x1\+0\+0 reaches beyond its 451"):
        colorize_file(examples / "cat.jpg", target, SMALL, SaveOptions(crop=Crop(0, 0, 452, 1)))
    assert not target.exists()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Crop.parse("10x10"), "WxH"),
        (lambda: Crop.parse("10x-1+0+0"), "WxH"),
        (lambda: Crop.parse("10x0+0+0"), "at least one pixel"),
        (lambda: Crop(-1, 0, 5, 5), "begin inside"),
        (lambda: Crop(0, 0, 5.5, 5), "whole numbers"),
        (lambda: SaveOptions(turn=45), "turn=45: must be 0, 90, 180 or 270"),
        (lambda: SaveOptions(crop=CROP, reversible=True), r"83x59\+31\+17': cannot be combined"),
        (lambda: SaveOptions(turn=90, reversible=True), "turn=90: cannot be combined"),
    ],
)
def test_what_is_wrong_is_one_line(make, words):
    with pytest.raises(ConfigError, match=words) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_large_result_of_a_larger_photo(tmp_path):
    """What counts for the format is the size of the crop."""
    photo = Photo(np.zeros((8, 70_000), np.uint8))
    target = tmp_path / "out.jpg"
    with pytest.raises(PhotoError, match="65"):
        colorize_file(photo, target, SMALL)
    colorize_file(photo, target, SMALL, SaveOptions(crop=Crop(100, 0, 60_000, 8)))
    with Image.open(target) as image:
        assert image.size == (60_000, 8)


# The command line


def test_command(command, examples, tmp_path):
    target = tmp_path / "out.png"
    command(
        "colorize", examples / "cat.jpg", "-o", target, "--crop", "83x59+31+17", "--turn", "90",
        "--size", "64",
    )  # fmt: skip
    with Image.open(target) as image:
        assert image.size == (59, 83)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--crop", "83x59"], "--crop 83x59: must be written WxH+X+Y"),
        (["--turn", "45"], "--turn 45: must be 0, 90, 180 or 270"),
        (["--crop", "8x9+1+1", "--reversible"], "leave --reversible out"),
    ],
)
def test_command_says_what_is_wrong(command, examples, tmp_path, flags, words):
    done = command("colorize", examples / "cat.jpg", "-o", tmp_path / "out.jpg", *flags)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert len(done.stderr.decode().strip().splitlines()) == 1


# Jobs


@pytest.fixture
def folder(examples, tmp_path):
    root = tmp_path / "scans"
    root.mkdir()
    with Image.open(examples / "cat.jpg") as cat:
        cat.resize((150, 100)).save(root / "a.png")
        cat.resize((60, 40)).save(root / "small.png")
    return root


def test_job_crops_and_knows_it(folder):
    settings = JobSettings(colorize=SMALL, save=SaveOptions(crop=CROP, turn=90))
    reports = []
    run_job(Job([folder], folder.parent / "out", settings, jobs=1), reports.append)
    states = {report.record.path: report.record for report in reports}
    assert states["a.png"].state == State.DONE
    assert states["small.png"].state == State.FAILED
    assert "the crop 83x59+31+17 reaches beyond its 60 x 40 pixels" in states["small.png"].error
    with Image.open(folder.parent / "out" / "a.color.png") as image:
        assert image.size == (59, 83)


def test_settings_survive_the_ledger():
    settings = JobSettings(save=SaveOptions(crop=CROP, turn=90))
    assert JobSettings.of(json.loads(json.dumps(settings.as_dict()))) == settings
    assert JobSettings.of(json.loads(json.dumps(JobSettings().as_dict()))) == JobSettings()


def test_only_a_crop_changes_the_digest():
    plain, cropped = JobSettings(), JobSettings(save=SaveOptions(crop=CROP))
    assert plain.digest("x") != cropped.digest("x")
    record = plain.as_dict()
    for name in (
        "device",
        "keep_time",
        "name",
        "reversible",
        "crop",
        "turn",
        "repair",
        "color",
        "references",
    ):
        del record[name]
    text = json.dumps([record, "x"], sort_keys=True)
    assert plain.digest("x") == hashlib.sha256(text.encode()).hexdigest()[:16]
