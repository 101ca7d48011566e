"""Options that several commands have, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.errors import ConfigError

PIPE = "-"
"""What stands for standard input and output."""

Size = Annotated[
    int | None,
    typer.Option(
        min=32, max=2048, help="Short side of the copy the network sees; the model's default."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A model's name, an .onnx file, or several, whose colours are averaged: a:0.7+b:0.3.",
    ),
]
ModelKind = Annotated[
    str | None,
    typer.Option(
        metavar="KIND", help="What an .onnx file of others takes and gives, see docs/models.md."
    ),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help="auto, cpu, cuda, ...: what the installed ONNX Runtime offers; the CPU steps in where "
        "it fails.",
    ),
]
Quality = Annotated[int, typer.Option(min=1, max=100, help="Of JPEG and WebP.")]
Threads = Annotated[int | None, typer.Option(min=1, help="How many to use; all cores by default.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Profile = Annotated[
    str,
    typer.Option(
        metavar="srgb|keep",
        help="Colour space of the result: sRGB, or the photo's own (for a grey one, RGB with its "
        "tone curve).",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(metavar="EXT", help="jpg, png, tif, webp, ...; by default that of the photo."),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Refuse larger pictures before decoding them; 1 gigapixel, 150 megapixels where the "
        "format cannot be read row by row.",
    ),
]
Recolor = Annotated[bool, typer.Option("--recolor", help="Also colour what is in colour already.")]

_TREES = "Whole folders (with -o FOLDER)"
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Subfolders too.", rich_help_panel=_TREES)
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Only photos whose path fits, as in a .gitignore; several times for several.",
        rich_help_panel=_TREES,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Not these.", rich_help_panel=_TREES),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, help="Photos at a time; as many as cores by default.", rich_help_panel=_TREES
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on where an earlier job ended.", rich_help_panel=_TREES),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed", help="Go on, and try again what failed.", rich_help_panel=_TREES
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="local|ray",
        help="ray: on a Ray cluster, folders by URL (docs/batch.md).",
        rich_help_panel=_TREES,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="Of the Ray cluster; else one here.", rich_help_panel=_TREES
    ),
]
LedgerFolder = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FOLDER",
        help="With --engine ray: where the ledger lies; by default in -o where that is local.",
        rich_help_panel=_TREES,
    ),
]


def suffix_of(format_name: str | None) -> str | None:
    """The suffix that a format's name stands for; raises ConfigError for an unknown one."""
    if format_name is None:
        return None
    from photochrom.photo.formats import KINDS, kind_of

    suffix = f".{format_name.lower().lstrip('.')}"
    if kind_of(suffix) is None:
        known = ", ".join(kind.suffix[1:] for kind in KINDS)
        raise ConfigError(f"--format {format_name}: not one of {known}")
    return suffix


def make_folder(folder: Path) -> None:
    """Make a folder for results where it is not there yet; raises ConfigError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be a folder ({error.strerror})") from error
