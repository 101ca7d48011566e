"""The native kernel of the full-size pass: `full_size.c`, loaded where it was built.

The library is built when Photochrom is installed, where a C compiler is found (`hatch_build.py`).
It knows nothing of Python, so one build serves every version, and ctypes releases the
interpreter's lock while it works. Without it, or with PHOTOCHROM_KERNEL=numpy, the NumPy code of
`photochrom.pipeline.full_size` does the same work.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.color.rgb_space import RgbSpace
from photochrom.errors import ConfigError
from photochrom.photo.strips import Pixels

VARIABLE = "PHOTOCHROM_KERNEL"
"""Environment variable: "numpy" keeps to NumPy, "native" refuses to work without the library."""

LIBRARY = Path(__file__).with_name(
    {"win32": "full_size_kernel.dll", "darwin": "libfull_size.dylib"}.get(
        sys.platform, "libfull_size.so"
    )
)
"""Where the build puts the library. Not `full_size.so`: Python would import that as a module."""

_VERSION = 2
"""Of the structs; a library that was built for another one is not used."""

_TYPES = {np.dtype(np.uint8): 0, np.dtype(np.uint16): 1, np.dtype(np.float32): 2}


class _Struct(ctypes.Structure):
    """`struct kernel` of full_size.c."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("source_type", "target_type", "bands")),
        ("width", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("f", "f_inverse", "light", "linear", "fields")),
        ("field_rows", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("above", "below", "share", "codes")),
        ("codes_count", ctypes.c_int64),
        *((name, 3 * ctypes.c_float) for name in ("weights", "from_x", "from_z")),
        ("white", ctypes.c_float),
        ("tiny", ctypes.c_float),
    ]


class _ChromaStruct(ctypes.Structure):
    """`struct chroma` of luma_chroma.c."""

    _fields_ = [
        ("width", ctypes.c_int64),
        ("chroma_width", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("light", "fy", "base", "encoded", "fields")),
        ("field_rows", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("above", "below", "share")),
        *((name, ctypes.c_int64) for name in ("across", "down", "wide", "largest")),
        *((name, 3 * ctypes.c_float) for name in ("from_x", "from_z", "weights")),
        *((name, 2 * ctypes.c_float) for name in ("spans", "green_of")),
        *((name, ctypes.c_float) for name in ("margin", "mean_scale", "code_scale", "black")),
        *((name, ctypes.c_float) for name in ("chroma_scale", "neutral")),
    ]


_STRIP_ARGUMENTS: Sequence[Any] = [
    ctypes.POINTER(_Struct),
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
]
_CHROMA_ARGUMENTS: Sequence[Any] = [
    ctypes.POINTER(_ChromaStruct),
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_void_p,
]


@cache
def library() -> ctypes.CDLL | None:
    """The loaded library; None where it was not built, or does not fit.

    Raises ConfigError where PHOTOCHROM_KERNEL has an unknown value, or demands the library and
    there is none.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", "numpy", "native"):
        raise ConfigError(VARIABLE, f"there is no kernel {wanted!r}", "set it to numpy or native")
    if wanted == "numpy":
        return None
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        version = loaded.photochrom_kernel_version
        version.restype = ctypes.c_int64
        for function, argument_types in (
            (loaded.photochrom_color_strip, _STRIP_ARGUMENTS),
            (loaded.photochrom_chroma_block, _CHROMA_ARGUMENTS),
        ):
            function.restype, function.argtypes = None, argument_types
    except (OSError, AttributeError):
        loaded = None
    else:
        if version() != _VERSION:
            loaded = None
    if loaded is None and wanted == "native":
        raise ConfigError(
            VARIABLE,
            "the native kernel was not built",
            "install Photochrom again where there is a C compiler, or unset the variable",
        )
    return loaded


def kernel_name() -> str:
    """Which arithmetic the full-size pass uses: "native" or "numpy"."""
    return "numpy" if library() is None else "native"


@dataclass(frozen=True, eq=False)
class StripArithmetic:
    """What the arithmetic of a strip needs, the same for all strips of a photo.

    space: of the source. light_tables: by the type of a grey code, f of its luminance, the inverse
    of f, and the luminance times `white`. f, f_inverse: of 65536 steps of luminance.
    fields: (4, rows, width), slopes and offsets for X and Z. above, below, share: the rows of
    `fields` around each row of the photo. codes: of the target, by the root of light.
    from_x, from_z: (3,). white: light of white.
    """

    space: RgbSpace
    light_tables: Callable[[np.dtype[Any]], Sequence[Array | None]]
    f: Array
    f_inverse: Array
    fields: Array
    above: NDArray[np.int64]
    below: NDArray[np.int64]
    share: Array
    codes: NDArray[Any]
    from_x: Array
    from_z: Array
    white: float


class NativeKernel:
    """Colours strips as `photochrom.pipeline.full_size` does, in C."""

    def __init__(self, loaded: ctypes.CDLL, arithmetic: StripArithmetic) -> None:
        self._color = loaded.photochrom_color_strip
        self._arithmetic = arithmetic
        self._structs: dict[tuple[np.dtype[Any], int], tuple[_Struct, list[Any]]] = {}

    def __call__(self, strip: Pixels, top: int) -> Pixels:
        """Colour a strip.

        strip: (rows, width, bands), uint8, uint16 or float32. top: the photo's row it begins with.
        Returns (rows, width, 3 or 4).
        """
        rows, width, bands = strip.shape
        size = strip.itemsize
        if strip.strides[1:] != (bands * size, size) or not strip.dtype.isnative:
            strip = np.ascontiguousarray(strip, strip.dtype.newbyteorder("="))
        struct, _ = self._struct(strip.dtype, bands)
        colored = np.empty((rows, width, 3 + (bands in (2, 4))), self._arithmetic.codes.dtype)
        self._color(struct, strip.ctypes.data, strip.strides[0], colored.ctypes.data, rows, top)
        return colored

    def _struct(self, dtype: np.dtype[Any], bands: int) -> tuple[_Struct, list[Any]]:
        """The struct for strips of a type, and the arrays it points to."""
        key = (dtype, bands)
        if key not in self._structs:
            self._structs[key] = self._filled(dtype, bands)
        return self._structs[key]

    def _filled(self, dtype: np.dtype[Any], bands: int) -> tuple[_Struct, list[Any]]:
        known, curve = self._arithmetic, self._arithmetic.space.curve
        direct = bands < 3 and dtype.kind == "u"
        tables: Sequence[Array | None] = [known.f, known.f_inverse, None]
        if direct:
            tables = known.light_tables(dtype)
        linear = curve.linear8 if dtype == np.uint8 else curve.linear
        arrays = [*tables, linear, known.fields, known.above, known.below, known.share, known.codes]
        arrays = [None if array is None else np.ascontiguousarray(array) for array in arrays]
        pointers = [None if array is None else array.ctypes.data for array in arrays]
        struct = _Struct(
            source_type=_TYPES[dtype],
            target_type=_TYPES[known.codes.dtype],
            bands=bands,
            width=known.fields.shape[2],
            f=pointers[0],
            f_inverse=pointers[1],
            light=pointers[2],
            linear=pointers[3],
            fields=pointers[4],
            field_rows=known.fields.shape[1],
            above=pointers[5],
            below=pointers[6],
            share=pointers[7],
            codes=pointers[8],
            codes_count=len(known.codes),
            weights=tuple(known.space.luminance_weights),
            from_x=tuple(known.from_x),
            from_z=tuple(known.from_z),
            white=known.white,
            tiny=1e-9 * known.white,
        )
        return struct, arrays


@dataclass(frozen=True, eq=False)
class ChromaArithmetic:
    """What `photochrom.pipeline.luma_chroma` needs, the same for all blocks of a picture.

    width: of the picture. light, fy, base, encoded: tables of `STEPS` + 1 entries. fields: (4,
    rows, width of the planes). above, below, share: the rows of `fields` around each of chroma.
    The others are of `photochrom.pipeline.luma_chroma.LumaCoding`, as `struct chroma` has them.
    """

    width: int
    light: Array
    fy: Array
    base: Array
    encoded: Array
    fields: Array
    above: NDArray[np.int64]
    below: NDArray[np.int64]
    share: Array
    from_x: Array
    from_z: Array
    across: int
    down: int
    dtype: np.dtype[Any]
    largest: int
    weights: Sequence[np.float32]
    spans: Sequence[np.float32]
    green_of: Sequence[np.float32]
    margin: np.float32
    mean_scale: np.float32
    code_scale: np.float32
    black: np.float32
    chroma_scale: np.float32
    neutral: np.float32


class NativeChroma:
    """Finds chroma as `photochrom.pipeline.luma_chroma` does, in C."""

    def __init__(self, loaded: ctypes.CDLL, arithmetic: ChromaArithmetic) -> None:
        self._find = loaded.photochrom_chroma_block
        names = [item[0] for item in _ChromaStruct._fields_ if item[1] is ctypes.c_void_p]
        self._arrays = {name: np.ascontiguousarray(getattr(arithmetic, name)) for name in names}
        self._dtype = arithmetic.dtype
        plain = (
            *("width", "across", "down", "largest", "margin", "mean_scale", "code_scale"),
            *("black", "chroma_scale", "neutral"),
        )
        tuples = ("from_x", "from_z", "weights", "spans", "green_of")
        self._struct = _ChromaStruct(
            chroma_width=arithmetic.fields.shape[2],
            field_rows=arithmetic.fields.shape[1],
            wide=int(arithmetic.dtype == np.uint16),
            **{name: getattr(arithmetic, name) for name in plain},
            **{name: tuple(getattr(arithmetic, name)) for name in tuples},
            **{name: array.ctypes.data for name, array in self._arrays.items()},
        )

    def __call__(self, rows: Pixels, top: int) -> Pixels:
        """Cb and Cr, (2, n, w), of rows of a picture, with half a sample before and behind."""
        rows = np.ascontiguousarray(rows, self._dtype)
        down = self._struct.down
        count = (len(rows) - 2 * (down // 2)) // down
        planes = np.empty((2, count, self._struct.chroma_width), self._dtype)
        cb, cr = (plane.ctypes.data for plane in planes)
        self._find(self._struct, rows.ctypes.data, count, top, cb, cr)
        return planes
