"""Text in PNG files, and the profiles that programs hide in it.

PNG, third edition, 11.3.3 (tEXt, zTXt, iTXt) and 11.3.4.3 (pHYs). ImageMagick and exiftool put IPTC
and more into text of the keyword "Raw profile type ...", as hexadecimal digits.
"""

from __future__ import annotations

import binascii
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from photochrom.photo.metadata.iptc import PREFIX as PHOTOSHOP_PREFIX

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEAD = len(_SIGNATURE) + 25
"""Bytes of the signature and of the first chunk, IHDR; text may stand behind it."""
_LONGEST = 16 << 20
"""Bytes that a text is decompressed to; all together, four times as many."""
_MOST = 1000
_XMP = "XML:com.adobe.xmp"
_RAW = "Raw profile type "
_PROFILE = re.compile(r"\n?[^\n]*\n *(?P<length>\d{1,9})\n(?P<digits>[0-9a-fA-F\s]*)")
_LONG_ENOUGH = 1024
"""Characters from which a text is compressed."""


@dataclass(frozen=True)
class Text:
    """One text of a PNG: keyword, text, language and the keyword in that language."""

    keyword: str
    text: str
    language: str = ""
    translated: str = ""


@dataclass
class PngMetadata:
    """The metadata of a PNG that libvips does not read.

    resolution: pixels a metre, across and down. iptc: records, or a Photoshop block with them.
    complete: whether every text could be read.
    """

    texts: tuple[Text, ...] = ()
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[int, int] | None = None
    complete: bool = True


def read_metadata(file: BinaryIO) -> PngMetadata:
    """The metadata of a PNG, as far as it is sound."""
    metadata, texts, left = PngMetadata(), list[Text](), 4 * _LONGEST
    for name, data in _chunks(file):
        if name == b"pHYs" and len(data) == 9 and data[8] == 1:
            across, down, _ = struct.unpack(">IIB", data)
            metadata.resolution = (across, down) if across and down else None
        elif name in _READERS:
            text = _text_of(name, data)
            left -= 0 if text is None else len(text.text)
            if text is None or left < 0 or len(texts) == _MOST:
                metadata.complete = False
            elif text.keyword.startswith(_RAW):
                _take_profile(metadata, text)
            elif text.keyword != _XMP:
                texts.append(text)
    metadata.texts = tuple(texts)
    return metadata


def text_chunks(texts: Iterable[Text]) -> bytes:
    """The chunks of texts: tEXt for Latin 1, else iTXt; long ones are compressed."""
    return b"".join(_chunk(*_encoded(text)) for text in texts)


def exif_chunk(exif: bytes) -> bytes:
    """The chunk of an EXIF block."""
    return _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))


def iptc_chunk(photoshop_block: bytes) -> bytes:
    """The chunk that exiftool and ImageMagick read IPTC from: Photoshop's resources in it."""
    resources = photoshop_block.removeprefix(PHOTOSHOP_PREFIX)
    lines = "\n".join(re.findall(".{1,72}", binascii.hexlify(resources).decode()))
    raw = f"\nIPTC profile\n{len(resources):8d}\n{lines}\n"
    return _chunk(b"zTXt", f"{_RAW}iptc\0\0".encode() + zlib.compress(raw.encode()))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of the chunks; without the pixels' data, which are passed over."""
    if file.read(8) != _SIGNATURE:
        return
    while len(head := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        if name == b"IEND":
            return
        if name in _READERS or name == b"pHYs":
            data = file.read(size)
            check = file.read(4)
            if len(check) == 4 and struct.unpack(">I", check)[0] == zlib.crc32(name + data):
                yield name, data
        else:
            file.seek(size + 4, 1)


def _text_of(name: bytes, data: bytes) -> Text | None:
    """A text; None for a damaged one, and for one of too great a length."""
    try:
        return _READERS[name](data)
    except (ValueError, IndexError, zlib.error):
        return None


def _plain(data: bytes) -> Text:
    keyword, text = data.split(b"\0", 1)
    return Text(keyword.decode("latin-1"), _latin(text))


def _compressed(data: bytes) -> Text:
    keyword, rest = data.split(b"\0", 1)
    return Text(keyword.decode("latin-1"), _latin(_inflated(rest[1:])))


def _international(data: bytes) -> Text:
    keyword, rest = data.split(b"\0", 1)
    compressed = rest[0] == 1
    language, translated, text = rest[2:].split(b"\0", 2)
    plain = _inflated(text) if compressed else text
    return Text(
        keyword.decode("latin-1"),
        plain.decode("utf-8"),
        language.decode("ascii", "replace"),
        translated.decode("utf-8", "replace"),
    )


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}


def _latin(text: bytes) -> str:
    """Latin 1, as PNG has it; programs that write UTF-8 instead are understood."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(data, _LONGEST)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("too long, or cut")
    return text


def _take_profile(metadata: PngMetadata, text: Text) -> None:
    """Take a profile out of its text: newline, its name, its length, and hexadecimal digits."""
    kind = text.keyword.removeprefix(_RAW).lower()
    found = _PROFILE.fullmatch(text.text)
    try:
        data = b"" if found is None else binascii.unhexlify("".join(found["digits"].split()))
    except binascii.Error:
        data = b""
    if found is None or len(data) != int(found["length"]):
        metadata.complete = False
        return
    if kind in ("iptc", "8bim"):
        metadata.iptc = data.removeprefix(PHOTOSHOP_PREFIX)
    elif kind in ("exif", "app1") and data.startswith(b"Exif\0\0"):
        metadata.exif = data
    elif kind in ("xmp", "app1"):
        metadata.xmp = data.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")


def _encoded(text: Text) -> tuple[bytes, bytes]:
    """Name and data of a text's chunk."""
    keyword = text.keyword.encode("latin-1", "replace")[:79] + b"\0"
    long = len(text.text) >= _LONG_ENOUGH
    if not text.language and not text.translated:
        try:
            plain = text.text.encode("latin-1")
            if b"\0" not in plain and (plain.isascii() or not _is_utf8(plain)):
                if long:
                    return b"zTXt", keyword + b"\0" + zlib.compress(plain)
                return b"tEXt", keyword + plain
        except UnicodeEncodeError:
            pass
    metadata = text.text.replace("\0", "").encode("utf-8", "replace")
    head = keyword + bytes([long, 0]) + text.language.encode("ascii", "replace") + b"\0"
    head += text.translated.encode("utf-8", "replace") + b"\0"
    return b"iTXt", head + (zlib.compress(metadata) if long else metadata)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I4s", len(data), name) + data + check
