"""Damaged TIFFs, and those that are only strange: each lost pixel is named, and no other."""

import io
import json
import re

import numpy as np
import pytest
import pyvips
import tifffile
from fastapi.testclient import TestClient
from PIL import Image

from photochrom.errors import PhotoError
from photochrom.photo import Photo
from photochrom.server import Settings, create_app
from support import tiffs
from support.tiffs import HEIGHT, made_tiff, tags_of, with_damage, written


def pixels_of(photo):
    """All pixels, after the small copy was read, as colouring does; a band that is one goes."""
    photo.small_copy(32, 32)
    return photo.strips()(0, photo.height).squeeze()


def rows_in(notes):
    """The rows, from 0, that notes name."""
    named = set()
    for note in notes:
        for first, last in re.findall(r"rows? (\d+)(?: to (\d+))?", note):
            named |= set(range(int(first) - 1, int(last or first)))
    return named


def differing(pixels, good):
    difference = np.abs(pixels.astype(int) - good.astype(int)).reshape(len(good), -1)
    return set(np.flatnonzero(difference.max(axis=1)))


CODECS = ["lzw", "deflate", "packbits", "jpeg"]


@pytest.mark.parametrize("codec", CODECS)
def test_a_little_damage_is_named(codec):
    sound = written(tiffs.gray(), compression=codec, rowsperstrip=8)
    good = pixels_of(Photo(sound))
    photo = Photo(with_damage(sound, 20))
    pixels = pixels_of(photo)
    (note,) = photo.notes
    assert note == "damaged: rows 161 to 168 of 300 cannot be decoded"
    lost = differing(pixels, good)
    assert lost
    assert lost <= rows_in(photo.notes)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("strips", [32, HEIGHT])
def test_much_damage_is_refused(codec, strips):
    sound = written(tiffs.gray(), compression=codec, rowsperstrip=strips)
    damaged = with_damage(sound, (HEIGHT // strips) // 2)
    photo = Photo(damaged, "scan.tif")
    with pytest.raises(PhotoError, match=r"damaged, (32|300) of its 300 rows cannot be decoded"):
        photo.small_copy(32, 32)
    with pytest.raises(PhotoError, match=r"scan.tif: damaged"):
        pixels_of(Photo(damaged, "scan.tif"))


@pytest.mark.parametrize("codec", ["deflate", "jpeg"])
def test_a_damaged_tile(codec):
    picture = np.tile(tiffs.rgb(), (4, 4, 1))
    sound = written(picture, compression=codec, photometric="rgb", tile=(128, 128))
    good = pixels_of(Photo(sound))
    offset, count = tiffs.strips_of(sound)[40]  # of 10 x 13 tiles, 0.8 % of the picture
    middle = offset + count // 2
    photo = Photo(sound[:middle] + b"\xff\xd9" + bytes(30) + sound[middle + 32 :])
    pixels = pixels_of(photo)
    assert photo.notes == ("damaged: parts of rows 385 to 512 of 1200 cannot be decoded",)
    lost = differing(pixels, good)
    assert lost
    assert lost <= rows_in(photo.notes)


TILED = {
    "none": (tiffs.gray(), {}),
    "lzw": (tiffs.gray(), {"compression": "lzw"}),
    "predictor": (tiffs.gray(), {"compression": "lzw", "predictor": True}),
    "deep": (tiffs.gray().astype(np.uint16) * 257, {"compression": "lzw"}),
    "float": ((tiffs.gray() / 255).astype(np.float32), {"compression": "lzw"}),
    "planar": (np.moveaxis(tiffs.rgb(), 2, 0),
               {"compression": "lzw", "planarconfig": "separate", "photometric": "rgb"}),
    "packbits": (tiffs.gray(), {"compression": "packbits"}),
    "deflate": (tiffs.gray(), {"compression": "deflate"}),
    "jpeg": (tiffs.gray(), {"compression": "jpeg"}),
    "planar jpeg": (np.moveaxis(tiffs.rgb(), 2, 0),
                    {"compression": "jpeg", "planarconfig": "separate", "photometric": "rgb"}),
    "jpeg in colour": (tiffs.rgb(), {"compression": "jpeg", "photometric": "rgb"}),
}  # fmt: skip
FIRST_TILES = "damaged: parts of rows 33 to 64 of 300 cannot be decoded"
"""Tile 20 of 13 a row."""


def tiled(name):
    picture, options = TILED[name]
    return written(picture, tile=(32, 32), **options)


def with_bad_starts(data, tiles):
    damaged = bytearray(data)
    strips = tiffs.strips_of(data)
    for index in tiles:
        offset, count = strips[index]
        damaged[offset : offset + min(count, 40)] = b"\xff" * min(count, 40)
    return bytes(damaged)


def with_number(data, tag, index, number):
    """A number of the first directory's tag replaced."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = file.pages[0].tags[tag]
    width = {3: 2, 4: 4, 16: 8}[int(found.dtype)]
    place = found.valueoffset + index * width
    return data[:place] + number.to_bytes(width, "little") + data[place + width :]


def without_tile(name, how):
    data = tiled(name)
    if how == "zero":
        return with_number(with_number(data, 324, 20, 0), 325, 20, 0)
    return with_number(data, 324, 20, len(data) + 1000)


def lost_pixels(found, good):
    difference = np.abs(found.astype(float) - good.astype(float))
    return difference.reshape(*good.shape[:2], -1).max(axis=2) > 0


@pytest.mark.parametrize("name", [name for name in TILED if name not in ("none", "packbits")])
def test_tiles_with_damaged_starts(name):
    sound = tiled(name)
    good = pixels_of(Photo(sound))
    photo = Photo(with_bad_starts(sound, (20, 21)))
    lost = lost_pixels(pixels_of(photo), good)
    assert photo.notes == (FIRST_TILES,)
    assert lost[32:64, 224:288].any()
    assert lost.sum() == lost[32:64, 224:288].sum()
    for read in (pixels_of, lambda photo: photo.strips()(0, HEIGHT)):
        with pytest.raises(PhotoError, match=r"damaged, 192 of its 300 rows cannot be decoded"):
            read(Photo(with_bad_starts(sound, range(20, 80))))


@pytest.mark.parametrize("how", ["zero", "beyond"])
@pytest.mark.parametrize("name", TILED)
def test_a_tile_that_is_not_in_the_file(name, how):
    good = pixels_of(Photo(tiled(name)))
    photo = Photo(without_tile(name, how))
    lost = lost_pixels(pixels_of(photo), good)
    assert photo.notes == (FIRST_TILES,)
    assert lost[32:64, 224:256].mean() > 0.9
    assert lost.sum() == lost[32:64, 224:256].sum()
    photo = Photo(without_tile(name, how))
    photo.strips()(0, HEIGHT)
    assert photo.notes == (FIRST_TILES,)


@pytest.mark.parametrize("strip", [0, 30, 37])
def test_a_strip_of_jpeg_that_is_not_in_the_file(strip):
    """The last of 38 is shorter than the others."""
    sound = written(tiffs.gray(), compression="jpeg", rowsperstrip=8)
    good = pixels_of(Photo(sound))
    photo = Photo(with_number(with_number(sound, 273, strip, 0), 279, strip, 0))
    lost = differing(pixels_of(photo), good)
    assert lost
    assert lost <= rows_in(photo.notes) == set(range(8 * strip, min(8 * strip + 8, HEIGHT)))


def test_sound_tiles_are_read_without_a_note():
    for name, (picture, _) in TILED.items():
        photo = Photo(tiled(name))
        pixels = pixels_of(photo)
        assert photo.notes == ()
        wanted = np.moveaxis(picture, 0, 2) if name.startswith("planar") else picture
        difference = np.abs(pixels.astype(float) - wanted.astype(float))
        assert difference.mean() < 8 if "jpeg" in name else not difference.any()
        assert difference[:32, :32].mean() < 8  # the first tile


def test_damaged_tiles_reach_the_command(command, tmp_path):
    (tmp_path / "few.tif").write_bytes(with_bad_starts(tiled("lzw"), (20, 21)))
    (tmp_path / "many.tif").write_bytes(with_bad_starts(tiled("lzw"), range(20, 80)))
    done = command("colorize", "few.tif", "-o", "few.png", "--json", "--size", "64", cwd=tmp_path)
    assert json.loads(done.stdout)["warnings"] == [FIRST_TILES]
    done = command("colorize", "many.tif", "-o", "many.png", "--size", "64", cwd=tmp_path)
    assert done.returncode == 1
    assert "damaged, 192 of its 300 rows" in done.stderr.decode()
    assert not (tmp_path / "many.png").exists()


def test_strips_fetched_without_a_small_copy():
    photo = Photo(with_damage(written(tiffs.gray(), compression="lzw", rowsperstrip=8), 20))
    fetch = photo.strips()
    rows = np.concatenate([fetch(top, 60) for top in range(0, HEIGHT, 60)])[..., 0]
    assert differing(rows, tiffs.gray()) <= rows_in(photo.notes) == set(range(160, 168))


def test_deflate_that_decodes_to_other_pixels():
    """Whatever inflates is no proof: zeros are sound codes, and only the checksum is wrong."""
    sound = written(tiffs.gray(), compression="deflate", rowsperstrip=8)
    offset, count = tiffs.strips_of(sound)[10]
    start = offset + count // 2
    photo = Photo(sound[:start] + bytes(8) + sound[start + 8 :])
    assert differing(pixels_of(photo), tiffs.gray()) <= rows_in(photo.notes) == set(range(80, 88))


@pytest.mark.parametrize("codec", [None, "lzw", "deflate", "packbits"])
@pytest.mark.parametrize("strip", [16, HEIGHT])
def test_a_file_that_ends_early(codec, strip):
    data = written(tiffs.gray(), compression=codec, rowsperstrip=strip)
    offset, count = tiffs.strips_of(data)[-1]
    share = 0.5 if strip == 16 else 0.98
    photo = Photo(data[: offset + int(share * count)])
    pixels = pixels_of(photo)
    named = rows_in(photo.notes)
    assert max(named) == HEIGHT - 1
    assert 4 <= len(named) <= 13
    assert differing(pixels, tiffs.gray()) <= named
    with pytest.raises(PhotoError, match=r"damaged, 1.. of its 300 rows cannot be decoded"):
        pixels_of(Photo(data[: len(data) // 2]))


def fax(bilevel, codec):
    stream = io.BytesIO()
    Image.fromarray(bilevel).convert("1").save(stream, "TIFF", compression=codec)
    data = stream.getvalue()
    (offset, count), *_ = tiffs.strips_of(data)
    return data[offset : offset + count]


def bits_of(data):
    return "".join(f"{byte:08b}" for byte in data)


def bytes_of(bits):
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


BILEVEL = np.where(tiffs.gray() > 150, 255, 0).astype(np.uint8)
END_OF_LINE = "000000000001"


def fax_tiff(data, compression, **more):
    return made_tiff(tags_of(1, 1, 1, compression, **more), [data])


def harmless_faxes():
    four, three = bits_of(fax(BILEVEL, "group4")), bits_of(fax(BILEVEL, "group3"))
    two_bytes = bytes_of(four)
    aligned = ""
    for line in three.split(END_OF_LINE)[1:]:
        aligned += "0" * (-(len(aligned) + 12) % 8) + END_OF_LINE + line
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    return {
        "end of block missing": fax_tiff(bytes_of(four[: four.rindex(2 * END_OF_LINE)]), 4),
        "bytes behind": fax_tiff(two_bytes + b"\x55\xaa" * 20, 4),
        "zeros behind": fax_tiff(two_bytes + bytes(40), 4),
        "low bit first": fax_tiff(two_bytes.translate(turned), 4, t266=(3, [2])),
        "return to control": fax_tiff(bytes_of(three.rstrip("0") + 6 * END_OF_LINE), 3),
        "lines at bytes": fax_tiff(bytes_of(aligned), 3),
        "bytes behind runs": fax_tiff(fax(BILEVEL, "tiff_ccitt") + b"\xff" * 9, 2),
    }


@pytest.mark.parametrize("name", harmless_faxes())
def test_quirks_of_fax_are_no_damage(name):
    photo = Photo(harmless_faxes()[name])
    assert np.array_equal(pixels_of(photo), BILEVEL)
    assert photo.notes == ()


@pytest.mark.parametrize(("codec", "number"), [("group4", 4), ("tiff_ccitt", 2)])
def test_damaged_fax_is_refused(codec, number):
    data = bytearray(fax(BILEVEL, codec))
    middle = len(data) // 2
    data[middle : middle + 40] = np.random.default_rng(0).integers(0, 256, 40, np.uint8).tobytes()
    with pytest.raises(PhotoError, match=r"damaged, 1.. of its 300 rows cannot be decoded"):
        pixels_of(Photo(fax_tiff(bytes(data), number)))


def test_one_bad_line_of_fax():
    lines = bits_of(fax(BILEVEL, "group3")).split(END_OF_LINE)
    half = len(lines[150]) // 2
    lines[150] = lines[150][:half] + lines[150][half + 3 :]
    photo = Photo(fax_tiff(bytes_of(END_OF_LINE.join(lines)), 3))
    assert differing(pixels_of(photo), BILEVEL) == {149}
    assert photo.notes == ("damaged: row 150 of 300 cannot be decoded",)


def test_a_jpeg_strip_without_its_end_is_whole():
    data = written(tiffs.gray(), compression="jpeg", rowsperstrip=16)
    good = pixels_of(Photo(data))
    for offset, count in tiffs.strips_of(data):
        assert data[offset + count - 2 : offset + count] == b"\xff\xd9"
        data = data[: offset + count - 2] + bytes(2) + data[offset + count :]
    photo = Photo(data)
    assert np.array_equal(pixels_of(photo), good)
    assert photo.notes == ()


def test_unknown_tags_of_wrong_types_are_no_damage():
    strange = {65000: (7, b"abc"), 269: (3, [1]), 305: (4, [77])}
    for compression in (1, 32773):
        rows = [tiffs.gray().tobytes()]
        if compression == 32773:
            rows[0] = b"".join(_packed(row) for row in tiffs.gray())
        photo = Photo(made_tiff(tags_of(1, 8, 1, compression) | strange, rows))
        assert np.array_equal(pixels_of(photo), tiffs.gray())
        assert photo.notes == ()


def _packed(row):
    """A row in PackBits, its bytes as they are."""
    pieces = [row[start : start + 100].tobytes() for start in range(0, len(row), 100)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


COUNTS = {
    "none": lambda counts: [0] * len(counts),
    "first missing": lambda counts: [0, *counts[1:]],
    "last too large": lambda counts: [*counts[:-1], 10 * counts[-1] + 100_000],
    "all too large": lambda counts: [count + 1_000_000 for count in counts],
    "all enormous": lambda counts: [2**32 - 1] * len(counts),
}


@pytest.mark.parametrize("codec", [None, "lzw", "deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("strips", [32, HEIGHT])
def test_wrong_byte_counts_lose_nothing(codec, strips):
    data = written(tiffs.gray(), compression=codec, rowsperstrip=strips)
    good = pixels_of(Photo(data))
    for name, wrong in COUNTS.items():
        counts = wrong([count for _, count in tiffs.strips_of(data)])
        photo = Photo(_with_counts(data, counts))
        assert np.array_equal(pixels_of(photo), good), name
        assert photo.notes == (), name
    if codec != "jpeg":
        assert np.array_equal(good, tiffs.gray())


def _with_counts(data, wrong):
    """The same strips under a directory with other counts."""
    strips = [data[offset : offset + count] for offset, count in tiffs.strips_of(data)]
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        tables = page.tags[347].value if 347 in page.tags else None
        tags = tags_of(1, 8, 1, int(page.compression), t278=(4, [page.rowsperstrip]))
    tags[279] = (4, wrong)
    if tables is not None:
        tags[347] = (7, tables)
    return made_tiff(tags, strips)


def test_too_many_byte_counts_and_none():
    strips = [tiffs.gray()[:150].tobytes(), tiffs.gray()[150:].tobytes()]
    tags = tags_of(1, 8, 1, t278=(4, [150]))
    many = tags | {279: (4, [60_000] * 7)}
    assert np.array_equal(pixels_of(Photo(made_tiff(many, strips))), tiffs.gray())
    none = made_tiff(tags | {279: (4, [60_000, 60_000])}, strips)
    # the tag of the counts is made one that nobody knows, in its place in the order
    place = none.index(b"\x17\x01\x04\0\x02\0\0\0")
    none = none[:place] + b"\x18\x01" + none[place + 2 :]
    photo = Photo(none)
    assert np.array_equal(pixels_of(photo), tiffs.gray())
    assert photo.notes == ()


def test_a_big_endian_file_with_wrong_counts():
    deep = tiffs.gray().astype(">u2") * 257
    tags = tags_of(1, 16, 1) | {279: (4, [0])}
    photo = Photo(made_tiff(tags, [deep.astype(">u2").tobytes()], ">"))
    assert np.array_equal(pixels_of(photo), deep)


def test_damage_reaches_every_surface(command, tmp_path):
    path = tmp_path / "scan.tif"
    path.write_bytes(with_damage(written(tiffs.gray(), compression="lzw", rowsperstrip=8), 20))
    note = "damaged: rows 161 to 168 of 300 cannot be decoded"
    done = command("colorize", "scan.tif", "-o", "out.png", "--json", "--size", "64", cwd=tmp_path)
    assert json.loads(done.stdout)["warnings"] == [note]
    done = command("colorize", "scan.tif", "-o", "plain.png", "--size", "64", cwd=tmp_path)
    assert note in done.stderr.decode()
    much = with_damage(written(tiffs.gray(), compression="lzw"), 0)
    path.write_bytes(much)
    done = command("colorize", "scan.tif", "-o", "no.png", cwd=tmp_path)
    assert done.returncode != 0
    assert "rows cannot be decoded" in done.stderr.decode()
    assert not (tmp_path / "no.png").exists()


def test_an_impossible_number_of_rows_in_a_strip():
    strips = [tiffs.gray()[:150].tobytes(), tiffs.gray()[150:].tobytes()]
    photo = Photo(made_tiff(tags_of(1, 8, 1, t278=(4, [2**31 + 1])), strips))
    assert np.array_equal(pixels_of(photo), tiffs.gray())


def test_no_photometric_interpretation():
    for picture in (tiffs.gray(), tiffs.rgb()):
        tags = tags_of(picture.size // tiffs.gray().size, 8, 1)
        del tags[262]
        assert np.array_equal(pixels_of(Photo(made_tiff(tags, [picture.tobytes()]))), picture)


def test_damage_is_in_the_server_s_answers(tmp_path):
    data = with_damage(written(tiffs.gray(), compression="lzw", rowsperstrip=8), 20)
    with TestClient(create_app(Settings(folder=tmp_path)), base_url="http://localhost") as client:
        session = client.post("/api/v1/sessions?name=scan.tif", content=data).json()
        answer = client.post("/api/v1/colorize?format=png&size=64", content=data)
    assert answer.headers["Photochrom-Notes"] == session["notes"][0]
    assert session["notes"] == ["damaged: rows 161 to 168 of 300 cannot be decoded"]


def test_more_rows_stated_than_stored():
    tags = tags_of(1, 8, 1, t257=(4, [HEIGHT + 200]), t278=(4, [HEIGHT + 200]))
    with pytest.raises(PhotoError, match=r"damaged, .* of its 500 rows"):
        Photo(made_tiff(tags, [tiffs.gray().tobytes()]))


@pytest.mark.parametrize("tables", ["shared", "in each strip"])
def test_impossible_codes_that_libjpeg_passes_over(tables):
    """It takes a code that does not exist for zeros, and gives no warning."""
    if tables == "shared":
        made = io.BytesIO()
        picture = Image.fromarray(tiffs.gray())
        picture.save(made, "TIFF", compression="jpeg", tiffinfo={278: 8})
        sound = made.getvalue()
    else:
        sound = written(tiffs.gray(), compression="jpeg", rowsperstrip=8)
    with tifffile.TiffFile(io.BytesIO(sound)) as file:
        assert ("JPEGTables" in file.pages[0].tags) == (tables == "shared")
    good = pixels_of(Photo(sound))
    start, count = tiffs.strips_of(sound)[20]
    assert pixels_without_a_warning(sound)
    found = 0
    for place in range(start + count * 3 // 4, start + count - 8):
        data = sound[:place] + b"\xfe\xfd\xfe" + sound[place + 3 :]
        if not pixels_without_a_warning(data):
            continue
        photo = Photo(data)
        lost = differing(pixels_of(photo), good)
        if photo.notes:
            assert lost <= rows_in(photo.notes) == set(range(160, 168))
            found += 1
    assert found


def pixels_without_a_warning(data):
    try:
        pyvips.Image.tiffload_buffer(data, fail_on="warning").avg()
    except pyvips.Error:
        return False
    return True


@pytest.mark.parametrize("compression", ["lzw", None])
def test_an_empty_palette(compression):
    """Every pixel would be black."""
    colors = np.linspace(0, 65535, 256).astype(np.uint16)
    palette = np.stack([colors] * 3)
    sound = written(tiffs.gray(), photometric="palette", colormap=palette, compression=compression)
    pixels = pixels_of(Photo(sound)).astype(int).reshape(*tiffs.gray().shape, -1)
    assert np.abs(pixels - tiffs.gray()[..., None]).max() <= 1
    empty = written(
        tiffs.gray(), photometric="palette", colormap=0 * palette, compression=compression
    )
    with pytest.raises(PhotoError, match="damaged, its palette is empty"):
        Photo(empty)
