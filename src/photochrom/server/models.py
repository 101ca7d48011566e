"""The models that a server answers with: those on this machine, by name; loaded when asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from photochrom.colorizer import Colorizer
from photochrom.errors import ModelError
from photochrom.models import Descriptor, known_models, parse_blend
from photochrom.server.settings import Settings


class Models:
    """Loaded models, the least used forgotten first; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Colorizer] = OrderedDict()
        self.default = ""
        self.default = settings.model or self.get("").name

    def get(self, name: str) -> Colorizer:
        """A model by its name, or several as "a:0.7+b:0.3"; "" for the default.

        Raises ModelError for one that is not here. A path is no name: clients see no files; the
        server's own --model may be one.
        """
        asked = "" if name == self.default else name
        if asked:
            self._check(asked)
        with self._lock:
            if asked not in self._loaded:
                self._loaded[asked] = Colorizer(
                    asked or self._settings.model,
                    threads=self._settings.threads_each,
                    device=self._settings.device,
                )
                while len(self._loaded) > self._settings.models_loaded:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(asked)
            return self._loaded[asked]

    def present(self) -> list[Descriptor]:
        """What there is to choose from."""
        return [model for model in known_models() if model.present]

    def listed(self) -> list[dict[str, Any]]:
        """What clients are told of them; the server's own first where no catalogue has it."""
        here = self.present()
        told = [described(model) for model in here]
        if self.default not in {model.name for model in here}:
            colorizer = self.get("")
            rule = colorizer.session.contract.size_rule
            told.insert(
                0,
                {
                    "name": self.default,
                    "purpose": "this server's own",
                    "licence": "",
                    "licence_url": "",
                    "can": abilities(colorizer),
                    "size": {
                        "usual": rule.usual,
                        "smallest": rule.smallest,
                        "largest": rule.largest,
                    },
                },
            )
        return told

    def _check(self, name: str) -> None:
        here = {model.name for model in self.present()}
        for part, _ in parse_blend(name):
            if str(part) not in here:
                raise ModelError(f"{part}: no model of that name is here; see /api/v1/models")


def abilities(colorizer: Colorizer) -> dict[str, bool]:
    """What can be asked of a model beside colours."""
    contracts = [member.session.contract for member in colorizer.members]
    says = len(contracts) == 1 and contracts[0].output == "bins"
    return {
        "hints": any(contract.hints for contract in contracts),
        "suggestions": says,
        "variants": says,
        "confidence": any("entropy" in contract.outputs for contract in contracts),
    }


def described(model: Descriptor) -> dict[str, Any]:
    """What /models says of a model."""
    contract = model.contract
    return {
        "name": model.name,
        "purpose": model.purpose,
        "licence": model.licence,
        "licence_url": model.licence_url,
        "can": {
            "hints": contract.hints,
            "suggestions": contract.output == "bins",
            "variants": contract.output == "bins",
            "confidence": "entropy" in contract.outputs,
        },
        "size": {
            "usual": contract.size_rule.usual,
            "smallest": contract.size_rule.smallest,
            "largest": contract.size_rule.largest,
        },
    }
