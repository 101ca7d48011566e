"""A web page with every figure and selected photos: one HTML file that loads nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom.errors import DataError
from photochrom.options import ColorizeOptions
from photochrom.workshop.evaluation.original import Picture

BASELINES = ("grey", "best constant")
PHOTOS_OF_A_SELECTION = 24
LONG_SIDE = 384
"""Of a picture in the page, pixels."""

WEBP_QUALITY = 82
"""A picture of 384 pixels takes about 22 kB of text: 90 photos with six pictures each, 12 MB."""

SEED = 0

_SCRIPTS = ("dom", "figures", "charts", "tables", "slider", "gallery", "main")
"""In the order of their imports."""

_IMPORTS = re.compile(r"^import .*\n|^export ", re.MULTILINE)


@dataclass(frozen=True)
class Selection:
    """Photos that belong together, the first to be looked at first.

    words: one sentence on how they were selected. keys: of the photos.
    """

    name: str
    words: str
    keys: Sequence[str]


def write_page(
    path: Path, record: Mapping[str, Any], pictures: Callable[[str], Mapping[str, Picture]]
) -> None:
    """Write the figures of an evaluation and its most telling photos as one HTML file.

    record: as docs/evaluation.md describes figures.json.
    pictures: gives a key's pictures, (H, W, 3), sRGB: "grey", the coloured rows by name, "real".
    Raises DataError where the file cannot be written.
    """
    selections = select_photos(record)
    keys = sorted({key for selection in selections for key in selection.keys})
    scored = {photo["key"]: photo for photo in record["per_photo"]}
    names = ["grey", *_colored(record), "real"]
    spread = _disagreement(record)
    photos = [
        scored[key]
        | {"pictures": _embedded(pictures(key), names)}
        | ({"disagreement": spread[key]} if spread else {})
        for key in keys
    ]
    place = {key: index for index, key in enumerate(keys)}
    data = {
        "record": {name: part for name, part in record.items() if name != "per_photo"},
        "lead": _contenders(record)[0],
        "photos": photos,
        "selections": [
            {"name": one.name, "words": one.words, "photos": [place[key] for key in one.keys]}
            for one in selections
        ],
    }
    try:
        path.write_text(_document(data), encoding="utf-8")
    except OSError as error:
        raise DataError(path, f"cannot be written ({error})", "name another folder") from error


def select_photos(record: Mapping[str, Any]) -> list[Selection]:
    """The best, the worst, some random photos, and those on which the models disagree most.

    Best and worst go by the ab error of the first model's row; disagreement is the largest
    difference of ab errors between the models (each at the vividness nearest the default) or,
    where there is one model, between its rows. With one coloured row this selection is left out.
    """
    lead = _contenders(record)[0]
    error = {photo["key"]: photo["scores"][lead]["ab_error"] for photo in record["per_photo"]}
    ranked = sorted(error, key=error.__getitem__)
    number = min(PHOTOS_OF_A_SELECTION, len(ranked))
    drawn = np.random.default_rng(SEED).choice(len(error), number, replace=False)
    keys = list(error)
    selections = [
        Selection("best", f"The least ab error of {lead}, best first.", ranked[:number]),
        Selection("worst", f"The largest ab error of {lead}, worst first.", ranked[::-1][:number]),
        Selection(
            "random", "Drawn at random, with a fixed seed.", [keys[i] for i in sorted(drawn)]
        ),
    ]
    spread = _disagreement(record)
    if spread:
        apart = sorted(spread, key=spread.__getitem__, reverse=True)[:number]
        words = f"The ab errors of {_listed(_compared(record))} lie furthest apart."
        selections.append(Selection("largest disagreement", words, apart))
    return selections


def _colored(record: Mapping[str, Any]) -> list[str]:
    return [row["name"] for row in record["rows"] if row["name"] not in BASELINES]


def _contenders(record: Mapping[str, Any]) -> list[str]:
    """One row a model, that nearest the default vividness, and every row of a folder."""
    nearest: dict[str, tuple[float, str]] = {}
    for row in record["rows"]:
        if row["name"] not in BASELINES:
            vividness = row["vividness"]
            usual = ColorizeOptions.vividness
            far = abs((usual if vividness is None else vividness) - usual)
            group = row["model"] or row["name"]
            if group not in nearest or far < nearest[group][0]:
                nearest[group] = (far, row["name"])
    return [name for _, name in nearest.values()]


def _compared(record: Mapping[str, Any]) -> list[str]:
    contenders = _contenders(record)
    return contenders if len(contenders) > 1 else _colored(record)


def _disagreement(record: Mapping[str, Any]) -> dict[str, float]:
    """How far a photo's ab errors lie apart, by key; empty with a single coloured row."""
    names = _compared(record)
    if len(names) < 2:
        return {}
    errors = {
        photo["key"]: [photo["scores"][name]["ab_error"] for name in names]
        for photo in record["per_photo"]
    }
    return {key: max(values) - min(values) for key, values in errors.items()}


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _embedded(made: Mapping[str, Picture], names: Sequence[str]) -> dict[str, str]:
    return {name: _data_uri(made[name]) for name in names}


def _data_uri(picture: Picture) -> str:
    small = Image.fromarray(picture)
    small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    encoded = BytesIO()
    small.save(encoded, "WEBP", quality=WEBP_QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(encoded.getvalue()).decode('ascii')}"


def _document(data: Mapping[str, Any]) -> str:
    """The template with its style, its scripts as one module, and the data, which goes in last."""
    folder = files("photochrom.workshop.evaluation") / "web"
    scripts = (_IMPORTS.sub("", (folder / f"{name}.js").read_text("utf-8")) for name in _SCRIPTS)
    page = (folder / "page.html").read_text("utf-8")
    page = page.replace("/*STYLE*/", (folder / "page.css").read_text("utf-8").strip())
    page = page.replace("/*SCRIPT*/", "\n".join(scripts).strip())
    return page.replace("/*DATA*/", _escaped(data))


def _escaped(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: with no '<' in it, nothing closes or opens one."""
    return json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
