"""Which metadata each kind of file holds, and what becomes of the rest.

What has no place of its own becomes XMP: IPTC by the guidelines of the Metadata Working Group,
text of PNG files by the XMP specification, part 3, 1.1.5. No value of the photo's own XMP is
replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from photochrom.photo.formats import Kind
from photochrom.photo.metadata import iptc_records
from photochrom.photo.metadata.iptc import copyright_in, paths_in
from photochrom.photo.metadata.iptc_records import Property
from photochrom.photo.metadata.png_chunks import Text
from photochrom.photo.metadata.reading import Metadata
from photochrom.photo.metadata.xmp import Packet, is_blank

EXIF, XMP, IPTC, PHOTOSHOP = "EXIF", "XMP", "IPTC", "Photoshop's resources"
COMMENT, TEXTS, RESOLUTION = "comment", "text chunks", "resolution"

_HELD = {
    "JPEG": {EXIF, XMP, IPTC, PHOTOSHOP, COMMENT, RESOLUTION},
    "PNG": {EXIF, XMP, IPTC, PHOTOSHOP, COMMENT, TEXTS, RESOLUTION},
    "TIFF": {EXIF, XMP, IPTC, PHOTOSHOP, RESOLUTION},
    "WebP": {EXIF, XMP, RESOLUTION},
    "AVIF": {EXIF, XMP, RESOLUTION},
    "HEIC": {EXIF, XMP, RESOLUTION},
    "GIF": {XMP, COMMENT},
    "PGM or PPM": {COMMENT},
    "JPEG 2000": {EXIF, XMP, IPTC, PHOTOSHOP, RESOLUTION},
}
_IPTC_IS_READ = frozenset({"JPEG", "TIFF"})
"""In the others most programs look for XMP alone, so that XMP has the same values."""

_COMMENT_KEYWORD = "Comment"
_TEXT_PROPERTIES = {
    "title": ("dc:title", "Alt"),
    "author": ("dc:creator", "Seq"),
    "description": ("dc:description", "Alt"),
    "copyright": ("dc:rights", "Alt"),
    "disclaimer": ("xmpRights:UsageTerms", "Alt"),
    "source": ("dc:source", None),
    "software": ("xmp:CreatorTool", None),
    "creation time": ("xmp:CreateDate", None),
}
_FILE_TIMES = frozenset({"date:create", "date:modify", "date:timestamp"})
"""Times of the file itself, which ImageMagick adds to every PNG."""


def holds(kind: Kind, part: str) -> bool:
    """Whether a kind of file has a place for EXIF, XMP, IPTC, ..."""
    return part in _HELD.get(kind.name, ())


def comments_for(metadata: Metadata) -> list[bytes]:
    """What a kind with comments, but without text chunks, gets as comments."""
    texts = [text.text for text in metadata.texts if text.keyword == _COMMENT_KEYWORD]
    return [*metadata.comments, *(text.encode() for text in texts)]


def texts_for(metadata: Metadata) -> list[Text]:
    """What a kind with text chunks gets as such."""
    comments = [Text(_COMMENT_KEYWORD, _decoded(comment)) for comment in metadata.comments]
    return [*metadata.texts, *comments]


def convert_to_xmp(metadata: Metadata, kind: Kind, packet: Packet | None) -> list[str]:
    """Add to XMP what a kind of file has no other place for; returns the names of what is lost.

    packet: of the file that is written; None where the photo's is damaged and stays as it is.
    """
    if not holds(kind, XMP):
        packet = None
    lost = [EXIF] if _has_exif(metadata) and not holds(kind, EXIF) else []
    if not is_blank(metadata.xmp or b"") and not holds(kind, XMP):
        lost.append(XMP)
    lost += _moved_iptc(metadata, kind, packet)
    lost += _moved_resources(metadata, kind, packet)
    lost += _moved_texts(metadata, kind, packet)
    if metadata.unit is not None and not holds(kind, RESOLUTION):
        lost.append("its resolution")
    return lost


def _has_exif(metadata: Metadata) -> bool:
    tags = metadata.descriptive_tags
    return tags is not None and bool(tags.entries or tags.children)


def _moved_iptc(metadata: Metadata, kind: Kind, packet: Packet | None) -> list[str]:
    if metadata.iptc is None or kind.name in _IPTC_IS_READ:
        return []
    found, others = iptc_records.as_properties(metadata.iptc)
    if packet is not None:
        _add_missing(packet, found)
    if holds(kind, IPTC):
        return []
    if packet is None:
        return [IPTC]
    return [f"the IPTC records {', '.join(others)}"] if others else []


def _moved_resources(metadata: Metadata, kind: Kind, packet: Packet | None) -> list[str]:
    """Of Photoshop's: those about the copyright become XMP; only paths are worth a warning else."""
    if holds(kind, PHOTOSHOP):
        return []
    protected, address = copyright_in(metadata.photoshop)
    if packet is not None and protected:
        _add_missing(packet, [Property("xmpRights:Marked", "True")])
    if packet is not None and address:
        _add_missing(packet, [Property("xmpRights:WebStatement", address)])
    lost = ["the copyright"] if packet is None and (protected or address) else []
    return [*lost, "clipping paths"] if paths_in(metadata.photoshop) else lost


def _moved_texts(metadata: Metadata, kind: Kind, packet: Packet | None) -> list[str]:
    if holds(kind, TEXTS):
        return []
    comments, unplaced = [_decoded(comment) for comment in metadata.comments], []
    for text in metadata.texts:
        found = _property_of(text)
        if text.keyword == _COMMENT_KEYWORD:
            comments.append(text.text)
        elif found is not None and packet is not None:
            unplaced += [] if _placed(packet, found) else [text.keyword]
        elif text.keyword.lower() not in _FILE_TIMES:
            unplaced.append(text.keyword)
    lost = [f"the text chunks {', '.join(dict.fromkeys(unplaced))}"] if unplaced else []
    whole = "\n".join(comments).strip()
    if whole and not holds(kind, COMMENT) and not _placed_comment(packet, whole):
        lost.append("its comment")
    return lost


def _placed_comment(packet: Packet | None, comment: str) -> bool:
    """Whether a comment found a place in XMP: among the comments, else as the description."""
    places = ("exif:UserComment", "dc:description")
    return packet is not None and any(
        _placed(packet, Property(name, (comment,), "Alt")) for name in places
    )


def _property_of(text: Text) -> Property | None:
    name, array = _TEXT_PROPERTIES.get(text.keyword.lower(), (None, None))
    value = text.text.strip()
    if name == "xmp:CreateDate":
        value = _date(value)
    if name is None or not value:
        return None
    return Property(name, value) if array is None else Property(name, (value,), array)


def _placed(packet: Packet, found: Property) -> bool:
    """Whether a packet has the value now: it had it before, or it had no such property."""
    _add_missing(packet, [found])
    value = found.value if isinstance(found.value, str) else found.value[0]
    return packet.text(found.name) == value


def _add_missing(packet: Packet, properties: Iterable[Property]) -> None:
    for found in properties:
        if packet.text(found.name) is None:
            packet.remove(found.name)  # it may be there, but empty
            packet.add(found.name, found.value, found.array)


def _decoded(comment: bytes) -> str:
    text = comment.rstrip(b"\0")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def _date(value: str) -> str:
    """A date as XMP writes it, of one as PNG recommends it; empty for what is none."""
    if re.fullmatch(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", value):
        return value
    if found := re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", value):
        return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}"
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, TypeError):
        return ""
