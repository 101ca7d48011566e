"""How a TIFF stores the pixels of one picture: the meaning of its numbers, its strips or tiles.

TIFF 6.0, and its technical notes 1 (SubIFDs) and 2 (JPEG).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from photochrom.photo.tiff.tags import Directory, Entry, Structure

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, STRIP_ROWS, STRIP_COUNTS, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 317, 322, 323, 324, 325
FILL_ORDER = 266
INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 332, 338, 339, 347
COLOR_MAP = 320
OLD_JPEG_START, OLD_JPEG_LENGTH = 513, 514
YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE_BLACK_WHITE = 529, 530, 532

NONE, LZW, OLD_JPEG, JPEG, PACK_BITS, ZSTD, WEBP = 1, 5, 6, 7, 32773, 50000, 50001
DEFLATE = frozenset({8, 32946})
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
CIELAB, ICC_LAB, ITU_LAB, COLOR_FILTER_ARRAY, LINEAR_RAW = 8, 9, 10, 32803, 34892
UNSIGNED, SIGNED, FLOATS, UNDEFINED = 1, 2, 3, 4
_COLORS = {RGB: 3, SEPARATED: 4, YCBCR: 3, CIELAB: 3, ICC_LAB: 3, ITU_LAB: 3}
_TRANSPARENCY = frozenset({1, 2})
"""Values of ExtraSamples that mean alpha; 0, and no value at all, do not say what they are."""

_MOST_SEGMENTS = 4_000_000


@dataclass(frozen=True)
class Segment:
    """One strip or tile of one plane: where its bytes are, and which pixels it holds.

    cut: whether the file ends before its bytes do, as far as the directory is right.
    """

    offset: int
    count: int
    plane: int
    top: int
    left: int
    rows: int
    columns: int
    cut: bool = False


@dataclass(frozen=True)
class Layout:
    """How one picture is stored.

    entries: its tags. offsets, counts: of its strips or tiles in bytes, one for each that the
    picture needs; a count of 0 stands for bytes that are not in the file. repaired: whether the
    directory says otherwise. cut: which of them end with the file.
    """

    entries: Mapping[int, Entry]
    order: str
    big: bool
    width: int
    height: int
    block_width: int
    block_height: int
    offsets: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    cut: frozenset[int] = frozenset()
    repaired: bool = False

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All whole numbers of a tag."""
        return self.entries[tag].numbers() if tag in self.entries else ()

    def number(self, tag: int, default: int) -> int:
        """The first whole number of a tag."""
        return next(iter(self.numbers(tag)), default)

    @cached_property
    def compression(self) -> int:
        """TIFF's number of it."""
        return self.number(COMPRESSION, NONE)

    @cached_property
    def photometric(self) -> int:
        """TIFF's number of what the samples mean."""
        return self.number(PHOTOMETRIC, BLACK_IS_ZERO)

    @cached_property
    def samples(self) -> int:
        """How many a pixel."""
        return self.number(SAMPLES, 1)

    @cached_property
    def bits(self) -> int:
        """Of a sample; 0 where the samples differ, or several do not say it."""
        stated = self.numbers(BITS) or ((1,) if self.samples == 1 else (0,))
        return stated[0] if len(set(stated)) == 1 else 0

    @cached_property
    def sample_format(self) -> int:
        """TIFF's number of the type of sample."""
        return self.number(SAMPLE_FORMAT, UNSIGNED)

    @cached_property
    def planar(self) -> bool:
        """Whether each sample has strips of its own."""
        return self.number(PLANAR, 1) == 2 and self.samples > 1

    @cached_property
    def tiled(self) -> bool:
        """Whether it is stored in tiles, not in strips."""
        return TILE_OFFSETS in self.entries

    @cached_property
    def colors(self) -> int:
        """Samples that the photometric interpretation accounts for."""
        return min(_COLORS.get(self.photometric, 1), self.samples)

    @cached_property
    def alpha(self) -> int | None:
        """The index, among the samples beside the colours, of the one that is transparency."""
        stated = self.numbers(EXTRA_SAMPLES)[: self.samples - self.colors]
        return next((i for i, kind in enumerate(stated) if kind in _TRANSPARENCY), None)

    @property
    def subsampling(self) -> tuple[int, int]:
        """Across and down, of the chroma of YCbCr."""
        stated = self.numbers(YCBCR_SUBSAMPLING)
        return (stated[0], stated[1]) if len(stated) > 1 else (2, 2)

    @cached_property
    def across(self) -> int:
        """Tiles in a row of tiles; 1 for strips."""
        return -(-self.width // self.block_width)

    @cached_property
    def down(self) -> int:
        """Strips, or rows of tiles, one above the other."""
        return -(-self.height // self.block_height)

    @property
    def row_bytes(self) -> int:
        """Of one row of one strip or tile, uncompressed."""
        samples = 1 if self.planar else self.samples
        return -(-self.block_width * samples * self.bits // 8)

    def segment(self, index: int) -> Segment:
        """One strip or tile, by its place in the directory."""
        plane, inside = divmod(index, self.across * self.down)
        row, column = divmod(inside, self.across)
        top, left = row * self.block_height, column * self.block_width
        return Segment(
            self.offsets[index],
            self.counts[index],
            plane,
            top,
            left,
            min(self.block_height, self.height - top),
            min(self.block_width, self.width - left),
            index in self.cut,
        )

    @property
    def segments(self) -> Iterator[Segment]:
        """All strips or tiles, in the directory's order."""
        return (self.segment(index) for index in range(len(self.offsets)))

    def stored_rows(self, segment: Segment) -> int:
        """Rows that a strip or tile is stored with: tiles at the edge are stored whole."""
        return self.block_height if self.tiled else segment.rows

    def row_by_row(self) -> Layout:
        """The same pixels in strips of one row; of an uncompressed picture in strips."""
        row, offsets, counts = self.row_bytes, [], []
        for segment in self.segments:
            present = segment.count // row
            places = [segment.offset + row * index for index in range(segment.rows)]
            offsets += [place if i < present else 0 for i, place in enumerate(places)]
            counts += [row if i < present else 0 for i in range(segment.rows)]
        return replace(self, block_height=1, offsets=tuple(offsets), counts=tuple(counts))

    def in_file(self, structure: Structure) -> Layout:
        """The layout with the offsets and counts of what is in the file.

        A count of 0, none, or one beyond the end of the file reaches to the next strip or to the
        end; that of an uncompressed strip is computed from its rows.
        """
        planes = self.samples if self.planar else 1
        needed = self.across * self.down * planes
        tags = (TILE_OFFSETS, TILE_COUNTS) if self.tiled else (STRIP_OFFSETS, STRIP_COUNTS)
        stated = [_of_length(self.numbers(tag), needed) for tag in tags]
        stated[0] = [offset if 0 <= offset < structure.length else 0 for offset in stated[0]]
        starts = sorted({*stated[0], structure.length})
        after = dict(zip(starts, [*starts[1:], structure.length], strict=True))
        counts, cut = [], set()
        for index, (offset, count) in enumerate(zip(*stated, strict=True)):
            room = max(0, structure.length - offset) if offset else 0
            if offset + count > structure.length or count < 1:
                cut.add(index)
                count = min(room, after[offset] - offset)
            counts.append(min(room, count))
        layout = replace(self, offsets=tuple(stated[0]), counts=tuple(counts))
        if self.compression == NONE and self.bits and self.photometric != YCBCR:
            layout = _with_whole_strips(layout, structure.length, after)
        repaired = layout.counts != self.numbers(tags[1]) or len(self.numbers(tags[0])) != needed
        return replace(layout, repaired=repaired, cut=frozenset(cut))


def _with_whole_strips(layout: Layout, length: int, after: Mapping[int, int]) -> Layout:
    """With as many bytes for each uncompressed strip as its rows need and the file has for it."""
    counts = []
    for segment in layout.segments:
        wanted = layout.stored_rows(segment) * layout.row_bytes
        room = min(length, after.get(segment.offset, length)) - segment.offset
        short = segment.offset and segment.count < wanted
        counts.append(min(wanted, max(room, segment.count)) if short else segment.count)
    return replace(layout, counts=tuple(counts))


def _of_length(numbers: tuple[int, ...], length: int) -> list[int]:
    return [*numbers[:length], *([0] * (length - len(numbers)))]


def layout_of(directory: Directory, structure: Structure) -> Layout | None:
    """How a directory's picture is stored; None where the directory makes no sense."""
    height, width = directory.size
    tiled = TILE_OFFSETS in directory.entries
    if tiled:
        block = directory.number(TILE_WIDTH), directory.number(TILE_HEIGHT)
    else:
        block = width, min(height, directory.number(STRIP_ROWS, height) or height)
    if min(width, height, *block) < 1 or directory.number(SAMPLES, 1) < 1:
        return None
    entries = dict(directory.entries)
    if PHOTOMETRIC not in entries:
        color = directory.number(SAMPLES, 1) > 2
        entries[PHOTOMETRIC] = Entry.short(RGB if color else BLACK_IS_ZERO)
    layout = Layout(entries, structure.order, structure.big, width, height, *block)
    planes = layout.samples if layout.planar else 1
    stated = len(directory.numbers(STRIP_OFFSETS)) // planes
    if stated > 1 == layout.down and layout.compression == NONE and layout.row_bytes:
        rows = directory.number(STRIP_COUNTS) // layout.row_bytes  # that of the directory is wrong
        if -(-height // max(1, rows)) == stated:
            layout = replace(layout, block_height=rows)
    if layout.across * layout.down * planes > _MOST_SEGMENTS:
        return None
    found = layout.in_file(structure)
    changed = layout.block_height != block[1] or len(entries) > len(directory.entries)
    return replace(found, repaired=found.repaired or changed)
