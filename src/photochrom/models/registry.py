"""The models that there are, and the way from what a person says to a file."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

from photochrom.errors import ConfigError, ModelError
from photochrom.models.contract import Contract, contract_from_table
from photochrom.models.descriptor import Descriptor, descriptors_from, read_toml
from photochrom.models.places import SHIPPED

CATALOGUE = SHIPPED / "catalogue.toml"
GROUP = "photochrom.models"
"""Entry points of other packages: functions without arguments that return descriptors."""
_CHECKED_EACH_TIME = 64_000_000
"""Bytes; larger files are checked when they are pulled, and by `photochrom models verify`."""


@dataclass(frozen=True)
class Found:
    """A model's file. contract: what describes it from outside; None where nothing does."""

    name: str
    path: Path
    contract: Contract | None
    descriptor: Descriptor | None = None


@lru_cache(maxsize=1)
def known_models() -> tuple[Descriptor, ...]:
    """Every model of the catalogue, the default first, and of other packages.

    Raises ModelError on a name used twice, and where another package's part cannot be loaded.
    """
    models = list(descriptors_from(CATALOGUE))
    for point in entry_points(group=GROUP):
        try:
            models += point.load()()
        except Exception as error:  # whatever another package does
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            package = point.dist.name if point.dist else point.value
            raise ModelError(
                f"{package}: its models cannot be loaded ({reason}); update or uninstall it"
            ) from error
    twice = [name for name, count in Counter(model.name for model in models).items() if count > 1]
    if twice:
        raise ModelError(f"{', '.join(sorted(twice))}: several models have this name")
    return tuple(models)


def describe(name: str | None) -> Descriptor:
    """The descriptor of a model, the default's for None; ModelError names the nearest name."""
    models = known_models()
    if name is None:
        return models[0]
    for model in models:
        if model.name == name:
            return model
    names = [model.name for model in models]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
    raise ModelError(f"no model {name!r}; {hint} (or give the path of an .onnx file)")


def find(model: str | Path | None) -> Found:
    """Find a model's file.

    model: a name of the catalogue, the path of an .onnx file, or None for the default.
    A file of the catalogue is verified; one given by path is taken as it is, described by a TOML
    file of its name where there is one. Raises ModelError where there is no such model or its file
    is not intact.
    """
    if model is not None and (isinstance(model, Path) or model.lower().endswith(".onnx")):
        path = Path(model)
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        return _beside(path)
    descriptor = describe(None if model is None else str(model))
    verify(descriptor, quick=descriptor.bytes > _CHECKED_EACH_TIME)
    return Found(descriptor.name, descriptor.path, descriptor.contract, descriptor)


def _beside(path: Path) -> Found:
    """A file that nobody registered, with what lies beside it."""
    described = path.with_suffix(".toml")
    if not described.is_file():
        return Found(path.stem, path, None)
    table = read_toml(described)
    if "contract" not in table:
        raise ModelError(f"{described}: has no [contract]; see docs/models.md")
    return Found(
        str(table.get("name", path.stem)),
        path,
        contract_from_table(table["contract"], str(described)),
    )


def locate(model: str | Path | None) -> tuple[str, Path]:
    """The name and path of what `find` finds."""
    found = find(model)
    return found.name, found.path


def parse_blend(model: str | Path | None) -> list[tuple[str | Path | None, float]]:
    """The models and weights that "a+b" or "a:0.7+b:0.3" means; weights sum to 1.

    A path is one model, whatever is in its name. Raises ConfigError for a weight that is none.
    """
    if model is None or isinstance(model, Path) or Path(model).is_file() or "+" not in model:
        return [(model, 1.0)]
    parts: list[tuple[str | Path | None, float]] = []
    for part in model.split("+"):
        name, separator, weight = part.strip().rpartition(":")
        if not separator:
            name, weight = part.strip(), "1"
        try:
            parts.append((name, float(weight)))
        except ValueError:
            raise ConfigError(
                f"--model {model}: {weight!r} is no weight; write name:0.7+name:0.3"
            ) from None
        if not name or not 0 < parts[-1][1] < float("inf"):
            raise ConfigError(f"--model {model}: each part must be a name, and a weight above 0")
    total = sum(weight for _, weight in parts)
    return [(name, weight / total) for name, weight in parts]


def fingerprint(model: str | Path | None) -> str:
    """A short name of the very weights that a model, or a blend, works with."""
    parts = []
    for name, weight in parse_blend(model):
        found = find(name)
        digest = sha256_of(found.path) if found.descriptor is None else found.descriptor.sha256
        described = found.path.with_suffix(".toml")
        if found.descriptor is None and described.is_file():
            digest += sha256_of(described)
        parts.append(f"{weight:.9g}:{digest}")
    return parts[0].partition(":")[2] if len(parts) == 1 else "+".join(parts)


def verify(descriptor: Descriptor, quick: bool = False) -> None:
    """Check that a model's file is there and has the catalogue's SHA-256; raises ModelError.

    quick: look only at its size, where that is known.
    """
    path = descriptor.path
    pull = f"photochrom models pull {descriptor.name}"
    remedy = "reinstall its package" if descriptor.shipped else f"get it again: {pull}"
    if not path.is_file():
        if descriptor.shipped:
            raise ModelError(f"{path}: the weights of {descriptor.name} are missing; {remedy}")
        raise ModelError(f"{descriptor.name} is not on this machine; get it: {pull}")
    if quick:
        if descriptor.exact and path.stat().st_size != descriptor.bytes:
            raise ModelError(f"{path}: damaged ({path.stat().st_size} bytes); {remedy}")
        return
    digest = sha256_of(path)
    if digest != descriptor.sha256:
        raise ModelError(
            f"{path}: damaged (SHA-256 {digest[:12]}..., expected {descriptor.sha256[:12]}...); "
            f"{remedy}"
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a model's file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
