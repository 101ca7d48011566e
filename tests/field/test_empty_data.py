"""Data that was never written, or is not all there, in kinds without a checksum: a warning."""

import io
import json
import struct
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.errors import PhotoError
from photochrom.photo import Photo
from photochrom.photo.gif_data import notes_of
from support import damaged_files, tiffs
from support.damaged_files import pixels_of, sound
from support.tiffs import HEIGHT, WIDTH, made_tiff, tags_of, written

BLOCK = 4096
EMPTY = "bytes of its data are empty, so a part of the picture may be wrong"
CODED = ["rgb.heic", "zstd.tif", "lzw strips.tif", "packbits strips.tif", "rle.psd"]
IN_BLOCKS = ["lossy.webp", "lossless.webp", "alpha.webp", "webp.tif"]
PLAIN = [
    "none strips.tif", "none one.tif", "none motorola.tif", "none big.tif", "none tiles.tif",
    "none planes.tif", "none packed.tif", "none float.tif", "bmp gray.bmp", "bmp rgb.bmp",
    "pnm.pgm", "raw.psd",
]  # fmt: skip


def notes_after(data):
    return pixels_of(data)[1]


def written_to(data, start):
    """The file with zeros from a place to the end of its pixels; a directory behind them stays."""
    end = len(data)
    if data[:2] == b"II":
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            end = max(map(sum, zip(*places(file.pages[0]), strict=True)))
    return data[:start] + bytes(end - start) + data[end:]


def places(page):
    return page.dataoffsets, page.databytecounts


def with_zeros(data, start, length, value=0):
    return data[:start] + bytes([value]) * length + data[start + length :]


@pytest.mark.parametrize("name", CODED)
def test_empty_coded_data_is_a_warning_or_refused(name):
    data = sound(name)
    assert notes_after(data) == ()
    for start in (len(data) // 2, len(data) - 400):
        with suppress(PhotoError):  # a decoder that notices
            notes = notes_after(with_zeros(data, start, 300))
            assert any(note.endswith(EMPTY) for note in notes)
    with pytest.raises(PhotoError, match="damaged"):
        pixels_of(with_zeros(data, len(data) // 2, len(data) // 2))


@pytest.mark.parametrize("name", IN_BLOCKS)
def test_blocks_of_coded_data_that_were_never_written(name):
    data = sound(name)
    assert notes_after(data) == ()
    start = (len(data) - 100) // BLOCK * BLOCK
    missing = len(data) - start
    with suppress(PhotoError):  # of the size of a block, that is more than a tenth
        notes = notes_after(data[:start] + bytes(missing))
        assert any(note.endswith(EMPTY) for note in notes)
    with pytest.raises(PhotoError, match="damaged"):
        pixels_of(data[: 2 * BLOCK] + bytes(len(data) - 2 * BLOCK))


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_black_pictures_are_not_empty_data(suffix):
    black = np.zeros((900, 1200), np.uint8)
    black[:200] = tiffs.gray()[:200, :].repeat(3, axis=1)
    lossless = {"lossless": True, "method": 0, "quality": 0}  # its zeros are 46,800 bytes
    for options in ({}, {"method": 6}, lossless) if suffix == ".webp" else ({},):
        stream = io.BytesIO()
        Image.fromarray(black).save(stream, suffix[1:], **options)
        assert notes_after(stream.getvalue()) == ()


@pytest.mark.parametrize("name", PLAIN)
def test_pixels_that_were_never_written(name):
    data = sound(name)
    block = len(data) // 2 // BLOCK * BLOCK
    for start in range(block, block + 6 * BLOCK, BLOCK):
        notes = notes_after(written_to(data, start))
        if notes:
            break
    share = int(notes[0].split()[1])
    assert notes == (
        f"damaged: {share} % of its pixels are empty, as in a file that was not written whole",
    )
    assert abs(share - 100 * (len(data) - start) / len(data)) < 3
    assert notes_after(data) == ()
    assert "% of its pixels" in notes_after(with_zeros(data, start, BLOCK))[0]


def test_black_borders_are_no_holes():
    """Whether they begin with a row, in a row that has a border at its side, or not at a block."""
    picture = np.tile(tiffs.gray(), (2, 8))
    for left, bottom in ((0, 40), (300, 40), (0, 0), (2000, 200)):
        framed = picture.copy()
        framed[len(framed) - bottom :] = 0
        framed[:, :left] = 0
        framed[:, framed.shape[1] - left :] = 0
        assert notes_after(written(framed)) == ()
    wide = np.tile(tiffs.gray(), (2, 11))[:, :4096]  # each row begins at a block, but for 8 bytes
    wide[300:] = 0
    data = made_tiff({**tags_of(1, 8, 1), 256: (4, [4096]), 257: (4, [600]), 278: (4, [600])},
                     [bytes(BLOCK - 8) + wide.tobytes()], "<")  # fmt: skip
    place = data.index(struct.pack("<HHII", 273, 4, 1, 8)) + 8
    data = data[:place] + struct.pack("<I", BLOCK) + data[place + 4 :]
    assert np.array_equal(pixels_of(data)[0][..., 0], wide)
    assert notes_after(data) == ()


def test_it_reaches_every_surface(command, tmp_path):
    data = sound("none strips.tif")
    (tmp_path / "scan.tif").write_bytes(with_zeros(data, 10 * BLOCK, BLOCK))
    done = command("colorize", "scan.tif", "-o", "out.png", "--json", "--size", "64", cwd=tmp_path)
    (note,) = json.loads(done.stdout)["warnings"]
    assert note == "damaged: 3 % of its pixels are empty, as in a file that was not written whole"


GIFS = ["gray.gif", "interlaced.gif"]


@pytest.mark.parametrize("name", GIFS)
def test_a_gif_without_its_end(name):
    data = sound(name)
    assert notes_after(data) == ()
    pixels, notes = pixels_of(with_zeros(data, len(data) - 500, 500))
    assert pixels.shape[:2] == (HEIGHT, WIDTH)
    (note,) = notes
    missing = int(note.split()[1])
    assert note == f"damaged: {missing} of its 120000 pixels are missing"
    assert 200 < missing < 1000
    with pytest.raises(PhotoError, match=r"damaged, \d+ of its 120000 pixels are missing"):
        pixels_of(with_zeros(data, len(data) // 2, 3000))


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("name", GIFS)
def test_a_hole_in_a_gif(name, value):
    data = sound(name)
    for start in range(2000, len(data) - 2000, 9000):
        with suppress(PhotoError):
            assert notes_after(with_zeros(data, start, 64, value))


@pytest.mark.parametrize("levels", [2, 3, 16, 200])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (300, 500), (1000, 900)])
def test_the_codes_of_sound_gifs_fit(levels, shape):
    """Pillow's and libvips's own encoders; the flat part makes the longest strings."""
    import pyvips

    picture = np.random.default_rng(0).integers(0, levels, shape).astype(np.uint8)
    picture[shape[0] // 2 :] = 0
    stream = io.BytesIO()
    Image.fromarray(picture * (255 // levels)).save(stream, "GIF")
    assert notes_of(stream.getvalue(), "photo.gif") == ()
    image = pyvips.Image.new_from_array(picture * (255 // levels)).copy(interpretation="b-w")
    assert notes_of(image.gifsave_buffer(), "photo.gif") == ()


def literal_gif(codes, width, height):
    """A GIF of 256 colours whose codes all have 9 bits, none of them cleared or ended for it."""
    bits = "".join(f"{code:09b}"[::-1] for code in codes)
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    blocks = b"".join(
        bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)
    )
    table = bytes(value for level in range(256) for value in (level,) * 3)
    head = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0xF7, 0, 0) + table
    frame = struct.pack("<BHHHHBB", 0x2C, 0, 0, width, height, 0, 8)
    return head + frame + blocks + b"\0;"


def test_codes_that_an_encoder_need_not_write():
    pixels = list(range(100, 200))
    clear, end = 256, 257
    for codes in ([clear, *pixels, end], [clear, *pixels], [*pixels, end], [clear, clear, *pixels]):
        data = literal_gif(codes, 20, 5)
        assert notes_of(data, "photo.gif") == ()
        assert notes_after(data) == ()
    assert notes_of(literal_gif([clear, *pixels[:97], end], 20, 5), "photo.gif") == (
        "damaged: 3 of its 100 pixels are missing",
    )
    wrong = "damaged: its data does not end with its last pixel; some may be wrong"
    assert notes_of(literal_gif([clear, *pixels, 400], 20, 5), "photo.gif") == (wrong,)
    assert notes_of(literal_gif([clear, *pixels, *pixels[:30]], 20, 5), "photo.gif") == (wrong,)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize(("name", "start"), [("gray.gif", 13), ("runs.bmp", 54)])
def test_an_empty_table_of_colors(name, start, value):
    data = sound(name)
    notes = notes_after(with_zeros(data, start + 300, 400, value))
    assert notes == ("damaged: a part of its table of colours is empty, so some colours are wrong",)


def test_run_lengths_of_a_bmp():
    data = sound("runs.bmp")
    assert notes_after(data) == ()
    start = data.rindex(b"\0\0\0\xc8") - 4 * 404  # rows from the top, which is last
    notes = notes_after(with_zeros(data, start, 100))
    assert notes == ("damaged: its runs do not fit its rows; some pixels may be wrong",) or (
        "pixels are not in the file" in notes[0]
    )
    row = data.rindex(b"\0\0\0\1") - 404
    short = data[:row] + b"\0\x0a" + bytes(range(50, 60)) + data[row + 404 :]
    pixels, notes = pixels_of(short)
    assert notes == ("390 of its 120000 pixels are not in the file, and are black",)
    assert pixels[0, :10].all()
    assert not pixels[0, 10:].any()
    outside = data[: start + 2] + b"\0\xc8" + bytes(range(200)) + data[start + 2 :]
    assert "damaged: its runs do not fit its rows" in notes_after(outside)[0]


def test_tiles_of_pack_bits_without_their_first_byte():
    """libtiff only warns that more comes out than fits, of which libvips says nothing for tiles."""
    data = sound("packbits tiles.tif")
    (offset, count), *_ = tiffs.strips_of(data)
    shifted = data[:offset] + data[offset + 1 : offset + count] + b"\0" + data[offset + count :]
    (note,) = notes_after(shifted)
    assert note == "damaged: parts of rows 1 to 48 of 300 cannot be decoded"


def test_a_png_with_a_hole_where_a_chunk_begins():
    data = damaged_files.sound("gray.png")
    starts = [place for place in range(len(data)) if data[place : place + 4] == b"IDAT"]
    with pytest.raises(PhotoError, match="damaged"):
        pixels_of(with_zeros(data, starts[1] + 2000, 4096))


@pytest.mark.parametrize("tag", [258, 259, 262, 277, 317])
def test_a_directory_of_which_a_value_cannot_be_read(tag):
    """It would count as left out, and the picture be another, black mostly."""
    data = written(
        tiffs.gray(), compression="deflate", predictor=True, tile=(48, 48), photometric="minisblack"
    )
    place = data.index(struct.pack("<H", tag), data.index(struct.pack("<HHII", 256, 4, 1, WIDTH)))
    damaged = data[: place + 2] + struct.pack("<H", 640) + data[place + 4 :]
    with pytest.raises(PhotoError, match="damaged, its directory is not whole"):
        Photo(damaged, "scan.tif")
