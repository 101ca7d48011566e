"""The models of a server: those on this machine, by name; loaded when first used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import asdict
from typing import Any
from weakref import WeakValueDictionary

from photochrom.colorizer import Colorizer
from photochrom.errors import ConfigError, ModelError, Option
from photochrom.models import Abilities, Descriptor, SizeRule, coloring_models, parse_blend
from photochrom.server.settings import Settings

MOST_PARTS = 4
"""Models of a blend."""


class Models:
    """Loaded models, the least recently used unloaded first; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Load the server's own model; raises ModelError where that fails."""
        self._settings = settings
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Colorizer] = OrderedDict()
        self._alive: WeakValueDictionary[str, Colorizer] = WeakValueDictionary()
        self._own = self._loaded("", settings.model)
        self._of_films: Colorizer | None = None
        self.default = self._own.name

    def get(self, name: str) -> Colorizer:
        """A model by its name, or several as "a:0.7+b:0.3"; "" for the server's own.

        A path is not accepted, because clients see no files; only the server's own --model may be
        one. Raises ModelError for a model that is not on this machine, ConfigError for a blend of
        too many.
        """
        if name in ("", self.default):
            return self._own
        here = {model.name for model in self.present()}
        parts = [(str(part), weight) for part, weight in _parts(name)]
        if len(parts) > MOST_PARTS or len({part for part, _ in parts}) < len(parts):
            raise ConfigError(
                Option("model", name), f"a blend is of at most {MOST_PARTS} models, each once"
            )
        for part, _ in parts:
            if part not in here:
                raise ModelError(part, "no model of that name is here", "see /api/v1/models")
        loaded = [(self._loaded(part, part), weight) for part, weight in parts]
        if len(loaded) == 1:
            return loaded[0][0]
        return Colorizer.blend(loaded, self._settings.threads_each)

    def for_films(self) -> Colorizer:
        """The server's own model with one thread: pictures are coloured side by side."""
        if self._settings.threads_each == 1:
            return self._own
        with self._lock:
            if self._of_films is None:
                settings = self._settings
                self._of_films = Colorizer(settings.model, threads=1, device=settings.device)
            return self._of_films

    def _loaded(self, key: str, model: str | None) -> Colorizer:
        """One network, or the server's own blend; loaded once while anybody uses it."""
        with self._lock:
            colorizer = self._alive.get(key)
            if colorizer is None:
                settings = self._settings
                colorizer = Colorizer(model, threads=settings.threads_each, device=settings.device)
                self._alive[key] = colorizer
            self._recent[key] = colorizer
            self._recent.move_to_end(key)
            while len(self._recent) > self._settings.models_loaded:
                self._recent.popitem(last=False)
            return colorizer

    def present(self) -> list[Descriptor]:
        """The colouring models on this machine."""
        return [model for model in coloring_models() if model.present]

    def listed(self) -> list[dict[str, Any]]:
        """The models as /models describes them; first the server's own if no catalogue has it."""
        here = self.present()
        descriptions = [described(model) for model in here]
        if self.default not in {model.name for model in here}:
            own = {"name": self.default, "purpose": "this server's own"}
            rule = self._own.session.contract.size_rule
            unknown = {"licence": "", "licence_url": ""}
            descriptions.insert(
                0, own | unknown | {"can": abilities(self._own), "size": _sizes(rule)}
            )
        return descriptions


def _parts(name: str) -> list[tuple[Any, float]]:
    """The models of a blend and their weights; raises ConfigError."""
    try:
        return parse_blend(name)
    except (OSError, ValueError) as error:  # a name that no file can have
        raise ModelError(name, "no model of that name is here", "see /api/v1/models") from error


def abilities(colorizer: Colorizer) -> dict[str, bool]:
    """What a model can do beside colouring, by name."""
    return asdict(Abilities.of([member.session.contract for member in colorizer.members]))


def described(model: Descriptor) -> dict[str, Any]:
    """A model as /models describes it."""
    return {
        "name": model.name,
        "purpose": model.purpose,
        "licence": model.licence,
        "licence_url": model.licence_url,
        "can": asdict(Abilities.of([model.contract])),
        "size": _sizes(model.contract.size_rule),
    }


def _sizes(rule: SizeRule) -> dict[str, int]:
    return {"usual": rule.usual, "smallest": rule.smallest, "largest": rule.largest}
