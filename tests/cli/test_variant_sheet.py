import numpy as np
import pytest
from PIL import Image

from photochrom.cli.variant_sheet import GAP, LETTER, contact_sheet
from photochrom.errors import OutputExistsError, PhotoError
from photochrom.photo import save_picture
from photochrom.photo.metadata.digital_source import SOURCE_TYPE


@pytest.fixture(scope="module")
def results(colorizer, examples):
    return colorizer.variants(examples / "cat.jpg", 4)


def places(sheet, rows, columns):
    """The places of a sheet, without their labels."""
    height = (sheet.shape[0] - GAP) // rows
    width = (sheet.shape[1] - GAP) // columns
    return [
        sheet[
            GAP + row * height : (row + 1) * height - LETTER,
            GAP + column * width : (column + 1) * width,
        ]
        for row in range(rows)
        for column in range(columns)
    ]


def test_gray_and_the_variants_in_a_row(results, examples):
    sheet = contact_sheet(results)
    assert sheet.shape == (300 + LETTER + 2 * GAP, 5 * (451 + GAP) + GAP, 3)
    gray, *colored = places(sheet, 1, 5)
    original = np.asarray(Image.open(examples / "cat.jpg"))
    assert np.array_equal(gray, np.repeat(original[..., None], 3, axis=2))
    for place, result in zip(colored, results, strict=True):
        assert np.array_equal(place, result.rgb)
    below = sheet[GAP + 300 :]
    for index in range(5):
        left = GAP + index * (451 + GAP)
        assert (below[:, left : left + 60] < 100).any()  # a label
        assert (below[:, left + 80 : left + 451] == 255).all()


def test_labels_differ(results):
    below = contact_sheet(results)[GAP + 300 :]
    labels = [below[:, GAP + i * (451 + GAP) :][:, :60] for i in range(5)]
    assert len({label.tobytes() for label in labels}) == 5


def test_a_dozen_in_rows(colorizer, examples):
    results = colorizer.variants(examples / "cat.jpg", 12, size=64)
    sheet = contact_sheet(results)
    assert sheet.shape == (3 * (300 + LETTER + GAP) + GAP, 5 * (451 + GAP) + GAP, 3)
    pictures = places(sheet, 3, 5)
    assert np.array_equal(pictures[12], results[11].rgb)
    assert (pictures[13] == 255).all()


def test_a_large_sideways_photo(colorizer, examples, tmp_path):
    with Image.open(examples / "ceremony.jpg") as upright:
        large = upright.resize((1200, 800))
    exif = Image.Exif()
    exif[274] = 6
    large.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways.png", exif=exif)
    sheet = contact_sheet(colorizer.variants(tmp_path / "sideways.png", 2))
    gray, first, _ = places(sheet, 1, 3)
    assert gray.shape == (320, 480, 3)
    small = np.asarray(large.resize((480, 320), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(gray[..., 0] - small).mean() < 1.5
    assert np.ptp(first.astype(int), axis=2).mean() > 3  # codes: it has colour


def test_saving(results, tmp_path):
    sheet = contact_sheet(results)
    target = save_picture(sheet, tmp_path / "sheet.png")
    with Image.open(target) as saved:
        assert np.array_equal(np.asarray(saved), sheet)
    with pytest.raises(OutputExistsError, match=r"sheet\.png"):
        save_picture(sheet, target)
    save_picture(sheet[:50], target, overwrite=True)
    with Image.open(target) as saved:
        assert saved.size == (sheet.shape[1], 50)
    with pytest.raises(PhotoError, match="format"):
        save_picture(sheet, tmp_path / "sheet.bmp")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize("mark", [False, True])
def test_the_mark(results, tmp_path, mark):
    data = save_picture(results[0].rgb, tmp_path / "cat.jpg", mark=mark).read_bytes()
    assert (SOURCE_TYPE.encode() in data) == mark
