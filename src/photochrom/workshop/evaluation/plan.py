"""What an evaluation compares, and which figures it takes beyond the usual ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from photochrom.colorizer import Colorizer
from photochrom.errors import ConfigError
from photochrom.workshop.evaluation.contenders import BestConstant, Contender, Folder, Gray, Setting

CURVE = tuple(step / 10 for step in range(11))
"""The vividness values of a curve."""

ALL, ODD = "all", "odd"
REAL = "real"


@dataclass(frozen=True)
class Plan:
    """A comparison.

    colorizers, vividness: the rows of models are all pairs of these.
    size: short side of the small copy that the networks see; each model's own by default.
    folders: other programs' pictures.
    subsets: names and the keys of their photos, for figures of their own.
    kinds: the kind of each photo by its key, for a table by kind.
    labels: ImageNet's class, 0..999, of photos by their keys, for the accuracy.
    curve: score every model from vividness 0 to 1. tracks: score degraded photos.
    Raises ConfigError where two rows or subsets would have one name.
    """

    colorizers: Sequence[Colorizer]
    vividness: Sequence[float]
    size: int | None = None
    folders: Sequence[Folder] = ()
    subsets: Mapping[str, Collection[str]] = field(default_factory=dict)
    kinds: Mapping[str, str] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    curve: bool = False
    tracks: bool = False

    def __post_init__(self) -> None:
        """Check the names."""
        names = [REAL, *(row.name for row in self.rows)]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(
                    None, f"two rows would be called {name!r}", "rename one or leave it out"
                )
        for name in ("name", "model", "vividness", ALL, ODD):
            if name in self.subsets:
                raise ConfigError(
                    None, f"a subset cannot be called {name!r}", "choose another name"
                )

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The models at each vividness."""
        return self._settings(self.vividness)

    @cached_property
    def rows(self) -> tuple[Contender, ...]:
        """Everything that is scored in full, in the order to be shown."""
        return (Gray(), BestConstant(), *self.settings, *self.folders)

    @cached_property
    def curve_settings(self) -> tuple[Setting, ...]:
        """The models along the curve; empty without a curve."""
        return self._settings(CURVE) if self.curve else ()

    def _settings(self, vividness: Sequence[float]) -> tuple[Setting, ...]:
        return tuple(
            Setting(colorizer, value, self.size)
            for colorizer in self.colorizers
            for value in vividness
        )
