"""`photochrom verify` and `photochrom undo`: reversible results, proved and taken back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.options import Overwrite
from photochrom.cli.output import print_path, print_record
from photochrom.errors import ConfigError

Colored = Annotated[
    Path,
    typer.Argument(metavar="COLOR.jpg", help="A result of `photochrom colorize --reversible`."),
]


def verify(
    colored: Colored,
    gray: Annotated[
        Path | None,
        typer.Argument(metavar="GRAY.jpg", help="The grey file, to be compared byte for byte."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Prove that a reversible result keeps the lightness of its grey JPEG.

    The grey file is restored in memory, compared with its SHA-256 in the result and, where it is
    given, with the grey file itself. Then both are decoded, and their luma is compared pixel by
    pixel. Exits with 1 where the grey file cannot be restored, or more than a hundredth of the
    pixels is shown with another luma.
    """
    with one_line_errors():
        from photochrom.photo.jpeg.luma import check_luma

        report = check_luma(colored, gray)
    if as_json:
        print_record(asdict(report))
        return
    typer.echo(f"the grey file comes back byte for byte: {report.original_bytes:,} bytes")
    typer.echo(f"its SHA-256: {report.sha256}")
    typer.echo(
        f"luma as decoded: at most {report.largest_difference:.1f} codes from the grey file's, "
        f"more than rounding in {report.share_beyond_rounding:.3%} of the pixels"
    )


def undo(
    colored: Colored,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="GRAY.jpg",
            help="The file to write; default: NAME.gray.jpg beside the result.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Take the colour away from a reversible result: write its grey JPEG, byte for byte.

    The grey file is not needed. Exits with 1 where the result was changed since, so that the grey
    file cannot be restored.
    """
    with one_line_errors():
        from photochrom.photo.formats import JPEG, kind_of
        from photochrom.photo.jpeg.luma import restore_original
        from photochrom.photo.writer import write_file

        if not colored.name:
            raise ConfigError(colored, "is a folder, not a photo", "name a file")
        target = output or colored.with_name(f"{colored.stem}.gray{colored.suffix}")
        if kind_of(target) is not JPEG:
            raise ConfigError(target, "the grey file is a JPEG", "end the name in .jpg")
        write_file(restore_original(colored), target, colored, overwrite=overwrite)
    print_path(str(target))
