"""The catalogue of models, and the way from a name to a verified file."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from photochrom.errors import ModelError

WEIGHTS = Path(str(resources.files("photochrom.models"))) / "weights"


@dataclass(frozen=True)
class Descriptor:
    """What the catalogue knows of a model before its file is opened.

    name: what `--model` takes. purpose: one line for people choosing.
    file: its name in the weights folder. bytes, sha256: of that file.
    licence: of the weights. trained_on: one line on the photos.
    """

    name: str
    purpose: str
    file: str
    bytes: int
    sha256: str
    licence: str
    trained_on: str

    @property
    def path(self) -> Path:
        """Where the file lies, or should."""
        return WEIGHTS / self.file


@lru_cache(maxsize=1)
def known_models() -> tuple[Descriptor, ...]:
    """Every model of the catalogue, the default first; raises ModelError on a name used twice."""
    text = resources.files("photochrom.models").joinpath("catalogue.toml").read_text("utf-8")
    models = tuple(Descriptor(**entry) for entry in tomllib.loads(text)["model"])
    names = [model.name for model in models]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ModelError(f"the catalogue names {', '.join(sorted(twice))} twice")
    return models


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


def locate(model: str | Path | None) -> tuple[str, Path]:
    """Find a model's file.

    model: a name of the catalogue, the path of an .onnx file, or None for the default.
    Returns the model's name and its path. A file of the catalogue is verified; one given by path
    is taken as it is. Raises ModelError where there is no such model or its file is not intact.
    """
    if model is not None and (isinstance(model, Path) or model.lower().endswith(".onnx")):
        path = Path(model)
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        return path.stem, path
    descriptor = describe(None if model is None else str(model))
    verify(descriptor)
    return descriptor.name, descriptor.path


def verify(descriptor: Descriptor) -> None:
    """Check that a model's file is there and has the catalogue's SHA-256; raises ModelError."""
    path = descriptor.path
    if not path.is_file():
        raise ModelError(
            f"{path}: the weights of {descriptor.name} are missing; reinstall photochrom"
        )
    digest = sha256_of(path)
    if digest != descriptor.sha256:
        raise ModelError(
            f"{path}: damaged (SHA-256 {digest[:12]}..., expected {descriptor.sha256[:12]}...); "
            "reinstall photochrom"
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a model's file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
