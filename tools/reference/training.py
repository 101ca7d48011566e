"""The reference of a training run's configuration: every key with its default and range."""

from __future__ import annotations

import inspect
import math
import re
import typing
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from photochrom.workshop.training.config import RunConfig
from tools.reference.markdown import code, one_line, page, table

INTRODUCTION = """\
A training run is one TOML file. A key below is written under the table that its section names
(`[data]`, then `train = [...]`), or in the command as `--set data.train=...` with a TOML value.
[Training](../training.md) says how runs are made; `configs/` has commented ones."""


def training_page() -> str:
    """The page `docs/reference/training.md`."""
    return page("Training configuration", INTRODUCTION, *_section(RunConfig, ""))


def keys(config: Any = RunConfig, where: str = "") -> Iterator[str]:
    """The full name of every key, as `--set` takes it."""
    for name, of in typing.get_type_hints(config).items():
        inner = _table_of(of)
        if not is_dataclass(of):
            yield f"{where}{name}"
        if inner:
            yield from keys(inner, f"{where}{name}.")


def _section(config: Any, where: str) -> Iterator[str]:
    """A table of the keys; then the sections of the keys that are tables themselves."""
    hints, texts = typing.get_type_hints(config), _texts(config)
    own = [item for item in fields(config) if not is_dataclass(hints[item.name])]
    yield f"## {where.rstrip('.') or 'The run'}"
    yield inspect.cleandoc(config.__doc__).split("\n\n")[0].replace("\n", " ")
    yield table(
        ["key", "type", "default", "allowed", ""],
        (
            [
                code(f"{where}{item.name}"),
                _type(hints[item.name]),
                _default(item),
                _allowed(item),
                texts[item.name],
            ]
            for item in own
        ),
    )
    for name, of in hints.items():
        if inner := _table_of(of):
            yield from _section(inner, f"{where}{name}.")


def _table_of(config: Any) -> Any:
    """The dataclass of a key that is a table, or a list of tables."""
    return next((one for one in (config, *typing.get_args(config)) if is_dataclass(one)), None)


def _texts(config: Any) -> dict[str, str]:
    """The texts of fields in a dataclass's docstring: "name, name: text", deeper lines go on."""
    text = inspect.cleandoc(config.__doc__)
    names = {item.name for item in fields(config)}
    entries = re.findall(r"^((?:\w+)(?:, \w+)*): ((?:.+)(?:\n[ ]+.+)*)", text, re.MULTILINE)
    return {
        name: one_line(meaning)
        for heads, meaning in entries
        for name in heads.split(", ")
        if name in names
    }


def _type(config: Any) -> str:
    parts = typing.get_args(config)
    if not parts:
        return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}[
            config.__name__
        ]
    if is_dataclass(parts[0]):
        return "list of tables, below"
    if parts[-1] is Ellipsis:
        return f"list of {_type(parts[0])}s"
    return f"list of {len(parts)} {_type(parts[0])}s"


def _default(item: Field[Any]) -> str:
    if item.default is MISSING:
        return "must be given"
    if isinstance(item.default, bool):
        return code(str(item.default).lower())
    if isinstance(item.default, tuple):
        return code(list(item.default))
    return code(f'"{item.default}"' if isinstance(item.default, str) else f"{item.default:g}")


def _allowed(item: Field[Any]) -> str:
    if options := item.metadata.get("options"):
        return ", ".join(code(f'"{option}"') for option in options)
    low, high = item.metadata.get("range", (-math.inf, math.inf))
    if low == -math.inf:
        return ""
    return f"at least {_number(low)}" if high == math.inf else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
