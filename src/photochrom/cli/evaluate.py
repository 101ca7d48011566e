"""`photochrom evaluate`: figures on colour photos made grey and coloured again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import needs_extra, one_line_errors
from photochrom.cli.options import Device, ModelKind
from photochrom.cli.progress import scored_progress
from photochrom.errors import ConfigError

SHEET_PHOTOS = 48
SHEET_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def evaluate(
    photos: Annotated[
        list[str], typer.Argument(help="Tar shards, or folders of shards or photos.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A model's name, an .onnx file, or a blend a:0.7+b:0.3; repeatable.",
        ),
    ] = None,
    vividness: Annotated[
        list[float] | None, typer.Option(min=0.0, max=1.0, help="0 = muted, 1 = vivid; repeatable.")
    ] = None,
    from_folder: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            help="Also score another program's pictures: files named by the photos' keys.",
        ),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="A CSV with the photos' keys, for --where.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Only photos whose row in the manifest matches COLUMN=VALUE or COLUMN!=VALUE; if "
            "repeated, all must match.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N photos.")] = None,
    subset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CSV", help="Also report the figures of the photos whose keys a CSV lists."
        ),
    ] = None,
    kinds: Annotated[
        Path | None,
        typer.Option(help="A CSV with the photos' keys and kinds: adds a table by kind."),
    ] = None,
    kind_column: Annotated[
        str, typer.Option(help="Column of --kinds that names the kind.")
    ] = "source",
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV with key and label (ImageNet class, 0..999): adds the accuracy."),
    ] = None,
    tracks: Annotated[
        bool, typer.Option("--tracks", help="Also run the robustness track (degraded inputs).")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also score each model at vividness 0, 0.1, ..., 1.")
    ] = False,
    size: Annotated[
        int | None, typer.Option(min=32, max=2048, help="Input size; default: the model's.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the networks; default: all cores.")
    ] = None,
    model_kind: ModelKind = None,
    device: Device = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of Markdown tables.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write figures.json, figures.md, report.html and curve.png.",
        ),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet (grey | coloured | original).")
    ] = None,
) -> None:
    """Make colour photos grey, colour them and compare the results with the originals.

    The table has a row for the grey photos, for the best constant colour, for each model at each
    vividness and for other programs' pictures. Figures are means over all photos, and over those
    with an odd index, because settings are chosen on the even ones. See the documentation:
    evaluation.
    """
    with one_line_errors():
        if (manifest is None) != (where is None):
            raise ConfigError(None, "--manifest and --where go together", "name both")
        if sheet is not None and sheet.suffix.lower() not in SHEET_SUFFIXES:
            raise ConfigError(
                sheet,
                "cannot write this format",
                f"end the name in one of {', '.join(SHEET_SUFFIXES)}",
            )
        with needs_extra("evaluation", "train"):
            from photochrom.workshop.contact_sheet import save_sheet
            from photochrom.workshop.data.selection import selected_keys
            from photochrom.workshop.evaluation.classifier import Classifier
            from photochrom.workshop.evaluation.contenders import Folder
            from photochrom.workshop.evaluation.gallery import temporary_gallery
            from photochrom.workshop.evaluation.plan import Plan
            from photochrom.workshop.evaluation.report import as_json as json_of
            from photochrom.workshop.evaluation.report import markdown, write_report
            from photochrom.workshop.evaluation.run import evaluate_photos
            from photochrom.workshop.evaluation.tables import read_column, read_keys, read_labels
            from photochrom.workshop.torch_threads import set_threads
        from photochrom.colorizer import Colorizer
        from photochrom.options import ColorizeOptions

        names: Sequence[str | None] = model or [None]
        plan = Plan(
            [Colorizer(name, threads=threads, device=device, kind=model_kind) for name in names],
            vividness or [ColorizeOptions.vividness],
            size=size,
            folders=[Folder(name, path) for name, path in _named(from_folder, "--from-folder")],
            subsets={name: read_keys(path) for name, path in _named(subset, "--subset")},
            kinds=None if kinds is None else read_column(kinds, kind_column),
            labels={} if labels is None else read_labels(labels),
            tracks=tracks,
            curve=curve,
        )
        chosen = None if manifest is None else selected_keys(manifest, where or [])
        _make_folders(report, sheet and sheet.parent)
        set_threads(threads)
        needs_gallery = report is not None or sheet is not None
        gallery_size = None if report is not None else SHEET_PHOTOS
        with temporary_gallery(gallery_size) if needs_gallery else nullcontext() as gallery:
            with scored_progress(limit) as advance:
                record = evaluate_photos(
                    photos,
                    plan,
                    Classifier(),
                    selection=chosen,
                    limit=limit,
                    gallery=gallery,
                    advance=advance,
                )
            typer.echo(json_of(record) if as_json else markdown(record))
            if sheet is not None and gallery is not None:
                first = gallery.keys[:SHEET_PHOTOS]
                save_sheet([list(gallery.pictures(key).values()) for key in first], sheet)
            if report is not None and gallery is not None:
                write_report(report, record, gallery.pictures)


def _named(pairs: Sequence[str] | None, option: str) -> list[tuple[str, Path]]:
    """Names and paths of options like NAME=PATH; raises ConfigError for any other form."""
    paths: dict[str, Path] = {}
    for pair in pairs or ():
        name, sign, path = pair.partition("=")
        if not (name and sign and path):
            raise ConfigError(f"{option} {pair}", "has no name", "write NAME=PATH")
        if name in paths:
            raise ConfigError(f"{option} {pair}", f"{name} is named twice", "choose another name")
        paths[name] = Path(path)
    return list(paths.items())


def _make_folders(*folders: Path | None) -> None:
    try:
        for folder in folders:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(error.filename, "no such folder can be made", "name another") from error
