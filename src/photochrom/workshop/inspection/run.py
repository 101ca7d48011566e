"""Look at one photo with one network, and write everything that is seen into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from photochrom._system.atomic import temporary_folder_beside
from photochrom.errors import Option, OutputExistsError, PhotoError, Remedy
from photochrom.photo import foreseen_os_errors
from photochrom.workshop.inspection.chapters import chapters
from photochrom.workshop.inspection.reading import POINTS, Model
from photochrom.workshop.inspection.subject import read_subject
from photochrom.workshop.inspection.web_page import Section, build_page

PAGE = "index.html"
NAMES = (
    *("result-grey", "result-colored", "result-real", "lab-l", "lab-a", "lab-b", "nine-pixels"),
    *("first-layer", "half-size", "deep", "labels", "fusion-own", "fusion-zero", "fusion-change"),
    *("confidence", "points"),
    *(f"distribution-{number}" for number in range(1, len(POINTS) + 1)),
)
"""Every picture that there may be; an earlier run's are removed."""


def inspect_photo(
    photo: Path,
    checkpoint: Path,
    folder: Path,
    *,
    at: tuple[int, int] | None = None,
    overwrite: bool = False,
    embedder_weights: str | None = None,
) -> list[Path]:
    """Draw what a network does with a photo, as PNG files and a page.

    checkpoint: a training checkpoint's folder. folder: gets the files; whole or not at all.
    at: a pixel (x, y) of the photo to look at, chosen by the network's answers by default.
    embedder_weights: of the embedder, where they are not where the training had them.
    Returns the files, the page first. Raises OutputExistsError where the folder exists and
    overwrite is false, PhotoError where the photo cannot be read or the folder not be written,
    ModelError where there is no such checkpoint, ConfigError where `at` is outside the photo.
    """
    check_folder(folder, overwrite)
    model = Model(checkpoint, embedder_weights)
    config = model.config
    subject = read_subject(photo, config.validation.size, config.data.fit)
    place = None if at is None else subject.place(at)
    sections = list(chapters(subject, model.read(subject, place), place))
    height, width = subject.size
    facts = (
        f"Architecture {config.network.architecture}, trained on "
        f"{model.progress.samples:,} samples; the photo has {width} × {height} pixels, the "
        f"network's copy {subject.copy.rgb.shape[3]} × {subject.copy.rgb.shape[2]}."
    )
    page = build_page(f"What {config.name} makes of {subject.name}", facts, sections)
    return _write(folder, page, sections, overwrite)


def check_folder(folder: Path, overwrite: bool) -> None:
    """Raise the one-line error for a folder that cannot be written to."""
    with foreseen_os_errors(str(folder)):
        if folder.exists() and not folder.is_dir():
            raise PhotoError(folder, "is a file", "name a folder")
        if folder.exists() and not overwrite:
            raise OutputExistsError(
                folder,
                "exists already",
                Remedy("add {} to replace its pictures", Option("overwrite", True)),
            )


def _write(folder: Path, page: str, sections: Sequence[Section], overwrite: bool) -> list[Path]:
    pictures = [picture for section in sections for picture in section.pictures]
    with foreseen_os_errors(str(folder)), temporary_folder_beside(folder.resolve()) as fresh:
        (fresh / PAGE).write_text(page, encoding="utf-8")
        for picture in pictures:
            (fresh / picture.file).write_bytes(picture.png)
        check_folder(folder, overwrite)  # again: somebody may have taken the name meanwhile
        if not folder.exists():
            fresh.rename(folder)
        else:
            for name in NAMES:
                (folder / f"{name}.png").unlink(missing_ok=True)
            for file in fresh.iterdir():
                file.replace(folder / file.name)
    return [folder / PAGE, *(folder / picture.file for picture in pictures)]
