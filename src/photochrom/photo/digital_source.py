"""Write into a file's XMP that its colours are computed, and find it there.

IPTC Photo Metadata, property Digital Source Type; the term is the one for a photograph to which a
trained model has added.
"""

from __future__ import annotations

import codecs
import io
import xml.etree.ElementTree as ElementTree
from contextlib import suppress

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'
_PREFIXES = {
    "x": "adobe:ns:meta/",
    "rdf": RDF,
    "Iptc4xmpExt": IPTC_EXTENSION,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
}


def mark_computed(xmp: bytes | None) -> bytes:
    """Add the mark to an XMP packet, keeping what is there; a damaged packet is replaced.

    xmp: the packet, or None where the photo has none.
    """
    for prefix, namespace in _PREFIXES.items():
        ElementTree.register_namespace(prefix, namespace)
    root = _parse(xmp) if xmp else None
    if root is None:
        root = ElementTree.fromstring(_EMPTY)
    rdf = root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")
    if rdf is None:
        rdf = ElementTree.SubElement(root, f"{{{RDF}}}RDF")
    name = f"{{{IPTC_EXTENSION}}}DigitalSourceType"
    for description in rdf.findall(f"{{{RDF}}}Description"):
        description.attrib.pop(name, None)
        for old in description.findall(name):
            description.remove(old)
    ElementTree.SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": "", name: SOURCE_TYPE})
    body = ElementTree.tostring(root, encoding="unicode")
    packet = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'
    return packet.encode("utf-8")


def says_computed(xmp: bytes | None) -> bool:
    """Whether an XMP packet has the mark, whichever way a program writes it."""
    root = _parse(xmp) if xmp else None
    if root is None:
        return False
    name, term = f"{{{IPTC_EXTENSION}}}DigitalSourceType", SOURCE_TYPE.rpartition("/")[2]
    values = [node.get(name, "") for node in root.iter()]
    for node in root.iter(name):
        values += [node.text or "", node.get(f"{{{RDF}}}resource", "")]
    return any(value.strip().rpartition("/")[2] == term for value in values)


def _parse(xmp: bytes) -> ElementTree.Element | None:
    if xmp[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        packet = xmp.decode("utf-16", "ignore").strip("\0 \r\n\t").encode()
    else:
        packet = xmp.strip(b"\0 \r\n\t")
    try:
        for _, (prefix, namespace) in ElementTree.iterparse(io.BytesIO(packet), ["start-ns"]):
            with suppress(ValueError):  # a reserved prefix
                ElementTree.register_namespace(prefix, namespace)  # programs know some by prefix
        return ElementTree.fromstring(packet)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        return None  # damaged, of an unknown encoding, or too deep
