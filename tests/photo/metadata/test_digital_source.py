import xml.etree.ElementTree as ElementTree

import pytest

from photochrom.photo.metadata.digital_source import IPTC_EXTENSION, SOURCE_TYPE, mark_computed
from photochrom.photo.metadata.xmp import RDF, Packet

NAME = f"{{{IPTC_EXTENSION}}}DigitalSourceType"
DC = "http://purl.org/dc/elements/1.1/"


def packet(inside="", attributes=""):
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:dc="{DC}" xmlns:Iptc4xmpExt="{IPTC_EXTENSION}" '
        f"{attributes}>{inside}</rdf:Description>"
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def marked(xmp):
    found = Packet.parse(xmp)
    mark_computed(found)
    return found.to_bytes()


def marks(xmp):
    """Every value of the property, whether an attribute or an element."""
    root = ElementTree.fromstring(xmp)
    found = [node.attrib[NAME] for node in root.iter() if NAME in node.attrib]
    return found + [node.text for node in root.iter(NAME)]


@pytest.mark.parametrize("existing", [b"", b"\0\0"])
def test_nothing_becomes_a_whole_packet(existing):
    xmp = marked(existing)
    assert marks(xmp) == [SOURCE_TYPE]
    assert xmp.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert xmp.endswith(b'<?xpacket end="w"?>')


def test_the_term_is_the_one_for_a_photo_that_a_model_added_to():
    assert SOURCE_TYPE.endswith("/digitalsourcetype/compositeWithTrainedAlgorithmicMedia")


def test_what_is_there_is_kept():
    xmp = marked(packet("<dc:format>image/jpeg</dc:format>", 'dc:source="Ä, page 3"'))
    root = ElementTree.fromstring(xmp)
    assert [n.attrib[f"{{{DC}}}source"] for n in root.iter() if f"{{{DC}}}source" in n.attrib] == [
        "Ä, page 3"
    ]
    assert [n.text for n in root.iter(f"{{{DC}}}format")] == ["image/jpeg"]
    assert marks(xmp) == [SOURCE_TYPE]


@pytest.mark.parametrize("padding", [b"\0", b"\n  \n", b" " * 2000])
def test_padding_does_not_matter(padding):
    xmp = marked(packet(attributes='dc:source="album"') + padding)
    assert b"album" in xmp
    assert marks(xmp) == [SOURCE_TYPE]


@pytest.mark.parametrize(
    "old",
    [
        packet(attributes='Iptc4xmpExt:DigitalSourceType="negativeFilm"'),
        packet("<Iptc4xmpExt:DigitalSourceType>print</Iptc4xmpExt:DigitalSourceType>"),
        marked(b""),
        marked(marked(b"")),
    ],
)
def test_an_older_mark_is_replaced(old):
    assert marks(marked(old)) == [SOURCE_TYPE]


@pytest.mark.parametrize(
    "damaged",
    [
        b"<x:xmpmeta",
        b"\xff\xfe broken",
        b'<?xml version="1.0" encoding="shift_jis"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
        b'<?xml version="1.0" encoding="no-such-code"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    ],
)
def test_a_damaged_packet_is_none(damaged):
    assert Packet.parse(damaged) is None


def test_prefixes_stay():
    """Programs know namespaces of cameras by them."""
    xmp = marked(packet("<drone:Yaw>3</drone:Yaw>", 'xmlns:drone="http://drone.example/"'))
    assert b"<drone:Yaw>3</drone:Yaw>" in xmp


def test_utf_16_is_kept():
    text = '<x:xmpmeta xmlns:x="adobe:ns:meta/" album="Äpfel"/>'
    for encoded in (text.encode("utf-16"), text.encode("utf-16") + b"\0\0"):
        assert "Äpfel" in marked(encoded).decode()


def test_a_bare_rdf_packet():
    bare = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""/></rdf:RDF>'.encode()
    xmp = marked(bare)
    assert marks(xmp) == [SOURCE_TYPE]
    assert ElementTree.fromstring(xmp).tag == f"{{{RDF}}}RDF"
