"""What metadata repeats of the pixels agrees with the file that is written; exiftool reads it."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom import Colorizer, SaveOptions, colorize_file
from photochrom.photo import Photo
from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from photochrom.photo.metadata.xmp import NAMESPACES, RDF, Packet
from support import pictures
from support.colored import saved
from support.exiftool import needs_exiftool, tags_of, write_tags

TURNING = [".png", ".webp", ".avif", ".heic", ".jp2", ".gif"]
NOT_TURNING = [".jpg", ".tif"]
SIZE = (pictures.WIDTH, pictures.HEIGHT)
CLAIMS = {
    "tiff:Orientation": "6",
    "tiff:ImageWidth": "4000",
    "tiff:ImageLength": "3000",
    "exif:PixelXDimension": "4000",
    "exif:PixelYDimension": "3000",
    "photoshop:ColorMode": "1",
    "photoshop:ICCProfile": "Dot Gain 20%",
    "tiff:PhotometricInterpretation": "1",
    "tiff:SamplesPerPixel": "1",
    "exif:ColorSpace": "65535",
    "dc:format": "image/vnd.adobe.photoshop",
}


def packet(form="attributes", extra=""):
    """XMP that claims what the old file was; a property may be an attribute or an element."""
    names = " ".join(f'xmlns:{prefix}="{url}"' for prefix, url in NAMESPACES.items())
    attributes = " ".join(f'{name}="{value}"' for name, value in CLAIMS.items())
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in CLAIMS.items())
    bits = "<tiff:BitsPerSample><rdf:Seq><rdf:li>8</rdf:li></rdf:Seq></tiff:BitsPerSample>"
    inside = (elements if form == "elements" else "") + bits + extra
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta {names}><rdf:RDF><rdf:Description rdf:about="" '
        f"{attributes if form == 'attributes' else ''}>{inside}</rdf:Description></rdf:RDF>"
        '</x:xmpmeta><?xpacket end="w"?>'
    )


def photo_with(tmp_path, xmp, orientation=6):
    """A grey JPEG with the turn in EXIF, and XMP."""
    path = tmp_path / "scan.jpg"
    exif = Image.Exif()
    exif[274] = orientation
    exif.get_ifd(0x8769).update({40961: 65535, 40962: 4000, 40963: 3000})
    picture = Image.fromarray(pictures.scene()[..., 0])
    picture.save(path, exif=exif, xmp=xmp)
    return Photo(path)


def colored(photo, target, **saving):
    """Coloured by the default path, which turns the pixels where the kind has no tag for it."""
    result = Colorizer("photochrom-lite").colorize(photo, size=64)
    return result.save(target, **saving)


@needs_exiftool
@pytest.mark.parametrize("form", ["attributes", "elements"])
@pytest.mark.parametrize("suffix", TURNING + NOT_TURNING)
def test_xmp_and_exif_are_true(tmp_path, suffix, form):
    photo = photo_with(tmp_path, packet(form).encode())
    found = tags_of(colored(photo, tmp_path / f"a{suffix}"))
    width, height = SIZE[::-1] if suffix in TURNING else SIZE
    indexed = suffix == ".gif"
    expected = {
        "XMP-tiff:Orientation": 1 if suffix in TURNING else 6,
        "XMP-tiff:ImageWidth": width,
        "XMP-tiff:ImageHeight": height,
        "XMP-exif:ExifImageWidth": width,
        "XMP-exif:ExifImageHeight": height,
        "XMP-photoshop:ColorMode": 2 if indexed else 3,
        "XMP-photoshop:ICCProfileName": "sRGB",
        "XMP-tiff:PhotometricInterpretation": 3 if indexed else 2,
        "XMP-tiff:SamplesPerPixel": 1 if indexed else 3,
        "XMP-tiff:BitsPerSample": 8 if indexed else [8, 8, 8],
        "XMP-exif:ColorSpace": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["XMP-dc:Format"] == found["File:MIMEType"].replace("image/jpx", "image/jp2")
    if suffix == ".gif":
        return
    assert found.get("IFD0:Orientation") == (1 if suffix in TURNING else 6)
    assert found.get("ExifIFD:ColorSpace") == 1
    if suffix != ".tif":  # whose EXIF does not repeat them
        assert (found["ExifIFD:ExifImageWidth"], found["ExifIFD:ExifImageHeight"]) == (
            width,
            height,
        )


@needs_exiftool
def test_depth_and_profile_of_a_deep_scan(tmp_path):
    path = tmp_path / "scan.tif"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(pictures.scene(1, np.uint16)[..., 0]).save(path, icc_profile=profile)
    (tmp_path / "a.xmp").write_text(packet())
    write_tags(path, "-xmp<=" + str(tmp_path / "a.xmp"))
    found = tags_of(saved(Photo(path), tmp_path / "a.png"))
    assert found["XMP-tiff:BitsPerSample"] == [16, 16, 16]
    assert found["XMP-tiff:Orientation"] == 6, "no turn was done, and EXIF has none"


@needs_exiftool
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("padding", ["", "\n" + " " * 2000, "\0\0\0"])
def test_encodings_and_padding(tmp_path, encoding, padding):
    note = "<dc:source>Köln, Regal 9</dc:source>"
    text = packet(extra=note) + padding
    found = tags_of(colored(photo_with(tmp_path, text.encode(encoding)), tmp_path / "a.png"))
    assert found["XMP-dc:Source"] == "Köln, Regal 9"
    assert found["XMP-tiff:Orientation"] == 1
    assert found["XMP-iptcExt:DigitalSourceType"] == SOURCE_TYPE


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".jp2"])
def test_a_damaged_packet_stays_with_a_warning(tmp_path, suffix):
    damaged = packet().replace("</rdf:RDF>", "").encode()
    photo = photo_with(tmp_path, damaged, orientation=1)
    assert photo.notes == ("its XMP is damaged, and is carried as it is",)
    assert Photo(saved(photo, tmp_path / f"a{suffix}")).metadata.xmp == damaged


def test_the_missing_mark_is_one_of_the_warnings(tmp_path):
    photo = photo_with(tmp_path, b"<x:xmpmeta", orientation=1)
    lost = "the note that its colours are computed, since its XMP is damaged"
    assert colorize_file(photo.source, tmp_path / "a.png").losses == (lost,)
    unmarked = colorize_file(photo.source, tmp_path / "b.png", save=SaveOptions(mark=False))
    assert unmarked.losses == ()


def test_entities_are_never_expanded(tmp_path):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/hostname">]>'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="">&b;&c;</rdf:Description>'
        "</rdf:RDF>"
    )
    assert Packet.parse(bomb.encode()) is None
    assert Packet.parse(("<a>" * 100_000).encode()) is None


def test_a_packet_that_needs_no_change_is_kept_byte_for_byte(tmp_path):
    calm = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        '<rdf:Description  rdf:about=""  xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<!-- shelf --><dc:source>Regal 9</dc:source></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    photo = photo_with(tmp_path, calm, orientation=1)
    for suffix in (".jpg", ".png", ".webp", ".gif"):
        assert Photo(saved(photo, tmp_path / f"a{suffix}", mark=False)).metadata.xmp == calm


def test_prefixes_of_strangers_stay_in_their_photo():
    """A prefix that another namespace has taken must not reach the next photo's packet."""
    foreign = packet(extra='<evil:x xmlns:evil="http://purl.org/dc/elements/1.1/">1</evil:x>')
    foreign = foreign.replace("evil:x ", 'dc2:x xmlns:dc2="http://a.example/" ').replace(
        "</evil:x>", "</dc2:x>"
    )
    parsed = Packet.parse(foreign.encode())
    ElementTree.fromstring(parsed.to_bytes())
    assert b"a.example" not in Packet.empty().to_bytes()
    assert "http://a.example/" not in ElementTree._namespace_map


def test_a_thumbnail_in_xmp_is_left_out(tmp_path):
    """It would show the photo grey."""
    thumbnail = "<xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt></xmp:Thumbnails>"
    photo = photo_with(tmp_path, packet(extra=thumbnail).encode(), orientation=1)
    assert b"Thumbnails" not in Photo(saved(photo, tmp_path / "a.jpg")).metadata.xmp


@needs_exiftool
def test_adobe_rgb_that_becomes_srgb(tmp_path):
    """DCF's R03 stands for Adobe RGB; the result is sRGB."""
    path = tmp_path / "scan.jpg"
    Image.fromarray(pictures.scene()[..., 0]).save(path)
    write_tags(path, "-InteropIFD:InteropIndex=R03", "-ExifIFD:ColorSpace=65535")
    found = tags_of(saved(Photo(path), tmp_path / "a.jpg"))
    assert found["ExifIFD:ColorSpace"] == 1
    assert "InteropIFD:InteropIndex" not in found


@needs_exiftool
@pytest.mark.parametrize("suffix", [".png", ".webp", ".avif", ".heic"])
def test_no_exif_is_made_up(tmp_path, suffix):
    path = tmp_path / "scan.png"
    Image.fromarray(pictures.scene()[..., 0]).save(path)
    found = tags_of(saved(Photo(path), tmp_path / f"a{suffix}"))
    assert not [name for name in found if name.startswith(("IFD0", "ExifIFD"))]
