"""`photochrom video`: a film in, the film in colour out."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from photochrom.cli.exit_codes import exit_code_of, one_line_errors
from photochrom.cli.options import (
    Device,
    Model,
    ModelKind,
    Overwrite,
    PresetName,
    Saturation,
    Size,
    Smooth,
    Threads,
    Tint,
    Vividness,
    Warmth,
)
from photochrom.cli.output import print_error, print_path, print_record, show_warnings
from photochrom.cli.progress import film_progress
from photochrom.cli.streams import standard_output_errors
from photochrom.errors import ConfigError
from photochrom.options import DEVICE, STANDARD_STREAM, ColorizeOptions

if TYPE_CHECKING:
    from photochrom.video.coloring import ShotSettings
    from photochrom.video.job import FilmJob, FilmReport
    from photochrom.video.survey import Survey

_FILE = "The film's file"
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$")
_Seconds = Annotated[
    str | None, typer.Option(metavar="TIME", help="Seconds, or H:MM:SS.", rich_help_panel=_FILE)
]


def video(
    film: Annotated[
        str, typer.Argument(metavar="FILM", help="A film, a folder of pictures, or - for Y4M.")
    ],
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="File to write (.mp4, .mkv, .mov), a folder for PNG pictures, or - for Y4M; "
            "default: NAME.color.mp4 beside the film.",
        ),
    ] = None,
    preset: PresetName = None,  # noqa: ARG001 - its callback sets the defaults of the others
    vividness: Vividness = ColorizeOptions.vividness,
    saturation: Saturation = ColorizeOptions.saturation,
    warmth: Warmth = ColorizeOptions.warmth,
    tint: Tint = ColorizeOptions.tint,
    smooth: Smooth = ColorizeOptions.smooth,
    shots: Annotated[
        Path | None,
        typer.Option(
            metavar="PAGE.html",
            help="Write a sheet of the film's shots and a JSON file to change them, no film.",
        ),
    ] = None,
    shots_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Shots, and how each is coloured."),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="FFmpeg's name of an encoder; default: libx264, or libx265 for 12 bits.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    crf: Annotated[
        int | None,
        typer.Option(
            min=0, max=63, help="Constant quality; smaller is better.", rich_help_panel=_FILE
        ),
    ] = None,
    encoder_preset: Annotated[
        str | None,
        typer.Option(
            help="FFmpeg's preset of the encoder: ultrafast to veryslow for x264 and x265.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(metavar="mp4|mkv|mov", help="Kind of file.", rich_help_panel=_FILE),
    ] = None,
    lossless: Annotated[
        bool,
        typer.Option(
            "--lossless",
            help="FFV1 in Matroska: the luma plane stays bit for bit.",
            rich_help_panel=_FILE,
        ),
    ] = False,
    start: _Seconds = None,
    end: _Seconds = None,
    no_mark: Annotated[
        bool,
        typer.Option(
            "--no-mark",
            help="Do not record in the file that its colours are computed.",
            rich_help_panel=_FILE,
        ),
    ] = False,
    overwrite: Overwrite = False,
    recolor: Annotated[
        bool, typer.Option("--recolor", help="Also colour a film that is in colour already.")
    ] = False,
    model: Model = None,
    model_kind: ModelKind = None,
    device: Device = DEVICE,
    size: Size = None,
    threads: Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Colour a black-and-white film; its luma plane, sound, subtitles and time stamps are kept.

    Colours are carried along motion, so that they stay the same within a shot. What is finished
    lies in a hidden folder beside the result until the film is whole: after an interruption the
    same command goes on where it was. See the documentation: video.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 129 terminal closed (SIGHUP), 130 interrupted.
    """
    with one_line_errors():
        from photochrom.video.options import VideoOptions

        options = ColorizeOptions(
            vividness=vividness,
            size=size,
            saturation=saturation,
            warmth=warmth,
            tint=tint,
            smooth=smooth,
        )
        saving = VideoOptions(
            codec=codec,
            crf=crf,
            encoder_preset=encoder_preset,
            lossless=lossless,
            start=_seconds("--start", start),
            end=_seconds("--end", end),
            mark=not no_mark,
            overwrite=overwrite,
            recolor=recolor,
        )
        target = _target(film, output, saving.suffix(_container(container)), shots)
        if target is None and as_json and shots is None:
            raise ConfigError(
                None, "--json and a film on stdout exclude each other", "name an output"
            )
        with show_warnings(), _source(film, target) as source:
            job = _job(source, film, target, options, saving, (model, model_kind, device, threads))
            with film_progress() as progress:
                job.progress = progress
                if shots is not None:
                    paths = job.write_sheet(shots)
                    report = None
                else:
                    found, settings = _found(job, shots_file)
                    report = _run(job, found, settings, target is None)
    if report is None:
        for path in paths:
            print_path(str(path))
    elif as_json:
        print_record(_record(report))
    elif target is not None:
        print_path(report.output)


def _container(name: str | None) -> str | None:
    from photochrom.video.options import CONTAINERS

    if name is not None and name not in CONTAINERS:
        raise ConfigError(f"--container {name}", f"must be one of {', '.join(CONTAINERS)}")
    return name


def _seconds(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    match = _TIME.match(text.strip())
    if match is None:
        raise ConfigError(f"{name} {text}", "is no time", "write seconds, or H:MM:SS")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def _target(film: str, output: str | None, suffix: str, shots: Path | None) -> Path | None:
    """The file or folder to write; None for standard output."""
    if shots is not None and output is not None:
        raise ConfigError("--shots", "writes a sheet, no film", "leave the output out")
    if output == STANDARD_STREAM or shots is not None:
        return None
    if output is not None:
        target = Path(output)
        if target.suffix.lower() not in ("", ".mp4", ".mkv", ".mov", ".m4v"):
            raise ConfigError(target, "is no kind of film written here", "end it in .mp4 or .mkv")
        return target
    if film == STANDARD_STREAM:
        return None
    path = Path(film)
    return path.with_name(f"{path.stem}.color{suffix}")


@contextmanager
def _source(film: str, target: Path | None) -> Iterator[Path]:
    """The film's file; what comes by a pipe is written into one, since it is read twice."""
    if film != STANDARD_STREAM:
        yield Path(film)
        return
    from photochrom.photo.file_access import foreseen_os_errors

    parent = Path(gettempdir()) if target is None else target.parent
    with ExitStack() as stack:
        with foreseen_os_errors(str(parent)):
            path = Path(stack.enter_context(TemporaryDirectory(dir=parent))) / "film.y4m"
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


def _job(
    source: Path,
    name: str,
    target: Path | None,
    options: ColorizeOptions,
    saving: Any,
    loading: tuple[str | None, str | None, str, int | None],
) -> FilmJob:
    """The film and the model, opened."""
    from photochrom._system.threads import limit_threads
    from photochrom.colorizer import Colorizer
    from photochrom.video.job import FilmJob
    from photochrom.video.job import Model as LoadedModel
    from photochrom.video.source import Film

    limit_threads(1)
    model, kind, device, threads = loading
    film = Film(source, "standard input" if name == STANDARD_STREAM else name)
    # pictures are coloured side by side, each by one thread
    colorizer = Colorizer(model, threads=1, device=device, kind=kind)
    colorizer.check_size(options.size)
    out: Path | BinaryIO = sys.stdout.buffer if target is None else target
    return FilmJob(
        film,
        LoadedModel(colorizer.members, colorizer.name),
        out,
        options,
        saving,
        threads=threads,
        say=lambda line: print_error(f"warning: {film.name}: {line}"),
    )


def _found(job: FilmJob, shots_file: Path | None) -> tuple[Survey, list[ShotSettings] | None]:
    """The film's shots: those of a person's file, or those that were found."""
    from photochrom.video.shot_list import load_shots

    if shots_file is not None and not shots_file.is_file():
        raise ConfigError(shots_file, "there is no such file", "name a JSON file of shots")
    found = job.survey()
    if shots_file is None:
        return found, None
    return load_shots(shots_file, job.film, found, job.options)


def _run(
    job: FilmJob, found: Survey, settings: list[ShotSettings] | None, piped: bool
) -> FilmReport:
    try:
        if piped:
            with standard_output_errors():
                return job.run(found, settings)
        return job.run(found, settings)
    except KeyboardInterrupt as interruption:
        kept = "" if piped else "; what is finished is kept, the same command goes on from there"
        print_error(f"interrupted{kept}")
        raise typer.Exit(exit_code_of(interruption)) from None


def _record(report: FilmReport) -> dict[str, Any]:
    record = asdict(report)
    return {"input": record.pop("source"), **record, "status": "done"}
