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
    return "\n".join(lines)
