"""All pages of one photo, as one file or several."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Unpack

from photochrom.errors import Option, PhotoError, Remedy
from photochrom.options import SaveKeywords, SaveOptions
from photochrom.photo import (
    TIFF,
    Kind,
    Page,
    check_target,
    encode,
    kind_of,
    write,
)
from photochrom.photo.several_files import several_files
from photochrom.writable import Writable


def save_pages(
    results: Sequence[Writable],
    path: str | Path,
    options: SaveOptions | None = None,
    **keywords: Unpack[SaveKeywords],
) -> list[Path]:
    """Write the coloured pages of one photo.

    Parameters
    ----------
    results
        The coloured pages, as `Colorizer.colorize_pages` returns them.
    path
        The file to write; for several pages a TIFF holds all.
    options, **keywords
        As for `Result.save`, which also lists the errors.

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
    target, saving = Path(path), SaveOptions.of(options, keywords)
    if len(results) == 1:
        results[0].save(target, saving)
        return [target]
    file_format = check_target(target, saving.overwrite)
    if pages := _pages_of_one_tiff(results, file_format, target.suffix, saving):
        write(pages, target, saving)
        return [target]
    targets = [target.with_stem(f"{target.stem}-{n + 1}") for n in range(len(results))]
    for file in targets:
        check_target(file, saving.overwrite)
        check_not_source(file, results[0].photo.source)
    origin = results[0].photo.source
    made_of = origin if isinstance(origin, Path) else None
    with several_files(targets, saving, made_of) as parts:
        for result, part, file in zip(results, parts, targets, strict=True):
            _save_as(result, part, file, saving)
    return targets


def check_not_source(target: Path, source: object) -> None:
    """Raise PhotoError where a result would replace its own source."""
    if isinstance(source, Path):
        with suppress(OSError):  # one of the files does not exist
            if source.samefile(target):
                raise PhotoError(target, "is the photo itself", "name another output")


def _save_as(result: Writable, part: Path, target: Path, saving: SaveOptions) -> None:
    """Write a temporary file; errors name the final file."""
    try:
        result.save(part, saving, overwrite=True)
    except PhotoError as error:
        if error.subject == str(part):
            raise error.with_subject(target) from error
        raise


def encode_pages(
    results: Sequence[Writable],
    suffix: str,
    options: SaveOptions | None = None,
    **keywords: Unpack[SaveKeywords],
) -> bytes:
    """The bytes of one file with all coloured pages of one photo.

    Raises PhotoError where a file of this format cannot hold them all.
    """
    saving = SaveOptions.of(options, keywords)
    return encode(pages_of_one_file(results, suffix, saving), suffix, saving)


def pages_of_one_file(results: Sequence[Writable], suffix: str, saving: SaveOptions) -> list[Page]:
    """The coloured pages of one photo, ready for `photochrom.photo.write`.

    Raises PhotoError where a file of this format cannot hold them all.
    """
    if len(results) == 1:
        return [results[0].page(suffix, saving)]
    pages = _pages_of_one_tiff(results, kind_of(suffix), suffix, saving)
    if not pages:
        name = results[0].photo.name
        raise PhotoError(name, f"its {len(results)} pages do not fit into one file", _SEVERAL_FILES)
    return pages


_SEVERAL_FILES = Remedy(
    "write several files, by {}", Option("path"), otherwise="send its pages one by one"
)


def _pages_of_one_tiff(
    results: Sequence[Writable], file_format: Kind | None, suffix: str, saving: SaveOptions
) -> list[Page]:
    """The pages of a TIFF; empty where they differ in size or coding, or for another format."""
    if file_format is not TIFF:
        return []
    pages = [result.page(suffix, saving) for result in results]
    layouts = {(page.size, page.bands, page.coding.kind, page.coding.space) for page in pages}
    return pages if len(layouts) == 1 else []
