"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.exit_codes import one_line_errors
from photochrom.crops import Crop
from photochrom.errors import ConfigError, os_reason, see_docs
from photochrom.options import RANGES, SIZES
from photochrom.restoration.options import WIDEST_DAMAGE

if TYPE_CHECKING:
    from photochrom.references import Reference

_AFTER = "Colours, after the network"


def _ranged(name: str, text: str, panel: str | None = None) -> Any:
    """A number with the range that `photochrom.options` gives it."""
    low, high = RANGES[name]
    return typer.Option(min=low, max=high, help=text, rich_help_panel=panel)


Vividness = Annotated[
    float,
    _ranged(
        "vividness",
        "0 = faithful and muted, 1 = vivid. For models that predict ab directly it scales chroma: "
        "published models are unchanged at 0.5.",
    ),
]
Saturation = Annotated[float, _ranged("saturation", "Factor on all colours.", _AFTER)]
Warmth = Annotated[float, _ranged("warmth", "-1 = bluer, 1 = yellower.", _AFTER)]
Tint = Annotated[float, _ranged("tint", "-1 = greener, 1 = more magenta.", _AFTER)]
Smooth = Annotated[float, _ranged("smooth", "Edge-aware smoothing of chroma; 0 = off.", _AFTER)]


def _use_preset(context: typer.Context, name: str | None) -> str | None:
    """Make the options of a preset the defaults of the command that runs.

    Click asks its table of defaults only for options that were not given on the command line.
    """
    if name is not None and not context.resilient_parsing:
        from photochrom.presets import load_preset

        with one_line_errors():
            values = load_preset(name).values
        context.default_map = {**(context.default_map or {}), **values}
    return name


PresetName = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        callback=_use_preset,
        is_eager=True,
        help="Options by the name of a preset; those given beside it count more. `photochrom "
        "presets` lists them.",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        min=SIZES[0],
        max=SIZES[1],
        help="Input size: short side of the copy the network sees; default: the model's.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Model name, .onnx file, or a blend with weights: a:0.7+b:0.3.",
    ),
]
ModelKind = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help=f"Kind of a third-party .onnx file: its inputs and outputs; {see_docs('models')}.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help="auto, cpu, cuda, ...: a device of the installed ONNX Runtime; the CPU is used where "
        "the device fails to start.",
    ),
]
Quality = Annotated[
    int, typer.Option(min=1, max=100, help="Quality of lossy formats (JPEG, WebP, AVIF, HEIC).")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Number of threads; default: all cores.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
KeepTime = Annotated[
    bool,
    typer.Option(
        "--keep-time/--no-keep-time", help="Give each result its photo's modification time."
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        metavar="srgb|keep",
        help="Colour space of the result: sRGB, or the photo's own (for a grey one, RGB with its "
        "tone curve).",
    ),
]
Reversible = Annotated[
    bool,
    typer.Option(
        "--reversible/--no-reversible",
        help="Grey JPEGs only: keep the photo's own luma, bit for bit; `photochrom undo` gives the "
        "grey file back.",
    ),
]
CropGeometry = Annotated[
    str | None,
    typer.Option(
        "--crop",
        metavar="WxH+X+Y",
        help="Write this part of each photo, pixels of the upright one; its pixels and colours are "
        "those of the whole result.",
    ),
]
Turned = Annotated[
    int,
    typer.Option(
        "--turn",
        metavar="0|90|180|270",
        help="Turn results clockwise by so many degrees, after --crop.",
    ),
]
REPAIR = "Repair of damage"
Sensitivity = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="0 = only what is certainly damage, 1 = all that may be.",
        rich_help_panel=REPAIR,
    ),
]
MaxWidth = Annotated[
    int,
    typer.Option(
        min=1,
        max=WIDEST_DAMAGE,
        metavar="PIXELS",
        help="Fill damage up to this width from its surroundings; what is wider stays as it is, or "
        "is filled by --inpainter.",
        rich_help_panel=REPAIR,
    ),
]
Inpainter = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Model that fills wider damage, such as mi-gan, or an .onnx file; `photochrom models` "
        "lists them.",
        rich_help_panel=REPAIR,
    ),
]
MaskIn = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A picture of the photo's size with the damage in white, instead of a search (single "
        "photo).",
        rich_help_panel=REPAIR,
    ),
]
Levels = Annotated[
    bool,
    typer.Option(
        "--levels", help="Stretch the tones of a flat or faded photo.", rich_help_panel=REPAIR
    ),
]
Format = Annotated[
    str | None,
    typer.Option(metavar="EXT", help="jpg, png, tif, webp, ...; default: the photo's."),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="TEMPLATE",
        help="Names of results, with the fields {stem}, {suffix}, {model} and {vividness}.",
    ),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Refuse larger pictures before decoding them; default: 1 gigapixel, or 150 megapixels "
        "where the format cannot be read row by row.",
    ),
]
Recolor = Annotated[
    bool, typer.Option("--recolor", help="Also colour photos that are in colour already.")
]
References = Annotated[
    list[Path] | None,
    typer.Option(
        "--reference",
        metavar="PHOTO",
        help="A colour photo whose colours lead those of like things: the same uniform, house or "
        "place; repeatable.",
    ),
]
ReferenceAlbum = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="All colour photos of a folder as references, such as those corrected by hand.",
    ),
]


def references_of(photos: list[Path] | None, album: Path | None) -> tuple[Reference, ...]:
    """The references that a command line names; raises PhotoError for one that is none."""
    if not photos and album is None:
        return ()
    from photochrom._system.vips import block_untrusted
    from photochrom.pipeline.references import load_album, load_reference

    block_untrusted()
    return (*map(load_reference, photos or ()), *(() if album is None else load_album(album)))


_TREES = "Whole folders"
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Include subfolders.", rich_help_panel=_TREES)
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Only photos whose path matches, as in a .gitignore; repeatable.",
        rich_help_panel=_TREES,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN", help="Skip matching paths; repeatable.", rich_help_panel=_TREES
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Photos processed at the same time; default: one per core.",
        rich_help_panel=_TREES,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="With -o FOLDER: continue where an earlier job ended.",
        rich_help_panel=_TREES,
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="With -o FOLDER: continue, and retry photos that failed.",
        rich_help_panel=_TREES,
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="local|ray",
        help=f"ray: on a Ray cluster, folders by URL; {see_docs('batch')}.",
        rich_help_panel=_TREES,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Address of the Ray cluster; default: a new one on this machine.",
        rich_help_panel=_TREES,
    ),
]
LedgerFolder = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FOLDER",
        help="Folder of the ledger; default: the -o folder. For results on a file server that "
        "cannot lock files.",
        rich_help_panel=_TREES,
    ),
]
_WATCHED = "A folder that is watched"
WatchFolder = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Go on: colour new and changed photos when they are completely written, until Ctrl-C.",
        rich_help_panel=_WATCHED,
    ),
]
WatchPoll = Annotated[
    bool,
    typer.Option(
        "--watch-poll",
        help="List the folder again and again, for drives whose changes the system does not "
        "report; known network drives are listed anyway.",
        rich_help_panel=_WATCHED,
    ),
]
WatchSettle = Annotated[
    float | None,
    typer.Option(
        "--watch-settle",
        metavar="SECONDS",
        help="A file is completely written when it has not changed for so long; default: 2.",
        rich_help_panel=_WATCHED,
    ),
]


def crop_of(geometry: str | None) -> Crop | None:
    """The crop that an option gives; raises ConfigError for a text of another form."""
    return None if geometry is None else Crop.parse(geometry)


def suffix_of(format_name: str | None) -> str | None:
    """The suffix of a format, such as .jpg of JPG; raises ConfigError for an unknown format."""
    if format_name is None:
        return None
    from photochrom.photo.formats import WRITTEN, kind_of

    suffix = f".{format_name.lower().lstrip('.')}"
    if kind_of(suffix) is None:
        known = ", ".join(kind.suffix[1:] for kind in WRITTEN)
        raise ConfigError(
            f"--format {format_name}", "cannot write this format", f"name one of {known}"
        )
    return suffix


def make_folder(folder: Path) -> None:
    """Make a folder for results where it does not exist; raises ConfigError where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(folder, f"cannot be a folder ({os_reason(error)})") from error
