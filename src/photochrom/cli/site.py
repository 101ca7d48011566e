"""`photochrom site`: a static site that colours photos in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.output import print_error


def site(
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT_FOLDER", help="New, empty, or a site that is replaced."),
    ],
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.tgz",
            help="ONNX Runtime Web's npm package as a file; without it, npm brings it.",
        ),
    ] = None,
) -> None:
    """Write the page as a static site: photos are coloured in the browser, without a server.

    Put the folder on any web server, also below another address. docs/site.md says what it can do
    and what it cannot.
    """
    with one_line_errors():
        from photochrom.site import build_site

        transferred = build_site(out, runtime=runtime)
        print_error(f"{out}: {transferred / 1e6:.1f} MB for a first visit")
