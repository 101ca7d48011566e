"""Picture files of every kind, made with other programs than the one under test; and profiles."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netpbmfile
import numpy as np
import pillow_heif
import tifffile
from openjpeg.utils import encode_array
from PIL import Image

WIDTH, HEIGHT = 160, 120


def scene(bands: int = 1, dtype: Any = np.uint8) -> np.ndarray:
    """A smooth picture with edges, (H, W, bands), alpha last where bands is 2 or 4."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    gray = 0.1 + 0.8 * (0.5 + 0.5 * np.sin(x / 17) * np.cos(y / 13))
    gray[40:80, 50:110] *= 0.6
    planes = [gray] * (1 if bands < 3 else 3)
    if bands in (2, 4):
        planes.append(x / WIDTH)
    picture = np.stack(planes, axis=-1)
    if np.dtype(dtype).kind == "f":
        return picture.astype(dtype)
    return np.rint(picture * np.iinfo(dtype).max).astype(dtype)


def _pil(mode: str, **options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}.get(mode, 3)
        picture = Image.fromarray(scene(bands).squeeze(), mode if bands != 3 else "RGB")
        picture.convert(mode).save(path, **options)

    return write


def _deep_png(path: Path) -> None:
    Image.fromarray(scene(1, np.uint16)[..., 0]).save(path)


def _bits_png(bits: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        levels = np.rint(scene()[..., 0] / 255 * (2**bits - 1)).astype(np.uint8)
        picture = Image.fromarray(levels, "P")
        picture.putpalette([v for i in range(2**bits) for v in [255 * i // (2**bits - 1)] * 3])
        picture.save(path, bits=bits)

    return write


def _tiff(bands: int, dtype: Any, **options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        picture = scene(bands, dtype)
        options.setdefault("photometric", "minisblack" if bands < 3 else "rgb")
        if bands in (2, 4):
            options["extrasamples"] = ["unassalpha"]
        tifffile.imwrite(path, picture.squeeze(), **options)

    return write


def _cmyk(path: Path) -> None:
    Image.fromarray(scene(3)).convert("CMYK").save(path, quality=95)


def _pnm(bands: int, dtype: Any, magic: str) -> Callable[[Path], None]:
    return lambda path: netpbmfile.imwrite(path, scene(bands, dtype).squeeze(), magicnumber=magic)


def _jp2(bands: int, dtype: Any, **options: Any) -> Callable[[Path], None]:
    return lambda path: (
        path.write_bytes(encode_array(scene(bands, dtype).squeeze(), codec_format=1, **options))
        and None
    )


def _heic(path: Path) -> None:
    pillow_heif.from_pillow(Image.fromarray(scene(3))).save(path, quality=95)


# name: how it is made, what it holds: colour bands and alpha, bits, the largest error of a grey
MADE: dict[str, tuple[Callable[[Path], None], int, int, float]] = {
    "grey.jpg": (_pil("L", quality=95), 1, 8, 0.02),
    "rgb.jpg": (_pil("RGB", quality=95), 3, 8, 0.02),
    "progressive.jpg": (_pil("L", quality=95, progressive=True), 1, 8, 0.02),
    "cmyk.jpg": (_cmyk, 3, 8, 0.2),
    "grey.png": (_pil("L"), 1, 8, 0),
    "interlaced.png": (_pil("L"), 1, 8, 0),
    "alpha.png": (_pil("LA"), 2, 8, 0),
    "rgba.png": (_pil("RGBA"), 4, 8, 0),
    "deep.png": (_deep_png, 1, 16, 0),
    "palette1.png": (_bits_png(1), 3, 8, 0.6),
    "palette2.png": (_bits_png(2), 3, 8, 0.2),
    "palette4.png": (_bits_png(4), 3, 8, 0.04),
    "bit.png": (_pil("1"), 1, 8, 1),
    "grey.tif": (_tiff(1, np.uint8), 1, 8, 0),
    "rgb.tif": (_tiff(3, np.uint8), 3, 8, 0),
    "deep.tif": (_tiff(1, np.uint16), 1, 16, 0),
    "deep-rgba.tif": (_tiff(4, np.uint16), 4, 16, 0),
    "float.tif": (_tiff(1, np.float32), 1, 32, 0),
    "half.tif": (_tiff(1, np.float16), 1, 16, 1e-3),
    "tiles.tif": (_tiff(1, np.uint16, tile=(32, 32)), 1, 16, 0),
    "strips.tif": (_tiff(1, np.uint8, rowsperstrip=7), 1, 8, 0),
    "deflate.tif": (_tiff(1, np.uint16, compression="zlib", predictor=True), 1, 16, 0),
    "big.tif": (_tiff(1, np.uint8, bigtiff=True), 1, 8, 0),
    "motorola.tif": (_tiff(1, np.uint16, byteorder=">"), 1, 16, 0),
    "white-is-zero.tif": (_tiff(1, np.uint8, photometric="miniswhite"), 1, 8, 1),
    "lzw.tif": (_pil("L", compression="tiff_lzw"), 1, 8, 0),
    "jpeg.tif": (_pil("L", compression="jpeg", quality=95), 1, 8, 0.02),
    "bit.tif": (_pil("1", compression="group4"), 1, 8, 1),
    "grey.webp": (_pil("RGB", lossless=True), 3, 8, 0),
    "grey.gif": (_pil("L"), 3, 8, 0.02),
    "grey.pgm": (_pnm(1, np.uint8, "P5"), 1, 8, 0),
    "deep.pgm": (_pnm(1, np.uint16, "P5"), 1, 16, 0),
    "rgb.ppm": (_pnm(3, np.uint8, "P6"), 3, 8, 0),
    "grey.jp2": (_jp2(1, np.uint8), 1, 8, 0),
    "deep.jp2": (_jp2(1, np.uint16), 1, 16, 0),
    "rgb.jp2": (_jp2(3, np.uint8, photometric_interpretation=1), 3, 8, 0),
    "rgb.heic": (_heic, 3, 8, 0.03),
}


def profile(color_space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ") -> bytes:
    """An ICC profile, version 2, with a name, a white point and some tags."""
    named = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"cprt": b"text" + bytes(4) + b"none\0",
    } | tags
    table, body, start = struct.pack(">I", len(named)), b"", 132 + 12 * len(named)
    for name, data in named.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    struct.pack_into(">I", header, 0, start + len(body))
    header[8:12] = b"\x02\x10\0\0"
    header[12:24] = (b"mntr" if color_space == b"RGB " else b"prtr") + color_space + pcs
    header[36:40] = b"acsp"
    struct.pack_into(">3i", header, 68, 63190, 65536, 54061)
    return bytes(header) + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * v) for v in values))


def gamma(exponent: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * exponent)) + bytes(2)


def table(values: np.ndarray) -> bytes:
    codes = np.rint(values * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(codes)) + codes.tobytes()


def parameters(kind: int, *numbers: float) -> bytes:
    fixed = struct.pack(f">{len(numbers)}i", *(round(65536 * n) for n in numbers))
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + fixed


def dot_gain(share: float) -> np.ndarray:
    """Light of a printed screen: the dots of code k grow by `share` of a half-covered area."""
    ink = 1 - np.linspace(0, 1, 256)
    covered = np.clip(ink + share * 4 * ink * (1 - ink), 0, 1)
    return np.clip(1 - covered, 0, 1)


GRAY_PROFILES = {
    "gamma 2.2": profile(b"GRAY", {b"kTRC": gamma(2.2)}),
    "gamma 1.8": profile(b"GRAY", {b"kTRC": gamma(1.8)}),
    "linear": profile(b"GRAY", {b"kTRC": b"curv" + bytes(8)}),
    "dot gain 20 %": profile(b"GRAY", {b"kTRC": table(dot_gain(0.2))}),
    "lightness": profile(b"GRAY", {b"kTRC": b"curv" + bytes(8)}, b"Lab "),
}

_ADOBE = {b"rXYZ": xyz(0.60974, 0.31111, 0.01947), b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
          b"bXYZ": xyz(0.14919, 0.06322, 0.74457)}  # fmt: skip
_P3 = {b"rXYZ": xyz(0.51512, 0.2412, -0.00105), b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
       b"bXYZ": xyz(0.1571, 0.06657, 0.78407)}  # fmt: skip
_SRGB_CURVE = parameters(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _rgb(primaries: dict[bytes, bytes], curve: bytes) -> bytes:
    return profile(b"RGB ", primaries | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


RGB_PROFILES = {
    "Adobe RGB": _rgb(_ADOBE, gamma(2.19921875)),
    "Display P3": _rgb(_P3, _SRGB_CURVE),
    "linear P3": _rgb(_P3, gamma(1.0)),
}


def encoded(picture: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, **options)
    return stream.getvalue()
