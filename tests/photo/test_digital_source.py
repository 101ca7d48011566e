import xml.etree.ElementTree as ElementTree

import pytest

from photochrom.photo.digital_source import IPTC_EXTENSION, RDF, SOURCE_TYPE, mark_computed

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


def marks(xmp):
    """Every value of the property, whether an attribute or an element."""
    root = ElementTree.fromstring(xmp)
    found = [node.attrib[NAME] for node in root.iter() if NAME in node.attrib]
    return found + [node.text for node in root.iter(NAME)]


@pytest.mark.parametrize("existing", [None, b"", b"\0\0", b"<x:xmpmeta", b"\xff\xfe broken"])
def test_nothing_or_damaged_becomes_a_whole_packet(existing):
    xmp = mark_computed(existing)
    assert marks(xmp) == [SOURCE_TYPE]
    assert xmp.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert xmp.endswith(b'<?xpacket end="w"?>')


def test_the_term_is_the_one_for_a_photo_that_a_model_added_to():
    assert SOURCE_TYPE.endswith("/digitalsourcetype/compositeWithTrainedAlgorithmicMedia")


def test_what_is_there_is_kept():
    xmp = mark_computed(packet("<dc:format>image/jpeg</dc:format>", 'dc:source="Ä, page 3"'))
    root = ElementTree.fromstring(xmp)
    assert [n.attrib[f"{{{DC}}}source"] for n in root.iter() if f"{{{DC}}}source" in n.attrib] == [
        "Ä, page 3"
    ]
    assert [n.text for n in root.iter(f"{{{DC}}}format")] == ["image/jpeg"]
    assert marks(xmp) == [SOURCE_TYPE]


@pytest.mark.parametrize("padding", [b"\0", b"\n  \n", b" " * 2000])
def test_padding_does_not_matter(padding):
    xmp = mark_computed(packet(attributes='dc:source="album"') + padding)
    assert b"album" in xmp
    assert marks(xmp) == [SOURCE_TYPE]


@pytest.mark.parametrize(
    "old",
    [
        packet(attributes='Iptc4xmpExt:DigitalSourceType="negativeFilm"'),
        packet("<Iptc4xmpExt:DigitalSourceType>print</Iptc4xmpExt:DigitalSourceType>"),
        mark_computed(None),
        mark_computed(mark_computed(None)),
    ],
)
def test_an_older_mark_is_replaced(old):
    assert marks(mark_computed(old)) == [SOURCE_TYPE]


@pytest.mark.parametrize("declared", ["shift_jis", "no-such-encoding"])
def test_an_encoding_that_nobody_reads_is_as_damaged(declared):
    xmp = f'<?xml version="1.0" encoding="{declared}"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    assert marks(mark_computed(xmp.encode())) == [SOURCE_TYPE]


def test_prefixes_stay():
    """Programs know namespaces of cameras by them."""
    xmp = mark_computed(packet("<drone:Yaw>3</drone:Yaw>", 'xmlns:drone="http://drone.example/"'))
    assert b"<drone:Yaw>3</drone:Yaw>" in xmp


def test_utf_16_is_kept():
    text = '<x:xmpmeta xmlns:x="adobe:ns:meta/" album="Äpfel"/>'
    for encoded in (text.encode("utf-16"), text.encode("utf-16") + b"\0\0"):
        assert "Äpfel" in mark_computed(encoded).decode()


def test_a_bare_rdf_packet():
    bare = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""/></rdf:RDF>'.encode()
    xmp = mark_computed(bare)
    assert marks(xmp) == [SOURCE_TYPE]
    assert ElementTree.fromstring(xmp).tag == f"{{{RDF}}}RDF"
