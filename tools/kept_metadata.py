"""The table in `docs/formats.md` of what is kept from every kind of file to every kind.

A photo of each kind that is written is filled with everything that the kind holds, coloured, and
written as every kind; exiftool says what arrived. `python -m tools.kept_metadata` writes the table.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netpbmfile
import numpy as np
import pillow_heif
from openjpeg.utils import encode_array
from PIL import Image

from photochrom import Colorizer, Photo, SaveOptions
from photochrom._system.vips import pyvips
from photochrom.photo import WRITTEN, Kind, losses

PAGE = Path(__file__).resolve().parents[1] / "docs" / "formats.md"
_BEGIN, _END = "<!-- kept: begin -->", "<!-- kept: end -->"
WIDTH, HEIGHT = 96, 64
_LONG = 100_000
"""Characters of XMP: more than a segment of a JPEG holds."""
_NOTE = b"NOTE OF A MAKER THAT NOBODY KNOWS"
_DPI = 600.0
_PIXELS_A_METRE = round(_DPI / 0.0254)


@dataclass(frozen=True)
class Item:
    """Something that a file may hold: its letter, its name, and words of its loss's warning."""

    letter: str
    name: str
    warning: str


ITEMS = (
    Item("E", "EXIF", "EXIF"),
    Item("G", "GPS", "EXIF"),
    Item("M", "note of the maker", "EXIF"),
    Item("X", "XMP", "XMP"),
    Item("L", "XMP longer than 64 kB", "XMP"),
    Item("I", "IPTC", "IPTC"),
    Item("C", "comment", "its comment"),
    Item("T", "text chunks", "the text chunks"),
    Item("R", "resolution", "its resolution"),
    Item("P", "ICC profile, with `--profile keep`", "a profile"),
    Item("D", "16-bit depth", "-bit depth"),
    Item("A", "transparency", "transparency"),
    Item("O", "orientation", "orientation"),
)


def probe(kind: Kind, folder: Path) -> Path:
    """A grey photo of a kind, of colours in Display P3, with all that exiftool can put into it."""
    path = folder / f"{kind.name.replace(' ', '')}{kind.suffix}"
    _PICTURES.get(kind.name, _by_libvips)(path, kind)
    carrier = folder / "exif.jpg"
    Image.new("L", (8, 8)).save(carrier, exif=_exif())
    copied = ["-tagsFromFile", str(carrier), "-all:all", "-makernotes", "-unsafe"]
    _exiftool("-q", "-m", "-overwrite_original", *copied, *_tags(kind), str(path))
    return path


def _tags(kind: Kind) -> list[str]:
    """What exiftool writes; it leaves out what a kind does not hold."""
    tags = ["-XMP-dc:Source=shelf 9", f"-XMP-photoshop:History={'x' * _LONG}"]
    tags += ["-Comment=back of the print", "-IPTC:City=Prizren"]
    tags += ["-PNG:Author=A. N. Other"] if kind.name == "PNG" else []
    return tags


def _exif() -> bytes:
    exif = Image.Exif()
    exif[282] = exif[283] = _DPI
    exif[296] = 2
    exif[274] = 6
    exif.get_ifd(0x8769).update({42036: "Summar", 37500: _NOTE})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    return exif.tobytes()


def _scene(bands: int, dtype: Any) -> np.ndarray:
    """(H, W, bands), grey, darker towards the left; the fourth band is transparency."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] / max(WIDTH, HEIGHT)
    gray = 0.1 + 0.8 * (0.5 + 0.5 * np.sin(9 * x) * np.cos(7 * y))
    planes = [gray] * 3 + [x] * (bands - 3)
    return np.rint(np.stack(planes, axis=-1) * np.iinfo(dtype).max).astype(dtype)


def _by_libvips(path: Path, kind: Kind) -> None:
    deep = kind.name in ("PNG", "TIFF", "AVIF")
    pixels = _scene(4 if kind.alpha else 3, np.uint16 if deep else np.uint8)
    image = pyvips.Image.new_from_array(pixels)
    image = image.copy(
        interpretation="rgb16" if deep else "srgb", xres=_DPI / 25.4, yres=_DPI / 25.4
    )
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    options = {"bitdepth": 12, "compression": "av1"} if kind.name == "AVIF" else {}
    image.write_to_file(str(path), **options)


def _ppm(path: Path, _: Kind) -> None:
    netpbmfile.imwrite(path, _scene(3, np.uint16), magicnumber="P6", maxval=65535)


def _jp2(path: Path, _: Kind) -> None:
    data = encode_array(
        _scene(4, np.uint16), bits_stored=16, photometric_interpretation=0, codec_format=1
    )
    start = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", data, start)
    resolution = struct.pack(">HHHHbb", 30_000, 127, 30_000, 127, 2, 2)
    box = struct.pack(">I4sI4s", 26, b"res ", 18, b"resc") + resolution
    head = struct.pack(">I", size + len(box)) + data[start + 4 : start + size] + box
    path.write_bytes(data[:start] + head + data[start + size :])


def _heic(path: Path, _: Kind) -> None:
    pixels = _scene(4, np.uint16)
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    pillow_heif.options.SAVE_HDR_TO_12_BIT = True
    pillow_heif.encode(
        "RGBA;16", (WIDTH, HEIGHT), pixels.tobytes(), str(path), quality=90, icc_profile=profile
    )


_PICTURES = {"PGM or PPM": _ppm, "JPEG 2000": _jp2, "HEIC": _heic}


def held_in(folder: Path) -> dict[Path, dict[str, bool]]:
    """What each file in a folder holds, see `_held`."""
    read = json.loads(_exiftool("-j", "-n", "-G1", "-a", "-U", str(folder)))
    return {Path(tags["SourceFile"]): _held(Path(tags["SourceFile"]), tags) for tags in read}


def _held(path: Path, tags: dict[str, Any]) -> dict[str, bool]:
    """What a file holds: letters, and whether in the place made for it or (false) in XMP."""
    photo = Photo(path)
    own = {
        "E": tags.get("ExifIFD:LensModel") == "Summar",
        "G": "GPS:GPSLatitude" in tags,
        "M": _NOTE in path.read_bytes(),
        "X": tags.get("XMP-dc:Source") == "shelf 9",
        "L": len(str(tags.get("XMP-photoshop:History", ""))) >= _LONG,
        "I": tags.get("IPTC:City") == "Prizren",
        "C": "back of the print" in (tags.get("File:Comment"), tags.get("PNG:Comment")),
        "T": tags.get("PNG:Author") == "A. N. Other",
        "R": _has_resolution(tags),
        "P": "P3" in str(tags.get("ICC_Profile:ProfileDescription")),
        "D": photo.bits > 8,
        "A": photo.alpha,
        "O": photo.orientation != 1,
    }
    moved = {
        "I": tags.get("XMP-photoshop:City") == "Prizren",
        "C": tags.get("XMP-exif:UserComment") == "back of the print",
        "T": tags.get("XMP-dc:Creator") == "A. N. Other",
    }
    found = {letter: True for letter, is_there in own.items() if is_there}
    return {letter: False for letter, is_there in moved.items() if is_there} | found


def _has_resolution(tags: dict[str, Any]) -> bool:
    across = [tags.get(f"{group}:XResolution") for group in ("JFIF", "IFD0")]
    return (
        _DPI in across
        or tags.get("PNG-pHYs:PixelsPerUnitX") == _PIXELS_A_METRE
        or abs(tags.get("Jpeg2000:CaptureXResolution", 0) - _DPI / 2.54) < 1e-3
    )


Held = dict[str, bool]


def cell(photo: Photo, before: Held, path: Path, after: Held) -> str:
    """Letters of what is lost, and in small ones of what becomes XMP.

    before, after: what the photo and its result hold. path: of the result.
    Raises ValueError for a loss without a warning.
    """
    written, letters = Photo(path), ""
    assert written.kind is not None
    warnings = losses(photo, written.kind, SaveOptions(profile="keep"))
    for item in ITEMS:
        if item.letter not in before:
            continue
        is_lost = item.letter not in after
        if item.letter == "D":
            is_lost = written.bits < photo.bits
        elif item.letter == "O":
            is_lost = written.upright_size != photo.upright_size
        if is_lost and not any(item.warning in warning for warning in warnings):
            raise ValueError(f"{path.name}: {item.name} is lost without a warning")
        letters += item.letter if is_lost else ""
        if before[item.letter] and after.get(item.letter) is False:
            letters += item.letter.lower()
    return letters or "all"


def rows(folder: Path) -> list[list[str]]:
    """The cells of the table, colouring and writing all files in a folder."""
    colorizer, saving = Colorizer("photochrom-lite"), SaveOptions(profile="keep")
    places: dict[str, list[Path]] = {}
    for source in WRITTEN:
        result = colorizer.colorize(probe(source, folder), size=64)
        stem = folder / source.name.replace(" ", "")
        places[source.name] = [result.photo.source]
        for target in WRITTEN:
            places[source.name].append(result.save(f"{stem}-as{target.suffix}", saving))
    held = held_in(folder)
    table = []
    for name, (origin, *results) in places.items():
        before, photo = held[origin], Photo(origin)
        cells = [cell(photo, before, path, held[path]) for path in results]
        letters = "".join(item.letter for item in ITEMS if item.letter in before)
        table.append([f"**{name}**", letters, *cells])
    return table


def table() -> str:
    """The table, in Markdown."""
    head = ["from \\ to", "holds", *(kind.name for kind in WRITTEN)]
    with tempfile.TemporaryDirectory() as folder:
        lines = [head, ["---"] * len(head), *rows(Path(folder))]
    legend = ", ".join(f"{item.letter} {item.name}" for item in ITEMS)
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines] + ["", f"{legend}."])


def page() -> str:
    """The page with a new table."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def _exiftool(*arguments: str) -> str:
    program = shutil.which("exiftool")
    if program is None:
        raise FileNotFoundError("exiftool is not installed; CONTRIBUTING.md says how")
    # what a kind of file does not hold is an error of exiftool's, and no fault here
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return done.stdout


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: written\n")
