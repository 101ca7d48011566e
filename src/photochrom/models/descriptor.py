"""What is known of a model before its file is opened."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from photochrom.errors import ModelError
from photochrom.models.contract import Contract, contract_from_table
from photochrom.models.places import downloads

_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_."


@dataclass(frozen=True)
class Descriptor:
    """One model.

    name: what `--model` takes. purpose: one line for people choosing. authors, licence,
    licence_url, citation: of the weights. trained_on: one line on the photos.
    file: its name in the package or the user's data folder. bytes: its size, to the byte where
    `exact`. sha256: of its content.
    urls: where it can be had, in order of preference; none for a model that comes with a package,
    whose `folder` then says where.
    contract: what goes in and what comes out. What a file of Photochrom's own says in its metadata
    (bins, dial, size) counts before it.
    """

    name: str
    purpose: str
    file: str
    bytes: int
    sha256: str
    licence: str
    trained_on: str
    contract: Contract
    exact: bool = True
    authors: str = ""
    licence_url: str = ""
    citation: str = ""
    urls: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """Where the file lies, or should."""
        return (self.folder or downloads()) / self.file

    @property
    def shipped(self) -> bool:
        """Whether it comes with a package."""
        return self.folder is not None

    @property
    def present(self) -> bool:
        """Whether its file is there; `photochrom.models.verify` looks inside."""
        return self.path.is_file()


def descriptors_from(path: Path) -> tuple[Descriptor, ...]:
    """The models of a TOML file with a [[model]] table for each.

    Files of models without `urls` lie beside it. Raises ModelError that names the file and key.
    """
    return tuple(
        descriptor_from_table(table, str(path), path.parent)
        for table in read_toml(path).get("model", ())
    )


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables; raises ModelError where it is none."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not valid TOML ({error})") from error


def descriptor_from_table(table: Mapping[str, Any], origin: str, folder: Path) -> Descriptor:
    """A descriptor of a TOML table with the fields' names; raises ModelError for what is none.

    folder: where the file lies unless it has `urls`.
    """
    known = {field.name for field in fields(Descriptor)} - {"folder"}
    for key in table:
        if key not in known:
            raise ModelError(f"{origin}: unknown key {key!r}; known: {', '.join(sorted(known))}")
    missing = [
        name
        for name in ("name", "purpose", "file", "bytes", "sha256", "licence", "contract")
        if name not in table
    ]
    if missing:
        raise ModelError(f"{origin}: {', '.join(missing)} missing")
    name = table["name"]
    if not isinstance(name, str) or not name or set(name.lower()) - set(_NAME):
        raise ModelError(f"{origin}: name is {name!r}, but must be of letters, digits, - _ .")
    file = table["file"]
    if not isinstance(file, str) or file != Path(file).name or file.startswith("."):
        raise ModelError(f"{origin}: file is {file!r}, but must be the plain name of a file")
    told = dict(table)
    told["contract"] = contract_from_table(table["contract"], f"{origin}: {name}")
    told["urls"] = tuple(table.get("urls", ()))
    told.setdefault("trained_on", "")
    if not told["urls"]:
        told["folder"] = folder
    return Descriptor(**told)
