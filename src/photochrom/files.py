"""Colour one photo from file to file, and report on it.

The command line, jobs and the server use these functions; their JSON records are
`FileReport.record`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from photochrom._system.cpus import available_cpus
from photochrom.colorizer import Colorizer, shared_colorizer
from photochrom.errors import (
    ConfigError,
    InColorError,
    Option,
    PhotochromError,
    PhotoError,
    Spelling,
    unforeseen,
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
    save_picture,
    write,
)
from photochrom.photo.formats import kind_of_file
from photochrom.photo.naming import DEFAULT_NAME, Naming
from photochrom.photo.read_ahead import reading_ahead
from photochrom.result import Result


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """The report on one photo's file.

    Attributes
    ----------
    input : str
        The photo's name, as the caller gave it.
    state : str
        "done", "skipped" (it is in colour already) or "failed".
    outputs : tuple of pathlib.Path
        The files written.
    width, height : int or None
        Of the upright photo, pixels.
    seconds : float or None
        Time from reading to the end of writing.
    model : str or None
        The name of the model.
    notes : tuple of str
        Warnings about the photo, a line each.
    losses : tuple of str
        Properties of the photo that the written file format cannot hold.
    reason : str or None
        Why the photo is not done, as one word.
    fault : PhotochromError or None
        The error that stopped the work.

    Examples
    --------
    >>> import photochrom
    >>> report = photochrom.colorize_file("photo.jpg", "photo.png")
    >>> report.state, report.width, report.height, report.losses
    ('done', 451, 300, ())
    """

    input: str = ""
    state: str = "done"
    outputs: tuple[Path, ...] = ()
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    model: str | None = None
    notes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    reason: str | None = None
    fault: PhotochromError | None = None

    @classmethod
    def failure(cls, name: str, fault: Exception) -> Self:
        """The report on a photo that an error stopped, foreseen or not.

        Parameters
        ----------
        name
            The photo's name in the report.
        fault
            The error, of any class.

        Returns
        -------
        FileReport
            Its state is "skipped" for a photo in colour, else "failed".

        Examples
        --------
        >>> from photochrom import FileReport, PhotoError
        >>> FileReport.failure("scan.tif", PhotoError("scan.tif", "damaged")).error
        'scan.tif: damaged'
        """
        failed = partial(cls, input=name, state="failed")
        if isinstance(fault, InColorError):
            return cls(input=name, state="skipped", reason="in colour already", fault=fault)
        if isinstance(fault, PhotochromError):
            return failed(reason=type(fault).__name__, fault=fault)
        if isinstance(fault, MemoryError):
            remedy = "colour fewer photos at a time"
            large = PhotoError(name, "needs more memory than there is", remedy)
            return failed(reason="MemoryError", fault=large)
        return failed(reason="Unforeseen", fault=unforeseen(name, fault))

    @property
    def error(self) -> str | None:
        """The error in one line; None where the photo is done."""
        return None if self.fault is None else str(self.fault)

    @property
    def warnings(self) -> list[str]:
        """Warnings about the photo and its result, a line each."""
        return [*self.notes, *(f"the file cannot hold {loss}" for loss in self.losses)]

    def record(self, spelling: Spelling = str) -> dict[str, Any]:
        """The report as a JSON object.

        Parameters
        ----------
        spelling
            How the error writes options; as Python's keywords by default.

        Returns
        -------
        dict
            All keys are present, with None for unknown values.

        Examples
        --------
        >>> import photochrom
        >>> sorted(photochrom.FileReport(input="scan.tif").record())[:4]
        ['error', 'height', 'input', 'model']
        """
        outputs = [str(path) for path in self.outputs]
        return {
            "input": self.input,
            "state": self.state,
            "output": outputs[0] if outputs else None,
            "outputs": outputs,
            "width": self.width,
            "height": self.height,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "model": self.model,
            "warnings": self.warnings,
            "reason": self.reason,
            "error": None if self.fault is None else self.fault.line(spelling),
        }


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
    suffix = None if format is None else f".{format.lstrip('.')}"
    if format is not None and isinstance(target, str | os.PathLike):
        raise ConfigError(target, "its suffix chooses the format", "leave format out")
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
    with _begun(photo, colorizer):
        results = colorizer.colorize_pages(photo, options)
        confidence_map = None if confidence is None else results[0].confidence_picture()
        report = save_results(
            results, target, save, format=suffix, temporary=temporary, started=started
        )
    if confidence_map is not None and confidence is not None:
        save_picture(confidence_map, confidence, overwrite=save.overwrite)
    return report


def _begun(photo: Photo, colorizer: Colorizer) -> AbstractContextManager[None]:
    """Decode at full size while the network works, where a thread is free for it."""
    alone = (colorizer.threads or available_cpus()) == 1
    if alone or photo.pages > 1:
        return nullcontext()
    return reading_ahead(photo)


def save_results(
    results: Sequence[Result],
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


def _notes_of(results: Sequence[Result]) -> tuple[str, ...]:
    """The notes of all pages, each once; what only a later page has is told with its page."""
    first = results[0].photo.notes
    later = [
        f"page {result.photo.page + 1}: {note}"
        for result in results[1:]
        for note in result.photo.notes
        if note not in first
    ]
    return (*first, *dict.fromkeys(later))


def _losses_of(results: Sequence[Result], file_format: Kind, save: SaveOptions) -> tuple[str, ...]:
    """What a file of a format cannot hold of the pages, each once."""
    every = [loss for result in results for loss in losses(result.photo, file_format, save)]
    return tuple(dict.fromkeys(every))


def reported(name: str, work: Callable[[], FileReport]) -> FileReport:
    """The report that `work` returns, or that of the error which it raises on the photo `name`."""
    try:
        return work()
    except Exception as fault:
        return FileReport.failure(name, fault)


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
