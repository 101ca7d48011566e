"""XMP packets: properties read, corrected, added and removed; everything else stays.

XMP specification (ISO 16684-1), parts 1 and 3: RDF/XML, of which a property may be an attribute or
an element of `rdf:Description`. Packets come from strangers: one with a document type, which is
where entities would be declared, is taken for damaged, so that nothing is ever expanded.
"""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
}
"""The usual prefixes; properties are named with them here ("dc:title")."""

_XML = "http://www.w3.org/XML/1998/namespace"
_DESCRIPTION, _ABOUT = f"{{{RDF}}}Description", f"{{{RDF}}}about"
_DEEPEST = 100
"""Elements inside each other; more is meant to exhaust the stack."""
_PADDING = "\ufeff\0 \r\n\t"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PACKET = re.compile(r"<(?P<name>(?:\w+:)?(?:xmpmeta|xapmeta|RDF))\b.*</(?P=name)\s*>", re.DOTALL)
_HEAD, _TAIL = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>'

Value = str | Sequence[str]
"""Of a property: a text, or the items of an array."""


class Packet:
    """One packet, to be changed in place."""

    def __init__(self, root: ElementTree.Element, prefixes: dict[str, str]) -> None:
        self._root = root
        self._prefixes = prefixes  # by namespace
        found = root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")
        if found is None:
            found = ElementTree.SubElement(root, f"{{{RDF}}}RDF")
        self._rdf = found

    @classmethod
    def empty(cls) -> Packet:
        """A packet without properties."""
        return cls(ElementTree.Element(_full("x:xmpmeta")), {})

    @classmethod
    def parse(cls, xmp: bytes) -> Packet | None:
        """The packet of UTF-8, UTF-16 or UTF-32, padded or not; None for a damaged one."""
        if is_blank(xmp):
            return cls.empty()
        for text in _texts(xmp):
            builder = _Builder()
            try:
                parser = ElementTree.XMLParser(target=builder)
                parser.feed(text)
                return cls(parser.close(), builder.prefixes)
            except (ElementTree.ParseError, ValueError, LookupError):
                continue  # damaged, of an unknown encoding, too deep, or with a document type
        return None

    def __contains__(self, name: str) -> bool:
        return any(True for _ in self._places(name))

    def text(self, name: str) -> str | None:
        """A property as text: of an array its first item; None where it is missing or empty."""
        for description, element in self._places(name):
            if element is None:
                return description.attrib[_full(name)] or None
            if found := "".join(element.itertext()).strip():
                items = [item.text for item in element.iter(f"{{{RDF}}}li")]
                return (items[0] or "") if items else found
        return None

    def texts(self, name: str) -> Iterator[str]:
        """Every text that a property has: of an attribute, an element or a resource."""
        for description, element in self._places(name):
            if element is None:
                yield description.attrib[_full(name)]
            else:
                yield "".join(element.itertext())
                yield element.get(f"{{{RDF}}}resource", "")

    def remove(self, name: str) -> bool:
        """Remove a property; returns whether it was there."""
        places = list(self._places(name))
        for description, element in places:
            if element is None:
                del description.attrib[_full(name)]
            else:
                description.remove(element)
        return bool(places)

    def correct(self, name: str, value: Value) -> None:
        """Give a property that is there another value; a text stays attribute or element."""
        for description, element in list(self._places(name)):
            if element is not None:
                for child in list(element):
                    element.remove(child)
                element.attrib.clear()
                _fill(element, value, "Seq")
            elif isinstance(value, str):
                description.attrib[_full(name)] = value
            else:
                del description.attrib[_full(name)]
                _fill(ElementTree.SubElement(description, _full(name)), value, "Seq")

    def add(self, name: str, value: Value, array: str = "Seq") -> None:
        """Add a property that is not there. array: RDF's kind of array: "Seq", "Bag" or "Alt";
        of an "Alt" the one item is the text for all languages.
        """
        description = self._rdf.find(_DESCRIPTION)
        if description is None:
            description = ElementTree.SubElement(self._rdf, _DESCRIPTION, {_ABOUT: ""})
        if isinstance(value, str):
            description.set(_full(name), _valid(value))
        else:
            _fill(ElementTree.SubElement(description, _full(name)), value, array)

    def append(self, name: str, fields: Mapping[str, str]) -> None:
        """Append a structure to an ordered array, which is made where it is missing."""
        found = [element for _, element in self._places(name) if element is not None]
        if not found:
            self.remove(name)
            self.add(name, ())
            found = [element for _, element in self._places(name) if element is not None]
        items = found[0].find(f"{{{RDF}}}Seq")
        if items is None:
            items = ElementTree.SubElement(found[0], f"{{{RDF}}}Seq")
        item = ElementTree.SubElement(items, f"{{{RDF}}}li", {f"{{{RDF}}}parseType": "Resource"})
        for field, text in fields.items():
            ElementTree.SubElement(item, _full(field)).text = _valid(text)

    def join(self, other: Packet) -> None:
        """Add all properties of another packet."""
        self._rdf.extend(other._rdf)
        self._prefixes = {**other._prefixes, **self._prefixes}

    def split(self, longest: int) -> Packet | None:
        """Move properties, the longest first, into another packet until this one is short enough.

        longest: bytes. Returns the other one; None where even the empty packet is longer.
        """
        other = Packet.empty()
        other._prefixes = self._prefixes
        home = ElementTree.SubElement(other._rdf, _DESCRIPTION, {_ABOUT: ""})
        moved = sorted(self._properties(), key=lambda item: item[0], reverse=True)
        length = len(self.to_bytes())
        for size, description, child in moved:
            if length <= longest:
                break
            if isinstance(child, str):
                home.set(child, description.attrib.pop(child))
            else:
                description.remove(child)
                home.append(child)
            length -= size
        return other if len(self.to_bytes()) <= longest else None

    def to_bytes(self, wrapped: bool = True) -> bytes:
        """The packet in UTF-8, in its wrapper or bare."""
        body = ElementTree.tostring(self._with_prefixes(), encoding="unicode")
        return (f"{_HEAD}{body}{_TAIL}" if wrapped else body).encode()

    def _places(
        self, name: str
    ) -> Iterator[tuple[ElementTree.Element, ElementTree.Element | None]]:
        """Where a property is: the description, and its element where it is no attribute."""
        full = _full(name)
        for description in self._rdf.findall(_DESCRIPTION):
            if full in description.attrib:
                yield description, None
            for element in description.findall(full):
                yield description, element

    def _properties(self) -> Iterator[tuple[int, ElementTree.Element, ElementTree.Element | str]]:
        """Each property: its length, its description, and its element or its attribute's name."""
        for description in self._rdf.findall(_DESCRIPTION):
            for name, value in list(description.attrib.items()):
                if not name.startswith(f"{{{RDF}}}"):
                    yield len(value.encode()), description, name
            for child in list(description):
                yield _least_length(child), description, child

    def _with_prefixes(self) -> ElementTree.Element:
        """The same tree with prefixes for namespaces: ElementTree's own table is one for all
        threads of a process, and would learn prefixes from strangers.
        """
        prefixes: dict[str, str] = {_XML: "xml"}
        used = {name[1:].rpartition("}")[0] for name in _names(self._root) if name[0] == "{"}
        usual = {namespace: prefix for prefix, namespace in NAMESPACES.items()}
        for namespace in sorted(used - {_XML}):
            prefix = usual.get(namespace) or self._prefixes.get(namespace) or "ns"
            taken = {*prefixes.values(), *(NAMESPACES.keys() - {usual.get(namespace)})}
            free = (f"{prefix}{n or ''}" for n in range(len(used) + len(taken)))
            prefixes[namespace] = next(name for name in free if name not in taken)
        copied = _renamed(self._root, prefixes)
        declared = {f"xmlns:{prefix}": ns for ns, prefix in prefixes.items() if ns != _XML}
        copied.attrib = {**declared, **copied.attrib}
        return copied


def is_blank(xmp: bytes) -> bool:
    """Whether a packet holds nothing but padding."""
    return not xmp.strip(b"\0 \r\n\t")


def _texts(xmp: bytes) -> Iterator[str | bytes]:
    """What may be the packet: as it is, then the XML inside of what is around it."""
    text = _decoded(xmp)
    whole: str | bytes = xmp.strip(b"\0 \r\n\t") if text is None else text.strip(_PADDING)
    if isinstance(whole, str):  # the declaration may name the encoding that it had
        whole = re.sub(r"^<\?xml\b[^>]*\?>", "", whole)
    yield whole
    if isinstance(whole, bytes):
        whole = whole.decode("utf-8", "replace")
        if "\ufffd" in whole:
            return
    if found := _PACKET.search(whole):
        yield found[0]


def _decoded(xmp: bytes) -> str | None:
    """The text of UTF-16 or UTF-32, with or without its mark; None for one of single bytes."""
    marks = {
        codecs.BOM_UTF32_LE: "utf-32",
        codecs.BOM_UTF32_BE: "utf-32",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
        b"<\0\0\0": "utf-32-le",
        b"\0\0\0<": "utf-32-be",
        b"<\0": "utf-16-le",
        b"\0<": "utf-16-be",
    }
    code = next((code for mark, code in marks.items() if xmp.startswith(mark)), None)
    return None if code is None else xmp.decode(code, "ignore")


class _Builder(ElementTree.TreeBuilder):
    """A tree, and the prefixes that its document declares; no document type, no great depth."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: dict[str, str] = {}
        self._depth = 0

    def doctype(self, *_: Any) -> None:
        raise ValueError("a document type")

    def start_ns(self, prefix: str | None, namespace: str) -> None:
        if prefix and not re.fullmatch(r"ns\d*|xml.*", prefix):
            self.prefixes.setdefault(namespace, prefix)

    def start(self, tag: Any, attributes: Any) -> ElementTree.Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("elements too deep inside each other")
        return super().start(tag, attributes)

    def end(self, tag: str) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def _full(name: str) -> str:
    """ElementTree's form of "prefix:name"."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def _fill(element: ElementTree.Element, value: Value, array: str) -> None:
    if isinstance(value, str):
        element.text = _valid(value)
        return
    element.text = None
    items = ElementTree.SubElement(element, f"{{{RDF}}}{array}")
    language = {f"{{{_XML}}}lang": "x-default"} if array == "Alt" else {}
    for text in value:
        ElementTree.SubElement(items, f"{{{RDF}}}li", language).text = _valid(text)


def _valid(text: str) -> str:
    """A text without the characters that XML does not have."""
    return _NO_XML.sub("", text)


def _names(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        yield element.tag
        yield from element.attrib


def _least_length(element: ElementTree.Element) -> int:
    """At least so many bytes is an element in a packet."""
    texts = sum(len(part.encode()) for part in element.itertext())
    return texts + sum(len(value.encode()) for e in element.iter() for value in e.attrib.values())


def _renamed(element: ElementTree.Element, prefixes: dict[str, str]) -> ElementTree.Element:
    def short(name: str) -> str:
        if name[0] != "{":
            return name
        namespace, _, local = name[1:].rpartition("}")
        return f"{prefixes[namespace]}:{local}"

    attributes = {short(name): value for name, value in element.attrib.items()}
    copied = ElementTree.Element(short(element.tag), attributes)
    copied.text, copied.tail = element.text, element.tail
    copied.extend([_renamed(child, prefixes) for child in element])
    return copied
