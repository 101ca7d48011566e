"""An evaluation's record as Markdown, and the folder of files that a report is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from photochrom.errors import DataError
from photochrom.workshop.evaluation.curve import plot_curves
from photochrom.workshop.evaluation.original import Picture
from photochrom.workshop.evaluation.web_page import write_page

Column = tuple[str, str, str]
"""A head, the figure below it, and how the figure is written."""

ERRORS: tuple[Column, ...] = (
    ("PSNR dB", "psnr", "{:.2f}"),
    ("gain dB", "psnr_gain", "{:+.2f}"),
    ("SSIM", "ssim", "{:.4f}"),
    ("ab error", "ab_error", "{:.2f}"),
    ("below grey", "ab_gain_percent", "{:.1f} %"),
    ("CIEDE2000", "ciede2000", "{:.2f}"),
    ("below grey", "ciede2000_gain_percent", "{:.1f} %"),
    ("s/photo", "seconds", "{:.3f}"),
)
COLORS: tuple[Column, ...] = (
    ("colourfulness / real", "colorfulness_ratio", "{:.2f}"),
    ("distance", "colorfulness_distance", "{:.1f}"),
    ("photo by photo", "colorfulness_photo_distance", "{:.1f}"),
    ("absolute / real", "colorfulness_absolute_ratio", "{:.2f}"),
    ("distance", "colorfulness_absolute_distance", "{:.1f}"),
    ("Fréchet", "frechet", "{:.1f}"),
    ("of grey's", "frechet_share_percent", "{:.0f} %"),
    ("agreement", "agreement_percent", "{:.1f} %"),
    ("gain", "agreement_gain", "{:+.1f}"),
    ("accuracy", "accuracy_percent", "{:.1f} %"),
)
NOTHING = "–"


def write_report(
    folder: Path, record: dict[str, Any], pictures: Callable[[str], dict[str, Picture]]
) -> None:
    """Write figures.json, figures.md, report.html and, where there are curves, curve.png.

    folder: exists. pictures: gives a key's pictures, (H, W, 3): grey, the coloured rows, real.
    Raises DataError where a file cannot be written.
    """
    curve = folder / "curve.png"
    try:
        (folder / "figures.json").write_text(as_json(record) + "\n", encoding="utf-8")
        (folder / "figures.md").write_text(markdown(record) + "\n", encoding="utf-8")
        curve.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(folder, f"cannot be written ({error})", "name another folder") from error
    if "curves" in record:
        plot_curves(record, curve)
    write_page(folder / "report.html", record, pictures)


def as_json(record: Mapping[str, Any]) -> str:
    """The record as figures.json holds it."""
    return json.dumps(record, indent=1, ensure_ascii=False)


def markdown(record: Mapping[str, Any]) -> str:
    """The tables of an evaluation: all photos, then every subset, then the optional tables."""
    blocks = [
        [f"{record['photos']} photos of {', '.join(record['sources'])}"],
        _rows(record, ERRORS),
        _rows(record, COLORS),
        _notes(record),
    ]
    if record["calibration"]:
        blocks.append(_calibration(record))
    if "tracks" in record:
        blocks.append(_tracks(record["tracks"]))
    if "curves" in record:
        blocks.append(_curves(record["curves"]))
    if "kinds" in record:
        blocks.append(_kinds(record["kinds"]))
    return "\n\n".join("\n".join(block) for block in blocks)


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(cells) + " |" for cells in lines),
    ]


def _cell(figures: Mapping[str, float], name: str, form: str) -> str:
    return form.format(figures[name]) if name in figures else NOTHING


def _rows(record: Mapping[str, Any], columns: Sequence[Column]) -> list[str]:
    """A line a row and subset; columns that no row has anything in are left out."""
    measured = {name for row in record["rows"] for name in row["all"]}
    columns = [column for column in columns if column[1] in measured]
    lines = [
        [
            row["name"] + ("" if subset == "all" else f" ({subset})"),
            *(_cell(row[subset], name, form) for _, name, form in columns),
        ]
        for subset in record["subsets"]
        for row in record["rows"]
    ]
    return _table(["", *(head for head, _, _ in columns)], lines)


def _notes(record: Mapping[str, Any]) -> list[str]:
    """What the tables' numbers are to be held against."""
    sizes = ", ".join(f"{name} {count}" for name, count in record["subsets"].items())
    real = record["real"]["all"]
    notes = [
        f"Photos: {sizes}.",
        f"Real photos' colourfulness: {real['colorfulness']:.1f}; from absolute values "
        f"{real['colorfulness_absolute']:.1f}.",
    ]
    if "accuracy_percent" in real:
        notes.append(f"Accuracy on the real photos: {real['accuracy_percent']:.1f} %.")
    if "frechet_floor" in record:
        notes.append(
            f"Fréchet distance, n = {record['photos']}; between two random halves of the real "
            f"photos, n = {record['photos'] // 2} each: {record['frechet_floor']:.1f}."
        )
    return notes


def _calibration(record: Mapping[str, Any]) -> list[str]:
    """A line a tenth of the places, the least confident first; each row's confidence and error."""
    bins = record["calibration"]
    lines = [
        [str(number), *(f"{part['confidence']:.2f}: {part['ab_error']:.2f}" for part in parts)]
        for number, parts in enumerate(zip(*bins.values(), strict=True), start=1)
    ]
    ranks = record["confidence_rank_correlation"]
    last = [f"{ranks[row]:.2f}" if row in ranks else NOTHING for row in bins]
    return _table(["confidence: ab error", *bins], [*lines, ["rank correlation", *last]])


def _tracks(tracks: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """A line a degradation, a column a row: the ab error and how far it is above the clean one."""
    first = next(iter(tracks.values()))
    clean = ["clean", *(f"{line['clean']:.2f}" for line in first)]
    lines = [
        [name, *(_degraded(line) for line in lines_of_track)]
        for name, lines_of_track in tracks.items()
    ]
    return _table(["ab error", *(line["name"] for line in first)], [clean, *lines])


def _degraded(line: Mapping[str, Any]) -> str:
    return f"{line['ab_error']:.2f} ({_cell(line, 'above_clean_percent', '{:+.1f} %')})"


def _curves(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> list[str]:
    """A line a vividness, a column a model: PSNR, ab error, colourfulness."""
    lines = [
        [
            f"{points[0]['vividness']:g}",
            *(
                f"{point['psnr']:.2f} dB, {point['ab_error']:.2f}, "
                f"{point['colorfulness_ratio']:.2f}"
                for point in points
            ),
        ]
        for points in zip(*curves.values(), strict=True)
    ]
    return _table(["vividness", *curves], lines)


def _kinds(kinds: Mapping[str, Any]) -> list[str]:
    """A line a kind, a column a row: what it gains over grey in PSNR and ab error."""
    names = [row["name"] for row in next(iter(kinds.values()))["rows"] if row["name"] != "grey"]
    lines = [
        [
            kind,
            str(figures["photos"]),
            *(_gains(row) for row in figures["rows"] if row["name"] != "grey"),
        ]
        for kind, figures in kinds.items()
    ]
    return _table(["kind", "photos", *names], lines)


def _gains(figures: Mapping[str, float]) -> str:
    psnr = _cell(figures, "psnr_gain", "{:+.2f} dB")
    return f"{psnr}, {_cell(figures, 'ab_gain_percent', '{:.1f} %')}"
