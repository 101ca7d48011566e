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
from photochrom.cli.exit_codes import FAILED, exit_code_of, one_line_errors
from photochrom.cli.flags import flag
from photochrom.cli.options import (
    Address,
    CropGeometry,
    Device,
    Engine,
    Exclude,
    Format,
    Include,
    Jobs,
    KeepTime,
    LedgerFolder,
    MaxPixels,
    Model,
    ModelKind,
    Name,
    Overwrite,
    Profile,
    Quality,
    Recolor,
    Recursive,
    Resume,
    RetryFailed,
    Reversible,
    Saturation,
    Size,
    Smooth,
    Threads,
    Tint,
    Turned,
    Vividness,
    Warmth,
    crop_of,
    suffix_of,
)
from photochrom.cli.output import print_error, print_path, print_record, show_warnings
from photochrom.cli.photo_files import PhotoFiles, plan_photos, single_photos
from photochrom.cli.progress import photo_progress
from photochrom.cli.streams import standard_output_errors
from photochrom.errors import ConfigError
from photochrom.options import DEVICE, STANDARD_STREAM, ColorizeOptions, SaveOptions
from photochrom.photo.naming import DEFAULT_NAME

if TYPE_CHECKING:
    from photochrom.batch.settings import JobSettings
    from photochrom.colorizer import Colorizer
    from photochrom.files import FileReport
    from photochrom.pipeline.hints import LocalOptions


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
    saturation: Saturation = ColorizeOptions.saturation,
    warmth: Warmth = ColorizeOptions.warmth,
    tint: Tint = ColorizeOptions.tint,
    smooth: Smooth = ColorizeOptions.smooth,
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
) -> None:
    """Colour black-and-white photos.

    The originals are never changed. Results lie beside them, or, with -o FOLDER, in a tree of the
    same shape, with a ledger that records which photos are done: --resume continues after any
    interruption. Worker processes colour the photos of a folder; they pass over results of earlier
    runs (NAME.color.EXT and those of `variants`). A photo that is in colour already is an error
    without --recolor; in a folder it is skipped.

    Exit codes: 0 all done (in folders: or skipped), 1 some failed (one line each on stderr),
    2 wrong usage, 129 terminal closed (SIGHUP), 130 interrupted.
    """
    from photochrom.batch.settings import JobSettings

    with one_line_errors():
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
        if folder_jobs and (confidence is not None or hints is not None):
            raise ConfigError(
                None, "--confidence and --hints belong to one photo at a time", "name one"
            )
        singles = single_photos(inputs, output, engine)
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
        if as_json and any(photo.target is None for photo in photos):
            raise ConfigError(
                None, "--json and a photo on stdout exclude each other", "name an output"
            )
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
        local = None if hints is None else _local_options(hints)
    failed = False
    if photos:
        request = _Request(settings, overwrite, confidence, local)
        failed = _color_photos(photos, request, threads, as_json)
    if counted_jobs:
        failed |= not color_folders(counted_jobs, as_json)
    if failed:
        raise typer.Exit(FAILED)


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
    try:
        return _color_all(colorizer, photos, request, as_json) > 0
    except KeyboardInterrupt as interruption:
        print_error("interrupted; finished photos are kept")
        raise typer.Exit(exit_code_of(interruption)) from None


def _color_all(
    colorizer: Colorizer, photos: list[PhotoFiles], request: _Request, as_json: bool
) -> int:
    """Colour photo after photo, reporting each; returns how many failed."""
    from photochrom.files import reported

    failures, warned = 0, set[str]()
    with photo_progress(len(photos)) as advance:
        for photo in photos:
            report = reported(photo.name, partial(_color, colorizer, photo, request))
            advance()
            if report.fault is not None:
                failures += 1
                print_error(report.fault)
            for warning in report.warnings:
                # what the format cannot hold is shown once per run, the faults of a photo always
                if warning in report.notes or warning not in warned:
                    warned.add(warning)
                    print_error(f"warning: {photo.name}: {warning}")
            confidence = request.confidence if report.fault is None else None
            if as_json:
                extra = {} if confidence is None else {"confidence": str(confidence)}
                source = STANDARD_STREAM if photo.source is None else str(photo.source)
                print_record(report.record(flag) | {"input": source} | extra)
            elif photo.target is not None:
                for path in (*report.outputs, *([] if confidence is None else [confidence])):
                    print_path(str(path))
    return failures


def _color(colorizer: Colorizer, photo: PhotoFiles, request: _Request) -> FileReport:
    from photochrom.files import colorize_file
    from photochrom.photo import Photo
    from photochrom.photo.file_access import foreseen_os_errors

    source: Photo | Path
    if photo.source is None:
        with foreseen_os_errors(photo.name):
            stream = photo.stream
            data = Path(stream).read_bytes() if stream else sys.stdin.buffer.read()
        source = Photo(data, photo.name, max_pixels=request.settings.max_pixels)
    else:
        source = photo.source
    settings = request.settings
    color = partial(
        colorize_file,
        source,
        sys.stdout.buffer if photo.target is None else photo.target,
        replace(settings.colorize, **({} if request.local is None else request.local._asdict())),
        replace(settings.save, overwrite=request.overwrite),
        colorizer=colorizer,
        format=settings.format if photo.target is None else None,
        confidence=request.confidence,
        max_pixels=settings.max_pixels,
    )
    with standard_output_errors() if photo.target is None else nullcontext():
        return color()
