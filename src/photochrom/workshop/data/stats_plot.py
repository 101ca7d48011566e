"""The figures of a set as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from photochrom.errors import DataError
from photochrom.workshop.data.stats import GRID, Figures, in_gamut

_INK = "#30506f"
_SMALLEST_SHARE = 1e-6
_MOST_SOURCES = 20


def save_plot(figures: Figures, path: Path) -> None:
    """Draw sizes, colourfulness, the ab plane and the sources; the suffix chooses the format.

    Raises DataError where the file cannot be written.
    """
    figure = Figure(figsize=(12, 9), layout="constrained")
    figure.suptitle(f"{len(figures.width):,} photos, mean chroma {figures.chroma.mean():.1f}")
    axes = figure.subplots(2, 2)
    _draw_sizes(axes[0, 0], figures)
    _draw_colorfulness(axes[0, 1], figures)
    _draw_ab(figure, axes[1, 0], figures)
    _draw_sources(axes[1, 1], figures)
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be written ({error})", "choose another name") from error


def _draw_sizes(axes: Axes, figures: Figures) -> None:
    short, long = np.sort(np.stack([figures.width, figures.height]), axis=0)
    axes.hist([short, long], bins=40, label=["short side", "long side"], color=[_INK, "#c9a24b"])
    axes.set(title="Sizes", xlabel="pixels", ylabel="photos")
    axes.legend(loc="upper right", frameon=False)


def _draw_colorfulness(axes: Axes, figures: Figures) -> None:
    axes.hist(figures.colorfulness, bins=60, color=_INK)
    middle = float(np.median(figures.colorfulness))
    axes.axvline(middle, color="#b4452c", linewidth=1.5, label=f"median {middle:.1f}")
    axes.set(title="Colourfulness (Hasler and Süsstrunk)", xlabel="colorfulness", ylabel="photos")
    axes.legend(loc="upper right", frameon=False)


def _draw_ab(figure: Figure, axes: Axes, figures: Figures) -> None:
    """The ab plane on a logarithmic scale; cells inside sRGB that nothing falls into are grey."""
    reach = (len(figures.cells) // 2 + 0.5) * GRID
    extent = (-reach, reach, -reach, reach)
    inside = np.where(in_gamut(), 0.9, np.nan).T
    axes.imshow(inside, cmap="gray", vmin=0, vmax=1, origin="lower", extent=extent)
    shares = np.where(figures.cells > 0, figures.cells, np.nan).T
    norm = LogNorm(_SMALLEST_SHARE, max(float(np.nanmax(shares)), 10 * _SMALLEST_SHARE), clip=True)
    image = axes.imshow(shares, cmap="viridis", norm=norm, origin="lower", extent=extent)
    axes.axhline(0, color="black", linewidth=0.4)
    axes.axvline(0, color="black", linewidth=0.4)
    axes.set(
        title="Colours in the ab plane", xlabel="a (green to red)", ylabel="b (blue to yellow)"
    )
    axes.set(xlim=(-100, 110), ylim=(-115, 105))
    figure.colorbar(image, ax=axes, label="share of pixels", shrink=0.9)


def _draw_sources(axes: Axes, figures: Figures) -> None:
    counted = figures.sources.most_common()
    rest = sum(number for _, number in counted[_MOST_SOURCES:])
    counted = counted[:_MOST_SOURCES] + ([("others", rest)] if rest else [])
    names = [name for name, _ in counted][::-1]
    shares = [100 * number / len(figures.width) for _, number in counted][::-1]
    axes.barh(names, shares, color=_INK)
    axes.tick_params(axis="y", labelsize=8)
    axes.set(title="Sources", xlabel="% of photos")
