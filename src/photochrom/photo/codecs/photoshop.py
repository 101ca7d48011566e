"""Photoshop documents: the flat picture that most of them hold beside their layers.

psd-tools takes the file apart; no layers are put together.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo.codecs.decoded import (
    Decoded,
    RawMetadata,
    check_pixel_count,
    guarded,
    package,
)
from photochrom.photo.formats import PSD
from photochrom.photo.holes import note_of_coded, note_of_pixels

_FLAT = "save it flat as TIFF"
_NAMES = {0: "bitmap", 2: "indexed", 4: "CMYK", 7: "multichannel", 9: "Lab"}
_GRAY, _DUOTONE, _RGB, _INDEXED, _BITMAP = 1, 8, 3, 2, 0
_READ = {(_BITMAP, 1), (_INDEXED, 8)} | {
    (mode, bits) for mode in (_GRAY, _DUOTONE, _RGB) for bits in (8, 16)
}
"""Color modes and bits a channel that are read."""
_RESOLUTION, _IPTC, _PROFILE, _VERSION, _EXIF, _XMP = 1005, 1028, 1039, 1057, 1058, 1060
"""Resources of a document."""
_KEPT = frozenset({1034, 1035, *range(2000, 3000)})
"""Resources that results have, too: copyright, its address, and clipping paths."""
_RUN_LENGTHS, _ZIPPED = 1, frozenset({2, 3})
"""Compressions of the flat picture."""
_INCHES_A_METRE = 1 / 0.0254


def read_psd(data: bytes, name: str, limit: int) -> Decoded:
    """Read a document's flat picture; raises as `photochrom.photo.codecs.optional.decode`."""
    library = package("psd_tools.psd", PSD)
    document = guarded(name, lambda: library.PSD.read(io.BytesIO(data)))
    header, resources = document.header, document.image_resources
    check_pixel_count(name, header.width, header.height, limit)
    mode = int(header.color_mode)
    if (mode, header.depth) not in _READ:
        kind = f"{_NAMES.get(mode, 'RGB' if mode == _RGB else 'grey')}, {header.depth} bit"
        raise PhotoError(name, f"a Photoshop document of a kind not read ({kind})", _FLAT)
    version = guarded(name, lambda: resources.get_data(_VERSION))
    if version is not None and not version.has_composite:
        raise PhotoError(name, "a Photoshop document without its flat picture", _FLAT)
    run_lengths = document.image_data.compression == _RUN_LENGTHS
    unpack = package("imagecodecs", PSD).packbits_decode if run_lengths else None
    planes = guarded(name, lambda: _planes(document, unpack))
    colors = 3 if mode == _RGB else 1
    clear = len(planes) > colors and _first_extra_is_alpha(document)
    pixels = planes[: colors + clear].transpose(1, 2, 0)
    if mode == _INDEXED:
        palette = np.frombuffer(document.color_mode_data.value, np.uint8)[:768]
        pixels = palette.reshape(3, -1).T[pixels[..., 0]]
    extra = len(planes) - colors - clear
    notes = [f"{extra} extra channels of the document were left out"] if extra else []
    if (damage := _empty(data, document, name)) is not None:
        notes.append(damage)
    metadata = guarded(name, lambda: _metadata(resources))
    return Decoded(np.ascontiguousarray(pixels), max(8, header.depth), metadata, tuple(notes))


def _empty(data: bytes, document: Any, name: str) -> str | None:
    """What of the flat picture's data is empty, as a line; zip has a checksum."""
    stored, header = document.image_data, document.header
    if stored.compression == _RUN_LENGTHS:
        return note_of_coded((stored.data,), name)
    if stored.compression in _ZIPPED:
        return None
    row = -(-header.width * header.depth // 8)
    return note_of_pixels(data, (len(data) - len(stored.data),), len(data), row)


def _metadata(resources: Any) -> RawMetadata:
    """The metadata in a document's resources."""
    return RawMetadata(
        exif=_bytes_of(resources, _EXIF),
        xmp=_bytes_of(resources, _XMP),
        icc=_bytes_of(resources, _PROFILE),
        iptc=_bytes_of(resources, _IPTC),
        photoshop=b"".join(resources[key].tobytes() for key in resources if key in _KEPT) or None,
        resolution=_resolution(resources.get_data(_RESOLUTION)),
    )


def _resolution(stored: Any) -> tuple[float, float] | None:
    """Pixels a metre, of pixels an inch with 16 bits behind the point; the units are of display."""
    if stored is None:
        return None
    across, down = (
        value / 65536 * _INCHES_A_METRE for value in (stored.horizontal, stored.vertical)
    )
    return (across, down)


def _planes(document: Any, unpack: Callable[[bytes], bytes] | None) -> NDArray[Any]:
    """The channels of the flat picture, (channels, height, width).

    unpack: decodes one row of run lengths; None where the picture has none.
    """
    header = document.header
    size = header.channels * header.height * header.width * max(8, header.depth) // 8
    row_bytes = -(-header.width * header.depth // 8)
    stored = document.image_data
    rows = header.channels * header.height
    if unpack is not None:
        packed = _packed_rows(stored.data, rows, header.version)
        data = b"".join(_checked(unpack(row), row_bytes) for row in packed)
    else:
        if stored.compression in _ZIPPED and not _inflates(stored.data, rows * row_bytes):
            raise ValueError("its compressed data cannot be decoded")
        data = stored.get_data(header, split=False, max_output_bytes=size)
    if header.depth == 1:
        row = -(-header.width // 8)
        bits = np.frombuffer(data, np.uint8, header.height * row).reshape(1, header.height, row)
        return np.where(np.unpackbits(bits, axis=2)[..., : header.width], 0, 255).astype(np.uint8)
    shape = (header.channels, header.height, header.width)
    kind = ">u2" if header.depth == 16 else "u1"
    planes = np.frombuffer(data, kind, int(np.prod(shape))).reshape(shape)
    return planes.astype(planes.dtype.newbyteorder("="))


def _packed_rows(data: bytes, rows: int, version: int) -> Iterator[bytes]:
    """Rows of run lengths, which stand behind a table of their lengths; psd-tools fills short ones.

    Raises ValueError where the table or a row is not whole.
    """
    table = np.frombuffer(data, ">u2" if version == 1 else ">u4", rows)
    ends = table.nbytes + np.cumsum(table, dtype=np.int64)
    if ends[-1] > len(data):
        raise ValueError("its end is missing")
    for start, end in zip((ends - table).tolist(), ends.tolist(), strict=True):
        yield data[start:end]


def _checked(row: bytes, length: int) -> bytes:
    if len(row) != length:
        raise ValueError("a row has another length than the picture")
    return row


def _inflates(data: bytes, size: int) -> bool:
    """Whether zlib's data is whole; psd-tools would put black in its place."""
    inflater = zlib.decompressobj()
    try:
        return len(inflater.decompress(data, size + 1)) == size and inflater.eof
    except zlib.error:
        return False


def _first_extra_is_alpha(document: Any) -> bool:
    """Whether the first channel after the colors is the picture's transparency."""
    layers = document.layer_and_mask_information.layer_info
    return layers is not None and layers.layer_count < 0


def _bytes_of(resources: Any, key: int) -> bytes | None:
    value = resources.get_data(key)
    value = getattr(value, "value", value)
    return bytes(value) if value else None
