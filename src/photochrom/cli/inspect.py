"""`photochrom inspect`: pictures of a network's layers and answers for one photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import needs_extra, one_line_errors
from photochrom.errors import ConfigError


def inspect(
    photo: Annotated[Path, typer.Argument(help="A photo, in colour or grey.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Folder for the pictures and the page."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT_FOLDER", help="A training checkpoint, e.g. out/koala/latest."
        ),
    ] = None,
    at: Annotated[
        tuple[int, int] | None,
        typer.Option(
            metavar="X Y",
            help="Pixel of the photo to look at; default: one with several likely colours.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the pictures of an existing folder.")
    ] = False,
    embedder_weights: Annotated[
        str | None,
        typer.Option(help="Embedder weights file, if it moved since training."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="PyTorch threads.")] = None,
) -> None:
    """Draw a network's filters, feature maps, labels and certainty for one photo.

    Writes PNG files and index.html, a page that needs no other files. The network comes from a
    training checkpoint: the models in the package are ONNX files, whose layers cannot be read.
    """
    with one_line_errors():
        if model is None:
            raise ConfigError(
                "--model",
                "is missing, and the models that ship cannot be looked into",
                "name a training checkpoint, like out/koala/latest; photochrom train makes one",
            )
        with needs_extra("inspection", "train"):
            from photochrom.workshop.inspection.run import inspect_photo
            from photochrom.workshop.torch_threads import set_threads
        set_threads(threads)
        files = inspect_photo(
            photo,
            model,
            output,
            at=at,
            overwrite=overwrite,
            embedder_weights=embedder_weights,
        )
    typer.echo(str(files[0]))
