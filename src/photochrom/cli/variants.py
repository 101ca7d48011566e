"""`photochrom variants`: several plausible colourings of one photo, and a sheet to choose from."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.arguments import is_stream, photos_meant
from photochrom.cli.exit_codes import FAILED, exit_code_of, one_line_errors
from photochrom.cli.flags import flag
from photochrom.cli.options import (
    CropGeometry,
    Device,
    KeepTime,
    Model,
    ModelKind,
    Name,
    Overwrite,
    PresetName,
    Profile,
    Quality,
    ReferenceAlbum,
    References,
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
    make_folder,
    references_of,
)
from photochrom.cli.output import print_error, print_path, print_record, show_warnings
from photochrom.errors import ConfigError
from photochrom.options import (
    DEVICE,
    FEWEST_VARIANTS,
    MOST_VARIANTS,
    STANDARD_STREAM,
    ColorizeOptions,
    SaveOptions,
)
from photochrom.photo.naming import DEFAULT_NAME, VARIANTS, Naming

if TYPE_CHECKING:
    from collections.abc import Callable

    from photochrom.colorizer import Colorizer
    from photochrom.reports import FileReport


def variants(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="One photo.")],
    count: Annotated[
        int,
        typer.Option(
            "--count", "-n", min=FEWEST_VARIANTS, max=MOST_VARIANTS, help="Number of variants."
        ),
    ] = 4,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder for the files; default: beside the photo.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed gives other variants, the same seed the same.")
    ] = 0,
    preset: PresetName = None,  # noqa: ARG001 - its callback sets the defaults of the others
    vividness: Vividness = ColorizeOptions.vividness,
    size: Size = None,
    model: Model = None,
    model_kind: ModelKind = None,
    device: Device = DEVICE,
    name: Name = DEFAULT_NAME,
    quality: Quality = SaveOptions.quality,
    profile: Profile = SaveOptions.profile,
    reversible: Reversible = False,
    crop: CropGeometry = None,
    turn: Turned = SaveOptions.turn,
    reference: References = None,
    reference_album: ReferenceAlbum = None,
    saturation: Saturation = ColorizeOptions.saturation,
    warmth: Warmth = ColorizeOptions.warmth,
    tint: Tint = ColorizeOptions.tint,
    smooth: Smooth = ColorizeOptions.smooth,
    threads: Threads = None,
    overwrite: Overwrite = False,
    keep_time: KeepTime = False,
    no_mark: Annotated[
        bool,
        typer.Option(
            "--no-mark", help="Do not record in the files' XMP that their colours are computed."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout.")
    ] = False,
) -> None:
    """Colour one photo in several plausible ways that differ in whole objects.

    Writes NAME.color.1.EXT, NAME.color.2.EXT, ... at the photo's full size (with --name, the
    number comes before the suffix), and NAME.variants.jpg, a sheet of small pictures to choose
    from: grey, 1, 2, ... Variant 1 is the result of `colorize`.
    Variant 2 has the most typical other colours, which are often more muted. The others differ from
    each other as much as possible. Where the network is sure of a colour, all variants have it.

    Exit codes: 0 all done, 1 failed (one line on stderr), 2 wrong usage.
    """
    from photochrom.batch.settings import JobSettings

    with one_line_errors():
        [photo, *others] = photos_meant([photo])
        if others:
            raise ConfigError(photo, "is one of several photos", "name one")
        if photo == STANDARD_STREAM or is_stream(photo):
            raise ConfigError(
                None, "variants are named after their photo", "name a file instead of -"
            )
        naming = JobSettings(
            model=model, name=name, colorize=ColorizeOptions(vividness=vividness)
        ).naming
        folder = _folder(output, count)
        from photochrom._system.threads import limit_threads
        from photochrom._system.vips import block_untrusted
        from photochrom.colorizer import Colorizer
        from photochrom.reports import reported

        block_untrusted()
        limit_threads()
        with show_warnings():
            colorizer = Colorizer(model, threads=threads, device=device, kind=model_kind)
        options = ColorizeOptions(
            vividness=vividness,
            size=size,
            references=references_of(reference, reference_album),
            seed=seed,
            saturation=saturation,
            warmth=warmth,
            tint=tint,
            smooth=smooth,
        )
        save = SaveOptions(
            quality=quality,
            mark=not no_mark,
            profile=profile,
            reversible=reversible,
            crop=crop_of(crop),
            turn=turn,
            overwrite=overwrite,
            keep_time=keep_time,
        )
    try:
        source = Path(photo)
        targets = partial(_targets, naming, source, folder or source.parent, count)
        work = partial(_color, colorizer, source, targets, options, save)
        report = reported(photo, work)
    except KeyboardInterrupt as interruption:
        print_error("interrupted; finished files are kept")
        raise typer.Exit(exit_code_of(interruption)) from None
    _print(report, seed, as_json)
    if report.fault is not None:
        raise typer.Exit(FAILED)


def _print(report: FileReport, seed: int, as_json: bool) -> None:
    if report.fault is not None:
        print_error(report.fault)
    for warning in report.warnings:
        print_error(f"warning: {report.input}: {warning}")
    *variants, sheet = report.outputs or (None,)
    if as_json:
        record = replace(report, outputs=tuple(variants)).record(flag)
        print_record(record | {"sheet": None if sheet is None else str(sheet), "seed": seed})
    elif sheet is not None:
        for path in (*variants, sheet):
            print_path(str(path))


def _folder(output: Path | None, count: int) -> Path | None:
    """The folder for the results, made where it is not there yet."""
    from photochrom.photo import SUFFIXES

    if output is not None:
        if output.suffix.lower() in SUFFIXES and not output.is_dir():
            raise ConfigError(output, f"a file for {count} variants", "name a folder")
        make_folder(output)
    return output


def _targets(naming: Naming, source: Path, folder: Path, count: int) -> list[Path]:
    """The files of the variants, and that of the sheet."""
    from photochrom.photo.formats import kind_of_file

    first = folder / naming.result_of(source.name, kind_of_file(source))
    numbered = [first.with_name(f"{first.stem}.{n}{first.suffix}") for n in range(1, count + 1)]
    return [*numbered, folder / f"{source.stem}{VARIANTS}.jpg"]


def _color(
    colorizer: Colorizer,
    source: Path,
    make_targets: Callable[[], list[Path]],
    options: ColorizeOptions,
    save: SaveOptions,
) -> FileReport:
    """Colour and write; the sheet is the last of the outputs."""
    from photochrom.cli.variant_sheet import contact_sheet
    from photochrom.files import save_results
    from photochrom.photo import Photo, check_size, check_target, kind_of, save_picture

    started = time.perf_counter()
    photo = Photo(source)
    *targets, sheet = make_targets()
    if kind := kind_of(targets[0]):
        check_size(kind, *save.framed_size(photo.upright_size, photo.name), source)
    for target in (*targets, sheet):
        check_target(target, save.overwrite)
    results = colorizer.variants(photo, len(targets), options)
    for result, target in zip(results, targets, strict=True):
        report = save_results([result], target, save)
    save_picture(
        contact_sheet(results),
        sheet,
        quality=save.quality,
        mark=save.mark,
        overwrite=save.overwrite,
    )
    return replace(report, outputs=(*targets, sheet), seconds=time.perf_counter() - started)
