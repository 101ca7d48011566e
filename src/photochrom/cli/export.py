"""`photochrom export`: write a checkpoint as the ONNX file that the runtime uses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.exit_codes import FAILED, needs_extra, one_line_errors
from photochrom.errors import ConfigError, Option

if TYPE_CHECKING:
    from photochrom.workshop.onnx_export import Parity


def export(
    checkpoint: Annotated[
        Path,
        typer.Argument(help="A checkpoint folder, e.g. out/photochrom/latest."),
    ],
    target: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    name: Annotated[str, typer.Option(help="The model's name, for the file's metadata.")],
    licence: Annotated[
        str, typer.Option(help="Licence of the weights, for the metadata.")
    ] = "unstated",
    size: Annotated[
        int | None,
        typer.Option(
            min=32, help="Input size, short side in pixels; default: that of the validation."
        ),
    ] = None,
    dial: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of the fitted stops [gamma, temperature, gain, chroma power]."
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Keep the weights in fp32.")] = False,
    mirrored: Annotated[
        bool,
        typer.Option(
            "--mirrored",
            help="Average the predictions for the photo and its mirror image: slightly better, "
            "twice the time.",
        ),
    ] = False,
    embedder_weights: Annotated[
        str | None,
        typer.Option(help="Embedder weights file, if it moved since training."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.99999,
            help="Of a network that finds damage: the probability that the file calls 0.5.",
        ),
    ] = None,
) -> None:
    """Export a checkpoint to ONNX and compare its answers with PyTorch's.

    Exits with 1 where they differ too much: colours, with fp32 weights, by more than 1e-3 anywhere,
    with fp16 weights by more than 0.1 on average or 1.0 anywhere (Lab units); probabilities of
    damage by more than 1e-4, with fp16 weights 0.05, anywhere.
    """
    with one_line_errors():
        with needs_extra("export", "train"):
            from photochrom.color.vividness import Dial
            from photochrom.workshop import onnx_export as exporter
            from photochrom.workshop.training.checkpoint import read_record
        config = read_record(checkpoint)[0]
        if config.network.architecture == "damage":
            for option, given in (
                ("size", size),
                ("dial", dial),
                ("mirrored", mirrored),
                ("embedder_weights", embedder_weights),
            ):
                if given:
                    raise ConfigError(Option(option), "is of networks that colour photos")
            _export_damage(checkpoint, target, name, licence, threshold or 0.5, full)
            return
        if threshold is not None:
            raise ConfigError(Option("threshold"), "is of networks that find damage")
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
    print_export(target, parity, within)


def _export_damage(
    checkpoint: Path, target: Path, name: str, licence: str, threshold: float, full: bool
) -> None:
    from photochrom.workshop.damage_export import export_damage

    difference = export_damage(
        checkpoint, target, name=name, licence=licence, threshold=threshold, half=not full
    )
    _print_file(target)
    typer.echo(f"probabilities against PyTorch's: largest difference {difference:.2g}")
    if difference > (1e-4 if full else 0.05):
        raise typer.Exit(FAILED)


def print_export(target: Path, parity: Parity, within: bool) -> None:
    """Print the file that was written, and how much its colours differ from PyTorch's.

    within: whether the difference is accepted; otherwise the command fails.
    """
    _print_file(target)
    typer.echo(f"ab against PyTorch: mean {parity.mean:.2g}, largest {parity.largest:.2g}")
    if not within:
        raise typer.Exit(FAILED)


def _print_file(target: Path) -> None:
    from photochrom.workshop.training.graph import OPSET

    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    typer.echo(f"{target}: {target.stat().st_size} bytes, opset {OPSET}")
    typer.echo(f"SHA-256 {digest}")
