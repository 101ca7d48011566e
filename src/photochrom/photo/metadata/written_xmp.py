"""The XMP of a file that is written."""

from __future__ import annotations

from photochrom.options import SaveOptions
from photochrom.photo.formats import GIF, Kind
from photochrom.photo.metadata.digital_source import mark_altered, mark_computed
from photochrom.photo.metadata.support import convert_to_xmp
from photochrom.photo.metadata.xmp import Packet, is_blank
from photochrom.photo.metadata.xmp_facts import correct_facts
from photochrom.photo.page import Page

_AGENT = "Photochrom"


def xmp_of(page: Page, kind: Kind, saving: SaveOptions) -> bytes | None:
    """The photo's XMP, true of the file; None where there is nothing to write.

    It has the mark that the colours are computed unless `saving` omits it, the crop, and what a
    file of this kind holds nowhere else. A damaged packet stays as it is, and so does
    one that needs no change.
    """
    xmp = page.photo.metadata.xmp
    packet = Packet.parse(xmp or b"")
    if packet is None:
        return None if kind is GIF else xmp  # there its bytes have to pass for lengths of blocks
    before = packet.to_bytes()
    correct_facts(packet, page, kind)
    convert_to_xmp(page.photo.metadata, kind, packet)
    if saving.mark and page.colored:
        mark_computed(packet)
    elif saving.mark:
        mark_altered(packet)
    for edit in page.photo.edits:
        _record(packet, "edited", edit)
    if saving.crop is not None:
        height, width = page.photo.upright_size
        note = f"{saving.crop} of {width}x{height}"
        _record(packet, "cropped", note)
    after = packet.to_bytes()
    if after == before and xmp is not None and (is_blank(xmp) or b"\0" not in xmp):
        return None if is_blank(xmp) else xmp
    return None if xmp is None and after == before else after


def _record(packet: Packet, action: str, parameters: str) -> None:
    """Add an event to the resource's history (XMP specification, part 2)."""
    event = {"stEvt:action": action, "stEvt:softwareAgent": _AGENT, "stEvt:parameters": parameters}
    packet.append("xmpMM:History", event)
