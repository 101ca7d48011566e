"""Write into a file's XMP that its colours are computed, and find it there.

IPTC Photo Metadata, property Digital Source Type; the term is the one for a photograph to which a
trained model has added.
"""

from __future__ import annotations

from photochrom.photo.metadata.xmp import NAMESPACES, Packet

IPTC_EXTENSION = NAMESPACES["Iptc4xmpExt"]
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
ALTERED = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
"""A photograph that an algorithm has corrected."""
_PROPERTY = "Iptc4xmpExt:DigitalSourceType"


def mark_computed(packet: Packet) -> None:
    """Set the mark in a packet, in the place of an older value."""
    packet.remove(_PROPERTY)
    packet.add(_PROPERTY, SOURCE_TYPE)


def mark_altered(packet: Packet) -> None:
    """Say that an algorithm has corrected the photo, unless it says that one has coloured it."""
    if not any(_is_computed(text) for text in packet.texts(_PROPERTY)):
        packet.remove(_PROPERTY)
        packet.add(_PROPERTY, ALTERED)


def says_computed(xmp: bytes | None) -> bool:
    """Whether an XMP packet has the mark, whichever way a program writes it."""
    packet = Packet.parse(xmp) if xmp else None
    if packet is None:
        return False
    return any(_is_computed(text) for text in packet.texts(_PROPERTY))


def _is_computed(value: str) -> bool:
    return value.strip().rpartition("/")[2] == SOURCE_TYPE.rpartition("/")[2]
