"""TIFF directories: what libvips does not read of a TIFF file, and does not write into one.

A TIFF file is a chain of directories, one a page, of tagged values; EXIF is the same structure
inside other files. libvips knows the pixels; here are the words: descriptions, the EXIF, GPS and
interoperability directories, private tags. `photochrom.photo.tiff.layout` reads of the same
directories how the pixels are stored.

TIFF 6.0, BigTIFF, EXIF 2.32.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296
COLOR_SPACE, PIXELS_ACROSS, PIXELS_DOWN, COMPONENTS = 40961, 40962, 40963, 37121
_POINTERS = frozenset({EXIF, GPS, INTEROPERABILITY})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = {16: 8, 17: 8, 18: 8}
_WHOLE = {
    1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"
}  # fmt: skip
_RATIONAL = 5
_HALVES = frozenset({_RATIONAL, 10})
"""Rationals: two numbers of four bytes."""
_WIDTH, _HEIGHT, _SUBFILE, _OLD_SUBFILE, _PHOTOMETRIC, _SUB_IFDS = 256, 257, 254, 255, 262, 330
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips, of tiles
_REDUCED, _MASK = 1, 4
"""Bits of the subfile tag: a smaller copy of another page, a transparency mask of one."""
_OLD_REDUCED, _MASK_PHOTOMETRIC = 2, 4
_MOST_SUB_IFDS = 32

_ABOUT_PIXELS = frozenset(
    {
        *range(254, 260), *range(262, 267), *range(273, 285), *range(288, 294), 296, 301,
        *range(317, 331), *range(332, 348), *range(512, 522), *range(529, 533), 559, 32997, 32998,
        *range(400, 403), *range(433, 436), 34675, 37724, 37439, *range(50711, 50715),
    }
)  # fmt: skip
"""Of how the pixels are stored, which the new file says for itself; and layers, now untrue."""
XMP, IPTC, PHOTOSHOP = 700, 33723, 34377
_OF_A_PAGE = frozenset({ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, XMP})
_BLOCKS = frozenset({XMP, IPTC, PHOTOSHOP})
"""Whole blocks of metadata, which have their own places in `photochrom.photo.photo.Metadata`."""
_IN_EXIF_ABOUT_PIXELS = frozenset({COLOR_SPACE, PIXELS_ACROSS, PIXELS_DOWN, COMPONENTS, 37122})
"""Colour space, sizes and compression as EXIF repeats them; the new file says its own."""

_MOST_OF_FILE, _MOST_BYTES = 2, 256 << 20
"""What entries hold in all: so many times the file, in bytes; more is meant to exhaust memory."""
_MOST_PAGES, _MOST_ENTRIES, _LONGEST = 10_000, 4096, 64 << 20


@dataclass(frozen=True)
class Entry:
    """One tagged value; kind: TIFF's number of its type; data: little-endian.

    place: where the data was, in bytes from the block's or file's beginning.
    """

    kind: int
    count: int
    data: bytes
    place: int | None = field(default=None, compare=False)

    @classmethod
    def short(cls, number: int) -> Entry:
        """One number of two bytes."""
        return cls(3, 1, struct.pack("<H", number))

    @classmethod
    def long(cls, number: int) -> Entry:
        """One number of four bytes."""
        return cls(4, 1, struct.pack("<I", number))

    @classmethod
    def rational(cls, number: float) -> Entry:
        """One fraction that is as near as makes no difference."""
        fraction = Fraction(number).limit_denominator(10_000)
        return cls(_RATIONAL, 1, struct.pack("<II", fraction.numerator, fraction.denominator))

    def numbers(self) -> tuple[int, ...]:
        """Its whole numbers, none where it has none."""
        code = _WHOLE.get(self.kind)
        return struct.unpack(f"<{self.count}{code}", self.data) if code else ()


@dataclass(frozen=True)
class Directory:
    """One directory: entries by tag, and the directories that some tags point to.

    sub_ifds: directories of further pictures that belong to this one.
    unreadable: the tags that are there, but whose values are not.
    """

    entries: Mapping[int, Entry]
    children: Mapping[int, Directory] = field(default_factory=dict)
    sub_ifds: tuple[Directory, ...] = ()
    unreadable: frozenset[int] = frozenset()

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All whole numbers of a tag."""
        return self.entries[tag].numbers() if tag in self.entries else ()

    def number(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        try:
            return self.entries[tag].numbers()[0]
        except (KeyError, IndexError):
            return default

    def fraction(self, tag: int) -> float | None:
        """The first fraction of a tag; None where there is none."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind != _RATIONAL:
            return None
        above, below = struct.unpack_from("<II", entry.data)
        return above / below if below else None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its picture."""
        return self.number(_HEIGHT), self.number(_WIDTH)

    @property
    def reduced(self) -> bool:
        """Whether its picture is a smaller copy of another."""
        if _SUBFILE not in self.entries:
            return self.number(_OLD_SUBFILE) == _OLD_REDUCED
        return bool(self.number(_SUBFILE) & _REDUCED)

    @property
    def mask(self) -> bool:
        """Whether it says which pixels of another page count, and is no picture."""
        masks = self.number(_PHOTOMETRIC, -1) == _MASK_PHOTOMETRIC
        return masks or bool(self.number(_SUBFILE) & _MASK)

    @property
    def data_end(self) -> int:
        """Where its last strip or tile ends, in bytes."""
        ends = [0]
        for offsets, counts in zip(_OFFSETS, _COUNTS, strict=True):
            pairs = zip(self.numbers(offsets), self.numbers(counts), strict=False)
            ends += [offset + count for offset, count in pairs]
        return max(ends)

    def text(self, tag: int) -> str:
        """The text of a tag, "" where there is none."""
        return self.entries[tag].data.decode("latin-1") if tag in self.entries else ""

    @property
    def descriptive_tags(self) -> Directory:
        """What it says beside its pixels: what belongs into a new file of other pixels."""
        mine = {
            tag: entry
            for tag, entry in self.entries.items()
            if tag not in _ABOUT_PIXELS | _BLOCKS | _POINTERS
        }
        children = dict(self.children)
        if EXIF in children:
            entries = children[EXIF].entries.items()
            kept = {tag: entry for tag, entry in entries if tag not in _IN_EXIF_ABOUT_PIXELS}
            children[EXIF] = replace(children[EXIF], entries=kept)
        return Directory(mine, children)


@dataclass(frozen=True)
class Structure:
    """A TIFF file without its pixels.

    order: "<" or ">", as for struct. big: whether it is a BigTIFF. length: of the file, in bytes.
    """

    order: str
    big: bool
    length: int
    directories: tuple[Directory, ...]
    camera_mark: bytes
    """The bytes after the header, where Canon's raw files have a mark."""


def read_structure(file: BinaryIO) -> Structure:
    """The byte order and directories of a TIFF file, as far as they are sound."""
    reader = _Reader(file)
    directories = tuple(directory for directory, _ in _chain(reader))
    return Structure(reader.order, reader.big, reader.length, directories, reader.camera_mark)


def read_directories(file: BinaryIO) -> list[Directory]:
    """The directories of a TIFF file, one a page; as far as they are sound, [] for no TIFF."""
    return list(read_structure(file).directories)


def append_tags(path: Path, pages: list[Directory]) -> None:
    """Add to a TIFF file's pages what other directories say; tags that are there stay, but for
    those in which pages may differ (orientation, resolution, XMP).

    The new directories are appended, so pixels are not moved; only the offset of the first is
    changed in place, as the last step.
    path: a sound little-endian file of one picture a page. pages: as many as it has, or fewer.
    """
    with path.open("r+b") as file:
        reader = _Reader(file)
        written = [directory for directory, _ in _chain(reader)]
        file.seek(0, os.SEEK_END)
        padding = -file.tell() % 8
        file.write(bytes(padding))
        start = file.tell()
        writer = DirectoryWriter(start, reader.big)
        first, link = 0, None
        for index, directory in enumerate(written):
            descriptive_tags = pages[index] if index < len(pages) else Directory({})
            own = _without_pointers(directory)
            said = {
                tag: entry for tag, entry in descriptive_tags.entries.items() if tag in _OF_A_PAGE
            }
            merged = Directory(
                {**descriptive_tags.entries, **own, **said},
                {**descriptive_tags.children, **directory.children},
            )
            place = writer.directory(merged, link)
            first, link = first or place, writer.link
        file.write(bytes(writer.bytes))
        file.seek(8 if reader.big else 4)
        file.write(struct.pack("<Q" if reader.big else "<I", first))


def _without_pointers(directory: Directory) -> dict[int, Entry]:
    return {tag: entry for tag, entry in directory.entries.items() if tag not in _POINTERS}


class _Reader:
    """A TIFF file's structure: byte order, sizes of offsets."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.file.seek(0, os.SEEK_END)
        self.length = self.file.tell()
        self.file.seek(0)
        head = self.file.read(16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        self.camera_mark = head[8:10]
        self.big = False
        self.first = 0
        if self.order and len(head) >= 8:
            (version,) = struct.unpack(self.order + "H", head[2:4])
            self.big = version == 43 and len(head) == 16
            if self.big or version == 42:
                form, place = ("Q", head[8:16]) if self.big else ("I", head[4:8])
                (self.first,) = struct.unpack(self.order + form, place)
        self._read: set[int] = set()
        self._left = min(_MOST_OF_FILE * self.length, _MOST_BYTES)
        self.offset = "Q" if self.big else "I"
        self.sizes = _SIZES | (_BIG_SIZES if self.big else {})

    def read(self, start: int, size: int) -> bytes:
        """`size` bytes; struct.error where they are not there."""
        if size > _LONGEST or start + size > self.length:
            raise struct.error("beyond the end")
        self.file.seek(start)
        return self.file.read(size)

    def directory(self, start: int, depth: int = 0) -> tuple[Directory, int]:
        """The directory at a place, and where the next one is; struct.error where it was before."""
        if start in self._read:
            raise struct.error("a directory that contains itself")
        self._read.add(start)
        form = self.order + ("Q" if self.big else "H")
        (count,) = struct.unpack(form, self.read(start, struct.calcsize(form)))
        if count > _MOST_ENTRIES:
            raise struct.error("more entries than any directory has")
        start += struct.calcsize(form)
        size = 20 if self.big else 12
        table = self.read(start, count * size)
        entries, children, unreadable = {}, {}, set()
        for place in range(0, count * size, size):
            tag, entry = self._entry(table[place : place + size])
            if entry is None:
                unreadable.add(tag)
                continue
            if tag in _POINTERS and tag not in children and depth < 2:
                try:
                    children[tag], _ = self.directory(entry.numbers()[0], depth + 1)
                except (struct.error, IndexError):
                    continue
            entries[tag] = entry
        end = start + count * size
        following = self.read(end, struct.calcsize(self.offset)) if depth == 0 else b""
        (after,) = struct.unpack(self.order + self.offset, following) if following else (0,)
        sub_ifds = self._sub_ifds(entries[_SUB_IFDS]) if depth == 0 and _SUB_IFDS in entries else ()
        return Directory(entries, children, sub_ifds, frozenset(unreadable)), after

    def _sub_ifds(self, entry: Entry) -> tuple[Directory, ...]:
        found = []
        for place in entry.numbers()[:_MOST_SUB_IFDS]:
            try:
                found.append(self.directory(place, 1)[0])
            except struct.error:
                continue
        return tuple(found)

    def _entry(self, raw: bytes) -> tuple[int, Entry | None]:
        tag, kind, count = struct.unpack_from(self.order + "HH" + self.offset, raw)
        size = self.sizes.get(kind, 0) * count
        value = raw[4 + struct.calcsize(self.offset) :]
        if not size:
            return tag, None
        place = None
        if size > len(value):
            try:
                (place,) = struct.unpack(self.order + self.offset, value)
                self._left -= size
                if self._left < 0:
                    raise struct.error("entries that share their bytes")
                value = self.read(place, size)
            except struct.error:
                return tag, None
        return tag, Entry(kind, count, self._little(value[:size], kind), place)

    def _little(self, value: bytes, kind: int) -> bytes:
        width = 4 if kind in _HALVES else self.sizes[kind]
        if self.order == "<" or width == 1:
            return value
        pieces = range(0, len(value), width)
        return b"".join(value[start : start + width][::-1] for start in pieces)


def _chain(reader: _Reader) -> Iterator[tuple[Directory, int]]:
    seen: set[int] = set()
    place = reader.first
    while place and place not in seen and len(seen) < _MOST_PAGES:
        seen.add(place)
        try:
            directory, after = reader.directory(place)
        except struct.error:
            return
        yield directory, place
        place = after


class DirectoryWriter:
    """Directories as bytes that begin at `start` of a little-endian file.

    note: an entry whose data lies elsewhere already, at its own place.
    """

    def __init__(self, start: int, big: bool = False, note: Entry | None = None) -> None:
        self.bytes = bytearray()
        self.link = 0
        self._start = start
        self._big = big
        self._note = note

    def directory(self, directory: Directory, link: int | None) -> int:
        """Add a directory and what it points to; returns its place in the file.

        link: index into `bytes` of the offset that shall point to it; None or 0 for none.
        """
        offset = "<Q" if self._big else "<I"
        entries = dict(directory.entries)
        for tag, child in directory.children.items():
            place = self.directory(child, None)
            entries[tag] = Entry(16 if self._big else 4, 1, struct.pack(offset, place))
        room = struct.calcsize(offset)
        outside = {}
        for tag, entry in entries.items():
            if entry is self._note and entry.place is not None:
                outside[tag] = entry.place
            elif len(entry.data) > room:
                outside[tag] = self._place()
                self.bytes += entry.data
        place = self._place()
        self.bytes += struct.pack("<Q" if self._big else "<H", len(entries))
        for tag, entry in sorted(entries.items()):
            self.bytes += struct.pack("<HH" + offset[1], tag, entry.kind, entry.count)
            value = struct.pack(offset, outside[tag]) if tag in outside else entry.data
            self.bytes += value.ljust(room, b"\0")
        self.link = len(self.bytes)
        self.bytes += struct.pack(offset, 0)
        if link:
            struct.pack_into(offset, self.bytes, link, place)
        return place

    def _place(self) -> int:
        """The next even place in the file."""
        self.bytes += bytes(-(self._start + len(self.bytes)) % 2)
        return self._start + len(self.bytes)
