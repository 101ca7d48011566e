"""The grey JPEGs that the site's kernel encodes, read by libjpeg, beside those of libvips."""

from __future__ import annotations

import ctypes
import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from support.programs import program

SOURCE = Path(__file__).resolve().parents[2] / "src" / "photochrom" / "site" / "kernel"

Encode = Callable[..., bytes]


def _encoder(library: ctypes.CDLL) -> Encode:
    def encode(
        plane: NDArray[np.uint8],
        quality: int,
        *,
        chroma: bool = False,
        progressive: bool = False,
        room: int | None = None,
    ) -> bytes:
        plane = np.ascontiguousarray(plane)
        height, width = plane.shape
        out = np.full(room if room is not None else 2 * width * height + 4096, 77, np.uint8)
        name = "photochrom_gray_jpeg" + ("_progressive" if progressive else "")
        function = library[name]
        function.restype = ctypes.c_int64
        size, small = ctypes.c_int64, ctypes.c_int32
        function.argtypes = [ctypes.c_void_p, size, size, small, small, ctypes.c_void_p, size]
        length = function(
            plane.ctypes.data, width, height, quality, chroma, out.ctypes.data, len(out)
        )
        assert length <= len(out)
        return b"" if length < 0 else out[:length].tobytes()

    return encode


@pytest.fixture(scope="module")
def encode(tmp_path_factory: pytest.TempPathFactory) -> Encode:
    path = tmp_path_factory.mktemp("kernel") / "gray_jpeg.so"
    source = SOURCE / "gray_jpeg.c"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [program("cc"), *warnings, "-O3", "-shared", "-fPIC", source, "-o", path]
    subprocess.run(command, check=True)
    return _encoder(ctypes.CDLL(str(path)))


def decoded(data: bytes) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(data))
    assert image.mode == "L"
    return np.asarray(image)


def noise_of(data: bytes, plane: NDArray[np.uint8]) -> float:
    """PSNR in decibels."""
    error = np.mean((decoded(data).astype(float) - plane) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def _photo(name: str) -> NDArray[np.uint8]:
    path = Path(__file__).resolve().parents[2] / "examples" / name
    return np.asarray(Image.open(path).convert("L"))


PLANES = {
    "photo": _photo("harbour.jpg"),
    "part": _photo("cat.jpg")[100:177, 50:103],
    "noise": np.random.default_rng(0).integers(0, 256, (60, 61)).astype(np.uint8),
    "flat": np.full((40, 40), 128, np.uint8),
    "checks": np.indices((33, 47)).sum(0).astype(np.uint8) % 2 * 255,
    "pixel": np.full((1, 1), 3, np.uint8),
}


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [1, 10, 50, 95, 100])
@pytest.mark.parametrize("name", PLANES)
def test_as_good_as_libvips(encode: Encode, name: str, quality: int, progressive: bool) -> None:
    plane = PLANES[name]
    usual = pyvips.Image.new_from_array(plane).jpegsave_buffer(Q=quality, keep="none")

    data = encode(plane, quality, progressive=progressive)

    assert decoded(data).shape == plane.shape
    assert noise_of(data, plane) > noise_of(usual, plane) - 0.1
    assert len(data) < 1.01 * len(usual) + 64


def test_the_quantization_tables_are_libjpegs(encode: Encode) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "JPEG", quality=83)
    wanted = Image.open(io.BytesIO(stream.getvalue())).quantization

    for chroma in (False, True):
        image = Image.open(io.BytesIO(encode(PLANES["flat"], 83, chroma=chroma)))
        assert image.quantization[0] == wanted[int(chroma)]
        np.testing.assert_array_equal(np.asarray(image), PLANES["flat"])


def test_chroma_tables_decode(encode: Encode) -> None:
    plane = PLANES["photo"]

    assert noise_of(encode(plane, 95, chroma=True), plane) > 40


def test_too_little_room_and_no_size(encode: Encode) -> None:
    length = len(encode(PLANES["noise"], 95))

    assert encode(PLANES["noise"], 95, room=length) == encode(PLANES["noise"], 95)
    assert encode(PLANES["noise"], 95, room=length - 1) == b""
    assert encode(PLANES["noise"], 95, room=0) == b""
    assert encode(np.zeros((1, 70_000), np.uint8), 95) == b""


@pytest.mark.browser
@pytest.mark.parametrize("progressive", [False, True])
def test_the_same_bytes_in_a_browser(engine: Any, encode: Encode, progressive: bool) -> None:
    kernel = SOURCE.parent / "engine" / "kernel.wasm"
    plane = PLANES["photo"]
    body = """async (_, code, plane, width, height, name) => {
      const { instance } = await WebAssembly.instantiate(code);
      const { memory, ...exported } = instance.exports;
      const place = memory.buffer.byteLength;
      memory.grow(Math.ceil((3 * plane.length + 4096) / 65536));
      new Uint8Array(memory.buffer).set(plane, place);
      const out = place + plane.length;
      const length = exported[name](place, BigInt(width), BigInt(height), 95, 0, out,
        BigInt(2 * plane.length));
      return new Uint8Array(memory.buffer, out, Number(length)).slice();
    }"""
    name = "photochrom_gray_jpeg" + ("_progressive" if progressive else "")

    made = engine.run(
        "bytes.js",
        body,
        np.frombuffer(kernel.read_bytes(), np.uint8),
        plane.ravel(),
        plane.shape[1],
        plane.shape[0],
        name,
    )

    # wasm has no fused multiply and add, so that single coefficients may round the other way
    native = encode(plane, 95, progressive=progressive)
    assert abs(len(made) - len(native)) < 64
    assert np.abs(decoded(made.tobytes()).astype(int) - decoded(native)).max() <= 4
    assert noise_of(made.tobytes(), plane) == pytest.approx(noise_of(native, plane), abs=0.01)
