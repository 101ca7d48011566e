"""One preset, and its form as TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from photochrom.errors import ConfigError, Option, nearest_name
from photochrom.options import ADJUSTMENTS, SIZES, ColorizeOptions, SaveOptions

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
"""A name is a file's name too, on every system, and no option of a command."""
NAME_RULE = "must be of letters, digits, - and _, at most 64, and begin with a letter or digit"

COLORIZE_KEYS = ("vividness", "size", *ADJUSTMENTS)
"""Fields of `ColorizeOptions` that a preset holds: those that suit more than one photo."""
SAVE_KEYS = ("quality", "profile", "reversible", "keep_time")
"""Fields of `SaveOptions` that a preset holds.

Whether a file is replaced, and whether it says that its colours are computed, is said each time.
"""
PURPOSE = "purpose"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Options of colouring and saving, with a name.

    Parameters
    ----------
    name
        Letters, digits, - and _.
    purpose
        One line that says what it is for.
    colorize
        How photos are coloured: vividness, size, saturation, warmth, tint, smooth; the other fields
        have their defaults.
    save
        How files are written: quality, profile, reversible, keep_time; the other fields have their
        defaults.
    shipped
        Whether it comes with Photochrom, and is not the user's own.

    Raises
    ------
    ConfigError
        The name or the purpose is invalid, or a field is set that no preset holds.

    Examples
    --------
    >>> from photochrom import ColorizeOptions, Preset, colorize
    >>> soft = Preset(name="soft", colorize=ColorizeOptions(vividness=0.4, smooth=0.3))
    >>> colorize("photo.jpg", soft.colorize).save("soft.jpg", soft.save)
    PosixPath('soft.jpg')
    """

    name: str
    purpose: str = ""
    colorize: ColorizeOptions = field(default_factory=ColorizeOptions)
    save: SaveOptions = field(default_factory=SaveOptions)
    shipped: bool = False

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.purpose.isprintable():
            raise ConfigError(Option(PURPOSE), "must be one line of text", "remove line breaks")
        for options, keys in ((self.colorize, COLORIZE_KEYS), (self.save, SAVE_KEYS)):
            for one in fields(options):
                if one.name not in keys and getattr(options, one.name) != one.default:
                    raise ConfigError(Option(one.name), _NO_PART, "give it with each photo")

    @property
    def values(self) -> dict[str, Any]:
        """Every option that a preset holds, by its name, also where it is the default.

        Examples
        --------
        >>> from photochrom import load_preset
        >>> load_preset("faithful").values["saturation"]
        1.0
        """
        colorize = {key: getattr(self.colorize, key) for key in COLORIZE_KEYS}
        return colorize | {key: getattr(self.save, key) for key in SAVE_KEYS}

    @property
    def changes(self) -> dict[str, Any]:
        """Those of its options that are not the defaults.

        Examples
        --------
        >>> from photochrom import ColorizeOptions, Preset
        >>> Preset(name="soft", colorize=ColorizeOptions(smooth=0.3)).changes
        {'smooth': 0.3}
        """
        usual = Preset(name="usual").values
        return {key: value for key, value in self.values.items() if value != usual[key]}

    def record(self) -> dict[str, Any]:
        """The preset as JSON data, with all options.

        Returns
        -------
        dict
            `name`, `purpose`, `shipped`, and the objects `colorize` and `save`.

        Examples
        --------
        >>> from photochrom import load_preset
        >>> load_preset("faithful").record()["shipped"]
        True
        """
        values = self.values
        return {
            "name": self.name,
            PURPOSE: self.purpose,
            "shipped": self.shipped,
            "colorize": {key: values[key] for key in COLORIZE_KEYS},
            "save": {key: values[key] for key in SAVE_KEYS},
        }

    def toml(self) -> str:
        """The preset as the text of a TOML file.

        Returns
        -------
        str
            A line for the purpose and for each option that is not the default.

        Examples
        --------
        >>> from photochrom import Preset, SaveOptions
        >>> print(Preset(name="small", save=SaveOptions(quality=80)).toml(), end="")
        quality = 80
        """
        purpose = {PURPOSE: self.purpose} if self.purpose else {}
        return "".join(
            # JSON's numbers, truth values and printable texts are TOML's as well
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
            for key, value in (purpose | self.changes).items()
        )


def check_name(name: str) -> None:
    """Raise ConfigError for a name that no preset can have."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ConfigError(f"preset {name!r}", f"its name {NAME_RULE}", "choose another name")


def read_preset(path: Path, *, shipped: bool = False) -> Preset:
    """The preset in a TOML file, named after it.

    Raises ConfigError that names the file and the key, and FileNotFoundError.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            path, f"not valid TOML ({error})", "correct it, or delete the file"
        ) from error
    for key, value in table.items():
        _check(path, key, value)
    try:
        return Preset(
            name=path.stem,
            purpose=table.pop(PURPOSE, ""),
            colorize=ColorizeOptions(**_chosen(table, COLORIZE_KEYS)),
            save=SaveOptions(**_chosen(table, SAVE_KEYS)),
            shipped=shipped,
        )
    except ConfigError as error:
        raise _in_file(path, error) from error


def _chosen(table: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: table[key] for key in keys if key in table}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and SIZES[0] <= value <= SIZES[1]


_NUMBER = (_is_number, "must be a number")
_TEXT = (lambda value: isinstance(value, str), "must be a text in quotes")
_SWITCH = (lambda value: isinstance(value, bool), "must be true or false")
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    PURPOSE: _TEXT,
    **dict.fromkeys(("vividness", *ADJUSTMENTS), _NUMBER),
    "size": (_is_size, f"must be a whole number of pixels, {SIZES[0]}..{SIZES[1]}"),
    "quality": (_is_whole, "must be a whole number"),
    "profile": _TEXT,
    "reversible": _SWITCH,
    "keep_time": _SWITCH,
}
"""For each key what its values are; ranges are those of the options."""
_WITH_EACH_PHOTO = {one.name for kind in (ColorizeOptions, SaveOptions) for one in fields(kind)}
_WITH_EACH_PHOTO -= set(_KINDS)
_NO_PART = "cannot be part of a preset"


def _check(path: Path, key: str, value: Any) -> None:
    if key in _WITH_EACH_PHOTO:
        raise ConfigError(path, f"{key} {_NO_PART}", "remove the line, and give it with each photo")
    if key not in _KINDS:
        near = nearest_name(key, _KINDS)
        known = f"a preset holds {', '.join(_KINDS)}"
        raise ConfigError(path, f"unknown key {key!r}", f"did you mean {near}?" if near else known)
    fits, rule = _KINDS[key]
    if not fits(value):
        raise ConfigError(path, f"{key} is {value!r}, but {rule}", "correct it, or remove the line")


def _in_file(path: Path, error: ConfigError) -> ConfigError:
    """The error of an option as one of the file that sets it."""
    option = error.subject
    if not isinstance(option, Option):
        return error.with_subject(path)
    given = option.name if option.value is None else f"{option.name} is {option.value!r}, but"
    return ConfigError(path, f"{given} {error.problem}", "correct it, or remove the line")
