"""The catalogue of models: from a model's name to its verified file."""

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

from photochrom.errors import ConfigError, ModelError, Option, Remedy, nearest_name
from photochrom.models.contract import COLORIZE, INPAINT, Contract
from photochrom.models.descriptor import Descriptor, descriptors_from, read_sidecar
from photochrom.models.paths import SHIPPED, is_file

CATALOGUE = SHIPPED / "catalogue.toml"
GROUP = "photochrom.models"
"""Entry points of other packages: functions without arguments that return descriptors."""
_LARGEST_WEIGHT = 1e6


@dataclass(frozen=True)
class ResolvedModel:
    """A model's file. contract: from the catalogue or a TOML file beside it, else None."""

    name: str
    path: Path
    contract: Contract | None
    descriptor: Descriptor | None = None


@lru_cache(maxsize=1)
def known_models() -> tuple[Descriptor, ...]:
    """Every model of the catalogue, the default first, and of other packages.

    Packages whose models cannot be loaded are left out; `broken_packages` lists the reasons.
    Raises ModelError where two models have one name, or two pulled files.
    """
    models = (*descriptors_from(CATALOGUE, own=True), *_package_models()[0])
    for field, names in (
        ("name", [model.name for model in models]),
        ("file", [model.file for model in models if not model.shipped]),
    ):
        duplicates = sorted(name for name, count in Counter(names).items() if count > 1)
        if duplicates:
            raise ModelError(", ".join(duplicates), f"several models have this {field}")
    return models


def coloring_models() -> tuple[Descriptor, ...]:
    """Those of `known_models` that colour photos."""
    return tuple(model for model in known_models() if model.task == COLORIZE)


def list_models(pattern: str = "*") -> list[str]:
    """The names of all known models that colour photos, the default first.

    Parameters
    ----------
    pattern
        A pattern of names, with * and ? as in file names.

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
    return [model.name for model in coloring_models() if fnmatchcase(model.name, pattern)]


def broken_packages() -> tuple[str, ...]:
    """A line for each other package whose models cannot be loaded."""
    return _package_models()[1]


@lru_cache(maxsize=1)
def _package_models() -> tuple[tuple[Descriptor, ...], tuple[str, ...]]:
    models: list[Descriptor] = []
    faults = []
    for point in entry_points(group=GROUP):
        try:
            descriptors = tuple(point.load()())
            invalid = [model for model in descriptors if not isinstance(model, Descriptor)]
            if invalid:
                raise TypeError(f"{invalid[0]!r} is no descriptor")
            models += descriptors
        except (Exception, SystemExit) as error:  # another package may raise anything
            reason = " ".join(str(error).split()) or type(error).__name__
            package = point.dist.name if point.dist else point.value
            faults.append(
                f"{package}: its models cannot be loaded ({reason}); update or uninstall it"
            )
    return tuple(models), tuple(faults)


def describe(name: str | None, task: str | None = None) -> Descriptor:
    """The descriptor of a model, the default's for None.

    task: what the model has to do; None for any.
    Raises ModelError for a model of another task, and for an unknown name; it then names the
    nearest known one.
    """
    models = known_models()
    if name is None:
        return models[0]
    for model in models:
        if model.name == name:
            _check_task(name, model.task, task)
            return model
    names = [model.name for model in models if task in (None, model.task)]
    near = nearest_name(name, names)
    advice = f"did you mean {near}?" if near else f"known: {', '.join(names)}"
    faults = "".join(f"; {fault}" for fault in broken_packages())
    raise ModelError(name, "no such model", f"{advice} (or give the path of an .onnx file){faults}")


def _check_task(name: str, task: str, wanted: str | None) -> None:
    if wanted in (None, task):
        return
    if wanted == COLORIZE:
        raise ModelError(
            name,
            "fills damage, and colours no photo",
            Remedy(
                "set {} to fill damage with it",
                Option("inpainter", name),
                otherwise="choose a model that colours",
            ),
        )
    raise ModelError(
        name, "colours photos, and fills no damage", "`photochrom models` names those that do"
    )


def find(model: str | Path | None, task: str = COLORIZE) -> ResolvedModel:
    """Find a model's file.

    model: a name of the catalogue, the path of an .onnx file, or None for the default.
    task: what it has to do.
    A file of the catalogue is verified (a pulled one only where it changed since it last was); a
    file given by path is not, and is described by a TOML file of its name where that exists.
    Raises ModelError where the model does not exist, its file is damaged, or it does another task.
    """
    if model is not None and (isinstance(model, Path) or model.lower().endswith(".onnx")):
        path = Path(model)
        if not is_file(path):
            raise ModelError(path, "no such model file", "check the name")
        name, contract = read_sidecar(path) or (path.stem, None)
        if contract is not None:
            _check_task(name, contract.task, task)
        return ResolvedModel(name, path, contract)
    descriptor = describe(None if model is None else str(model), task)
    verify(descriptor, quick=True)
    return ResolvedModel(descriptor.name, descriptor.path, descriptor.contract, descriptor)


def locate(model: str | Path | None) -> tuple[str, Path]:
    """The name and path of the model that `find` returns."""
    resolved = find(model)
    return resolved.name, resolved.path


def parse_blend(model: str | Path | None) -> list[tuple[str | Path | None, float]]:
    """Parse "a+b" or "a:0.7+b:0.3" into models and weights, which sum to 1.

    The path of an existing file is one model, even with a "+" in it; in a blend it must have none.
    Raises ConfigError for a weight that is not a number.
    """
    if model is None or isinstance(model, Path) or is_file(Path(model)) or "+" not in model:
        return [(model, 1.0)]
    parts: list[tuple[str | Path | None, float]] = []
    for part in model.split("+"):
        name, separator, weight = part.strip().rpartition(":")
        if not separator or weight.lower().endswith(".onnx"):  # as in C:\\model.onnx
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


def fingerprint(model: str | Path | None, inpainter: str | Path | None = None) -> str:
    """An identifier of the exact weights of a model or a blend, and of an inpainting model."""
    parts = [(_digest_of(find(name)), weight) for name, weight in parse_blend(model)]
    blend = "+".join(f"{weight:.9g}:{digest}" for digest, weight in parts)
    weights = parts[0][0] if len(parts) == 1 else blend
    return weights if inpainter is None else f"{weights}/{_digest_of(find(inpainter, INPAINT))}"


def _digest_of(resolved: ResolvedModel) -> str:
    if resolved.descriptor is not None:
        return resolved.descriptor.sha256
    files = [resolved.path, *external_data(resolved.path)]
    if resolved.contract is not None:
        files.append(resolved.path.with_suffix(".toml"))
    return "-".join(sha256_of(path) for path in files)


def external_data(path: Path) -> list[Path]:
    """The existing files beside an ONNX file in which it stores weights."""
    names = set()
    content = path.read_bytes()
    for match in re.finditer(rb"\x0a\x08location\x12(.)", content, re.DOTALL):  # key and value
        start = match.end()
        names.add(content[start : start + match[1][0]])
    files = (path.parent / os.fsdecode(name) for name in sorted(names))
    return [file for file in files if is_file(file)]


def verify(descriptor: Descriptor, quick: bool = False) -> None:
    """Check that a model's file exists and has the catalogue's SHA-256; raises ModelError.

    quick: do not hash a pulled file whose size and time have not changed since it was verified.
    """
    path = descriptor.path
    pull = f"photochrom models pull {descriptor.name}"
    remedy = "reinstall its package" if descriptor.shipped else f"get it again: {pull}"
    if not is_file(path):
        if descriptor.shipped:
            raise ModelError(path, f"the weights of {descriptor.name} are missing", remedy)
        raise ModelError(descriptor.name, "is not on this machine", f"get it: {pull}")
    stamp = path.with_name(f".{path.name}.verified")
    stat = path.stat()
    stamp_text = f"{descriptor.sha256} {stat.st_size} {stat.st_mtime_ns}"
    if quick and not descriptor.shipped and is_file(stamp) and stamp.read_text() == stamp_text:
        return
    digest = sha256_of(path)
    if digest != descriptor.sha256:
        raise ModelError(
            path,
            f"damaged (SHA-256 {digest[:12]}..., expected {descriptor.sha256[:12]}...)",
            remedy,
        )
    if not descriptor.shipped:
        with suppress(OSError):  # without the stamp, the file is hashed again next time
            stamp.write_text(stamp_text)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a model's file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
