"""Descriptors: what is known of a model without opening its file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from photochrom.errors import ModelError, os_reason
from photochrom.models.contract import (
    COLORIZE,
    INPUT_ROLES,
    OUTPUT_ROLES,
    OWN_ROLES,
    TASKS,
    Contract,
    contract_from_table,
)
from photochrom.models.paths import downloads, is_file

_REQUIRED = ("name", "purpose", "file", "bytes", "sha256", "licence", "contract")
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_."


@dataclass(frozen=True)
class Descriptor:
    """One model.

    name: the value of `--model`, or of `--inpainter` where the task is "inpaint".
    purpose: one line that helps to choose. authors, licence, licence_url, citation: of the weights.
    trained_on: one line on the training photos.
    file: the file's name in the package or the user's data folder. bytes: its size, exact where
    `exact` is true. sha256: of its content.
    urls: addresses to download it from, in order of preference; empty for a model that comes with a
    package, in `folder`.
    task: what the model does, "colorize" or "inpaint".
    contract: inputs and outputs. The metadata of Photochrom's own files (bins, dial, size) takes
    precedence over it.
    """

    name: str
    purpose: str
    file: str
    bytes: int
    sha256: str
    licence: str
    trained_on: str
    contract: Contract
    task: str = COLORIZE
    exact: bool = True
    authors: str = ""
    licence_url: str = ""
    citation: str = ""
    urls: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """The path of the file, present or not."""
        return (self.folder or downloads()) / self.file

    @property
    def shipped(self) -> bool:
        """Whether the model comes with a package."""
        return self.folder is not None

    @property
    def present(self) -> bool:
        """Whether the file exists; `photochrom.models.verify` checks its content."""
        return is_file(self.path)


def descriptors_from(path: Path, *, own: bool = False) -> tuple[Descriptor, ...]:
    """The models of a TOML file with a [[model]] table for each.

    Files of models without `urls` lie beside it. own: whether it is Photochrom's own catalogue.
    Raises ModelError that names the file and the key.
    """
    tables = read_toml(path).get("model", [])
    if not isinstance(tables, list):
        raise ModelError(path, "model must be a list of tables, [[model]]")
    return tuple(_descriptor(table, str(path), path.parent, own) for table in tables)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises ModelError where it is not valid TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ModelError(path, os_reason(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(path, f"not valid TOML ({error})") from error


def read_sidecar(path: Path) -> tuple[str, Contract] | None:
    """The name and contract in the TOML file beside a model's file; None where there is none.

    Its keys are fields of a descriptor. A file without a contract is something else, such as the
    configuration of a training run.
    """
    sidecar = path.with_suffix(".toml")
    if not is_file(sidecar):
        return None
    table = read_toml(sidecar)
    if "contract" not in table:
        return None
    origin = str(sidecar)
    _check_fields(table, origin)
    contract = contract_from_table(table["contract"], origin, task=table.get("task", COLORIZE))
    return table.get("name") or path.stem, contract


def _descriptor(table: Any, origin: str, folder: Path, own: bool) -> Descriptor:
    if not isinstance(table, Mapping):
        raise ModelError(origin, "model must be a list of tables, [[model]]")
    _check_fields(table, origin)
    missing = [name for name in _REQUIRED if name not in table]
    if missing:
        raise ModelError(origin, f"{', '.join(missing)} missing")
    name, file = table["name"], table["file"]
    if not name or set(name.lower()) - set(_NAME_CHARACTERS) or name.lower().endswith(".onnx"):
        raise ModelError(
            origin, f"name is {name!r}, but must be of letters, digits, - _ . and no file's"
        )
    if file != Path(file).name or file.startswith("."):
        raise ModelError(origin, f"file is {file!r}, but must be the plain name of a file")
    sha256 = table["sha256"].lower()
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ModelError(origin, f"sha256 of {name} must be 64 hexadecimal digits")
    roles = OWN_ROLES if own else (INPUT_ROLES, OUTPUT_ROLES)
    values = {"trained_on": "", **table, "sha256": sha256}
    values["contract"] = contract_from_table(
        table["contract"], f"{origin}: {name}", roles=roles, task=table.get("task", COLORIZE)
    )
    values["urls"] = tuple(table.get("urls", ()))
    return Descriptor(**values, folder=None if values["urls"] else folder)


def _check_fields(table: Mapping[str, Any], origin: str) -> None:
    known = {field.name for field in fields(Descriptor)} - {"folder"}
    for key, value in table.items():
        if key not in known:
            raise ModelError(origin, f"unknown key {key!r}", f"known: {', '.join(sorted(known))}")
        if key == "urls":
            if not isinstance(value, list) or not all(map(_is_address, value)):
                raise ModelError(origin, "urls must be a list of http(s) addresses")
        elif key == "bytes":
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ModelError(origin, f"bytes is {value!r}, but must be a whole number")
        elif key == "task":
            if value not in TASKS:
                raise ModelError(origin, f"task is {value!r}, but must be {' or '.join(TASKS)}")
        elif key == "exact":
            if not isinstance(value, bool):
                raise ModelError(origin, f"exact is {value!r}, but must be true or false")
        elif key != "contract" and not (isinstance(value, str) and value.isprintable()):
            raise ModelError(origin, f"{key} is {value!r}, but must be a line of text")


def _is_address(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(("https://", "http://")) and url.isprintable()
