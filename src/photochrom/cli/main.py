"""The command line: `photochrom COMMAND`.

Exit codes: 0 all done, 1 something failed (one line each on stderr), 2 wrong usage, 130
interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from photochrom import __version__
from photochrom.cli import (
    batch,
    colorize,
    data,
    doctor,
    evaluate,
    export,
    inspect,
    models,
    quantize,
    reversible,
    serve,
    train,
    variants,
)
from photochrom.cli.flags import use_flags_of_command

app = typer.Typer(
    name="photochrom",
    help="Colours black-and-white photographs, at full size, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("colorize")(colorize.colorize)
app.command("variants")(variants.variants)
app.command("verify")(reversible.verify)
app.command("undo")(reversible.undo)
app.command("ledger")(batch.ledger)
app.add_typer(models.app, name="models")
app.command("app")(serve.app)
app.command("serve")(serve.serve)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("inspect")(inspect.inspect)
app.command("export")(export.export)
app.command("quantize")(quantize.quantize)
app.add_typer(data.app, name="data")
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Colours black-and-white photographs, at full size, on your own machine."""
    use_flags_of_command(context)


def main() -> None:
    """Entry point of the `photochrom` script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, nothing half
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
