"""Colours on a grey photo that are not the picture's; photos with colour in a part of them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from photochrom import Colorizer, Photo
from photochrom.errors import InColorError
from photochrom.files import colorize_file
from photochrom.options import ColorizeOptions
from photochrom.photo.metadata.digital_source import IPTC_EXTENSION, SOURCE_TYPE, says_computed
from photochrom.photo.metadata.xmp import RDF
from photochrom.pipeline.toning import Tone, tone_of

SEPIA = (20, 10, 0), (255, 240, 200), (140, 110, 80)
PATCHES = "#005aa0", "#009696", "#008c46", "#f0dc14", "#d21e28", "#aa2882", "#fafafa", "#6e463c"
NAMES = ["astronaut", "cat", "colosseum", "harbour", "otter", "students"]


def judged(picture):
    return tone_of(np.asarray(picture.convert("RGB"), np.float32) / 255)


def as_jpeg(picture, quality=88):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


@pytest.fixture(params=NAMES)
def gray(request, examples):
    return Image.open(examples / f"{request.param}.jpg").convert("L")


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(threads=1)


def written_on(photo, ink, share=1.0):
    picture = photo.convert("RGB")
    size = max(8, min(picture.size) // 12)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    for top in range(4, round(picture.height * share), round(1.7 * size)):
        draw.text((4, top), "Summer of 1931, aunt Anna in the garden, by the lake", ink, font)
    return as_jpeg(picture)


@pytest.mark.parametrize("ink", ["#1e28a0", "#141e78", "#be1e28", "#106030"])
def test_writing_in_ink(gray, ink):
    assert judged(written_on(gray, ink)) is not Tone.COLOR


def test_writing_on_a_small_scan(gray):
    gray.thumbnail((240, 240))
    assert judged(written_on(gray, "#1e28a0")) is not Tone.COLOR


def with_target(photo, side, *, beside):
    """A row of coloured patches along one side of a photo, beside it or over its edge."""
    picture = photo.convert("RGB").rotate(90 * side, expand=True)
    size = min(picture.size) // 6
    if beside:
        picture = ImageOps.expand(picture, (0, 0, 0, size), "#ebebeb")
    draw, width = ImageDraw.Draw(picture), picture.width / len(PATCHES)
    for index, color in enumerate(PATCHES):
        left, top = index * width, picture.height - 0.9 * size
        draw.rectangle((left + 1, top, left + width - 2, picture.height - 3), color)
    return as_jpeg(picture)


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("side", range(4))
def test_a_color_target(gray, side, beside):
    assert judged(with_target(gray, side, beside=beside)) is not Tone.COLOR


@pytest.mark.parametrize("side", range(4))
def test_a_color_target_beside_a_toned_print(gray, side):
    toned = ImageOps.colorize(gray, *SEPIA[:2], SEPIA[2])
    assert judged(with_target(toned, side, beside=True)) is not Tone.COLOR


@pytest.mark.parametrize("pixels", [1, 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_channels_out_of_register(gray, pixels, axis):
    channels = np.asarray(gray)
    shifted = [np.roll(channels, shift, axis) for shift in (pixels, 0, -pixels)]
    assert judged(as_jpeg(Image.fromarray(np.stack(shifted, axis=-1)))) is not Tone.COLOR


@pytest.mark.parametrize("length", [0.06, 0.12])
@pytest.mark.parametrize("strength", [8, 16])
def test_moire(gray, length, strength):
    y, x = np.mgrid[: gray.height, : gray.width]
    bend = 1.5 * np.sin(2 * np.pi * (x / gray.width + y / gray.height))
    phase = 2 * np.pi * ((0.8 * x + 0.6 * y) / (length * min(gray.size)) + bend)
    waves = strength * np.sin(phase[..., None] + 2 * np.pi / 3 * np.arange(3))
    pixels = np.asarray(gray, float)[..., None] + waves
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    assert judged(as_jpeg(picture, 92)) is not Tone.COLOR


@pytest.mark.parametrize("color", ["#285032", "#781e28", "#28326e", "#c8783c", "#e6d6aa"])
def test_a_colored_mat(gray, color):
    for photo in (gray, ImageOps.colorize(gray, *SEPIA[:2], SEPIA[2])):
        mat = ImageOps.expand(photo.convert("RGB"), min(gray.size) // 5, color)
        assert judged(as_jpeg(mat)) is not Tone.COLOR


def test_yellowed_tape(gray):
    picture, mask = gray.convert("RGB"), Image.new("L", gray.size, 0)
    for top in (0.0, 0.4, 0.88):
        box = (0, top * gray.height, gray.width, (top + 0.1) * gray.height)
        ImageDraw.Draw(mask).rectangle(box, 140)
    tape = Image.new("RGB", gray.size, "#d7aa46")
    assert judged(as_jpeg(Image.composite(tape, picture, mask))) is not Tone.COLOR


def test_a_date_and_specks_of_dust(gray):
    picture = gray.convert("RGB")
    draw, size = ImageDraw.Draw(picture), min(gray.size) // 12
    draw.text(
        (gray.width * 0.5, gray.height * 0.85), "'94  7 12", "#ff7820", ImageFont.load_default(size)
    )
    for x, y in ((0.2, 0.3), (0.7, 0.2), (0.4, 0.6), (0.8, 0.7)):
        left, top = x * gray.width, y * gray.height
        draw.ellipse((left, top, left + size / 3, top + size / 3), "#f08c28")
    assert judged(as_jpeg(picture)) is not Tone.COLOR


@pytest.mark.parametrize("hue", [0, 120, 200, 300])
def test_a_flower_in_a_gray_scene_is_color(gray, hue):
    mask = Image.new("L", gray.size, 0)
    x, y, radius = gray.width / 2, gray.height / 2, (0.05 * gray.width * gray.height / np.pi) ** 0.5
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), 170)
    flower = Image.new("RGB", gray.size, f"hsl({hue}, 90%, 45%)")
    picture = as_jpeg(Image.composite(flower, gray.convert("RGB"), mask), 92)
    assert judged(picture) is Tone.COLOR


@pytest.mark.parametrize("share", [0.25, 0.35])
def test_fog_and_night_are_in_color(examples, share):
    """Little chroma everywhere: the colours of a photo mixed with grey, lightened or darkened."""
    found = []
    for path in sorted((examples / "color").glob("*.jpg")):
        pixels = np.asarray(Image.open(path).convert("RGB"), float)
        pale = pixels.mean(axis=2, keepdims=True) * (1 - share) + pixels * share
        found += [
            judged(Image.fromarray((pale * 0.5 + lift).astype(np.uint8))) for lift in (0, 120)
        ]
    assert Tone.GRAY not in found
    assert found.count(Tone.COLOR) >= 0.6 * len(found)


def luminance_of(path):
    codes = np.asarray(Image.open(path).convert("RGB")) / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_a_photo_with_writing_is_colored_and_keeps_its_luminance(
    examples, colorizer, tmp_path, lab_of
):
    source, target = tmp_path / "written.png", tmp_path / "out.png"
    written_on(Image.open(examples / "cat.jpg").convert("L"), "#1e28a0").save(source)
    assert colorize_file(source, target, colorizer=colorizer).state == "done"
    assert np.abs(luminance_of(source) - luminance_of(target)).max() < 0.02  # 8 bit, rounded
    assert np.ptp(lab_of(np.asarray(Image.open(target)))[..., 1:], axis=(0, 1)).max() > 5


def marked(attributes="", inside=""):
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC_EXTENSION}" {attributes}>'
        f"{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize(
    "xmp",
    [
        marked(f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"'),
        marked(
            inside=f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>"
        ),
        marked(inside=f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{SOURCE_TYPE}"/>'),
        marked('Iptc4xmpExt:DigitalSourceType="compositeWithTrainedAlgorithmicMedia"'),
    ],
)
def test_the_mark_is_found_however_it_is_written(xmp):
    assert says_computed(xmp)


@pytest.mark.parametrize("xmp", [None, b"", b"<x:xmp", marked(), marked(f'x="{SOURCE_TYPE}"')])
def test_other_packets_have_no_mark(xmp):
    assert not says_computed(xmp)


def test_a_result_is_in_color_however_weak_its_colors_are(examples, colorizer, tmp_path):
    """Saved again by another program, too; one channel has no colours."""
    source, result, again = (tmp_path / name for name in ("gray.png", "result.jpg", "again.jpg"))
    gray = Image.open(examples / "cat.jpg").convert("L")
    gray.save(source)
    colorize_file(source, result, ColorizeOptions(saturation=0.02), colorizer=colorizer)
    xmp = Photo(result).metadata.xmp
    Image.open(result).save(again, xmp=xmp)
    for path in (result, again):
        with pytest.raises(InColorError, match="its XMP says that the colours are computed"):
            colorizer.colorize(path)
    gray.save(source.with_suffix(".jpg"), xmp=xmp)
    assert colorizer.colorize(source.with_suffix(".jpg")).rgb.shape == (300, 451, 3)


SKIES = {
    "sky and meadow": ("#78aaeb", "#4b8228"), "of one lightness": ("#6496d2", "#5aa03c"),
    "red and blue": ("#c83c32", "#3c5ac8"), "orange and teal": ("#dc9646", "#288278"),
}  # fmt: skip


@pytest.mark.parametrize("noise", [0, 12])
@pytest.mark.parametrize("name", SKIES)
def test_two_flat_colors_are_no_tone(name, noise):
    """Each is the usual colour of its lightness, but no tone goes from one to the other."""
    above, below = SKIES[name]
    picture = Image.new("RGB", (400, 300), above)
    picture.paste(below, (0, 150, 400, 300))
    picture.paste("#807870", (150, 100, 250, 200))
    grain = np.random.default_rng(0).normal(0, noise, (300, 400, 3))
    picture = Image.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8))
    assert judged(picture) is Tone.COLOR
    assert judged(picture.rotate(90, expand=True)) is Tone.COLOR


SPLIT_TONES = [
    ((0, 10, 40), (255, 240, 200), (130, 130, 130)),
    ((0, 5, 60), (255, 236, 190), (110, 110, 150)),
    ((40, 10, 0), (215, 235, 255), (140, 130, 120)),
]
"""Black, white and middle of prints whose shadows and lights have different hues."""


@pytest.mark.parametrize("tone", SPLIT_TONES)
@pytest.mark.parametrize("quality", [75, 95])
def test_split_tones_are_tones(gray, tone, quality):
    black, white, middle = tone
    toned = ImageOps.colorize(gray, black, white, middle)
    assert judged(as_jpeg(toned, quality)) is Tone.TINTED
