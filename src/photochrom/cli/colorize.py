"""`photochrom colorize`: photos, folders or a pipe in, colour photos out."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.batch import TreeOptions, color_trees
from photochrom.cli.exit_codes import FAILED, INTERRUPTED, one_line_errors
from photochrom.cli.options import (
    PIPE,
    Address,
    Device,
    Engine,
    Exclude,
    Format,
    Include,
    Jobs,
    LedgerFolder,
    MaxPixels,
    Model,
    ModelKind,
    Overwrite,
    Profile,
    Quality,
    Recolor,
    Recursive,
    Resume,
    RetryFailed,
    Size,
    Threads,
    make_folder,
    suffix_of,
)
from photochrom.cli.output import error_line, print_error, print_path, print_record, show_warnings
from photochrom.cli.progress import photo_progress
from photochrom.errors import ConfigError, PhotochromError, PhotoError, unforeseen
from photochrom.photo.naming import colored_name

if TYPE_CHECKING:
    from photochrom.batch.work import JobSettings
    from photochrom.colorizer import Colorizer
    from photochrom.options import Hint


_AFTER = "Colours, after the network"


@dataclass(frozen=True)
class _Job:
    """One photo to colour; None stands for a pipe."""

    source: Path | None
    target: Path | None


@dataclass(frozen=True)
class _Options:
    settings: JobSettings
    overwrite: bool
    confidence: Path | None
    hints: tuple[Hint, ...]


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
            help="Where to write; default: NAME.color.EXT beside the input. - for a pipe.",
        ),
    ] = None,
    vividness: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="0 = muted and safe, 1 = vivid. For models that predict ab directly it scales "
            "chroma: published models are unchanged at 0.5.",
        ),
    ] = 0.5,
    size: Size = None,
    model: Model = None,
    model_kind: ModelKind = None,
    device: Device = "auto",
    format: Format = None,
    quality: Quality = 95,
    profile: Profile = "srgb",
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
            help="JSON file of colour hints, see the documentation: hints (single photo).",
        ),
    ] = None,
    saturation: Annotated[
        float, typer.Option(min=0.0, max=3.0, help="Factor on all colours.", rich_help_panel=_AFTER)
    ] = 1.0,
    warmth: Annotated[
        float,
        typer.Option(min=-1.0, max=1.0, help="-1 = bluer, 1 = yellower.", rich_help_panel=_AFTER),
    ] = 0.0,
    tint: Annotated[
        float,
        typer.Option(
            min=-1.0, max=1.0, help="-1 = greener, 1 = more magenta.", rich_help_panel=_AFTER
        ),
    ] = 0.0,
    smooth: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Edge-aware smoothing of chroma; 0 = off.",
            rich_help_panel=_AFTER,
        ),
    ] = 0.0,
    overwrite: Overwrite = False,
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

    A folder's photos are coloured one by one; results of an earlier run (NAME.color.EXT and those
    of `variants`) are skipped. With -o FOLDER the folder's tree is mirrored there, and a ledger in
    it records what is done: --resume continues after any interruption. Photos that are in colour
    already are refused without --recolor. The original files are never changed.

    Exit codes: 0 all done, 1 some failed (one line each on stderr), 2 wrong usage.
    """
    from photochrom.batch.work import JobSettings
    from photochrom.options import ColorizeOptions, SaveOptions

    with one_line_errors():
        suffix = suffix_of(format)
        settings = JobSettings(
            model=model,
            kind=model_kind,
            device=device,
            format=suffix,
            max_pixels=max_pixels,
            colorize=ColorizeOptions(
                vividness=vividness,
                size=size,
                recolor=recolor,
                saturation=saturation,
                warmth=warmth,
                tint=tint,
                smooth=smooth,
            ),
            save=SaveOptions(quality=quality, mark=not no_mark, profile=profile),
        )
        asked = TreeOptions(
            recursive,
            include or [],
            exclude or [],
            jobs,
            resume,
            retry_failed,
            engine,
            address,
            ledger,
        )
        job = asked.job(inputs, output, settings, overwrite)
        if job is not None and (confidence is not None or hints is not None):
            raise ConfigError(None, "--confidence and --hints belong to one photo", "name one")
    if job is not None:
        color_trees(job, as_json)
        return
    with one_line_errors():
        photos = _plan(inputs, output, suffix)
        if as_json and any(job.target is None for job in photos):
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
        from photochrom._system.vips import block_untrusted
        from photochrom.colorizer import Colorizer
        from photochrom.pipeline.hints import load_hints

        block_untrusted()

        told = () if hints is None else load_hints(hints)
        options = _Options(settings, overwrite, confidence, told)
        with show_warnings():
            colorizer = Colorizer(model, threads=threads, device=device, kind=model_kind)
            colorizer.check_size(size)
    try:
        failures = _color_all(colorizer, photos, options, as_json)
    except KeyboardInterrupt:
        print_error("interrupted; finished photos are kept")
        raise typer.Exit(INTERRUPTED) from None
    if failures:
        raise typer.Exit(FAILED)


def _plan(inputs: list[str], output: str | None, suffix: str | None) -> list[_Job]:
    """Which photo goes where; raises ConfigError for usage that cannot be meant.

    suffix: of results without a name of their own; None for the photo's.
    """
    sources: list[Path | None] = []
    for name in inputs:
        sources += [None] if name == PIPE else _photos_of(Path(name))
    if sources.count(None) > 1:
        raise ConfigError("-", "can be named once only")
    if not sources:
        raise ConfigError(", ".join(inputs), "no photos there")
    if output == PIPE:
        if len(sources) != 1:
            raise ConfigError("-o -", f"takes one photo, not {len(sources)}", "name a folder")
        return [_Job(sources[0], None)]
    if output is None:
        return [_Job(s, None if s is None else _beside(s, suffix)) for s in sources]
    target = Path(output)
    is_folder = _is_folder(target) or output.endswith(("/", "\\")) or not target.suffix
    if not is_folder:
        if len(sources) != 1:
            raise ConfigError(target, f"one file for {len(sources)} photos", "name a folder")
        return [_Job(sources[0], target)]
    if None in sources:
        raise ConfigError(target, "a photo from a pipe has no name", "name a file")
    make_folder(target)
    jobs = [_Job(s, target / _beside(s, suffix).name) for s in sources if s is not None]
    taken: dict[Path | None, Path | None] = {}
    for job in jobs:
        if job.target in taken:
            raise ConfigError(
                job.source, f"would become {job.target}, as {taken[job.target]} does", "rename one"
            )
        taken[job.target] = job.source
    return jobs


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # as of a name that is too long
        return False


def _photos_of(path: Path) -> Iterable[Path]:
    if not _is_folder(path):
        return [path]
    from photochrom.batch.tree import Patterns, photos_in

    return [path / name for name in photos_in(path, recursive=False, patterns=Patterns())]


def _beside(source: Path, suffix: str | None) -> Path:
    return source.with_name(colored_name(source.name, suffix))


def _color_all(colorizer: Colorizer, jobs: list[_Job], options: _Options, as_json: bool) -> int:
    """Colour photo after photo, reporting each; returns how many failed."""
    failures, warned = 0, set[str]()
    with photo_progress(len(jobs)) as advance:
        for job in jobs:
            record, error = _color(colorizer, job, options)
            advance()
            if error is not None:
                failures += 1
                print_error(error)
            for warning in record.get("warnings", ()):
                if warning not in warned:  # once a run
                    warned.add(warning)
                    print_error(f"warning: {_name(job)}: {warning}")
            if as_json:
                print_record(record)
            elif error is None and job.target is not None:
                for name in record["outputs"]:
                    print_path(name)
                if options.confidence is not None:
                    print_path(str(options.confidence))
    return failures


def _color(
    colorizer: Colorizer, job: _Job, options: _Options
) -> tuple[dict[str, Any], PhotochromError | None]:
    """Colour one photo; returns its JSON record and what went wrong, if anything."""
    from photochrom.cli.variant_sheet import save_picture
    from photochrom.photo import Photo, kind_of, losses
    from photochrom.result import encode_pages, save_pages

    started = time.perf_counter()
    record: dict[str, Any] = {"input": PIPE if job.source is None else str(job.source)}
    try:
        if job.target is not None:
            _check(job.target, job, options)
        if options.confidence is not None:
            _check(options.confidence, job, options)
            if job.target is not None and _same_name(options.confidence, job.target):
                raise PhotoError(job.target, "is the coloured photo", "name another --confidence")
        photo = Photo(
            sys.stdin.buffer.read() if job.source is None else job.source,
            _name(job),
            max_pixels=options.settings.max_pixels,
        )
        wanted = replace(options.settings.colorize, hints=options.hints)
        results = colorizer.colorize_pages(photo, wanted)
        drawn = None if options.confidence is None else results[0].confidence_picture()
        save, suffix = options.settings.save, options.settings.format
        suffix = suffix or photo.suffix if job.target is None else job.target.suffix
        kind = kind_of(suffix)
        warnings = [] if kind is None else losses(photo, kind, save)
        if job.target is None:
            sys.stdout.buffer.write(encode_pages(results, suffix, save))
            sys.stdout.buffer.flush()
            outputs = [PIPE]
        else:
            written = save_pages(results, job.target, save, overwrite=options.overwrite)
            outputs = [str(name) for name in written]
        if drawn is not None and options.confidence is not None:
            save_picture(drawn, options.confidence, overwrite=options.overwrite)
            record["confidence"] = str(options.confidence)
    except PhotochromError as error:
        return record | {"error": error_line(error)}, error
    except Exception as fault:  # of ours; it costs no other photo
        told = unforeseen(_name(job), fault)
        return record | {"error": error_line(told)}, told
    height, width = photo.upright_size
    seconds = round(time.perf_counter() - started, 3)
    return record | {
        "output": outputs[0],
        "outputs": outputs,
        "width": width,
        "height": height,
        "seconds": seconds,
        "model": results[0].model,
        "warnings": [*photo.notes, *(f"the file cannot hold {what}" for what in warnings)],
    }, None


def _check(target: Path, job: _Job, options: _Options) -> None:
    """Raise the one-line error for a name that must not be written to."""
    from photochrom.photo import check_target

    check_target(target, options.overwrite)
    if job.source is not None and _same_file(job.source, target):
        raise PhotoError(target, "is the photo itself", "name another output")


def _same_name(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _same_file(source: Path, target: Path) -> bool:
    try:
        return source.samefile(target)
    except OSError:  # one of them is not there
        return False


def _name(job: _Job) -> str:
    return "standard input" if job.source is None else str(job.source)
