"""`photochrom export`: a checkpoint as the ONNX file that the runtime runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.exit_codes import FAILED, needs_extra, one_line_errors
from photochrom.errors import ConfigError

if TYPE_CHECKING:
    from photochrom.workshop.onnx_export import Parity


PUBLISHED = ("eccv16", "siggraph17")
"""As `photochrom.workshop.published` has them, which needs torch."""


def export(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="A checkpoint folder, e.g. out/photochrom/latest; or eccv16 or siggraph17."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(help="The .onnx file to write; of those two, the authors' checkpoint."),
    ],
    name: Annotated[
        str | None, typer.Option(help="The model's name, for the file's metadata.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Of those two: the file; else NAME.onnx."
        ),
    ] = None,
    any_weights: Annotated[
        bool,
        typer.Option("--any-weights", help="Of those two: also take other weights than theirs."),
    ] = False,
    licence: Annotated[str, typer.Option(help="Of the weights, for the metadata.")] = "unstated",
    size: Annotated[
        int | None,
        typer.Option(
            min=32, help="Working size, short side in pixels; by default the validation's."
        ),
    ] = None,
    dial: Annotated[
        Path | None, typer.Option(help="JSON of [gamma, temperature, gain] stops, fitted.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Keep the weights in fp32.")] = False,
    mirrored: Annotated[
        bool,
        typer.Option(
            "--mirrored",
            help="Ask the network about the mirror image too: a little better, twice the time.",
        ),
    ] = False,
    embedder_weights: Annotated[
        str | None,
        typer.Option(help="Embedder weights file, if it moved since training."),
    ] = None,
) -> None:
    """Export a checkpoint to ONNX and compare its colours with PyTorch's.

    `photochrom export eccv16 FILE.pth` (or siggraph17) writes the networks of Zhang and others from
    their own files, for `--model eccv16.onnx`.

    Exits with 1 where the two differ: by more than 1e-3 in fp32; by more than 0.1 on average or 1.0
    anywhere with fp16 weights.
    """
    if str(checkpoint) in PUBLISHED and not checkpoint.is_dir():
        with one_line_errors():
            if name or size or dial or full or mirrored or embedder_weights:
                raise ConfigError(None, "eccv16 and siggraph17 take -o and --any-weights only")
        _export_published(str(checkpoint), target, output, any_weights)
        return
    with one_line_errors():
        if name is None:
            raise ConfigError("--name", "is missing", "say what the model shall be called")
        with needs_extra("export", "train"):
            from photochrom.color.vividness import Dial
            from photochrom.workshop import onnx_export as exporter
            from photochrom.workshop.training.checkpoint import read_record
            from photochrom.workshop.training.graph import OPSET
        config = read_record(checkpoint)[0]
        embedder = replace(config.embedder, weights=embedder_weights or config.embedder.weights)
        stops = None
        if dial is not None:
            try:
                stops = Dial.from_lists(json.loads(dial.read_text(encoding="utf-8"))["stops"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ConfigError(dial, f"not a dial file ({error})") from error
        parity = exporter.export(
            checkpoint,
            target,
            name=name,
            licence=licence,
            size=size or config.validation.size,
            dial=stops,
            half=not full,
            mirrored=mirrored,
            embedder=embedder,
        )
    within = parity.largest <= 1e-3 if full else parity.mean <= 0.1 and parity.largest <= 1.0
    _say(target, parity, OPSET, within)


def _export_published(name: str, checkpoint: Path, output: Path | None, any_weights: bool) -> None:
    target = output or Path(f"{name}.onnx")
    with one_line_errors():
        if target.suffix.lower() != ".onnx":
            raise ConfigError(target, "a model's file ends in .onnx", "name one that does")
        with needs_extra("export", "train"):
            from photochrom.workshop.published.exporting import export_published
            from photochrom.workshop.training.graph import OPSET
        parity = export_published(name, checkpoint, target, any_weights=any_weights)
    _say(target, parity, OPSET, parity.mean <= 0.01)


def _say(target: Path, parity: Parity, opset: int, within: bool) -> None:
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    typer.echo(f"{target}: {target.stat().st_size} bytes, opset {opset}")
    typer.echo(f"SHA-256 {digest}")
    typer.echo(f"ab against PyTorch: mean {parity.mean:.2g}, largest {parity.largest:.2g}")
    if not within:
        raise typer.Exit(FAILED)
