"""Error against colourfulness along the vividness dial, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from photochrom.errors import DataError

_COLORS = ("#30506f", "#b4452c", "#4f7d4d", "#c9a24b", "#75568c", "#2f8080")
_SOFT = "#5b6670"


def plot_curves(record: Mapping[str, Any], path: Path) -> None:
    """Draw PSNR and ab error against the ratio of colourfulness, one line a model.

    record: with "curves" and "rows" as docs/evaluation.md describes figures.json; rows that no
    model made (grey, the best constant, other systems' pictures) are single marks.
    Raises DataError where the file cannot be written.
    """
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, record, "psnr", "PSNR, dB", above=True)
    _draw(right, record, "ab_error", "ab error, Lab units", above=False)
    left.legend(frameon=False)
    try:
        figure.savefig(path, dpi=110, format="png")
    except OSError as error:
        raise DataError(path, f"cannot be written ({error})", "name another folder") from error


def _draw(axes: Axes, record: Mapping[str, Any], key: str, label: str, *, above: bool) -> None:
    """One panel; labels stand on that side of their points where the line is not."""
    shift = (5, 5 if above else -11)
    axes.axvline(1, color=_SOFT, linewidth=0.8, linestyle=(0, (3, 4)))
    for index, (name, points) in enumerate(record["curves"].items()):
        color = _COLORS[index % len(_COLORS)]
        across = [point["colorfulness_ratio"] for point in points]
        up = [point[key] for point in points]
        axes.plot(across, up, marker="o", markersize=4, color=color, label=name)
        for point, place in zip(points, zip(across, up, strict=True), strict=True):
            _label(axes, f"{point['vividness']:g}", place, shift, color)
    for row in record["rows"]:
        if row["model"] is None:
            place = (row["all"]["colorfulness_ratio"], row["all"][key])
            axes.plot(*place, marker="o", markersize=5, color=_SOFT, markerfacecolor="none")
            _label(axes, row["name"], place, shift, _SOFT)
    axes.set(xlabel="colourfulness, as a share of the real photos'", ylabel=label)
    axes.margins(x=0.08)
    axes.grid(color="#e4e1da", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _label(
    axes: Axes, text: str, place: tuple[float, float], shift: tuple[int, int], color: str
) -> None:
    axes.annotate(text, place, xytext=shift, textcoords="offset points", fontsize=8, color=color)
