"""IPTC records as properties of XMP, for kinds of files that hold none.

IIM 4.2; the mapping is that of the IPTC Photo Metadata standard, and of the Metadata Working
Group's guidelines for dates.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_UTF8 = b"\x1b%G"
"""The value of the record for the coded character set (1:90) that stands for UTF-8."""
_CHARACTER_SET = (1, 90)
_APPLICATION = 2
_MOST = 10_000
"""Records of one photo; more is damage."""
_ADMINISTRATIVE = frozenset({0, 3, 7, 8, 10, 22, 30, 35, 37, 38, 42, 45, 47, 50, 70, 75})
"""Of the editorial desk's own work: versions, status, release and expiry, references, cycles."""
_PREVIEW = frozenset({200, 201, 202})


@dataclass(frozen=True)
class Property:
    """A property of XMP: its name, its text or items, and RDF's kind of array."""

    name: str
    value: str | tuple[str, ...]
    array: str = "Seq"


_SIMPLE = {
    10: "photoshop:Urgency",
    15: "photoshop:Category",
    40: "photoshop:Instructions",
    65: "xmp:CreatorTool",
    85: "photoshop:AuthorsPosition",
    90: "photoshop:City",
    92: "Iptc4xmpCore:Location",
    95: "photoshop:State",
    100: "Iptc4xmpCore:CountryCode",
    101: "photoshop:Country",
    103: "photoshop:TransmissionReference",
    105: "photoshop:Headline",
    110: "photoshop:Credit",
    115: "photoshop:Source",
    122: "photoshop:CaptionWriter",
}
_ARRAYS = {
    5: ("dc:title", "Alt"),
    12: ("Iptc4xmpCore:SubjectCode", "Bag"),
    20: ("photoshop:SupplementalCategories", "Bag"),
    25: ("dc:subject", "Bag"),
    80: ("dc:creator", "Seq"),
    116: ("dc:rights", "Alt"),
    120: ("dc:description", "Alt"),
}
_DATES = {(55, 60): "photoshop:DateCreated", (62, 63): "xmp:CreateDate"}
"""Number of the date, and of its time."""
_GENRE = 4


def as_properties(iptc: bytes) -> tuple[list[Property], list[str]]:
    """Records as properties of XMP, and what has none, as "2:118"."""
    texts = _texts(iptc)
    found: list[Property] = []
    for number, values in texts.items():
        if number in _SIMPLE:
            found.append(Property(_SIMPLE[number], values[0]))
        elif number in _ARRAYS:
            name, array = _ARRAYS[number]
            items = ("\n".join(values),) if array == "Alt" else tuple(values)
            if number == 12:
                items = tuple(_subject_code(value) for value in values)
            found.append(Property(name, items, array))
        elif number == _GENRE:
            found.append(Property("Iptc4xmpCore:IntellectualGenre", values[0].split(":", 1)[-1]))
    done = {*_SIMPLE, *_ARRAYS, _GENRE}
    for (date, time), name in _DATES.items():
        when = _date(texts.get(date, [""])[0], texts.get(time, [""])[0])
        if when is not None:
            found.append(Property(name, when))
            done |= {date, time}
    others = set(texts) - done - _ADMINISTRATIVE - _PREVIEW
    return found, [f"2:{number:02d}" for number in sorted(others)]


def _texts(iptc: bytes) -> Mapping[int, list[str]]:
    """The texts of the application record by number; empty ones are left out."""
    records = list(_records(iptc))
    utf8 = (*_CHARACTER_SET, _UTF8) in records
    found: dict[int, list[str]] = {}
    for record, number, data in records:
        text = _text(data, utf8)
        if record == _APPLICATION and text:
            found.setdefault(number, []).append(text)
    return found


def _text(data: bytes, utf8: bool) -> str:
    """Many programs write UTF-8 without naming it; what is no UTF-8 is taken for Latin 1."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8" if utf8 else "cp1252", "replace")
    return text.strip("\0 \r\n\t").replace("\r\n", "\n").replace("\r", "\n")


def _records(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and data of each data set, as far as they are sound."""
    start = 0
    for _ in range(_MOST):
        if iptc[start : start + 1] != b"\x1c" or start + 5 > len(iptc):
            return
        record, number, size = struct.unpack_from(">BBH", iptc, start + 1)
        start += 5
        if size & 0x8000:  # an extended data set: so many bytes hold the length
            width = size & 0x7FFF
            if width > 4:
                return
            size = int.from_bytes(iptc[start : start + width], "big")
            start += width
        if start + size > len(iptc):
            return
        yield record, number, iptc[start : start + size]
        start += size


def _subject_code(value: str) -> str:
    """The code inside "IPTC:15000000:SPO:..."."""
    parts = value.split(":")
    return parts[1] if len(parts) > 1 else value


def _date(date: str, time: str) -> str | None:
    """A date of XMP: as much as is known of "YYYYMMDD" and "HHMMSS+HHMM"."""
    found = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", date)
    if found is None or found[1] == "0000":
        return None
    day = "-".join(part for part in found.groups() if part != "00")
    at = re.fullmatch(r"(\d\d):?(\d\d):?(\d\d)(?:([+-]\d\d):?(\d\d))?", time)
    if at is None or len(day) < len("YYYY-MM-DD"):
        return day
    zone = f"{at[4]}:{at[5]}" if at[4] else ""
    return f"{day}T{at[1]}:{at[2]}:{at[3]}{zone}"
