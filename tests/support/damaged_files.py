"""Small sound files of every kind but JPEG, ways to damage them, and what of them is lost in
silence: black or flat areas that a reader put in the place of pixels without a warning.
"""

from __future__ import annotations

import io
import itertools
import multiprocessing
import random
import struct
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pyvips
from numpy.lib.stride_tricks import sliding_window_view
from openjpeg.utils import encode_array
from pebble import ProcessPool
from PIL import Image
from psd_tools.compression import compress
from psd_tools.constants import Compression

from photochrom.errors import PhotoError
from photochrom.photo import Photo
from support import tiffs
from support.tiffs import HEIGHT, WIDTH, made_pages, made_tiff, tags_of, written

MOST_PIXELS = 4_000_000
_PATIENCE_S = 300
"""A file takes up to six seconds; beside other work, many times that."""
LONGEST = 32
"""Pixels of one shade side by side that no sound file here has."""
_GRAY, _RGB = tiffs.gray(), tiffs.rgb()
_DEEP = _GRAY.astype(np.uint16) * 257
_BILEVEL = np.where(np.random.default_rng(2).integers(0, 256, _GRAY.shape) < _GRAY, 255, 0)
_BILEVEL = _BILEVEL.astype(np.uint8)
_STRIPS: dict[str, Any] = {"rowsperstrip": 16}
_TILE = 48
_TILES: dict[str, Any] = {"tile": (_TILE, _TILE)}
_PLAIN = frozenset({"none", "bmp", "pnm", "raw"})
"""Coded not at all. Single wrong bytes are other pixels there, and what was never written is told
from black pixels by where it begins: at a block of the file system, in the middle of a row."""
_BLOCK = 4096


def _pillow(picture: np.ndarray, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind, **options)
    return stream.getvalue()


def _bits(codec: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(_BILEVEL).convert("1").save(stream, "TIFF", compression=codec)
    return stream.getvalue()


def _vips(picture: np.ndarray, suffix: str, **options: Any) -> bytes:
    image = pyvips.Image.new_from_array(picture)
    interpretation = "srgb" if picture.ndim == 3 else "b-w"
    return bytes(image.copy(interpretation=interpretation).write_to_buffer(suffix, **options))


def _heif(picture: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(stream, **options)
    return stream.getvalue()


def _bmp(rows: bytes, bits: int, compression: int = 0, palette: bytes = b"") -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, compression, len(rows), 2835,
                       2835, len(palette) // 4, 0)  # fmt: skip
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + info + palette + rows


def _runs() -> bytes:
    """The grey picture in the runs of BMP's RLE8, bottom row first."""
    out = bytearray()
    for row in _GRAY[::-1]:
        for start in range(0, WIDTH, 200):
            out += bytes((0, 200)) + row[start : start + 200].tobytes()
        out += b"\0\0"
    return bytes(out + b"\0\1")


def _psd(compression: Compression) -> bytes:
    data = compress(_GRAY.tobytes(), compression, WIDTH, HEIGHT, 8)
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 1, HEIGHT, WIDTH, 8, 1)
    return header + bytes(12) + struct.pack(">H", int(compression)) + data


def _packed(values: np.ndarray, bits: int) -> bytes:
    return tiffs.packed(values, bits).tobytes()


def _ycbcr() -> bytes:
    units = np.repeat(_GRAY, 3).tobytes()
    return made_tiff(tags_of(3, 8, 6, t530=(3, [1, 1])), [units])


def _old_jpeg() -> bytes:
    stream = _pillow(_GRAY, "JPEG", quality=90)
    tags = tags_of(1, 8, 6, 6, t513=(4, [8]), t514=(4, [len(stream)]))
    return made_tiff(tags, [stream])


def _small_copy_first() -> bytes:
    small = tags_of(1, 8, 1, t254=(4, [1]), t330=(tags_of(1, 8, 1), [_GRAY.tobytes()]))
    small[256], small[257], small[278] = (4, [40]), (4, [30]), (4, [30])
    return made_pages([(small, [_GRAY[::10, ::10].tobytes()])])


def _tiles() -> bytes:
    """Tiles without compression, whose padding is not black."""
    whole = np.pad(_GRAY, ((0, -HEIGHT % _TILE), (0, -WIDTH % _TILE)), mode="edge")
    down, across = (side // _TILE for side in whole.shape)
    tiles = whole.reshape(down, _TILE, across, _TILE).swapaxes(1, 2).reshape(-1, _TILE**2)
    tags = tags_of(1, 8, 1, t322=(4, [_TILE]), t323=(4, [_TILE]))
    return made_tiff(tags, [tile.tobytes() for tile in tiles])


_PLANES = np.moveaxis(_RGB, 2, 0)
SOUND: dict[str, Callable[[], bytes]] = {
    "none strips.tif": lambda: written(_GRAY, **_STRIPS),
    "none tiles.tif": _tiles,
    "none one.tif": lambda: written(_DEEP),
    "none motorola.tif": lambda: written(_DEEP, byteorder=">", **_STRIPS),
    "none big.tif": lambda: written(_GRAY, bigtiff=True, **_STRIPS),
    "none pages.tif": lambda: made_pages(2 * [(tags_of(1, 8, 1), [_GRAY.tobytes()])]),
    "none copy.tif": _small_copy_first,
    "none ycbcr.tif": _ycbcr,
    "none white.tif": lambda: written(_GRAY, photometric="miniswhite", **_STRIPS),
    "none alpha.tif": lambda: written(np.dstack([_RGB, _GRAY]), photometric="rgb",
                                      extrasamples=["unassalpha"], **_STRIPS),
    "none extra.tif": lambda: written(np.dstack([_RGB, _GRAY]), photometric="rgb",
                                      extrasamples=["unspecified"], **_STRIPS),
    "none planes.tif": lambda: written(_PLANES, planarconfig="separate", photometric="rgb"),
    "none packed.tif": lambda: made_tiff(tags_of(1, 12, 1), [_packed(_DEEP >> 4, 12)]),
    "none float.tif": lambda: written((_GRAY / 255).astype(np.float32), **_STRIPS),
    "lzw strips.tif": lambda: written(_GRAY, compression="lzw", **_STRIPS),
    "lzw tiles.tif": lambda: written(_GRAY, compression="lzw", **_TILES),
    "lzw predictor.tif": lambda: written(_DEEP, compression="lzw", predictor=True, **_STRIPS),
    "lzw rgb.tif": lambda: written(_RGB, compression="lzw", photometric="rgb", **_STRIPS),
    "lzw planes.tif": lambda: written(_PLANES, compression="lzw", planarconfig="separate",
                                      photometric="rgb", **_STRIPS),
    "lzw packed.tif": lambda: made_tiff(
        tags_of(1, 12, 1, 5), [imagecodecs.lzw_encode(_packed(_DEEP >> 4, 12))]),
    "lzw palette.tif": lambda: _pillow_palette(),
    "deflate strips.tif": lambda: written(_GRAY, compression="deflate", **_STRIPS),
    "deflate tiles.tif": lambda: written(_DEEP, compression="deflate", predictor=True, **_TILES),
    "packbits strips.tif": lambda: written(_GRAY, compression="packbits", **_STRIPS),
    "packbits tiles.tif": lambda: written(_GRAY, compression="packbits", **_TILES),
    "jpeg strips.tif": lambda: written(_GRAY, compression="jpeg", **_STRIPS),
    "jpeg tiles.tif": lambda: written(_RGB, compression="jpeg", photometric="rgb", **_TILES),
    "jpeg old.tif": _old_jpeg,
    "fax 4.tif": lambda: _bits("group4"),
    "fax 3.tif": lambda: _bits("group3"),
    "fax 2.tif": lambda: _bits("tiff_ccitt"),
    "zstd.tif": lambda: written(_GRAY, compression="zstd", **_STRIPS),
    "lzma.tif": lambda: written(_GRAY, compression="lzma", **_STRIPS),
    "lerc.tif": lambda: written(_GRAY, compression="lerc", **_STRIPS),
    "webp.tif": lambda: written(_RGB, compression="webp", photometric="rgb", **_TILES),
    "jpeg2000.tif": lambda: written(_GRAY, compression="jpeg2000", **_TILES),
    "jpegxl.tif": lambda: written(_GRAY, compression="jpegxl", **_TILES),
    "jpegxr.tif": lambda: written(_GRAY, compression="jpegxr", **_TILES),
    "png.tif": lambda: written(_GRAY, compression="png", **_TILES),
    "gray.png": lambda: _pillow(_GRAY, "PNG"),
    "deep.png": lambda: _pillow(_DEEP, "PNG"),
    "rgb.png": lambda: _pillow(_RGB, "PNG"),
    "interlaced.png": lambda: _vips(_GRAY, ".png", interlace=True),
    "palette.png": lambda: _vips(_RGB, ".png", palette=True),
    "lossy.webp": lambda: _pillow(_RGB, "WEBP", quality=90),
    "lossless.webp": lambda: _pillow(_RGB, "WEBP", lossless=True),
    "alpha.webp": lambda: _pillow(np.dstack([_RGB, _GRAY]), "WEBP", quality=90),
    "gray.jp2": lambda: bytes(encode_array(_GRAY, codec_format=1)),
    "deep.jp2": lambda: bytes(encode_array(_DEEP, codec_format=1)),
    "rgb.jp2": lambda: bytes(encode_array(_RGB, codec_format=1, photometric_interpretation=1)),
    "lossy.jp2": lambda: bytes(
        encode_array(_GRAY, codec_format=1, compression_ratios=[8])),
    "rgb.heic": lambda: _heif(_RGB, format="HEIF", quality=90),
    "rgb.avif": lambda: _vips(_RGB, ".avif", Q=80, effort=1),
    "gray.gif": lambda: _pillow(_GRAY, "GIF"),
    "interlaced.gif": lambda: _pillow(_GRAY, "GIF", interlace=1),
    "bmp gray.bmp": lambda: _pillow(_GRAY, "BMP"),
    "bmp rgb.bmp": lambda: _pillow(_RGB, "BMP"),
    "runs.bmp": lambda: _bmp(_runs(), 8, 1, np.repeat(np.arange(256, dtype=np.uint8), 4).tobytes()),
    "raw.psd": lambda: _psd(Compression.RAW),
    "rle.psd": lambda: _psd(Compression.RLE),
    "zip.psd": lambda: _psd(Compression.ZIP),
    "lossless.jxl": lambda: imagecodecs.jpegxl_encode(_GRAY, lossless=True),
    "lossy.jxl": lambda: imagecodecs.jpegxl_encode(_RGB, distance=1.0),
    "container.jxl": lambda: imagecodecs.jpegxl_encode(_RGB, lossless=True, usecontainer=True),
    "pnm.pgm": lambda: b"P5 %d %d 255\n" % (WIDTH, HEIGHT) + _GRAY.tobytes(),
    "plain.pgm": lambda: b"P2 %d %d 255\n" % (WIDTH, HEIGHT)
    + b"\n".join(b" ".join(b"%d" % code for code in row) for row in _GRAY),
}  # fmt: skip
"""How a file is made, by its name; the first word says how its pixels are coded."""


def _pillow_palette() -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(_GRAY, "P")
    image.putpalette([code for i in range(256) for code in (i, 255 - i, i // 2)])
    image.save(stream, "TIFF", compression="tiff_lzw")
    return stream.getvalue()


@cache
def sound(name: str) -> bytes:
    """One of the files, whole."""
    return SOUND[name]()


@cache
def _sound_pixels(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    return pixels_of(sound(name))


def pixels_of(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """All pixels as colouring reads them, and the notes."""
    photo = Photo(data, max_pixels=MOST_PIXELS)
    photo.small_copy(32, 32)
    fetch = photo.strips()
    rows = [fetch(top, min(50, photo.height - top)) for top in range(0, photo.height, 50)]
    return np.concatenate(rows), photo.notes


def flat(pixels: np.ndarray) -> np.ndarray:
    """Which pixels (h, w) of (h, w, bands) begin `LONGEST` of one shade, side by side."""
    length = min(LONGEST, pixels.shape[1])
    same = (pixels[:, 1:] == pixels[:, :-1]).all(axis=2)
    if length < 2:
        return np.zeros(pixels.shape[:2], bool)
    return sliding_window_view(same, length - 1, axis=1).all(axis=-1)


def _is_plain(name: str) -> bool:
    return name.split()[0].split(".")[0] in _PLAIN


def ways(name: str) -> tuple[str, ...]:
    """How a file may be damaged so that it can be noticed.

    JPEG, WebP, HEIC, AVIF and ZSTD have no checksums, so that wrong bytes are other pixels to every
    decoder; in WebP, JPEG 2000 and JPEG XR zeros may stand for black too. What is found in a
    whole JPEG stream has tests of its own.
    """
    kind = name.rsplit(".")[-1]
    if _is_plain(name) or kind == "webp" or name == "webp.tif":
        return ("unwritten", "unwritten end", "cut")
    if kind == "jp2" or name in ("jpeg2000.tif", "jpegxr.tif", "jpeg old.tif"):
        return ("cut",)
    if kind in ("heic", "avif") or name.startswith(("zstd", "jpeg ")):
        return ("hole", "empty end", "cut")
    return ("bits", "bytes", "noise", "removed", "hole", "empty end", "cut")


def damaged(name: str, chance: random.Random) -> tuple[bytes, str]:
    """One of the files, damaged, and how."""
    data = bytearray(sound(name))
    way = chance.choice(ways(name))
    place = chance.randrange(len(data))
    block = (1 + place // _BLOCK) * _BLOCK
    if way == "bits":
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif way == "bytes":
        near = chance.choice((64, 600, len(data)))
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(min(near, len(data)))] = chance.choice((0, 1, 127, 128, 255))
    elif way == "noise":
        length = min(chance.choice((2, 8, 40, 512)), len(data) - place)
        data[place : place + length] = chance.randbytes(length)
    elif way == "removed":
        del data[place : place + chance.randrange(1, 64)]
    elif way == "hole":
        place = min(place, len(data) - 600)
        length = chance.choice((64, 512, 4096))
        data[place : place + length] = bytes([chance.choice((0, 255))]) * len(
            data[place : place + length]
        )
    elif way == "empty end":
        place = min(place, len(data) - 600)
        data[place:] = bytes(len(data) - place)
    elif way == "unwritten":
        data[block : block + _BLOCK] = bytes(len(data[block : block + _BLOCK]))
    elif way == "unwritten end":
        data[block:] = bytes(len(data[block:]))
    else:
        del data[place:]
    return bytes(data), way


def lost_in_silence(name: str, data: bytes) -> str | None:
    """What a damaged file lost without a word, as a line; None where nothing is.

    That is: pixels of one shade side by side which the sound file does not have, and neither an
    error nor a note.
    """
    try:
        pixels, notes = pixels_of(data)
    except PhotoError:
        return None
    whole, usual = _sound_pixels(name)
    if set(notes) - set(usual) or pixels.shape[1] < LONGEST:
        return None
    if pixels.shape[:2] != (HEIGHT, WIDTH):
        return None  # a header that has another size
    places = flat(pixels) & ~flat(whole)
    rows = np.flatnonzero(places.any(axis=1))
    least = 16 if name.startswith(("fax", "runs")) else 1  # one wrong code is a long run there
    if len(rows) < least or (_is_plain(name) and places[rows[0], 0]):
        return None
    shades = pixels[places.nonzero()]
    size = f"of {len(pixels)} rows of {pixels.shape[1]}"
    return f"{len(rows)} {size}, first {rows[0]}, shades {np.unique(shades)[:4]}"


def numbered(seed: int) -> Iterator[tuple[str, int]]:
    """Names and numbers of damaged files, without end."""
    chance = random.Random(seed)
    names = list(SOUND)
    return ((chance.choice(names), number) for number in itertools.count())


def finding(name: str, seed: int, number: int) -> str | None:
    """What the numbered file loses in silence, as a line; None where it does not."""
    data, way = damaged(name, random.Random(f"{seed} {number}"))
    line = lost_in_silence(name, data)
    return None if line is None else f"{name}, seed {seed}, number {number}, {way}: {line}"


def search(seconds: float, seed: int, *, workers: int) -> tuple[int, list[str]]:
    """Damage files for so long, in processes; how many there were, and what was found, a line each.

    A decoder that fails by ending its process, or takes `_PATIENCE_S`, is a finding too.
    """
    end, files, found = time.monotonic() + seconds, 0, []
    source = numbered(seed)
    context = multiprocessing.get_context("spawn")
    with ProcessPool(workers, context=context) as pool:
        while time.monotonic() < end:
            block = list(itertools.islice(source, 64))
            futures = [
                pool.schedule(finding, args=(name, seed, number), timeout=_PATIENCE_S)
                for name, number in block
            ]
            for (name, number), future in zip(block, futures, strict=True):
                files += 1
                try:
                    line = future.result()
                except Exception as error:  # of the process, or an unforeseen one of ours
                    line = f"{name}, seed {seed}, number {number}: {error!r}"
                if line is not None:
                    found.append(line)
    return files, found
