"""How results are named, and known again by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from string import Formatter

from photochrom.errors import ConfigError, Option, Remedy
from photochrom.photo.formats import KINDS, RAW, WRITTEN, Kind, kind_of

COLORED = ".color"
"""What a coloured photo's name has before its suffix; a variant's number comes between them."""
VARIANTS = ".variants"
"""What the name of a sheet of variants has before its suffix."""
DEFAULT_NAME = f"{{stem}}{COLORED}{{suffix}}"
"""The template of a result's name."""
REPAIRED = ".repaired"
"""What the name of a photo that was repaired, not coloured, has before its suffix."""
REPAIRED_NAME = f"{{stem}}{REPAIRED}{{suffix}}"
"""The template of the name of a photo that was repaired, not coloured."""
NAME_FIELDS = ("stem", "suffix", "model", "vividness")
"""What a template may use: of the photo's name, of the result, and of how it is coloured."""
_SUFFIX_FIELD = "{suffix}"
_SEPARATORS = ("/", "\\", "\0")
_IN_COLOR = {".pgm": ".ppm"} | {
    suffix: kind.becomes for kind in KINDS if not kind.written for suffix in kind.suffixes
}
"""Suffixes of files that cannot hold colours or are read only, and of their results."""
_RESULT = re.compile(
    rf"({re.escape(COLORED)}(\.\d+)?(-\d+)?|{re.escape(REPAIRED)}(-\d+)?|{re.escape(VARIANTS)})$"
)


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How the results of photos are named.

    template: a name with fields of `NAME_FIELDS` in braces. suffix: of results; None for the
    photo's own. model, vividness: what the results are coloured with.
    Raises ConfigError for a template that cannot name files.
    """

    template: str = DEFAULT_NAME
    suffix: str | None = None
    model: str = ""
    vividness: float = 0.5

    def __post_init__(self) -> None:
        check_template(self.template)
        if self.suffix is not None and not self.template.endswith(_SUFFIX_FIELD):
            raise _template_error(
                self.template, "has a suffix, which chooses the format", "leave the format out"
            )

    def result_of(self, path: str, kind: Kind | None = None) -> str:
        """The name, or relative path, of a photo's result.

        A raw file keeps its suffix in the stem: cameras put a JPEG of the same name beside it.
        kind: of the photo's file, where its name does not say it.
        """
        photo = PurePath(path)
        own = photo.suffix if kind is None else kind.suffix
        suffix = self.suffix or _IN_COLOR.get(own.lower(), own)
        raw = photo.suffix.lower() in RAW.suffixes
        model = PurePath(self.model).stem if self.model.endswith(".onnx") else self.model
        name = self.template.format(
            stem=photo.name if raw else photo.name.removesuffix(photo.suffix),
            suffix=suffix,
            model=re.sub(r"[/\\]", "-", model),
            vividness=f"{self.vividness:g}",
        )
        return path.removesuffix(photo.name) + name


def check_template(template: str) -> None:
    """Raise ConfigError for a template of names that cannot name files."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise _template_error(template, f"cannot be read ({error})", _fields()) from error
    for _, field, specification, conversion in parts:
        if field is not None and (field not in NAME_FIELDS or specification or conversion):
            unknown = f"{field}!{conversion}" if conversion else field
            unknown += f":{specification}" if specification else ""
            raise _template_error(template, f"has the unknown field {{{unknown}}}", _fields())
    if any(separator in template for separator in _SEPARATORS):
        raise _template_error(
            template,
            "names a folder",
            Remedy("name the folder by {}", Option("path"), otherwise="leave the folder out"),
        )
    end = PurePath(template).suffix
    if not template.endswith(_SUFFIX_FIELD) and (not end or kind_of(end) is None):
        known = ", ".join(kind.suffix for kind in WRITTEN)
        raise _template_error(
            template,
            "does not end with a format that is written",
            f"end it with {_SUFFIX_FIELD} or one of {known}",
        )


def _fields() -> str:
    return f"use {', '.join(f'{{{name}}}' for name in NAME_FIELDS)}"


def _template_error(template: str, problem: str, remedy: str | Remedy) -> ConfigError:
    return ConfigError(Option("name", template), problem, remedy)


def colored_name(path: str, suffix: str | None) -> str:
    """The usual name, or relative path, of a photo's result; suffix: None for the photo's own."""
    return Naming(suffix=suffix).result_of(path)


def is_result(name: str) -> bool:
    """Whether a file's usual name is that of a result, which is not to be coloured again."""
    return _RESULT.search(PurePath(name).stem) is not None


def check_results(results: Mapping[str, str], sources: Collection[str]) -> None:
    """Raise ConfigError where two photos have one result, or a result is one of the sources.

    results: by photo.
    """
    taken: dict[str, str] = {}
    places = set(sources)
    for photo, result in results.items():
        if result in places:
            folder = Option("path")
            remedy = Remedy("name another folder by {}, or another {}", folder, Option("name"))
            raise ConfigError(photo, f"its result would replace the photo {result}", remedy)
        other = taken.setdefault(result, photo)
        if other != photo:
            raise ConfigError(photo, f"would have the same result as {other}", "rename one")
