"""The models that there are, and the way from what a person says to a file."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

from photochrom.errors import ConfigError, ModelError, Option, nearest_name
from photochrom.models.contract import Contract
from photochrom.models.descriptor import Descriptor, beside, descriptors_from
from photochrom.models.paths import SHIPPED, is_file

CATALOGUE = SHIPPED / "catalogue.toml"
GROUP = "photochrom.models"
"""Entry points of other packages: functions without arguments that return descriptors."""
_LARGEST_WEIGHT = 1e6


@dataclass(frozen=True)
class ResolvedModel:
    """A model's file. contract: what describes it from outside; None where nothing does."""

    name: str
    path: Path
    contract: Contract | None
    descriptor: Descriptor | None = None


@lru_cache(maxsize=1)
def known_models() -> tuple[Descriptor, ...]:
    """Every model of the catalogue, the default first, and of other packages.

    A package whose part cannot be loaded is left out; `broken_packages` says why.
    Raises ModelError on a name, or a pulled file's name, used twice.
    """
    models = (*descriptors_from(CATALOGUE, own=True), *_of_packages()[0])
    for what, names in (
        ("name", [model.name for model in models]),
        ("file", [model.file for model in models if not model.shipped]),
    ):
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise ModelError(", ".join(twice), f"several models have this {what}")
    return models


def list_models(pattern: str = "*") -> list[str]:
    """The names of the models that can be asked for, the default first.

    Parameters
    ----------
    pattern
        Which names, with * and ? as of file names.

    Returns
    -------
    list of str
        Those that come with a package, and those that `photochrom models pull` gets.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.list_models("photochrom*")
    ['photochrom', 'photochrom-free', 'photochrom-lite']
    """
    return [model.name for model in known_models() if fnmatchcase(model.name, pattern)]


def broken_packages() -> tuple[str, ...]:
    """A line for each other package whose models cannot be loaded."""
    return _of_packages()[1]


@lru_cache(maxsize=1)
def _of_packages() -> tuple[tuple[Descriptor, ...], tuple[str, ...]]:
    models: list[Descriptor] = []
    faults = []
    for point in entry_points(group=GROUP):
        try:
            theirs = tuple(point.load()())
            strange = [model for model in theirs if not isinstance(model, Descriptor)]
            if strange:
                raise TypeError(f"{strange[0]!r} is no descriptor")
            models += theirs
        except (Exception, SystemExit) as error:  # whatever another package does
            reason = " ".join(str(error).split()) or type(error).__name__
            package = point.dist.name if point.dist else point.value
            faults.append(
                f"{package}: its models cannot be loaded ({reason}); update or uninstall it"
            )
    return tuple(models), tuple(faults)


def describe(name: str | None) -> Descriptor:
    """The descriptor of a model, the default's for None; ModelError names the nearest name."""
    models = known_models()
    if name is None:
        return models[0]
    for model in models:
        if model.name == name:
            return model
    names = [model.name for model in models]
    near = nearest_name(name, names)
    hint = f"did you mean {near}?" if near else f"known: {', '.join(names)}"
    faults = "".join(f"; {fault}" for fault in broken_packages())
    raise ModelError(name, "no such model", f"{hint} (or give the path of an .onnx file){faults}")


def find(model: str | Path | None) -> ResolvedModel:
    """Find a model's file.

    model: a name of the catalogue, the path of an .onnx file, or None for the default.
    A file of the catalogue is verified (a large one: that it has not changed since it was); one
    given by path is taken as it is, described by a TOML file of its name where there is one.
    Raises ModelError where there is no such model or its file is not intact.
    """
    if model is not None and (isinstance(model, Path) or model.lower().endswith(".onnx")):
        path = Path(model)
        if not is_file(path):
            raise ModelError(path, "no such model file", "check the name")
        name, contract = beside(path) or (path.stem, None)
        return ResolvedModel(name, path, contract)
    descriptor = describe(None if model is None else str(model))
    verify(descriptor, quick=True)
    return ResolvedModel(descriptor.name, descriptor.path, descriptor.contract, descriptor)


def locate(model: str | Path | None) -> tuple[str, Path]:
    """The name and path of what `find` finds."""
    found = find(model)
    return found.name, found.path


def parse_blend(model: str | Path | None) -> list[tuple[str | Path | None, float]]:
    """The models and weights that "a+b" or "a:0.7+b:0.3" means; weights sum to 1.

    The path of a file is one model, whatever is in its name; in a blend it must not have a "+".
    Raises ConfigError for a weight that is not a number.
    """
    if model is None or isinstance(model, Path) or is_file(Path(model)) or "+" not in model:
        return [(model, 1.0)]
    parts: list[tuple[str | Path | None, float]] = []
    for part in model.split("+"):
        name, separator, weight = part.strip().rpartition(":")
        if not separator or weight.lower().endswith(".onnx"):  # as of C:\\model.onnx
            name, weight = part.strip(), "1"
        try:
            parts.append((name, float(weight)))
        except ValueError:
            raise ConfigError(
                Option("model", model),
                f"weight {weight!r} is not a number",
                "write name:0.7+name:0.3",
            ) from None
        if not name or not 0 < parts[-1][1] <= _LARGEST_WEIGHT:
            raise ConfigError(
                Option("model", model),
                f"each part must be a name, and a weight above 0, to {_LARGEST_WEIGHT:g}",
            )
    total = sum(weight for _, weight in parts)
    return [(name, weight / total) for name, weight in parts]


def fingerprint(model: str | Path | None) -> str:
    """A short name of the very weights that a model, or a blend, works with."""
    parts = []
    for name, weight in parse_blend(model):
        found = find(name)
        if found.descriptor is not None:
            digest = found.descriptor.sha256
        else:
            files = [found.path, *external_data(found.path)]
            if found.contract is not None:
                files.append(found.path.with_suffix(".toml"))
            digest = "-".join(sha256_of(path) for path in files)
        parts.append(f"{weight:.9g}:{digest}")
    return parts[0].partition(":")[2] if len(parts) == 1 else "+".join(parts)


def external_data(path: Path) -> list[Path]:
    """Files beside an ONNX file in which it says that its weights lie, those that are there."""
    names = set()
    content = path.read_bytes()
    for match in re.finditer(rb"\x0a\x08location\x12(.)", content, re.DOTALL):  # key and value
        start = match.end()
        names.add(content[start : start + match[1][0]])
    files = (path.parent / os.fsdecode(name) for name in sorted(names))
    return [file for file in files if is_file(file)]


def verify(descriptor: Descriptor, quick: bool = False) -> None:
    """Check that a model's file is there and has the catalogue's SHA-256; raises ModelError.

    quick: of a pulled file, only whether it is as it was when that was last found to be so.
    """
    path = descriptor.path
    pull = f"photochrom models pull {descriptor.name}"
    remedy = "reinstall its package" if descriptor.shipped else f"get it again: {pull}"
    if not is_file(path):
        if descriptor.shipped:
            raise ModelError(path, f"the weights of {descriptor.name} are missing", remedy)
        raise ModelError(descriptor.name, "is not on this machine", f"get it: {pull}")
    stamp = path.with_name(f".{path.name}.verified")
    state = path.stat()
    seen = f"{descriptor.sha256} {state.st_size} {state.st_mtime_ns}"
    if quick and not descriptor.shipped and is_file(stamp) and stamp.read_text() == seen:
        return
    digest = sha256_of(path)
    if digest != descriptor.sha256:
        raise ModelError(
            path,
            f"damaged (SHA-256 {digest[:12]}..., expected {descriptor.sha256[:12]}...)",
            remedy,
        )
    if not descriptor.shipped:
        with suppress(OSError):  # it is a matter of time alone
            stamp.write_text(seen)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a model's file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
