"""`photochrom variants`: several plausible colourings of one photo, and a sheet to choose from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.exit_codes import FAILED, INTERRUPTED, one_line_errors
from photochrom.cli.options import (
    PIPE,
    Device,
    Model,
    ModelKind,
    Overwrite,
    Quality,
    Size,
    Threads,
    make_folder,
)
from photochrom.cli.output import error_line, print_error, print_path, print_record, show_warnings
from photochrom.errors import ConfigError, PhotochromError, unforeseen
from photochrom.photo.naming import COLORED, VARIANTS

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

FEWEST, MOST = 2, 12
"""As `photochrom.colorizer` has it, which is not imported before it is needed."""


def variants(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="One photo.")],
    count: Annotated[
        int, typer.Option("--count", "-n", min=FEWEST, max=MOST, help="How many colourings.")
    ] = 4,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Where to write; beside the photo by default."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same variants; try another.")
    ] = 0,
    vividness: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="0 faithful and muted, 1 vivid.")
    ] = 0.5,
    size: Size = None,
    model: Model = None,
    model_kind: ModelKind = None,
    device: Device = "auto",
    quality: Quality = 95,
    threads: Threads = None,
    overwrite: Overwrite = False,
    no_mark: Annotated[
        bool,
        typer.Option("--no-mark", help="Do not say in the files' XMP that colours are computed."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout.")
    ] = False,
) -> None:
    """Colour one photo in several plausible ways that differ in whole objects.

    Writes NAME.color.1.EXT, NAME.color.2.EXT, ... at the photo's full size, and NAME.variants.jpg,
    a sheet of small pictures to choose from: grey, 1, 2, ... Number 1 is what `colorize` gives;
    number 2 is typical of what else the photo may have looked like, often quieter; the others
    differ as much as can be. What the network is sure of keeps its colour.

    Exit codes: 0 all done, 1 failed (one line on stderr), 2 wrong usage.
    """
    with one_line_errors():
        if photo == PIPE:
            raise ConfigError(
                None, "variants are named after their photo", "name a file instead of -"
            )
        folder = _folder(output, count)
        from photochrom._system.vips import block_untrusted
        from photochrom.colorizer import Colorizer

        block_untrusted()
        with show_warnings():
            colorizer = Colorizer(model, threads=threads, device=device, kind=model_kind)
    how = {"seed": seed, "vividness": vividness, "size": size}
    saving = {"quality": quality, "mark": not no_mark, "overwrite": overwrite}
    try:
        record, error = _color(colorizer, Path(photo), folder, count, how, saving)
    except KeyboardInterrupt:
        print_error("interrupted; finished files are kept")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_record(record)
    if error is not None:
        print_error(error)
        raise typer.Exit(FAILED)
    if not as_json:
        for target in (*record["outputs"], record["sheet"]):
            print_path(target)


def _folder(output: Path | None, count: int) -> Path | None:
    """The folder for the results, made where it is not there yet."""
    from photochrom.photo import SUFFIXES

    if output is not None:
        if output.suffix.lower() in SUFFIXES and not output.is_dir():
            raise ConfigError(output, f"a file for {count} variants", "name a folder")
        make_folder(output)
    return output


def _color(
    colorizer: Colorizer,
    source: Path,
    folder: Path | None,
    count: int,
    how: dict[str, Any],
    saving: dict[str, Any],
) -> tuple[dict[str, Any], PhotochromError | None]:
    """Colour and write; returns the JSON record and what went wrong, if anything."""
    from photochrom.cli.variant_sheet import contact_sheet, save_picture
    from photochrom.photo import SUFFIXES, Photo, check_target

    started = time.perf_counter()
    record: dict[str, Any] = {"input": str(source)}
    try:
        photo = Photo(source)
        suffix = source.suffix if source.suffix.lower() in SUFFIXES else photo.suffix
        stem = (folder or source.parent) / source.stem
        targets = [Path(f"{stem}{COLORED}.{n}{suffix}") for n in range(1, count + 1)]
        sheet = Path(f"{stem}{VARIANTS}.jpg")
        for target in (*targets, sheet):
            check_target(target, saving["overwrite"])
        results = colorizer.variants(photo, count, **how)
        for result, target in zip(results, targets, strict=True):
            result.save(target, **saving)
        save_picture(contact_sheet(results), sheet, **saving)
    except PhotochromError as error:
        return record | {"error": error_line(error)}, error
    except Exception as fault:  # of ours
        told = unforeseen(source, fault)
        return record | {"error": error_line(told)}, told
    height, width = photo.upright_size
    return record | {
        "outputs": [str(target) for target in targets],
        "sheet": str(sheet),
        "width": width,
        "height": height,
        "seconds": round(time.perf_counter() - started, 3),
        "seed": how["seed"],
        "model": results[0].model,
    }, None
