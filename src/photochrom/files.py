"""Colour or repair one photo from file to file, and report on it.

The command line, jobs and the server use these functions.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, BinaryIO, cast

from photochrom._system.cpus import available_cpus
from photochrom.colorizer import Colorizer, shared_colorizer
from photochrom.errors import (
    ConfigError,
    Option,
    PhotoError,
)
from photochrom.options import STANDARD_STREAM, ColorizeOptions, SaveOptions
from photochrom.pages import check_not_source, encode_pages, pages_of_one_file, save_pages
from photochrom.photo import (
    Kind,
    Photo,
    PhotoLike,
    as_photo,
    check_size,
    check_target,
    kind_of,
    losses,
    pages_of,
    save_picture,
    write,
)
from photochrom.photo.formats import kind_of_file
from photochrom.photo.naming import DEFAULT_NAME, REPAIRED_NAME, Naming
from photochrom.photo.read_ahead import reading_ahead
from photochrom.repaired import RepairedPhoto
from photochrom.repaired import repair as repair_photo
from photochrom.reports import FileReport
from photochrom.restoration.options import RepairOptions
from photochrom.writable import Writable


def colorize_file(
    source: PhotoLike,
    target: str | Path | BinaryIO | None = None,
    options: ColorizeOptions | None = None,
    save: SaveOptions | None = None,
    *,
    colorizer: Colorizer | None = None,
    format: str | None = None,
    name: str = DEFAULT_NAME,
    confidence: str | Path | None = None,
    max_pixels: int | None = None,
    repair: RepairOptions | None = None,
    temporary: bool = False,
) -> FileReport:
    """Colour the file of one photo, all its pages, and write the result.

    Parameters
    ----------
    source
        As for `Colorizer.colorize`.
    target
        A path, whose suffix chooses the format, or an open binary file. By default
        NAME.color.EXT beside a source that is a path.
    options, save
        How the photo is coloured, and how the file is written.
    colorizer
        A loaded model; the default model otherwise.
    format
        "png", "jpg", ... of an open file or of the default name; by default the photo's own.
    name
        A template of the default name with the fields {stem}, {suffix}, {model} and {vividness}.
    confidence
        A path for the confidence map of the first page, as a picture.
    max_pixels
        Refuse a larger picture before it is decoded, as for `Photo`.
    repair
        Repair each page before it is coloured.
    temporary
        Write all pages into one file, without waiting for the disk.

    Returns
    -------
    FileReport
        Its state is "done".

    Raises
    ------
    PhotochromError
        The errors of `Colorizer.colorize` and `Result.save`. No partial file is left.

    Examples
    --------
    >>> import photochrom
    >>> report = photochrom.colorize_file("photo.jpg", format="png")
    >>> report.record()["output"]
    'photo.color.png'
    """
    started = time.perf_counter()
    options, save = options or ColorizeOptions(), save or SaveOptions()
    suffix = _suffix_of(format, target)
    photo = as_photo(source, max_pixels)  # first, so that errors are of the photo, if of anything
    if target is None:
        loaded = colorizer or shared_colorizer()
        naming = Naming(
            template=name, suffix=suffix, model=loaded.name, vividness=options.vividness
        )
        target = _beside(_path_of(source), naming)
    elif name != DEFAULT_NAME:
        raise ConfigError(Option("name", name), "is for results without a target", "leave it out")
    origin = _path_of(source)
    for path in (target, confidence):
        if isinstance(path, str | os.PathLike):
            _check_target(Path(path), origin, save)
    if confidence is not None and _same_path(confidence, target):
        raise PhotoError(target, "is the coloured photo", "name another file for the confidence")
    _check_size(target, photo, suffix, save)
    colorizer = colorizer or shared_colorizer()
    pages = [photo.with_page(page) for page in pages_of(photo.source)]
    repaired = [] if repair is None else repaired_pages(pages, repair)
    pages = [page.photo for page in repaired] or pages
    with _begun(pages, colorizer):
        results = [colorizer.colorize(page, options) for page in pages]
        confidence_map = None if confidence is None else results[0].confidence_picture()
        report = save_results(
            results, target, save, format=suffix, temporary=temporary, started=started
        )
    if confidence_map is not None and confidence is not None:
        save_picture(confidence_map, confidence, overwrite=save.overwrite)
    return replace(report, mended=_mended_share(repaired))


def _begun(pages: Sequence[Photo], colorizer: Colorizer) -> AbstractContextManager[None]:
    """Decode at full size while the network works, where a thread is free for it."""
    alone = (colorizer.threads or available_cpus()) == 1
    if alone or len(pages) > 1:
        return nullcontext()
    return reading_ahead(pages[0])


def repair_file(
    source: PhotoLike,
    target: str | Path | BinaryIO | None = None,
    options: RepairOptions | None = None,
    save: SaveOptions | None = None,
    *,
    format: str | None = None,
    mask: str | Path | None = None,
    max_pixels: int | None = None,
) -> FileReport:
    """Repair the file of one photo, all its pages, and write the result; grey stays grey.

    Parameters
    ----------
    source
        As for `Colorizer.colorize`.
    target
        A path, whose suffix chooses the format, or an open binary file. By default
        NAME.repaired.EXT beside a source that is a path.
    options, save
        What is repaired, and how the file is written.
    format
        "png", "jpg", ... of an open file or of the default name; by default the photo's own.
    mask
        A path for a picture of the damage on the first page, upright: white is damaged.
    max_pixels
        Refuse a larger picture before it is decoded, as for `Photo`.

    Returns
    -------
    FileReport
        Its state is "done".

    Raises
    ------
    PhotochromError
        The errors of `repair` and `RepairedPhoto.save`. No partial file is left.

    Examples
    --------
    >>> import photochrom
    >>> report = photochrom.repair_file("photo.jpg", format="png")
    >>> report.record()["output"]
    'photo.repaired.png'
    """
    started = time.perf_counter()
    options, save = options or RepairOptions(), save or SaveOptions()
    suffix = _suffix_of(format, target)
    photo = as_photo(source, max_pixels)
    origin = _path_of(source)
    if target is None:
        target = _beside(origin, Naming(template=REPAIRED_NAME, suffix=suffix))
    for path in (target, mask):
        if isinstance(path, str | os.PathLike):
            _check_target(Path(path), origin, save)
    if mask is not None and _same_path(mask, target):
        raise PhotoError(target, "is the repaired photo", "name another file for the mask")
    pages = [photo.with_page(page) for page in pages_of(photo.source)]
    repaired = repaired_pages(pages, options)
    report = save_results(repaired, target, save, format=suffix, started=started)
    if mask is not None:
        save_picture(repaired[0].damage_picture(), mask, overwrite=save.overwrite)
    return replace(report, mended=_mended_share(repaired))


def repaired_pages(pages: Sequence[Photo], options: RepairOptions) -> list[RepairedPhoto]:
    """All pages of a photo, repaired; raises ConfigError for one mask of several pages."""
    if options.mask is not None and len(pages) > 1:
        raise ConfigError(
            Option("mask"), f"is one picture for {len(pages)} pages", "repair one page at a time"
        )
    return [repair_photo(page, options) for page in pages]


def _suffix_of(format: str | None, target: str | Path | BinaryIO | None) -> str | None:
    """The suffix of a format; raises ConfigError for a format beside a path."""
    if format is None:
        return None
    if isinstance(target, str | os.PathLike):
        raise ConfigError(target, "its suffix chooses the format", "leave format out")
    return f".{format.lstrip('.')}"


def _mended_share(repaired: Sequence[RepairedPhoto]) -> float | None:
    return fmean(page.mended.share for page in repaired) if repaired else None


def save_results(
    results: Sequence[Writable],
    target: str | Path | BinaryIO,
    save: SaveOptions,
    *,
    format: str | None = None,
    temporary: bool = False,
    started: float | None = None,
) -> FileReport:
    """Write the coloured pages of one photo, and report.

    format: the suffix of an open file. temporary: write all pages into one file, without waiting
    for the disk. started: the start of the work by `time.perf_counter`.
    Raises the errors of `photochrom.pages.save_pages`; PhotoError where an open or a temporary file
    cannot hold all pages.
    """
    photo = results[0].photo
    if isinstance(target, str | os.PathLike):
        suffix = Path(target).suffix
        if temporary:
            write(pages_of_one_file(results, suffix, save), Path(target), save, durable=False)
            outputs = [Path(target)]
        else:
            outputs = save_pages(results, target, save)
    else:
        suffix = format or photo.suffix
        target.write(encode_pages(results, suffix, save))
        target.flush()
        outputs = [Path(STANDARD_STREAM)]
    height, width = photo.upright_size
    file_format = kind_of(suffix)
    return FileReport(
        input=photo.name,
        outputs=tuple(outputs),
        width=width,
        height=height,
        seconds=None if started is None else time.perf_counter() - started,
        model=results[0].model,
        notes=_notes_of(results),
        losses=() if file_format is None else _losses_of(results, file_format, save),
    )


def _notes_of(results: Sequence[Writable]) -> tuple[str, ...]:
    """The notes of all pages, each once; what only a later page has is told with its page."""
    first = results[0].photo.notes
    later = [
        f"page {result.photo.page + 1}: {note}"
        for result in results[1:]
        for note in result.photo.notes
        if note not in first
    ]
    return (*first, *dict.fromkeys(later))


def _losses_of(
    results: Sequence[Writable], file_format: Kind, save: SaveOptions
) -> tuple[str, ...]:
    """What a file of a format cannot hold of the pages, each once."""
    every = [loss for result in results for loss in losses(result.photo, file_format, save)]
    return tuple(dict.fromkeys(every))


def _path_of(source: PhotoLike) -> Path | None:
    """The path of a photo's file; None for a photo that comes from no file."""
    path = source.source if isinstance(source, Photo) else source
    return Path(cast(str, path)) if isinstance(path, str | os.PathLike) else None


def _beside(source: Path | None, naming: Naming) -> Path:
    """The default target: a name of its own beside a photo's file."""
    if source is None:
        raise PhotoError(
            None, "a photo that is no file has no name for its result", "name a target"
        )
    return source.with_name(naming.result_of(source.name, kind_of_file(source)))


def _check_target(target: Path, source: Path | None, save: SaveOptions) -> None:
    """Raise before the work what would fail after it, such as overwriting the photo itself."""
    check_target(target, save.overwrite)
    check_not_source(target, source)


def _check_size(target: object, photo: Photo, suffix: str | None, save: SaveOptions) -> None:
    """Raise PhotoError, before the work, where the result is too large for its format, or its crop
    reaches beyond the photo.
    """
    path = Path(target) if isinstance(target, str | os.PathLike) else None
    kind = kind_of(path or suffix or photo.suffix)
    size = save.framed_size(photo.upright_size, photo.name)
    if kind is not None:
        check_size(kind, *size, path or photo.name)


def _same_path(one: str | Path, other: Any) -> bool:
    return isinstance(other, str | os.PathLike) and Path(one).resolve() == Path(other).resolve()
