"""Pictures of what layers answer: mosaics of feature maps, the nine pixels, bars and maps."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photochrom.color.lab import Array, srgb_from_lab
from photochrom.workshop.inspection.features import Nine
from photochrom.workshop.inspection.reading import Labels

Pixels = NDArray[np.uint8]

DPI = 200
WIDTH = 5.6
"""Of a drawing, inches: text of 11 points in it can still be read on a phone."""
INK = "#1f2a36"
MARK = "#e0322b"
MOSAIC = 1120
"""Width of a mosaic, pixels."""
GAP = 8
BRIGHTEST = 0.997
"""A map is as bright as can be from this quantile of its answers on: single peaks hide the rest."""
POSITIVE, SIGNED, SURE = "magma", "PuOr_r", "cividis"
"""Colour maps: of answers that are never negative, of those with a sign, of certainty."""
CHANNEL_LIGHTNESS = 65.0
"""L at which a and b are shown as colours."""


def png(picture: Pixels | Figure) -> bytes:
    """The bytes of a PNG file of an array (H, W, 3 or 4), or of a drawing."""
    stream = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    else:
        Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def channel_as_color(lab: Array, channel: int) -> Pixels:
    """One of a (1) and b (2) of Lab (h, w, 3) as a picture: its colour at a constant lightness."""
    shown = np.zeros_like(lab)
    shown[..., 0] = CHANNEL_LIGHTNESS
    shown[..., channel] = lab[..., channel]
    return np.asarray(np.rint(srgb_from_lab(shown) * 255).astype(np.uint8))


def mosaic(maps: Tensor, channels: Sequence[int], filters: Tensor | None = None) -> Pixels:
    """Feature maps side by side, each scaled to its own strongest answers.

    maps: (C, h, w). channels: which, in order. filters: (C, k, k), drawn into their maps' corners.
    Returns (H, W, 4), see-through between the maps.
    """
    columns = columns_for(len(channels))
    lines = -(-len(channels) // columns)
    width = (MOSAIC - (columns - 1) * GAP) // columns
    height = max(1, round(width * maps.shape[1] / maps.shape[2]))
    signed = float(maps.min()) < 0
    size = (lines * (height + GAP) - GAP, columns * (width + GAP) - GAP, 4)
    canvas = np.zeros(size, np.uint8)
    for index, channel in enumerate(channels):
        tile = _colored(maps[channel].numpy(), signed, (width, height))
        if filters is not None:
            side = max(len(filters[channel]) * 3, width // 4)
            corner = _colored(filters[channel].numpy(), True, (side, side))
            tile[: side + 3, : side + 3] = 255
            tile[:side, :side] = corner
        row, column = divmod(index, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        canvas[top : top + height, left : left + width] = tile
    return canvas


def columns_for(count: int) -> int:
    """How many of so many maps stand in a line."""
    return 4 if count <= 16 else min((6, 8), key=lambda columns: -count % columns)


def _colored(values: Array, signed: bool, size: tuple[int, int]) -> Pixels:
    """A map of any values as (H, W, 4); what is small shows its cells as squares."""
    largest = max(float(np.quantile(np.abs(values), BRIGHTEST)), 1e-12)
    shares = values / largest / 2 + 0.5 if signed else values / largest
    picture = mpl.colormaps[SIGNED if signed else POSITIVE](np.clip(shares, 0, 1), bytes=True)
    grows = values.shape[1] < size[0]
    how = Image.Resampling.NEAREST if grows else Image.Resampling.BOX
    return np.array(Image.fromarray(np.asarray(picture)).resize(size, how))


def nine_pixels(
    nine: Nine, activation: str, center: tuple[int, int], photo: Pixels, answers: Tensor
) -> Figure:
    """The arithmetic of one filter at one place, from the photo to the map of its answers.

    activation: its name. centre: row and column of the place in the photo.
    photo: (h, w, 3), grey. answers: (h, w).
    """
    top = 2.65 * min(photo.shape[0] / photo.shape[1], 1.4)
    figure = Figure((WIDTH, top + 2 * 2.7 + 0.9), layout="constrained", facecolor="white")
    axes = figure.subplots(3, 2, height_ratios=(top, 2.7, 2.7))
    axes[0, 0].imshow(photo)
    axes[0, 1].imshow(answers.numpy(), cmap=POSITIVE, interpolation="nearest")
    for panel, title, (row, column) in (
        (axes[0, 0], "A place in the photo", center),
        (axes[0, 1], f"Filter {nine.channel + 1} answers", (nine.row, nine.column)),
    ):
        panel.plot(column, row, "o", ms=13, mfc="none", mec="white", mew=3.5)
        panel.plot(column, row, "o", ms=13, mfc="none", mec=MARK, mew=2)
        panel.set_title(title, fontsize=12, color=INK)
        panel.set_axis_off()
    side = len(nine.pixels)
    _numbers(axes[1, 0], nine.pixels.numpy(), f"Its {side} × {side} pixels", "gray", 1.0)
    largest = float(nine.weights.abs().max())
    _numbers(axes[1, 1], nine.weights.numpy(), "The filter's weights", SIGNED, largest)
    most = float(nine.products.abs().max())
    _numbers(axes[2, 0], nine.products.numpy(), "Pixel × weight", SIGNED, most)
    _sum(axes[2, 1], nine, activation)
    return figure


def _numbers(axes: Axes, values: Array, title: str, colors: str, largest: float) -> None:
    """A square of numbers on squares of their colours, from minus to plus the largest."""
    largest = max(largest, 1e-6)
    axes.imshow(values, cmap=colors, vmin=-largest, vmax=largest)
    palette = mpl.colormaps[colors]
    for (row, column), value in np.ndenumerate(values):
        share = value / largest / 2 + 0.5
        dark = float(np.dot(palette(share)[:3], (0.299, 0.587, 0.114))) < 0.54
        axes.text(
            column,
            row,
            signed(float(value)),
            ha="center",
            va="center",
            fontsize=min(11.0, 33 / len(values)),
            color="white" if dark else INK,
        )
    axes.set_title(title, fontsize=12, color=INK)
    axes.set_axis_off()


def signed(value: float) -> str:
    """A number with three decimals and a proper minus; no minus before zero."""
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def _sum(axes: Axes, nine: Nine, activation: str) -> None:
    """The sum below the squares, line by line."""
    lines = [
        ("products added up", signed(nine.total - nine.bias)),
        ("the filter's bias", signed(nine.bias)),
        ("sum", signed(nine.total)),
        (f"after {activation}", signed(nine.response)),
    ]
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for index, (label, number) in enumerate(lines):
        height = 0.86 - 0.2 * index
        weight = "bold" if index == len(lines) - 1 else "normal"
        axes.text(0.0, height, label, fontsize=11, color=INK, va="center", weight=weight)
        axes.text(
            1.0, height, number, fontsize=11, color=INK, va="center", ha="right", weight=weight
        )
    axes.add_patch(Rectangle((0.0, 0.55), 1.0, 0.004, color=INK))


def bars(labels: Labels) -> Figure:
    """The labels of a classifier with their probabilities."""
    size = WIDTH, 0.2 + 0.36 * len(labels.names)
    figure = Figure(size, layout="constrained", facecolor="white")
    axes = figure.subplots()
    places = np.arange(len(labels.names))[::-1]
    axes.barh(places, labels.shares, color="#4f7cac", height=0.66)
    for place, share in zip(places, labels.shares, strict=True):
        axes.text(share + 0.01, place, f"{100 * share:.1f} %", va="center", fontsize=11, color=INK)
    axes.set_yticks(places, labels.names, fontsize=12, color=INK)
    axes.set_xlim(0, min(1.0, 1.25 * max(labels.shares)) + 0.12)
    axes.set_xticks([])
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def field(values: Array, label: str, photo_shape: float, colors: str = SURE) -> Figure:
    """A map of one number a place with its scale.

    values: (h, w). label: of the scale. photo_shape: height / width of the photo.
    """
    size = 4.2, 4.2 * 0.8 * photo_shape + 0.2
    figure = Figure(size, layout="constrained", facecolor="white")
    axes = figure.subplots()
    drawn: Any = axes.imshow(
        values, cmap=colors, aspect=photo_shape * values.shape[1] / values.shape[0]
    )
    axes.set_axis_off()
    scale = figure.colorbar(drawn, ax=axes, shrink=0.9)
    scale.set_label(label, fontsize=11, color=INK)
    scale.ax.tick_params(labelsize=10, colors=INK)
    return figure
