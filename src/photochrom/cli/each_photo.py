"""Photo after photo in this process, each reported as it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from photochrom.cli.exit_codes import exit_code_of
from photochrom.cli.flags import flag
from photochrom.cli.output import print_error, print_path, print_record
from photochrom.cli.photo_files import PhotoFiles
from photochrom.cli.progress import photo_progress
from photochrom.options import STANDARD_STREAM

if TYPE_CHECKING:
    from photochrom.photo import Photo
    from photochrom.reports import FileReport


def do_each(
    photos: list[PhotoFiles],
    work: Callable[[PhotoFiles], FileReport],
    as_json: bool,
    extra: Mapping[str, Path],
) -> bool:
    """Do the work on each photo; returns whether any failed.

    extra: further files that the work writes, by their keys in the JSON record.
    Raises typer.Exit where the work is interrupted.
    """
    try:
        return _do_each(photos, work, as_json, extra) > 0
    except KeyboardInterrupt as interruption:
        print_error("interrupted; finished photos are kept")
        raise typer.Exit(exit_code_of(interruption)) from None


def _do_each(
    photos: list[PhotoFiles],
    work: Callable[[PhotoFiles], FileReport],
    as_json: bool,
    extra: Mapping[str, Path],
) -> int:
    from photochrom.reports import reported

    failures, warned = 0, set[str]()
    with photo_progress(len(photos)) as advance:
        for photo in photos:
            report = reported(photo.name, partial(work, photo))
            advance()
            if report.fault is not None:
                failures += 1
                print_error(report.fault)
            for warning in report.warnings:
                # what the format cannot hold is shown once per run, the faults of a photo always
                if warning in report.notes or warning not in warned:
                    warned.add(warning)
                    print_error(f"warning: {photo.name}: {warning}")
            written = extra if report.fault is None else {}
            if as_json:
                source = STANDARD_STREAM if photo.source is None else str(photo.source)
                named = {key: str(path) for key, path in written.items()}
                print_record(report.record(flag) | {"input": source} | named)
            elif photo.target is not None:
                for path in (*report.outputs, *written.values()):
                    print_path(str(path))
    return failures


def opened(photo: PhotoFiles, max_pixels: int | None) -> Photo | Path:
    """The photo's path, or the photo that comes from a pipe, read to its end."""
    from photochrom.photo import Photo
    from photochrom.photo.file_access import foreseen_os_errors

    if photo.source is not None:
        return photo.source
    with foreseen_os_errors(photo.name):
        data = Path(photo.stream).read_bytes() if photo.stream else sys.stdin.buffer.read()
    return Photo(data, photo.name, max_pixels=max_pixels)
