"""JPEG files that are cut, damaged or odd: what is missing or doubtful is a note, or an error."""

import io
import random
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from photochrom import colorize_file
from photochrom.errors import PhotoError
from photochrom.photo import Photo
from support import pictures

END = b"\xff\xd9"


def jpeg(examples, mode="L", name="harbour", **options):
    """The harbour, 1024 x 477, or another; quality as cameras choose it."""
    with Image.open(examples / f"{name}.jpg") as picture:
        return pictures.encoded(picture.convert(mode), format="JPEG", quality=90, **options)


def read(data):
    """The photo after a whole pass over its pixels, and these."""
    photo = Photo(data)
    return photo, photo.strips()(0, photo.height)


def damaged(data, start, length, seed=0):
    changed, chance = bytearray(data), random.Random(seed)
    changed[start : start + length] = chance.randbytes(length)
    return bytes(changed)


LAYOUTS = {
    "grey": {},
    "color": {"mode": "RGB"},
    "full color": {"mode": "RGB", "subsampling": 0},
    "optimized": {"optimize": True},
    "restarts": {"restart_marker_rows": 2},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_harmless_quirks_pass_without_a_warning(examples, layout):
    sound = jpeg(examples, **LAYOUTS[layout])
    end = sound.rindex(END)
    pixels = read(sound)[1]
    for quirk in (
        sound[:end],  # no end marker
        sound + b"\0" * 5000,
        sound + sound,  # a second picture behind it, as phones put it
        sound[:end] + b"\0" * 40 + END,
        sound[:end] + b"\xff" * 7 + END,
    ):
        photo, found = read(quirk)
        assert photo.notes == ()
        np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bytes_gone", [3, 8, 300, 4000])
def test_missing_rows_are_counted(examples, layout, bytes_gone):
    sound = jpeg(examples, **LAYOUTS[layout])
    pixels = read(sound)[1].astype(int)
    photo, found = read(sound[:-bytes_gone])
    assert len(photo.notes) == 1
    missing = int(re.match(r"the last (\d+) of its 477 rows are missing or inc", photo.notes[0])[1])
    changed = np.abs(found - pixels).max(axis=(1, 2)) > 8
    first = int(changed.argmax()) if changed.any() else 477
    assert first <= 477 - missing + 16  # a row of MCUs, 16 pixels high, is missing in part
    assert not changed[: 477 - missing - 1].any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_too_many_missing_rows_are_refused(examples, layout, share):
    sound = jpeg(examples, **LAYOUTS[layout])
    with pytest.raises(PhotoError, match=r"the last \d+ of its 477 rows are missing; copy") as got:
        read(sound[: int(share * len(sound))])
    lost = int(re.search(r"last (\d+)", str(got.value))[1])
    assert lost > 47


@pytest.mark.parametrize("layout", LAYOUTS)
def test_damage_in_the_middle_is_a_warning(examples, layout):
    """Where a decoder finds its place again to the byte, no count can tell."""
    sound = jpeg(examples, **LAYOUTS[layout])
    pixels = read(sound)[1].astype(int)
    told, visible = 0, 0
    for seed in range(20):
        photo, found = read(damaged(sound, len(sound) // 2, 40, seed))
        wrong = np.abs(found - pixels).max(axis=(1, 2)) > 24
        told += any("damaged" in note for note in photo.notes)
        visible += bool(wrong.any())
        if (named := re.search(r"probably near row (\d+)", " ".join(photo.notes))) is not None:
            assert wrong[int(named[1]) - 32 :].any()
    assert visible >= 18
    assert told >= 0.5 * visible  # 11 of 20 of the optimized grey one, else 14 to 20


def test_the_row_of_the_damage_is_named(examples):
    sound = jpeg(examples, name="astronaut")
    pixels = read(sound)[1].astype(int)
    near = []
    for seed in range(12):
        photo, found = read(damaged(sound, len(sound) * 2 // 3, 40, seed))
        first = int((np.abs(found - pixels).max(axis=(1, 2)) > 24).argmax())
        if (
            named := re.search(r"probably near row (\d+) of 512", " ".join(photo.notes))
        ) is not None:
            near.append(abs(int(named[1]) - first))
    assert len(near) >= 6
    assert np.median(near) <= 16


def test_a_marker_that_cannot_be_there_does_not_end_the_picture(examples):
    """Decoders stop at it, and fill the rest with grey."""
    sound = jpeg(examples)
    middle = sound.index(b"\0", len(sound) // 2) + 1
    photo, found = read(sound[:middle] + b"\xff\x3a" + sound[middle + 2 :])
    assert any("damaged" in note for note in photo.notes)
    assert found[440:460].std() > 5


def test_a_part_that_was_never_written_is_refused(examples):
    sound = jpeg(examples)
    third = len(sound) // 3
    with pytest.raises(PhotoError, match=r"damaged, (about 3\d % of its data|the last)"):
        read(sound[:third] + bytes(third) + sound[2 * third :])


def test_a_progressive_file_without_its_end(examples):
    sound = jpeg(examples, progressive=True)
    for gone in (4, len(sound) // 10):
        photo, _ = read(sound[:-gone])
        assert photo.notes == (
            "the end of the file is missing, and with it fine detail of the whole picture",
        )
    with pytest.raises(PhotoError, match="most of its detail is missing"):
        read(sound[: len(sound) // 3])
    photo, _ = read(sound[: sound.rindex(END)])
    assert photo.notes == ()


def test_damage_in_a_progressive_file(examples):
    sound = jpeg(examples, progressive=True)
    told = sum(bool(read(damaged(sound, len(sound) // 4, 40, seed))[0].notes) for seed in range(10))
    assert told >= 7


@pytest.mark.parametrize("height", [0, 477])
def test_a_height_behind_the_data(examples, height):
    """A DNL segment, as some scanners and fax machines write it."""
    sound = bytearray(jpeg(examples))
    frame = sound.index(b"\xff\xc0")
    end = sound.rindex(END)
    sound[frame + 5 : frame + 7] = height.to_bytes(2, "big")
    behind = bytes(sound[:end]) + b"\xff\xdc\0\4" + (477).to_bytes(2, "big") + END
    photo, found = read(behind)
    assert (photo.height, photo.notes) == (477, ())
    np.testing.assert_array_equal(found, read(jpeg(examples))[1])
    sound[frame + 5 : frame + 7] = b"\0\0"
    with pytest.raises(PhotoError, match="its height is missing"):
        Photo(bytes(sound))


def test_damaged_files_keep_their_comment(examples):
    sound = jpeg(examples, comment=b"roll 3")
    frame, end = sound.index(b"\xff\xc0"), sound.rindex(END)
    without_height = sound[: frame + 5] + b"\0\0" + sound[frame + 7 : end]
    behind = without_height + b"\xff\xdc\0\4" + (477).to_bytes(2, "big") + END
    for data in (sound[:-300], behind, damaged(sound, len(sound) // 2, 40)):
        assert read(data)[0].metadata.comments == (b"roll 3",)


def test_a_height_that_is_too_large_or_too_small(examples):
    sound = bytearray(jpeg(examples))
    frame = sound.index(b"\xff\xc0")
    sound[frame + 5 : frame + 7] = (500).to_bytes(2, "big")
    assert "of its 500 rows are missing" in read(bytes(sound))[0].notes[0]
    sound[frame + 5 : frame + 7] = (900).to_bytes(2, "big")
    with pytest.raises(PhotoError, match="of its 900 rows are missing"):
        read(bytes(sound))
    sound[frame + 5 : frame + 7] = (300).to_bytes(2, "big")
    assert any("damaged" in note for note in read(bytes(sound))[0].notes)


def test_missing_restart_markers(examples):
    sound = jpeg(examples, restart_marker_rows=1)
    marks = [m.start() for m in re.finditer(rb"\xff[\xd0-\xd7]", sound)]
    few = sound[: marks[20]] + sound[marks[21] :]
    assert read(few)[0].notes
    many = sound[: marks[20]] + sound[marks[30] :]
    with pytest.raises(PhotoError, match="missing"):
        read(many)


def test_a_broken_file_leaves_no_trace_in_the_next_error(examples):
    """libvips keeps a list of faults; lenient readers add to it."""
    sound = jpeg(examples)
    read(sound[:-300])
    png = pictures.encoded(Image.new("L", (64, 64), 90), format="PNG")
    with pytest.raises(PhotoError) as got:
        read(png[: len(png) - 30])
    assert "JPEG" not in str(got.value)
    assert "Jpeg" not in str(got.value)


def test_the_warning_reaches_the_report(examples, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(jpeg(examples)[:-300])
    report = colorize_file(tmp_path / "cut.jpg", tmp_path / "out.jpg")
    assert any("rows are missing" in line for line in report.record()["warnings"])
    with Image.open(io.BytesIO((tmp_path / "out.jpg").read_bytes())) as picture:
        assert picture.size == (1024, 477)


def test_a_picture_that_damage_made_one_shade(examples):
    """A decoder that finds its place again, but not its shade, gives rows of white or black."""
    with Image.open(examples / "students.jpg") as picture:
        small = picture.convert("L")
        small.thumbnail((320, 320))
    sound = pictures.encoded(small, format="JPEG", quality=90)
    photo, found = read(damaged(sound, 6806, 40, seed=4842))
    assert np.ptp(found[-24:].astype(int), axis=1).max() == 0
    assert np.ptp(read(sound)[1][-24:].astype(int), axis=1).max() > 50
    assert any("damaged" in note for note in photo.notes)


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_border_of_one_shade_is_no_damage(examples, shade, mode):
    """Grey is what decoders fill in, too."""
    with Image.open(examples / "harbour.jpg") as picture:
        framed = picture.convert(mode)
    framed.paste((shade,) * len(framed.getbands()), (0, 300, 1024, 477))
    for options in ({}, {"restart_marker_rows": 1}, {"progressive": True}):
        photo, _ = read(pictures.encoded(framed, format="JPEG", quality=90, **options))
        assert photo.notes == ()


def relabelled(data, height, width, factors):
    """The same data as a picture of another layout, that has as many blocks in the same order."""
    changed = bytearray(data)
    frame = re.search(rb"\xff[\xc0\xc2]\0[\x0b\x11\x14]\x08", data).start()
    changed[frame + 5 : frame + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    for number, factor in enumerate(factors):
        changed[frame + 11 + 3 * number] = factor
    return bytes(changed)


@pytest.mark.parametrize("restarts", [{}, {"restart_marker_blocks": 5}])
def test_luma_doubled_vertically_is_no_damage(examples, restarts):
    """4:4:0, as a 4:2:2 picture becomes when it is turned."""
    columns, rows = 64, 60
    sound = jpeg(examples, "RGB", subsampling=1, **restarts)
    for height in (rows * 16, rows * 16 - 5):
        turned = relabelled(sound, height, columns * 8, (0x12, 0x11, 0x11))
        assert read(turned)[0].notes == ()
        assert read(turned[:-300])[0].notes  # and damage is still found
    quarter = relabelled(jpeg(examples, "RGB"), 30 * 8, 64 * 32, (0x41, 0x11, 0x11))
    high = relabelled(jpeg(examples, "RGB"), 30 * 32, 64 * 8, (0x14, 0x11, 0x11))
    assert read(quarter)[0].notes == read(high)[0].notes == ()


@pytest.mark.skipif(shutil.which("cjpeg") is None, reason="libjpeg's cjpeg is not installed")
@pytest.mark.parametrize("factors", ["1x2", "2x4", "4x2", "3x2", "2x2,2x1,2x1", "1x2,2x1,2x1"])
def test_rare_subsampling_is_no_damage(examples, factors):
    with Image.open(examples / "harbour.jpg") as picture:
        pixels = pictures.encoded(picture.convert("RGB"), format="PPM")
    command = ["cjpeg", "-sample", factors]
    sound = subprocess.run(command, input=pixels, capture_output=True, check=True).stdout
    assert read(sound)[0].notes == ()
    assert read(sound[:-100])[0].notes


@pytest.mark.parametrize("restarts", [{}, {"restart_marker_blocks": 3}])
@pytest.mark.parametrize("factor", [0x11, 0x12, 0x22])
def test_a_grey_picture_with_a_sampling_factor(examples, factor, restarts):
    """Decoders take two rows of blocks at once, of which the last may be missing."""
    with Image.open(examples / "harbour.jpg") as picture:
        picture = picture.convert("L")
    for height in range(65, 82):
        cut = picture.crop((0, 100, 300, 100 + height))
        sound = pictures.encoded(cut, format="JPEG", quality=80, **restarts)
        assert read(relabelled(sound, height, 300, (factor,)))[0].notes == ()


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("quality", [95, 100])
def test_a_border_below_grain_is_no_damage(examples, quality, optimize):
    """Codes that are made for grain are long for what is plain."""
    with Image.open(examples / "harbour.jpg") as picture:
        grainy = np.asarray(picture.convert("RGB")).astype(float)
    grainy += np.random.default_rng(0).normal(0, 10, grainy.shape)
    grainy = np.clip(grainy, 0, 255).astype(np.uint8)
    for border in (16, 40, 200):
        grainy[-border:] = 255
        for photo in (Image.fromarray(grainy), Image.fromarray(grainy[..., 0])):
            options = {"quality": quality, "optimize": optimize, "subsampling": 0}
            assert read(pictures.encoded(photo, format="JPEG", **options))[0].notes == ()


def test_a_border_that_fades_is_no_damage(examples):
    with Image.open(examples / "harbour.jpg") as picture:
        faded = np.asarray(picture.convert("L")).copy()
    faded[-200:] = np.linspace(255, 0, 200).astype(np.uint8)[:, None]
    assert read(pictures.encoded(Image.fromarray(faded), format="JPEG", quality=98))[0].notes == ()


def test_a_restart_marker_behind_every_block(examples):
    with Image.open(examples / "colosseum.jpg") as picture:
        small = picture.convert("L").resize((1001, 333))
    sound = pictures.encoded(small, format="JPEG", quality=80, restart_marker_blocks=1)
    assert read(sound)[0].notes == ()
    assert read(sound[: sound.rindex(END)])[0].notes == ()
    for cut in (sound[:-12], sound[:-200], sound[:-5] + END):
        assert read(cut)[0].notes


@pytest.mark.parametrize("height", [65_470, 65_500])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_highest_pictures(examples, height, mode, progressive):
    with Image.open(examples / "harbour.jpg") as picture:
        high = picture.convert(mode).resize((16, height))
    sound = pictures.encoded(high, format="JPEG", progressive=progressive)
    assert read(sound)[0].notes == ()
    if not progressive:
        with pytest.raises(PhotoError):
            read(sound[: len(sound) // 2])


@pytest.mark.parametrize("height", range(1, 10))
def test_the_lowest_pictures(examples, height):
    with Image.open(examples / "harbour.jpg") as picture:
        low = picture.convert("RGB").resize((100, height))
    for options in ({}, {"progressive": True}, {"progressive": True, "restart_marker_blocks": 4}):
        for subsampling in (0, 2):
            options |= {"subsampling": subsampling}
            assert read(pictures.encoded(low, format="JPEG", **options))[0].notes == ()


def test_much_padding_is_no_damage_but_a_hole_is(examples):
    sound = jpeg(examples)
    end = sound.rindex(END)
    for padding in (bytes(5000), b"\xff" * 5000, bytes(100_000)):
        assert read(sound[:end] + padding + END)[0].notes == ()
    assert read(sound[: end - 600] + bytes(600) + END)[0].notes
    assert read(sound[: end - 600] + bytes(6000) + END)[0].notes


def test_a_progressive_file_that_ends_in_the_header_of_a_scan(examples):
    sound = jpeg(examples, progressive=True)
    last = sound.rindex(b"\xff\xda")
    for length in range(2, 10):
        assert "end of the file is missing" in read(sound[: last + length])[0].notes[0]
