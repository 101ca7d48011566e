"""What cleaning the network's copy of damaged photos is worth: ab errors without and with it.

    python benchmarks/cleaning.py PHOTOS... [--model NAME] [--vividness 0.5] [--odd] [--limit 96]
    python benchmarks/cleaning.py PHOTOS... --strengths [--limit 16]

Photos with an even index, or with an odd one: settings were chosen on the even ones. The first form
takes the degradations of `photochrom evaluate --tracks`; the second some of them at other
strengths. "Found" is in how many photos cleaning changed anything.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from photochrom.color import metrics
from photochrom.color.lab import Array
from photochrom.colorizer import Colorizer
from photochrom.options import ColorizeOptions
from photochrom.pipeline import inference as pipeline
from photochrom.pipeline.cleaning import clean
from photochrom.workshop.evaluation import degradations
from photochrom.workshop.evaluation.degradations import DEGRADATIONS, Degraded
from photochrom.workshop.evaluation.original import Original, lab_of, originals_from

Degrade = Callable[[Any, np.random.Generator], Degraded]

STRENGTHS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *((f"grain of {g:g} L", "noise and grain", {"GRAIN": g}) for g in (2.0, 3.5, 7.0, 9.0)),
    ("grain in clumps of 1/200 of the short side", "noise and grain", {"GRAIN_SIZE": 1 / 200}),
    ("white noise of 5 L", "noise and grain", {"GRAIN": 0.0, "SENSOR_NOISE": 5.0}),
    *((f"a screen of {n} rows", "half-tone", {"SCREEN_LINES": n}) for n in (50, 70, 100, 120, 140)),
    *(
        (f"fading to L {black:g}..{white:g}", "low contrast", {"FADED_RANGE": (black, white)})
        for black, white in ((25.0, 85.0), (35.0, 70.0), (40.0, 65.0))
    ),
)
"""A name, the degradation, and the constants of its module that are set otherwise."""


@contextmanager
def set_otherwise(place: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(place, name) for name in values}
    for name, value in values.items():
        setattr(place, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(place, name, value)


def undamaged(photo: Any, _random: np.random.Generator) -> Degraded:
    return Degraded(Original("", 0, photo).gray)


def errors(
    colorizer: Colorizer, vividness: float, original: Original, degrade: Degrade
) -> tuple[float, float, bool]:
    """The ab error without and with cleaning, and whether that changed what the network saw."""
    degraded = degrade(original.real, np.random.default_rng([0, original.index]))
    height, width = original.real.shape[:2]
    photo = np.s_[degraded.top : degraded.top + height, degraded.left : degraded.left + width]
    changed = False

    def noticing(lightness: Array) -> Array:
        nonlocal changed
        seen = clean(lightness)
        changed = seen is not lightness
        return seen

    def error(cleaner: Callable[[Array], Array]) -> float:
        with set_otherwise(pipeline, clean=cleaner):
            picture = colorizer.colorize(degraded.photo, vividness=vividness).rgb[photo]
        return metrics.ab_error(lab_of(picture)[..., 1:], original.lab[..., 1:])

    after = error(noticing)
    return (error(lambda lightness: lightness) if changed else after), after, changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--vividness", type=float, default=ColorizeOptions.vividness)
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--strengths", action="store_true")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    colorizer = Colorizer(arguments.model, threads=arguments.threads)
    half = islice(originals_from(arguments.photos), int(arguments.odd), None, 2)
    originals = list(islice(half, arguments.limit))
    rows: list[tuple[str, Degrade, dict[str, Any]]] = [("clean", undamaged, {})]
    if arguments.strengths:
        rows += [(name, DEGRADATIONS[which], values) for name, which, values in STRENGTHS]
    else:
        rows += [(name, degrade, {}) for name, degrade in DEGRADATIONS.items()]
    print(f"{len(originals)} photos, {colorizer.session.name} at {arguments.vividness:g}\n")
    print("| | measured | without | with |\n|---|---|---|---|")
    sound: Any = None
    for name, degrade, values in rows:
        with set_otherwise(degradations, **values):
            measured = [errors(colorizer, arguments.vividness, one, degrade) for one in originals]
        without, after, changed = np.mean(measured, axis=0)
        sound = sound or (without, after)
        above = [
            f"{100 * (e / s - 1):+.1f} %" for e, s in zip((without, after), sound, strict=True)
        ]
        print(
            f"| {name} | {round(changed * len(measured))} | {without:.2f} ({above[0]}) "
            f"| {after:.2f} ({above[1]}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
