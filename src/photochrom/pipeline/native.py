"""The native kernel of the full-size pass: `full_size.c`, called with arrays.

Without the library (`photochrom._system.kernel`), the NumPy code of `photochrom.pipeline.full_size`
does the same work.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.color.rgb_space import RgbSpace
from photochrom.photo.strips import Pixels

_CHROMA_ENTRIES = 8193
"""Entries of the tables of luma_chroma.c."""

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


def _checked(
    name: str, array: NDArray[Any], dtype: Any, shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """The array, contiguous, for C, which believes its type and shape; None is any length.

    Raises ValueError where it has others.
    """
    fits = array.dtype == dtype and array.ndim == len(shape)
    if not fits or any(w not in (None, n) for w, n in zip(shape, array.shape, strict=True)):
        sides = " x ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}; the kernel takes {np.dtype(dtype)} "
            f"of {sides}"
        )
    return np.ascontiguousarray(array)


def _checked_rows(known: StripArithmetic | ChromaArithmetic) -> dict[str, NDArray[Any]]:
    """Fields and the rows of them around each row; raises ValueError for rows that do not exist."""
    fields = _checked("fields", known.fields, np.float32, (4, None, None))
    count = len(known.above)
    above, below = (
        _checked(name, rows, np.int64, (count,))
        for name, rows in (("above", known.above), ("below", known.below))
    )
    for rows in (above, below):
        if count and not 0 <= rows.min() <= rows.max() < fields.shape[1]:
            raise ValueError(f"rows {rows.min()} to {rows.max()} of {fields.shape[1]}")
    share = _checked("share", known.share, np.float32, (count,))
    return {"fields": fields, "above": above, "below": below, "share": share}


def _check_place(top: int, rows: int, count: int) -> None:
    if not (top >= 0 and rows >= 0 and top + rows <= count):
        raise ValueError(f"rows {top} to {top + rows} of a picture of {count}")


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
        self._color.restype, self._color.argtypes = None, _STRIP_ARGUMENTS
        self._arithmetic, self._rows = arithmetic, _checked_rows(arithmetic)
        self._structs: dict[tuple[np.dtype[Any], int], tuple[_Struct, list[Any]]] = {}

    def __call__(self, strip: Pixels, top: int) -> Pixels:
        """Colour a strip.

        strip: (rows, width, bands), uint8, uint16 or float32. top: the photo's row it begins with.
        Returns (rows, width, 3 or 4). Raises ValueError for another strip.
        """
        width, dtype = self._rows["fields"].shape[2], strip.dtype.newbyteorder("=")
        if strip.ndim != 3 or strip.shape[1] != width or not 1 <= strip.shape[2] <= 4:
            raise ValueError(
                f"a strip of shape {strip.shape}; the kernel takes rows x {width} x 1 to 4"
            )
        if dtype not in _TYPES:
            raise ValueError(f"a strip of {dtype}; the kernel takes {', '.join(map(str, _TYPES))}")
        rows, _, bands = strip.shape
        _check_place(top, rows, len(self._rows["above"]))
        size = strip.itemsize
        if strip.strides[1:] != (bands * size, size) or not strip.dtype.isnative:
            strip = np.ascontiguousarray(strip, dtype)
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
        entries = 256 if dtype == np.uint8 else 65536
        lengths = [*3 * [entries if direct else 65536], entries]
        if known.codes.dtype not in _TYPES or len(known.codes) < 2:
            raise ValueError(f"codes are {len(known.codes)} of {known.codes.dtype}")
        arrays = [
            None if table is None else _checked("a table", table, np.float32, (length,))
            for table, length in zip([*tables, linear], lengths, strict=True)
        ]
        codes = _checked("codes", known.codes, known.codes.dtype, (None,))
        arrays += [*self._rows.values(), codes]
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
        self._find.restype, self._find.argtypes = None, _CHROMA_ARGUMENTS
        tables = {
            name: _checked(name, getattr(arithmetic, name), np.float32, (_CHROMA_ENTRIES,))
            for name in ("light", "fy", "base", "encoded")
        }
        self._arrays = tables | _checked_rows(arithmetic)
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
        """Cb and Cr, (2, n, w), of rows of a picture, with half a sample before and behind.

        Raises ValueError for other rows.
        """
        rows = _checked("a block", rows, self._dtype, (None, self._struct.width))
        down = self._struct.down
        count, left = divmod(len(rows) - 2 * (down // 2), down)
        if left:
            raise ValueError(f"a block of {len(rows)} rows; the kernel takes a multiple of {down}")
        _check_place(top, count, len(self._arrays["above"]))
        planes = np.empty((2, count, self._struct.chroma_width), self._dtype)
        cb, cr = (plane.ctypes.data for plane in planes)
        self._find(self._struct, rows.ctypes.data, count, top, cb, cr)
        return planes
