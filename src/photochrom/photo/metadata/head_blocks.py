"""Metadata that libvips does not write: blocks put behind the head of the file that it wrote.

libvips begins to write as many bytes later; then the head alone is moved to the front, and no pixel
is copied.
"""

from __future__ import annotations

from typing import BinaryIO

from photochrom.options import SaveOptions
from photochrom.photo.formats import GIF, JPEG, PNG, Kind
from photochrom.photo.jpeg import header as jpeg_header
from photochrom.photo.metadata import gif_blocks, png_chunks
from photochrom.photo.metadata.exif import MILLIMETRES, as_exif
from photochrom.photo.metadata.iptc import join_photoshop_block
from photochrom.photo.metadata.support import comments_for, texts_for
from photochrom.photo.metadata.written_xmp import xmp_of
from photochrom.photo.page import Page, exif_tags, photoshop_of

LONGEST_EXIF = 8_000_000
"""Bytes of EXIF in other kinds than JPEG; libvips takes no more."""
_JFIF_UNITS = {"in": 1, "cm": 2}
_LONGEST_HEAD = 800
"""Bytes: of a GIF with a colour table of 256."""


def head_blocks(page: Page, kind: Kind, saving: SaveOptions) -> bytes:
    """The blocks of a file of a kind; none where libvips writes all of its metadata."""
    if kind is JPEG:
        return _jpeg_segments(page, saving)
    if kind is PNG:
        return _png_chunks(page)
    if kind is GIF:
        return _gif_extensions(page, saving)
    return b""


def put_behind_head(file: BinaryIO, blocks: bytes, kind: Kind) -> None:
    """Put blocks into a file that begins `len(blocks)` bytes after the beginning."""
    file.seek(len(blocks))
    start = file.read(_LONGEST_HEAD)
    if kind is GIF:
        length = gif_blocks.head_length(start)
    else:
        length = jpeg_header.HEAD if kind is JPEG else png_chunks.HEAD
    file.seek(0)
    file.write(start[:length] + blocks)


def _jpeg_segments(page: Page, saving: SaveOptions) -> bytes:
    metadata = page.photo.metadata
    length = MILLIMETRES.get(metadata.unit or "", 1.0)
    across, down = (pixels * length for pixels in metadata.resolution)
    segments = jpeg_header.jfif(across, down, _JFIF_UNITS.get(metadata.unit or "", 0))
    exif = as_exif(exif_tags(page), jpeg_header.LONGEST)
    if exif is not None:
        segments += jpeg_header.exif_segment(exif)
    xmp = xmp_of(page, JPEG, saving)
    if xmp is not None:
        segments += jpeg_header.xmp_segments(xmp) or b""
    resources = join_photoshop_block(metadata.iptc, photoshop_of(page))
    if resources is not None:
        segments += jpeg_header.photoshop_segments(resources)
    comments = (jpeg_header.comment_segments(comment) for comment in comments_for(metadata))
    return segments + b"".join(comments)


def _png_chunks(page: Page) -> bytes:
    metadata = page.photo.metadata
    chunks = png_chunks.text_chunks(texts_for(metadata))
    resources = join_photoshop_block(metadata.iptc, photoshop_of(page))
    if resources is not None:
        chunks += png_chunks.iptc_chunk(resources)
    exif = as_exif(exif_tags(page), LONGEST_EXIF)
    return chunks if exif is None else chunks + png_chunks.exif_chunk(exif)


def _gif_extensions(page: Page, saving: SaveOptions) -> bytes:
    xmp = xmp_of(page, GIF, saving)
    comments = (gif_blocks.comment_extension(text) for text in comments_for(page.photo.metadata))
    return (b"" if xmp is None else gif_blocks.xmp_extension(xmp)) + b"".join(comments)
