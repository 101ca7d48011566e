"""`photochrom verify` and `photochrom undo`: reversible results, proved and taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.arguments import is_stream, photos_meant
from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.options import Overwrite
from photochrom.cli.output import print_path, print_record
from photochrom.cli.streams import is_closed, standard_output_errors
from photochrom.errors import ConfigError, PhotoError
from photochrom.options import STANDARD_STREAM

Colored = Annotated[
    str,
    typer.Argument(
        metavar="COLOR.jpg",
        help="A result of `photochrom colorize --reversible`; - for standard input.",
    ),
]
_STANDARD_INPUT = "standard input"


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

        source = _source_of(colored)
        with _named(source):
            report = check_luma(source, gray)
        if isinstance(source, bytes):
            report = replace(report, input=STANDARD_STREAM)
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
            help="The file to write, - for standard output; default: NAME.gray.jpg beside the "
            "result, and standard output for standard input.",
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

        source = _source_of(colored)
        target = output
        if target is None:
            target = Path(STANDARD_STREAM) if isinstance(source, bytes) else _beside(source)
        piped = str(target) == STANDARD_STREAM
        if not piped and kind_of(target) is not JPEG:
            raise ConfigError(target, "the grey file is a JPEG", "end the name in .jpg")
        if piped and is_closed("stdout"):
            raise ConfigError("-o -", "standard output is closed", "name a file")
        with _named(source):
            gray = restore_original(source)
        if piped:
            with standard_output_errors():
                sys.stdout.buffer.write(gray)
                sys.stdout.buffer.flush()
            return
        made_of = None if isinstance(source, bytes) else source
        write_file(gray, target, made_of, overwrite=overwrite)
    print_path(str(target))


def _source_of(colored: str) -> Path | bytes:
    """The path of a result, or the bytes on standard input."""
    name, *others = photos_meant([colored])
    if others:
        raise ConfigError(colored, "is one of several photos", "name one")
    if name != STANDARD_STREAM and not is_stream(name):
        return Path(name)
    if name != STANDARD_STREAM:
        return Path(name).read_bytes()
    if is_closed("stdin"):
        raise ConfigError("-", "standard input is closed", "pipe a result in, or name a file")
    return sys.stdin.buffer.read()


def _beside(source: Path) -> Path:
    if not source.name:
        raise ConfigError(source, "is a folder, not a photo", "name a file")
    return source.with_name(f"{source.stem}.gray{source.suffix}")


@contextmanager
def _named(source: Path | bytes) -> Iterator[None]:
    """Errors about bytes are about standard input."""
    try:
        yield
    except PhotoError as error:
        if isinstance(source, bytes):
            raise error.with_subject(_STANDARD_INPUT) from error
        raise
