"""Pieces of Markdown that several references need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make reference` out of the code: change the code, not this page. -->"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; text of cells may hold anything but line breaks."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def code(text: object) -> str:
    """A piece of code in a line; nothing where there is no text."""
    return f"`{text}`" if str(text) else ""


def page(title: str, *parts: str) -> str:
    """A whole page of these parts, empty ones left out."""
    return "\n\n".join([f"# {title}", WRITTEN, *filter(None, parts)]) + "\n"


def one_line(text: str | None) -> str:
    """A text without line breaks."""
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
