"""All pages of one photo as a file, or several."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Unpack

from photochrom._system.atomic import move_into_place, temporary_beside
from photochrom._system.attributes import ALL_PERMISSIONS, set_attributes
from photochrom.errors import Option, PhotoError, Remedy
from photochrom.options import SaveKeywords, SaveOptions
from photochrom.photo import (
    TIFF,
    Kind,
    Page,
    check_target,
    encode,
    foreseen_os_errors,
    kind_of,
    write,
)
from photochrom.result import Result


def save_pages(
    results: Sequence[Result],
    path: str | Path,
    options: SaveOptions | None = None,
    **keywords: Unpack[SaveKeywords],
) -> list[Path]:
    """Write the coloured pages of one photo.

    Parameters
    ----------
    results
        As `Colorizer.colorize_pages` gives them.
    path
        Of the file; of a TIFF where there are several pages.
    options, **keywords
        As for `Result.save`, which also says what is raised.

    Returns
    -------
    list of pathlib.Path
        One TIFF where the pages agree in size and type, else NAME-1.tif, NAME-2.tif, ...

    Examples
    --------
    >>> from photochrom import Colorizer, save_pages
    >>> pages = Colorizer().colorize_pages("photo.jpg")
    >>> [path.name for path in save_pages(pages, "photo.color.tif")]
    ['photo.color.tif']
    """
    target, how = Path(path), SaveOptions.of(options, keywords)
    if len(results) == 1:
        results[0].save(target, how)
        return [target]
    kind = check_target(target, how.overwrite)
    if pages := _one_file(results, kind, target.suffix, how):
        write(pages, target, how)
        return [target]
    names = [target.with_stem(f"{target.stem}-{n + 1}") for n in range(len(results))]
    for name in names:
        check_target(name, how.overwrite)
        check_not_source(name, results[0].photo.source)
    with ExitStack() as parts, foreseen_os_errors(str(target)):  # all pages, or none
        written = [parts.enter_context(temporary_beside(name, ALL_PERMISSIONS)) for name in names]
        for result, part, name in zip(results, written, names, strict=True):
            _save_as(result, part, name, how)
            origin = result.photo.source
            made_of = origin if isinstance(origin, Path) else None
            set_attributes(part, name, made_of, keep_time=how.keep_time)
        _move_all(written, names, how)
    return names


def check_not_source(target: Path, source: object) -> None:
    """Raise PhotoError for a result that would replace the very photo that it is made of."""
    if isinstance(source, Path):
        with suppress(OSError):  # one of them is not there
            if source.samefile(target):
                raise PhotoError(target, "is the photo itself", "name another output")


def _save_as(result: Result, part: Path, name: Path, how: SaveOptions) -> None:
    """Write a temporary file; errors call it by the name that it gets."""
    try:
        result.save(part, how, overwrite=True)
    except PhotoError as error:
        if error.subject == str(part):
            raise error.with_subject(name) from error
        raise


def _move_all(parts: Sequence[Path], names: Sequence[Path], how: SaveOptions) -> None:
    """Give all files their names; where one name is taken meanwhile, none that was free stays."""
    free = [name for name in names if not name.exists()]
    try:
        for part, name in zip(parts, names, strict=True):
            move_into_place(part, name, overwrite=how.overwrite, durable=True)
    except BaseException as error:
        for name, part in zip(names, parts, strict=True):
            if name in free and not part.exists():
                name.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            check_target(Path(error.filename2 or error.filename), how.overwrite)
        raise


def encode_pages(
    results: Sequence[Result],
    suffix: str,
    options: SaveOptions | None = None,
    **keywords: Unpack[SaveKeywords],
) -> bytes:
    """The bytes of one file of the coloured pages of one photo.

    Raises PhotoError where a file of this format cannot hold them all.
    """
    how = SaveOptions.of(options, keywords)
    return encode(pages_of_one_file(results, suffix, how), suffix, how)


def pages_of_one_file(results: Sequence[Result], suffix: str, saving: SaveOptions) -> list[Page]:
    """The coloured pages of one photo, to be written; see `photochrom.photo.write`.

    Raises PhotoError where a file of this format cannot hold them all.
    """
    if len(results) == 1:
        return [results[0].page(suffix, saving)]
    pages = _one_file(results, kind_of(suffix), suffix, saving)
    if not pages:
        name = results[0].photo.name
        raise PhotoError(name, f"its {len(results)} pages do not fit into one file", _SEVERAL)
    return pages


_SEVERAL = Remedy(
    "write several files, by {}", Option("path"), otherwise="send its pages one by one"
)


def _one_file(
    results: Sequence[Result], kind: Kind | None, suffix: str, saving: SaveOptions
) -> list[Page]:
    """The pages of one TIFF; none where they differ in size or type, or it is of another kind."""
    if kind is not TIFF:
        return []
    pages = [result.page(suffix, saving) for result in results]
    alike = {(page.size, page.bands, page.coding.kind, page.coding.space) for page in pages}
    return pages if len(alike) == 1 else []
