"""`photochrom colorize`: photos, folders or a pipe in, colour photos out."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.arguments import output_meant, photos_meant
from photochrom.cli.batch import (
    TreeOptions,
    color_folders,
    counted,
    no_photos,
)
from photochrom.cli.each_photo import do_each, opened
from photochrom.cli.exit_codes import FAILED, one_line_errors
from photochrom.cli.options import (
    REPAIR,
    Address,
    CropGeometry,
    Device,
    Engine,
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
    Model,
    ModelKind,
    Name,
    Overwrite,
    PresetName,
    Profile,
    Quality,
    Recolor,
    Recursive,
    ReferenceAlbum,
    References,
    Resume,
    RetryFailed,
    Reversible,
    Saturation,
    Sensitivity,
    Size,
    Smooth,
    Threads,
    Tint,
    Turned,
    Vividness,
    Warmth,
    WatchFolder,
    WatchPoll,
    WatchSettle,
    crop_of,
    references_of,
    suffix_of,
)
from photochrom.cli.output import show_warnings
from photochrom.cli.photo_files import PhotoFiles, check_json, plan_photos, single_photos
from photochrom.cli.streams import standard_output_errors
from photochrom.cli.watch import color_watched, watch_options
from photochrom.errors import ConfigError
from photochrom.options import DEVICE, ColorizeOptions, SaveOptions
from photochrom.photo.naming import DEFAULT_NAME
from photochrom.restoration.options import RepairOptions

if TYPE_CHECKING:
    from photochrom.batch.settings import JobSettings
    from photochrom.colorizer import Colorizer
    from photochrom.pipeline.hints import LocalOptions
    from photochrom.reports import FileReport


@dataclass(frozen=True)
class _Request:
    settings: JobSettings
    overwrite: bool
    confidence: Path | None
    local: LocalOptions | None


def colorize(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Photos, folders, or - for a pipe.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE_OR_FOLDER",
            help="File or folder to write; default: NAME.color.EXT beside the input. - for a pipe.",
        ),
    ] = None,
    preset: PresetName = None,  # noqa: ARG001 - its callback sets the defaults of the others
    vividness: Vividness = ColorizeOptions.vividness,
    size: Size = None,
    model: Model = None,
    model_kind: ModelKind = None,
    device: Device = DEVICE,
    format: Format = None,
    name: Name = DEFAULT_NAME,
    quality: Quality = SaveOptions.quality,
    profile: Profile = SaveOptions.profile,
    reversible: Reversible = False,
    crop: CropGeometry = None,
    turn: Turned = SaveOptions.turn,
    recolor: Recolor = False,
    max_pixels: MaxPixels = None,
    threads: Threads = None,
    confidence: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the confidence map (single photo)."),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="JSON file of colour hints and strokes, see the documentation: hints (single "
            "photo).",
        ),
    ] = None,
    reference: References = None,
    reference_album: ReferenceAlbum = None,
    saturation: Saturation = ColorizeOptions.saturation,
    warmth: Warmth = ColorizeOptions.warmth,
    tint: Tint = ColorizeOptions.tint,
    smooth: Smooth = ColorizeOptions.smooth,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Fill dust and scratches first.", rich_help_panel=REPAIR),
    ] = False,
    sensitivity: Sensitivity = RepairOptions.sensitivity,
    max_width: MaxWidth = RepairOptions.max_width,
    inpainter: Inpainter = None,
    mask_in: MaskIn = None,
    levels: Levels = False,
    overwrite: Overwrite = False,
    keep_time: KeepTime = False,
    no_mark: Annotated[
        bool,
        typer.Option(
            "--no-mark", help="Do not record in the file's XMP that its colours are computed."
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
    engine: Engine = "local",
    address: Address = None,
    ledger: LedgerFolder = None,
    watch: WatchFolder = False,
    watch_poll: WatchPoll = False,
    watch_settle: WatchSettle = None,
) -> None:
    """Colour black-and-white photos.

    The originals are never changed. Results lie beside them, or, with -o FOLDER, in a tree of the
    same shape, with a ledger that records which photos are done: --resume continues after any
    interruption. Worker processes colour the photos of a folder; they pass over results of earlier
    runs (NAME.color.EXT and those of `variants`). A photo that is in colour already is an error
    without --recolor; in a folder it is skipped. With --watch a folder's new photos are coloured
    as they come, until Ctrl-C.

    Exit codes: 0 all done (in folders: or skipped), 1 some failed (one line each on stderr),
    2 wrong usage, 129 terminal closed (SIGHUP), 130 interrupted.
    """
    from photochrom.batch.settings import JobSettings

    with one_line_errors():
        watching = watch_options(watch, watch_poll, watch_settle)
        output = output_meant(output)
        inputs = photos_meant(inputs, elsewhere=engine != "local")
        suffix = suffix_of(format)
        settings = JobSettings(
            model=model,
            kind=model_kind,
            device=device,
            format=suffix,
            max_pixels=max_pixels,
            name=name,
            colorize=ColorizeOptions(
                vividness=vividness,
                size=size,
                references=references_of(reference, reference_album),
                recolor=recolor,
                saturation=saturation,
                warmth=warmth,
                tint=tint,
                smooth=smooth,
            ),
            save=SaveOptions(
                quality=quality,
                mark=not no_mark,
                profile=profile,
                reversible=reversible,
                crop=crop_of(crop),
                turn=turn,
                keep_time=keep_time,
            ),
            repair=_repair_options(
                repair,
                RepairOptions(
                    sensitivity=sensitivity,
                    max_width=max_width,
                    mask=mask_in,
                    levels=levels,
                    inpainter=inpainter,
                ),
            ),
        )
        naming = settings.naming
        tree_options = TreeOptions(
            recursive=recursive,
            include=include or [],
            exclude=exclude or [],
            jobs=jobs,
            resume=resume,
            retry_failed=retry_failed,
            engine=engine,
            address=address,
            ledger=ledger,
            threads=threads,
        )
        folder_jobs = tree_options.jobs_of(inputs, output, settings, overwrite)
        if folder_jobs and not (confidence is hints is mask_in is None):
            raise ConfigError(
                None,
                "--confidence, --hints and --mask-in belong to one photo at a time",
                "name one",
            )
        singles = single_photos(inputs, output, engine)
        if watching is not None:
            raise typer.Exit(color_watched(folder_jobs, singles, watching, as_json))
        counted_jobs = counted(folder_jobs)
        if not singles and all(job.is_empty for job in counted_jobs):
            raise ConfigError(", ".join(inputs), no_photos(counted_jobs))
        photos = plan_photos(singles, output, naming) if singles else []
        if any(photo.source is None for photo in photos) and output is None and len(inputs) > 1:
            raise ConfigError(
                "-",
                "goes to standard output, where the names of other results would follow",
                "colour it alone",
            )
        check_json(photos, as_json)
        if confidence is not None and len(photos) != 1:
            raise ConfigError(
                f"--confidence {confidence}",
                f"is one picture for {len(photos)} photos",
                "colour one photo at a time",
            )
        if hints is not None and len(photos) != 1:
            raise ConfigError(
                f"--hints {hints}",
                f"belongs to one photo, but there are {len(photos)}",
                "colour one photo at a time",
            )
        if mask_in is not None and len(photos) != 1:
            raise ConfigError(
                f"--mask-in {mask_in}",
                f"belongs to one photo, but there are {len(photos)}",
                "colour one photo at a time",
            )
        local = None if hints is None else _local_options(hints)
    failed = False
    if photos:
        request = _Request(settings, overwrite, confidence, local)
        failed = _color_photos(photos, request, threads, as_json)
    if counted_jobs:
        failed |= not color_folders(counted_jobs, as_json)
    if failed:
        raise typer.Exit(FAILED)


def _repair_options(repair: bool, options: RepairOptions) -> RepairOptions | None:
    """The options of the repair; raises ConfigError where one is given without a repair, ModelError
    where its model is not here.
    """
    from photochrom.models import INPAINT, find

    if not repair and options != RepairOptions():
        raise ConfigError(None, "the options of a repair need --repair", "add --repair")
    if options.inpainter is not None:
        find(options.inpainter, INPAINT)
    return options if repair else None


def _local_options(path: Path) -> LocalOptions:
    from photochrom.pipeline.hints import load_hints

    return load_hints(path)


def _color_photos(
    photos: list[PhotoFiles], request: _Request, threads: int | None, as_json: bool
) -> bool:
    """Colour single photos in this process; returns whether any failed."""
    with one_line_errors():
        from photochrom.models.loading import load_ahead

        settings = request.settings
        load_ahead(settings.model, threads, settings.device, settings.kind)
        # all this is imported while the network is loaded
        from photochrom._system.threads import limit_threads
        from photochrom._system.vips import block_untrusted
        from photochrom.colorizer import Colorizer

        block_untrusted()
        limit_threads()
        with show_warnings():
            colorizer = Colorizer(
                settings.model, threads=threads, device=settings.device, kind=settings.kind
            )
            colorizer.check_size(settings.colorize.size)
    extra = {} if request.confidence is None else {"confidence": request.confidence}
    return do_each(photos, partial(_color, colorizer, request), as_json, extra)


def _color(colorizer: Colorizer, request: _Request, photo: PhotoFiles) -> FileReport:
    from photochrom.files import colorize_file

    settings = request.settings
    color = partial(
        colorize_file,
        opened(photo, settings.max_pixels),
        sys.stdout.buffer if photo.target is None else photo.target,
        replace(settings.colorize, **({} if request.local is None else request.local._asdict())),
        replace(settings.save, overwrite=request.overwrite),
        colorizer=colorizer,
        format=settings.format if photo.target is None else None,
        confidence=request.confidence,
        max_pixels=settings.max_pixels,
        repair=settings.repair,
    )
    with standard_output_errors() if photo.target is None else nullcontext():
        return color()
