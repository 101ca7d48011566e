"""`photochrom models convert`: convert a published checkpoint to an ONNX file for `--model`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import needs_extra, one_line_errors
from photochrom.cli.export import print_export
from photochrom.errors import ConfigError


def convert(
    name: Annotated[str, typer.Argument(metavar="NAME", help="eccv16 or siggraph17.")],
    checkpoint: Annotated[
        Path, typer.Argument(metavar="FILE.pth", help="The authors' checkpoint.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.onnx", help="The file to write; default: NAME.onnx."
        ),
    ] = None,
    any_weights: Annotated[
        bool,
        typer.Option("--any-weights", help="Also take other weights of the same network."),
    ] = False,
) -> None:
    """Convert the authors' checkpoint of a network of Zhang and others to ONNX.

    Writes a TOML file that describes the model beside the ONNX file. Exits with 1 where its colours
    differ from PyTorch's by more than 0.01 Lab units on average.
    """
    target = output or Path(f"{name}.onnx")
    with one_line_errors():
        if target.suffix.lower() != ".onnx":
            raise ConfigError(target, "a model's file ends in .onnx", "name one that does")
        with needs_extra("models convert", "train"):
            from photochrom.workshop.published.exporting import PUBLISHED, export_published
        if name not in PUBLISHED:
            raise ConfigError(name, "cannot be converted", f"name {' or '.join(PUBLISHED)}")
        parity = export_published(name, checkpoint, target, any_weights=any_weights)
    print_export(target, parity, parity.mean <= 0.01)
