"""`photochrom quantize`: the int8 twin of a model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import FAILED, needs_extra, one_line_errors
from photochrom.errors import ConfigError

MAX_DISTANCE = 2.0
"""Largest accepted mean distance of a twin's colours, Lab units; those in docs/quantization.md are
below half of it."""


def quantize(
    model: Annotated[str, typer.Argument(help="A model's name, or an .onnx file.")],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTOS", help="Colour photos: shards, or folders of shards or photos."
        ),
    ],
    target: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The .onnx file to write.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the twin; default: MODEL-int8.")] = None,
    photos: Annotated[int, typer.Option(min=1, help="Only the first N photos.")] = 64,
) -> None:
    """Write a model's int8 twin: smaller, faster, with nearly the same colours.

    The photos calibrate the ranges of the network's activations; choose some from its training set.
    Exits with 1 where the colours of model and twin differ by more than 2 Lab units on average.
    """
    with one_line_errors():
        if target.suffix.lower() != ".onnx":
            raise ConfigError(target, "a model's file ends in .onnx", "name one that does")
        with needs_extra("quantization", "train"):
            from photochrom.workshop.quantization import twin
        from photochrom.models import locate

        distance = twin.quantize(model, target, sources, name=name, photos=photos)
        before = locate(model)[1].stat().st_size
    after = target.stat().st_size
    typer.echo(f"{target}: {after} bytes, {after / before:.0%} of the model's")
    typer.echo(f"SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}")
    typer.echo(f"ab against the model's: mean distance {distance:.2g}")
    if distance > MAX_DISTANCE:
        raise typer.Exit(FAILED)
