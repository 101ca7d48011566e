"""ICC profiles: which space a profile means, and the RGB profile for what grey becomes in colour.

ICC.1:2022, sections 7 (structure) and 8 (which tags a profile has), 10.6 and 10.18 (curves). Only
profiles that are one tone curve and, for RGB, three primaries are understood; everything else is
lcms's work.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips
from photochrom.color.lab import WHITE, XYZ_FROM_RGB, luminance_from_lightness
from photochrom.color.rgb_space import SRGB, STEPS, Curve, RgbSpace

_HEADER = 128
_CURVES, _PRIMARIES = (b"rTRC", b"gTRC", b"bTRC"), (b"rXYZ", b"gXYZ", b"bXYZ")
_GRAY_CURVE = b"kTRC"
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2")
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])
"""White of the profile connection space."""
_PARAMETERS = (1, 3, 4, 5, 7)
"""How many numbers each type of parametric curve has."""


@lru_cache(maxsize=16)
def space_of(profile: bytes) -> RgbSpace | None:
    """The space that an embedded profile means; None where it is no curve and matrix, or damaged.

    A grey profile gives its curve with sRGB's primaries.
    """
    try:
        tags = _tags(profile)
        kind = profile[16:20]
        name = _name(tags)
        if kind == b"GRAY":
            light = _sound(_gray_light(profile, tags))
            return RgbSpace(name, Curve(light), XYZ_FROM_RGB)
        if kind != b"RGB " or any(tag in tags for tag in _TABLES):
            return None
        curves = [_curve(tags[tag]) for tag in _CURVES]
        if any(np.abs(curve - curves[0]).max() > 1e-4 for curve in curves):
            return None
        space = RgbSpace(name, Curve(_sound(curves[0])), _primaries(tags))
        return SRGB if _is_srgb(space) else space
    except (struct.error, KeyError, ValueError, IndexError, FloatingPointError):
        return None


def _is_srgb(space: RgbSpace) -> bool:
    """Up to the rounding of numbers in profiles; many say sRGB with slightly other ones."""
    curve = np.abs(space.curve.linear - SRGB.curve.linear).max()
    primaries = np.abs(space.xyz_from_rgb - SRGB.xyz_from_rgb).max()
    return bool(curve < 1e-3 and primaries < 2e-3)


def name_of(profile: bytes) -> str:
    """A profile's description; a general one where it has none, or is damaged."""
    try:
        return _name(_tags(profile))
    except (struct.error, ValueError):
        return _UNNAMED


def is_gray(profile: bytes) -> bool:
    """Whether a profile is one for grey pictures."""
    return profile[16:20] == b"GRAY"


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """The sRGB profile that libvips carries, 480 bytes."""
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


@lru_cache(maxsize=16)
def rgb_profile_for_gray(profile: bytes) -> bytes:
    """An RGB profile with sRGB's primaries and the tone curve of a grey profile.

    A neutral pixel has the same code in both. profile: one that `space_of` understands.
    """
    tags = dict(_tags(srgb_profile()))
    gray = _tags(profile)
    if profile[20:24] == b"XYZ ":
        curve = gray[_GRAY_CURVE]
    else:  # its curve says lightness
        light = np.rint(65535 * _gray_light(profile, gray)[:: STEPS // 4096])
        curve = b"curv" + bytes(4) + struct.pack(">I4096H", 4096, *light.astype(int))
    tags |= dict.fromkeys(_CURVES, curve)
    tags[b"desc"] = _text(f"{_name(gray)}, primaries of BT.709")
    return _assembled(srgb_profile()[:_HEADER], tags)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    if count > 256:
        raise ValueError("more tags than any profile has")
    found = {}
    for index in range(count):
        name, start, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * index)
        if start + size > len(profile):
            raise ValueError("a tag lies behind the end")
        found[name] = profile[start : start + size]
    return found


def _assembled(header: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """A profile of a header and tags; equal tags are stored once."""
    start = _HEADER + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, places[data], len(data))
    whole = bytearray(header + table + body)
    struct.pack_into(">I", whole, 0, len(whole))
    whole[84:100] = bytes(16)  # the digest: not computed
    return bytes(whole)


def _text(words: str) -> bytes:
    """A multiLocalizedUnicode element with one language."""
    encoded = words.encode("utf-16-be")
    return (
        b"mluc"
        + bytes(4)
        + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28)
        + (encoded)
    )


def _name(tags: Mapping[bytes, bytes]) -> str:
    """A profile's description, whichever way it is stored."""
    data = tags.get(b"desc", b"")
    if data[:4] == b"mluc":
        size, start = struct.unpack_from(">II", data, 20)
        return data[start : start + size].decode("utf-16-be", "replace")
    if data[:4] == b"desc":
        (size,) = struct.unpack_from(">I", data, 8)
        return data[12 : 12 + size].rstrip(b"\0").decode("latin-1")
    return _UNNAMED


_UNNAMED = "unnamed profile"


def _gray_light(profile: bytes, tags: Mapping[bytes, bytes]) -> NDArray[np.floating[Any]]:
    """Linear light of codes; a curve towards Lab says lightness."""
    curve = _curve(tags[_GRAY_CURVE])
    if profile[20:24] == b"Lab ":
        return luminance_from_lightness((100 * curve).astype(np.float32))
    return curve


def _sound(curve: NDArray[Any]) -> NDArray[Any]:
    """The same curve; ValueError where black is not dark, or white not light."""
    if not (curve[0] < _DARK and curve[-1] > _LIGHT):
        raise ValueError("a curve that does not lead from black to white")
    return curve


_DARK, _LIGHT = 0.1, 0.9


def _curve(data: bytes) -> NDArray[Any]:
    """(STEPS,) values of a curveType or a parametricCurveType at evenly spaced places."""
    x: NDArray[Any] = np.linspace(0, 1, STEPS)
    if data[:4] == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        if count == 0:
            return x
        values = np.frombuffer(data, ">u2", count, 12).astype(float)
        if count == 1:
            x **= values[0] / 256
        else:
            x = np.interp(x, np.linspace(0, 1, count), values / 65535)
        return x
    if data[:4] != b"para":
        raise ValueError("a curve of an unknown type")
    (kind,) = struct.unpack_from(">H", data, 8)
    numbers = np.frombuffer(data, ">i4", _PARAMETERS[kind], 12) / 65536
    g, a, b, c, d, e, f = map(float, np.pad(numbers, (0, 7 - len(numbers))))
    if kind == 0:
        a, d = 1.0, 0.0
    if kind in (1, 2):
        d, c, e, f = -b / a, 0.0, c, c
    with np.errstate(all="ignore"):
        power = np.maximum(a * x + b, 0) ** g + e
        curve: NDArray[Any] = np.where(x >= d, power, c * x + f)
    if not np.isfinite(curve).all():
        raise ValueError("a curve without end")
    return curve


def _primaries(tags: Mapping[bytes, bytes]) -> NDArray[np.float64]:
    """XYZ of linear R, G and B as columns, from the connection space's white to D65."""
    columns = [np.frombuffer(tags[tag], ">i4", 3, 8) / 65536 for tag in _PRIMARIES]
    scale = (_BRADFORD @ WHITE) / (_BRADFORD @ _D50)
    adapted = np.linalg.inv(_BRADFORD) @ (scale[:, None] * (_BRADFORD @ np.array(columns).T))
    matrix: NDArray[np.float64] = adapted * (WHITE / adapted.sum(axis=1))[:, None]
    np.linalg.inv(matrix)  # raises LinAlgError, a ValueError, where a primary is missing
    if (matrix[1] < 0).any():
        raise ValueError("a primary with negative luminance")
    return matrix
