"""The docstrings of the public API: in numpydoc's form, complete, with examples that run."""

from __future__ import annotations

import doctest
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import photochrom
from support.films import scene, write_film

MADE_ELSEWHERE = {
    "DamageMask",
    "FileReport",
    "RepairedPhoto",
    "Result",
    "VideoFrame",
    "Workspace",
}
"""Classes that nobody makes by hand; functions and colorizers do."""


def public() -> Iterator[tuple[str, Any]]:
    """Every public class and function, and the methods that the classes define themselves."""
    for name in photochrom.__all__:
        value = getattr(photochrom, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        yield name, value
        for member, of in vars(value).items() if inspect.isclass(value) else ():
            function = of.__func__ if isinstance(of, classmethod) else of
            if not member.startswith("_") and inspect.isfunction(function):
                yield f"{name}.{member}", function


def is_called(name: str) -> bool:
    """Whether people give arguments to it; errors are raised with a message alone."""
    value = PUBLIC[name]
    error = inspect.isclass(value) and issubclass(value, Exception)
    return name not in MADE_ELSEWHERE and not error


PUBLIC = dict(public())


@pytest.fixture
def in_a_folder_with_photos(
    tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(examples / "cat.jpg", tmp_path / "photo.jpg")
    shutil.copy(examples / "color" / "cat.jpg", tmp_path / "color.jpg")
    write_film(tmp_path / "film.mp4", [scene(number) for number in range(3)], codec="libx264")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path))  # no presets of whoever runs the tests


@pytest.mark.usefixtures("in_a_folder_with_photos")
@pytest.mark.parametrize("name", [*PUBLIC, "photochrom"])
def test_the_example_runs(name: str) -> None:
    value = PUBLIC.get(name, photochrom)
    text = inspect.cleandoc(value.__doc__)
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples, f"{name} has no example"
    lines: list[str] = []
    doctest.DocTestRunner().run(test, out=lines.append)
    assert not lines, "".join(lines)


@pytest.mark.parametrize("name", [name for name in PUBLIC if is_called(name)])
def test_every_parameter_is_described(name: str) -> None:
    value = PUBLIC[name]
    signature = inspect.signature(value)
    parameters = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
    described = section(value, "Parameters")
    for parameter in parameters:
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        assert f"{stars}{parameter.name}" in described, f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", [name for name in PUBLIC if "." in name or name[0].islower()])
def test_what_is_returned_is_described(name: str) -> None:
    answers = inspect.signature(PUBLIC[name]).return_annotation
    assert answers == "None" or "Returns\n-------" in inspect.cleandoc(PUBLIC[name].__doc__)


def section(value: Any, title: str) -> set[str]:
    """The names that a section of a docstring describes."""
    _, found, rest = inspect.cleandoc(value.__doc__).partition(f"{title}\n{'-' * len(title)}\n")
    lines = rest.split("\n\n")[0].splitlines()
    heads = [line for line in lines if found and not line.startswith(" ")]
    return {name.strip() for head in heads for name in head.split(" : ")[0].split(",")}
