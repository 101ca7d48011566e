"""A contact sheet of a film's shots: one page of HTML, and the key pictures as PNG files.

Beside `shots.html` lie `shots.json`, in which a person changes how shots are coloured, and the key
pictures, grey as they are and coloured; each is as large as the film.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from photochrom._system.atomic import atomic_write
from photochrom.color.lab import Array
from photochrom.errors import Option, OutputExistsError, Remedy
from photochrom.options import ColorizeOptions
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.photo.strips import Pixels
from photochrom.photo.writer import save_picture
from photochrom.pipeline.adjustments import Adjustments
from photochrom.video.coloring import FilmColoring
from photochrom.video.network import Painter
from photochrom.video.rendering import FilmRenderer
from photochrom.video.shot_list import key_picture, record_of
from photochrom.video.shots import Shot
from photochrom.video.sinks import rgb_of
from photochrom.video.small import small_codes

_STYLE = (
    "body{font:16px/1.5 sans-serif;margin:2rem;background:#fff;color:#222}"
    "figure{margin:0 0 2rem}img{max-width:48%;height:auto;vertical-align:top}"
    "figcaption{margin:.3rem 0}"
)


def write_shot_sheet(
    page: Path,
    coloring: FilmColoring,
    options: ColorizeOptions,
    *,
    overwrite: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Write the sheet; returns its files, the page first.

    page: an .html file. coloring: of the film.
    Raises OutputExistsError where one of the files exists and overwrite is false.
    """
    film, found = coloring.film, coloring.found
    record = record_of(film, found, options)
    listing, folder = page.with_suffix(".json"), page.with_name(f"{page.stem}.pictures")
    for path in (page, listing):
        if path.exists() and not overwrite:
            raise OutputExistsError(
                path, "exists already", Remedy("use {} to replace it", Option("overwrite", True))
            )
    with foreseen_os_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    renderer = FilmRenderer(film, found, coloring.network, coloring.threads)
    figures, files = [], [page, listing]
    for number, (shot, entry) in enumerate(zip(found.shots, record["shots"], strict=True), 1):
        key = key_picture(shot)
        gray, color = _key_pictures(coloring, renderer, shot, options)
        names = [f"frame-{key:06d}.gray.png", f"frame-{key:06d}.color.png"]
        for name, picture in zip(names, (gray, color), strict=True):
            save_picture(picture, folder / name, mark=name == names[1], overwrite=True)
            files.append(folder / name)
        figures.append(_figure(number, entry, [f"{folder.name}/{name}" for name in names]))
        if progress is not None:
            progress("shots", number, len(found.shots))
    renderer.close()
    text = _page(film.name, figures)
    for content, path in ((json.dumps(record, indent=1) + "\n", listing), (text, page)):
        with foreseen_os_errors(str(path)), atomic_write(path) as part:
            part.write_text(content, encoding="utf-8")
    return files


def _key_pictures(
    coloring: FilmColoring, renderer: FilmRenderer, shot: Shot, options: ColorizeOptions
) -> tuple[Pixels, Pixels]:
    """The key picture, upright, grey and coloured by itself; RGB, 8 bits."""
    film, network, key = coloring.film, coloring.network, key_picture(shot)
    ab = _own_colors(coloring, shot, key, options)
    painter = Painter(Adjustments.of(options))
    [(_, luma, chroma)] = renderer.planes(key, [ab], painter)
    layout = film.facts.layout
    neutral = [np.full_like(plane, layout.coding.neutral) for plane in chroma]
    gray, color = (
        network.upright(_eight_bits(rgb_of(layout, luma, planes))) for planes in (neutral, chroma)
    )
    return gray, color


def _own_colors(coloring: FilmColoring, shot: Shot, key: int, options: ColorizeOptions) -> Array:
    network, film = coloring.network, coloring.film
    layout = film.facts.layout
    codes = small_codes(film.av, coloring.luma_at(key), layout, *network.shape)
    return network.predicted(codes, options.vividness, coloring.grains[shot.first])[0]


def _eight_bits(picture: Pixels) -> Pixels:
    if picture.dtype == np.uint8:
        return picture
    return (picture >> 8).astype(np.uint8)


def _figure(number: int, entry: dict[str, float], names: list[str]) -> str:
    span = f"{_clock(entry['start'])} to {_clock(entry['end'])}"
    pictures = "".join(
        f'<img src="{html.escape(name)}" alt="{kind}">'
        for name, kind in zip(names, ("as it is", "coloured"), strict=True)
    )
    return f"<figure>{pictures}<figcaption>Shot {number}: {span}</figcaption></figure>"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:06.3f}"


def _page(name: str, figures: list[str]) -> str:
    title = f"Shots of {html.escape(Path(name).name)}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>{''.join(figures)}</html>\n"
    )
