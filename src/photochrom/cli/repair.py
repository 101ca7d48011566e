"""`photochrom repair`: dust and scratches filled, and no other pixel changed."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.arguments import output_meant, photos_meant
from photochrom.cli.batch import TreeOptions, color_folders, counted, no_photos
from photochrom.cli.each_photo import do_each, opened
from photochrom.cli.exit_codes import FAILED, one_line_errors
from photochrom.cli.options import (
    Exclude,
    Format,
    Include,
    Inpainter,
    Jobs,
    KeepTime,
    LedgerFolder,
    Levels,
    MaskIn,
    MaxPixels,
    MaxWidth,
    Overwrite,
    PresetName,
    Quality,
    Recursive,
    Resume,
    RetryFailed,
    Sensitivity,
    Threads,
    suffix_of,
)
from photochrom.cli.photo_files import PhotoFiles, check_json, plan_photos, single_photos
from photochrom.cli.streams import standard_output_errors
from photochrom.errors import ConfigError
from photochrom.options import SaveOptions
from photochrom.photo.naming import REPAIRED_NAME
from photochrom.restoration.options import RepairOptions

if TYPE_CHECKING:
    from photochrom.batch.settings import JobSettings
    from photochrom.reports import FileReport


def repair(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Photos, folders, or - for a pipe.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE_OR_FOLDER",
            help="File or folder to write; default: NAME.repaired.EXT beside the input. - for a "
            "pipe.",
        ),
    ] = None,
    preset: PresetName = None,  # noqa: ARG001 - its callback sets the defaults of the others
    sensitivity: Sensitivity = RepairOptions.sensitivity,
    max_width: MaxWidth = RepairOptions.max_width,
    inpainter: Inpainter = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a picture of the damage, in white (single photo).",
        ),
    ] = None,
    mask_in: MaskIn = None,
    levels: Levels = False,
    format: Format = None,
    quality: Quality = SaveOptions.quality,
    max_pixels: MaxPixels = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    keep_time: KeepTime = False,
    no_mark: Annotated[
        bool,
        typer.Option(
            "--no-mark", help="Do not record in the file's XMP that an algorithm has corrected it."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per photo on stdout.")
    ] = False,
    recursive: Recursive = False,
    include: Include = None,
    exclude: Exclude = None,
    jobs: Jobs = None,
    resume: Resume = False,
    retry_failed: RetryFailed = False,
    ledger: LedgerFolder = None,
) -> None:
    """Find dust, hairs and scratches on photos, and fill what is thin from its surroundings.

    A grey photo stays grey, and every other pixel stays as it is; a lossy format encodes all pixels
    anew. Damage wider than --max-width stays, with a warning, or is filled by the model of
    --inpainter. What was changed is recorded in XMP.

    Exit codes: 0 all done, 1 some failed (one line each on stderr), 2 wrong usage, 129 terminal
    closed (SIGHUP), 130 interrupted.
    """
    from photochrom.batch.settings import JobSettings
    from photochrom.models import INPAINT, find

    with one_line_errors():
        output = output_meant(output)
        inputs = photos_meant(inputs, elsewhere=False)
        settings = JobSettings(
            format=suffix_of(format),
            max_pixels=max_pixels,
            name=REPAIRED_NAME,
            save=SaveOptions(quality=quality, mark=not no_mark, keep_time=keep_time),
            repair=RepairOptions(
                sensitivity=sensitivity,
                max_width=max_width,
                mask=mask_in,
                levels=levels,
                inpainter=inpainter,
            ),
            color=False,
        )
        tree_options = TreeOptions(
            recursive=recursive,
            include=include or [],
            exclude=exclude or [],
            jobs=jobs,
            resume=resume,
            retry_failed=retry_failed,
            engine="local",
            address=None,
            ledger=ledger,
            threads=threads,
        )
        folder_jobs = counted(tree_options.jobs_of(inputs, output, settings, overwrite))
        singles = single_photos(inputs, output, "local")
        if not singles and all(job.is_empty for job in folder_jobs):
            raise ConfigError(", ".join(inputs), no_photos(folder_jobs))
        if inpainter is not None:
            find(inpainter, INPAINT)
        photos = plan_photos(singles, output, settings.naming) if singles else []
        for name, path in (("--mask", mask), ("--mask-in", mask_in)):
            if path is not None and (folder_jobs or len(photos) != 1):
                raise ConfigError(
                    f"{name} {path}", "belongs to one photo", "repair one photo at a time"
                )
        check_json(photos, as_json)
    failed = False
    if photos:
        extra = {} if mask is None else {"mask": mask}
        work = partial(_repair, settings, overwrite, mask)
        failed = do_each(photos, work, as_json, extra)
    if folder_jobs:
        failed |= not color_folders(folder_jobs, as_json)
    if failed:
        raise typer.Exit(FAILED)


def _repair(
    settings: JobSettings, overwrite: bool, mask: Path | None, photo: PhotoFiles
) -> FileReport:
    from photochrom._system.vips import block_untrusted
    from photochrom.files import repair_file

    block_untrusted()
    work = partial(
        repair_file,
        opened(photo, settings.max_pixels),
        sys.stdout.buffer if photo.target is None else photo.target,
        settings.repair,
        replace(settings.save, overwrite=overwrite),
        format=settings.format if photo.target is None else None,
        mask=mask,
        max_pixels=settings.max_pixels,
    )
    with standard_output_errors() if photo.target is None else nullcontext():
        return work()
