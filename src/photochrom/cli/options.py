"""Options that several commands have, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.errors import ConfigError

Size = Annotated[
    int | None,
    typer.Option(
        min=32, max=2048, help="Short side of the copy the network sees; the model's default."
    ),
]
Model = Annotated[
    str | None, typer.Option(metavar="NAME", help="A model's name, or an .onnx file.")
]
Quality = Annotated[int, typer.Option(min=1, max=100, help="Of JPEG and WebP.")]
Threads = Annotated[int | None, typer.Option(min=1, help="How many to use; all cores by default.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]


def make_folder(folder: Path) -> None:
    """Make a folder for results where it is not there yet; raises ConfigError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be a folder ({error.strerror})") from error
