"""`photochrom evaluate`: figures on colour photos made grey and coloured again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.failures import needs_extra, one_line_errors
from photochrom.errors import ConfigError


def evaluate(
    photos: Annotated[
        list[str], typer.Argument(help="Tar shards, or folders of shards or photos.")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A model's name, or an .onnx file.")
    ] = None,
    vividness: Annotated[
        list[float] | None, typer.Option(min=0.0, max=1.0, help="May be given several times.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=32, max=2048, help="Working size.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many photos.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of the network.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a Markdown table.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Also write figures.json and figures.md to this folder.")
    ] = None,
    kinds: Annotated[
        Path | None,
        typer.Option(help="A CSV with the photos' keys: figures by kind, one more table."),
    ] = None,
    kind_column: Annotated[str, typer.Option(help="Of that CSV, says the kind.")] = "source",
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet (grey | ours | real).")
    ] = None,
) -> None:
    """Make colour photos grey, colour them, compare with the real ones.

    Rows: the photos left grey, the best constant colour, then the model at each vividness. Figures
    are means over photos, for all photos and for those with an odd index (settings are chosen on
    the even ones). See docs/evaluation.md.
    """
    with one_line_errors():
        with needs_extra("evaluation", "train"):
            from photochrom.evaluation.report import markdown
            from photochrom.evaluation.run import evaluate_photos, read_kinds
        from photochrom.colorizer import DEFAULT_VIVIDNESS, Colorizer

        table = None if kinds is None else read_kinds(kinds, kind_column)
        try:
            for folder in (report, sheet and sheet.parent):
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{error.filename}: no such folder can be made; name another"
            ) from error
        figures = evaluate_photos(
            photos,
            Colorizer(model, threads=threads),
            vividness or [DEFAULT_VIVIDNESS],
            size=size,
            limit=limit,
            sheet=sheet,
            kinds=table,
        )
    text, record = markdown(figures), json.dumps(figures, indent=1)
    typer.echo(record if as_json else text)
    if report is not None:
        (report / "figures.json").write_text(record + "\n", encoding="utf-8")
        (report / "figures.md").write_text(text + "\n", encoding="utf-8")
