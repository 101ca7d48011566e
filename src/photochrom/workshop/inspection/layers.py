"""The chapters on single layers: nine pixels, first filters, half the size, deepest maps."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from photochrom.workshop.inspection import drawings
from photochrom.workshop.inspection.drawings import png
from photochrom.workshop.inspection.features import awake, most_different
from photochrom.workshop.inspection.reading import Reading
from photochrom.workshop.inspection.subject import Subject
from photochrom.workshop.inspection.web_page import Picture, Section

MAPS = 36
"""Feature maps of a deeper layer that are shown."""
FILTERS = 64
"""Filters of the first layer that are shown: all of the paper's networks."""


def nine_chapter(subject: Subject, reading: Reading, at: tuple[int, int] | None) -> Section:
    """One filter's arithmetic, at a pixel (row, column) of the copy or where it is interesting."""
    first, copy = reading.features.first, subject.copy
    if at is None:
        rows = slice(copy.top, copy.top + copy.height)
        nine = first.most_interesting((rows, slice(copy.left, copy.left + copy.width)))
    else:
        nine = first.strongest_at(*at)
    row, column = first.center(nine.row, nine.column)
    center = row - copy.top, column - copy.left
    stride = first.stride
    answers = _on_photo(first.responses, subject)[nine.channel]
    moved = replace(
        nine, row=nine.row - copy.top // stride, column=nine.column - copy.left // stride
    )
    total, response = drawings.signed(nine.total), drawings.signed(nine.response)
    activation = type(first.activation).__name__
    side = first.size
    words = [
        f"The first layer sees {side} × {side} pixels at a time: their lightness, from −1 for "
        "black to 1 for white. A filter multiplies each by a weight of its own and adds the "
        "products up. "
        f"{_activation_words(activation)}",
        f"Filter {nine.channel + 1} at this place: the products and the bias make {total}, and "
        f"{activation} turns that into {response}. The same weights are used at every place.",
    ]
    drawing = drawings.nine_pixels(moved, activation, center, subject.picture(None), answers)
    alt = (
        f"A place in the photo, its {side} × {side} pixels as numbers, the weights of one filter, "
        f"the products, their sum {total}, the answer {response}, and the filter's answers "
        "everywhere as a picture."
    )
    caption = "Orange is positive, purple is negative; numbers are rounded to three decimals."
    count = "Nine pixels" if side == 3 else f"{side * side} pixels"
    return Section(
        f"{count} and one filter", words, [Picture("nine-pixels", png(drawing), alt, caption)]
    )


def _activation_words(name: str) -> str:
    if name == "ReLU":
        return "ReLU then makes everything below zero zero."
    if name == "ReLU6":
        return "ReLU6 then makes everything below zero zero and everything above six six."
    return f"{name} then bends the sum."


def first_chapter(subject: Subject, reading: Reading) -> Section:
    """Every filter of the first layer, with what it answers."""
    first = reading.features.first
    count = len(first.weights)
    channels = list(range(min(count, FILTERS)))
    responses = _on_photo(first.responses, subject)
    quiet = int((responses.flatten(1).amax(1) <= 0).sum())
    step = f"every {_ordinal(first.stride)} pixel" if first.stride > 1 else "every pixel"
    words = [
        f"The first layer has {count} filters, and each makes a picture of its own of the photo, "
        f"at {step}: one finds edges from dark to light, another bright areas, another dark ones."
    ]
    if quiet:
        words.append(
            f"{quiet} of them say nothing anywhere in this photo: their pictures are black."
        )
    picture = drawings.mosaic(responses, channels, first.weights)
    alt = f"{len(channels)} small pictures of the photo, one a filter, each with its filter."
    caption = (
        "Bright where a filter answers strongly. In each corner its weights: orange positive, "
        "purple negative."
    )
    return Section(
        "The first layer's filters", words, [Picture("first-layer", png(picture), alt, caption)]
    )


def halved_chapter(subject: Subject, reading: Reading) -> Section:
    """The first layer that looks at half the size."""
    maps = reading.features.halved
    words = [
        "Then the picture is made half as wide and half as high, and filters go over the answers "
        "of the filters before. The same small window now covers twice the photo, and what it can "
        "find is made of simpler parts: a corner, a dot, a row of lines.",
        f"This layer has {len(maps)} filters, at {maps.shape[2]} × {maps.shape[1]} places.",
    ]
    return Section("At half the size", words, [_maps("half-size", _on_photo(maps, subject))])


def deep_chapter(subject: Subject, reading: Reading) -> Section:
    """The last layer before the decoder."""
    maps = reading.features.deep
    scale = subject.lightness.shape[2] // maps.shape[1]
    words = [
        f"At its deepest, before it climbs back to a picture, the network has {len(maps)} maps of "
        f"{maps.shape[2]} × {maps.shape[1]} places; each place stands for {scale} × {scale} pixels "
        "and has seen many more around them. What a map answers to is often a kind of thing or of "
        "ground, no longer an edge."
    ]
    return Section("The deepest maps", words, [_maps("deep", _on_photo(maps, subject))])


def _on_photo(maps: Tensor, subject: Subject) -> Tensor:
    """The part of maps (C, h, w) that lies on the photo, without the white beside it."""
    copy, scale = subject.copy, subject.lightness.shape[2] // maps.shape[1]
    rows = slice(copy.top // scale, (copy.top + copy.height) // scale)
    return maps[:, rows, copy.left // scale : (copy.left + copy.width) // scale]


def _maps(name: str, maps: Tensor) -> Picture:
    channels, count = most_different(maps, MAPS), len(maps)
    asleep = count - int(awake(maps).sum())
    if float(maps.min()) < 0:
        colors = "Orange is positive, purple is negative."
    else:
        colors = "Bright where the answer is strong."
    if len(channels) == count:
        shown = f"All {count} maps, each scaled to its own strongest answers."
    else:
        shown = (
            f"{len(channels)} of {count} maps, those that resemble each other least, each scaled "
            "to its own strongest answers."
        )
    quiet = f" {asleep} say next to nothing about this photo." if asleep else ""
    caption = f"{shown} {colors}{quiet}"
    if not channels:
        channels = [0]
        caption = "Every map of this layer says the same everywhere."
    picture = drawings.mosaic(maps, channels)
    return Picture(name, png(picture), f"{len(channels)} feature maps of the photo.", caption)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
