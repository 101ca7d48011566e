"""The command line: `photochrom COMMAND`.

Exit codes: 0 all done, 1 something failed (one line each on stderr), 2 wrong usage, 129 hung up
(SIGHUP), 130 interrupted (SIGINT, SIGTERM).
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from photochrom import __version__
from photochrom.cli import (
    colorize,
    completion,
    data,
    doctor,
    evaluate,
    export,
    inspect,
    ledger,
    models,
    presets,
    quantize,
    repair,
    reversible,
    serve,
    site,
    train,
    variants,
    video,
)
from photochrom.cli.arguments import Commands
from photochrom.cli.exit_codes import FAILED, on_hang_up, raise_hang_up
from photochrom.cli.flags import use_flags_of_command
from photochrom.cli.output import print_error
from photochrom.cli.streams import (
    discard_output,
    has_reader,
    is_output_error,
    open_closed_streams,
)
from photochrom.errors import os_reason

app = typer.Typer(
    name="photochrom",
    help="Colours black-and-white photographs, at full size, on your own machine.",
    no_args_is_help=True,
    add_completion=False,  # its two options would stand above ours; `completion` does the same
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=Commands,
)
app.command("colorize")(colorize.colorize)
app.command("variants")(variants.variants)
app.command("video")(video.video)
app.command("repair")(repair.repair)
app.command("verify")(reversible.verify)
app.command("undo")(reversible.undo)
app.command("ledger")(ledger.ledger)
app.add_typer(models.app, name="models")
app.add_typer(presets.app, name="presets")
app.command("app")(serve.app)
app.command("serve")(serve.serve)
app.command("site")(site.site)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("inspect")(inspect.inspect)
app.command("export")(export.export)
app.command("quantize")(quantize.quantize)
app.add_typer(data.app, name="data")
app.command("doctor")(doctor.doctor)
app.command("completion")(completion.completion)


def _show_version(flag: bool) -> None:
    if flag:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Colours black-and-white photographs, at full size, on your own machine."""
    use_flags_of_command(context)


def main() -> None:
    """Entry point of the `photochrom` script."""
    open_closed_streams()
    # SIGTERM ends a command as Ctrl-C does: no half-written file stays
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    on_hang_up(raise_hang_up)
    completion.answer_shells()
    try:
        app()
    except OSError as error:
        if error.filename is not None or not is_output_error(error):
            raise
        discard_output(1)
        if has_reader(error):
            print_error(f"standard output: {os_reason(error)}")
        sys.exit(FAILED)
