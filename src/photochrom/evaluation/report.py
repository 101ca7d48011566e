"""Figures as a Markdown table."""

from __future__ import annotations

from typing import Any

_COLUMNS = (
    ("PSNR dB", "psnr", "{:.2f}"),
    ("gain dB", "psnr_gain", "{:+.2f}"),
    ("ab error", "ab_error", "{:.2f}"),
    ("below grey", "ab_gain_percent", "{:.1f} %"),
    ("CIEDE2000", "ciede2000", "{:.2f}"),
    ("colourfulness", "colourfulness_ratio", "{:.2f}"),
    ("s/photo", "seconds", "{:.3f}"),
)


def markdown(figures: dict[str, Any]) -> str:
    """A table of `evaluate_photos`' figures: all photos, then the odd ones."""
    heads = ["", *(head for head, _, _ in _COLUMNS)]
    lines = [f"{figures['photos']} photos, model {figures['model']}", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for subset, label in (("all", ""), ("odd", " (odd)")):
        for row in figures["rows"]:
            if subset in row:
                cells = [form.format(row[subset][key]) for _, key, form in _COLUMNS]
                lines.append("| " + " | ".join([row["name"] + label, *cells]) + " |")
    if "kinds" in figures:
        lines += ["", *_kinds(figures["kinds"])]
    return "\n".join(lines)


def _kinds(kinds: dict[str, Any]) -> list[str]:
    """Rows of kinds, columns of what each model gains there in PSNR and ab error."""
    names = [row["name"] for row in next(iter(kinds.values()))["rows"] if row["name"] != "grey"]
    lines = ["| kind | photos | " + " | ".join(names) + " |", "|" + "---|" * (2 + len(names))]
    for kind, found in kinds.items():
        cells = [
            f"{row['psnr_gain']:+.2f} dB, {row['ab_gain_percent']:.1f} %"
            for row in found["rows"]
            if row["name"] != "grey"
        ]
        lines.append(f"| {kind} | {found['photos']} | " + " | ".join(cells) + " |")
    return lines
