"""The models that a server answers with: those on this machine, by name; loaded when asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import asdict
from typing import Any
from weakref import WeakValueDictionary

from photochrom.colorizer import Colorizer
from photochrom.errors import ConfigError, ModelError, Option
from photochrom.models import Abilities, Descriptor, SizeRule, known_models, parse_blend
from photochrom.server.settings import Settings

MOST_PARTS = 4
"""Models of a blend."""


class Models:
    """Loaded models, the least used forgotten first; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Load the server's own model; raises ModelError where it cannot be."""
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Colorizer] = OrderedDict()
        self._alive: WeakValueDictionary[str, Colorizer] = WeakValueDictionary()
        self._own = self._loaded("", settings.model)
        self.default = self._own.name

    def get(self, name: str) -> Colorizer:
        """A model by its name, or several as "a:0.7+b:0.3"; "" for the server's own.

        Raises ModelError for one that is not here. A path is no name: clients see no files; the
        server's own --model may be one. ConfigError for a blend of too many.
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

    def _loaded(self, key: str, model: str | None) -> Colorizer:
        """One network, or the server's own blend; loaded once while anybody uses it."""
        with self._lock:
            colorizer = self._alive.get(key)
            if colorizer is None:
                settings = self._settings
                colorizer = Colorizer(model, threads=settings.threads_each, device=settings.device)
                self._alive[key] = colorizer
            self._kept[key] = colorizer
            self._kept.move_to_end(key)
            while len(self._kept) > self._settings.models_loaded:
                self._kept.popitem(last=False)
            return colorizer

    def present(self) -> list[Descriptor]:
        """What there is to choose from."""
        return [model for model in known_models() if model.present]

    def listed(self) -> list[dict[str, Any]]:
        """What clients are told of them; the server's own first where no catalogue has it."""
        here = self.present()
        told = [described(model) for model in here]
        if self.default not in {model.name for model in here}:
            own = {"name": self.default, "purpose": "this server's own"}
            rule = self._own.session.contract.size_rule
            unknown = {"licence": "", "licence_url": ""}
            told.insert(0, own | unknown | {"can": abilities(self._own), "size": _sizes(rule)})
        return told


def _parts(name: str) -> list[tuple[Any, float]]:
    """The models of a blend and their weights; raises ConfigError."""
    try:
        return parse_blend(name)
    except (OSError, ValueError) as error:  # of what can be no file's name
        raise ModelError(name, "no model of that name is here", "see /api/v1/models") from error


def abilities(colorizer: Colorizer) -> dict[str, bool]:
    """What can be asked of a model beside colours."""
    return asdict(Abilities.of([member.session.contract for member in colorizer.members]))


def described(model: Descriptor) -> dict[str, Any]:
    """What /models says of a model."""
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
