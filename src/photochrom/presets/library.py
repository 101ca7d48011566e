"""The presets that there are: those of the package, and those of the user, who may replace them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from photochrom._system.atomic import move_into_place, temporary_beside
from photochrom._system.user_folders import user_config
from photochrom.errors import ConfigError, Option, Remedy, nearest_name, os_reason
from photochrom.presets.preset import NAME_PATTERN, NAME_RULE, Preset, check_name, read_preset

SHIPPED = Path(str(resources.files("photochrom.presets"))) / "shipped"
_SUFFIX = ".toml"


def own_presets_folder() -> Path:
    """The folder of the user's own presets: $PHOTOCHROM_HOME/presets, else in that of settings."""
    return user_config("presets")


def list_presets() -> list[str]:
    """The names of all presets, in alphabetical order.

    Returns
    -------
    list of str
        Those that come with Photochrom, and those that the user has saved.

    Raises
    ------
    ConfigError
        The user's folder of presets cannot be read.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.list_presets()
    ['album', 'faithful', 'landscape', 'portrait', 'vivid']
    """
    return _names(own=True)


def load_preset(name: str, *, own: bool = True) -> Preset:
    """The preset of a name; the user's own comes before one of Photochrom's with the same name.

    Parameters
    ----------
    name
        One of `photochrom.list_presets()`.
    own
        Whether the user's own presets count.

    Returns
    -------
    Preset
        Its `colorize` and `save` are the options for `photochrom.colorize` and `Result.save`.

    Raises
    ------
    ConfigError
        There is no such preset, or its file is damaged or holds invalid options.

    Examples
    --------
    >>> import photochrom
    >>> portrait = photochrom.load_preset("portrait")
    >>> photochrom.colorize("photo.jpg", portrait.colorize).save("soft.jpg", portrait.save)
    PosixPath('soft.jpg')
    """
    if re.fullmatch(NAME_PATTERN, name):
        for folder, shipped in _folders(own=own):
            path = folder / f"{name}{_SUFFIX}"
            try:
                with _readable(path):
                    return read_preset(path, shipped=shipped)
            except FileNotFoundError:
                continue
    raise _unknown(name, _names(own=own))


def readable_presets(*, own: bool = True) -> tuple[list[Preset], list[ConfigError]]:
    """All presets whose files can be read, by name, and the faults of the others.

    own: whether the user's own presets count.
    """
    presets, faults = [], []
    for name in _names(own=own):
        try:
            presets.append(load_preset(name, own=own))
        except ConfigError as fault:
            faults.append(fault)
    if own:
        faults += [
            ConfigError(path, f"the name of a preset {NAME_RULE}", "rename the file")
            for path in _files(own_presets_folder())
            if not re.fullmatch(NAME_PATTERN, path.stem)
        ]
    return presets, faults


def save_preset(preset: Preset, *, overwrite: bool = False) -> Path:
    """Write a preset into the user's folder.

    overwrite: replace the user's own of this name, or stand in for one that comes with Photochrom.
    Returns the file. Raises ConfigError for a name that is taken, or where it cannot be written.
    """
    path = own_presets_folder() / f"{preset.name}{_SUFFIX}"
    if not (overwrite or path.exists()) and (SHIPPED / path.name).is_file():
        raise ConfigError(
            f"preset {preset.name!r}",
            "comes with Photochrom",
            Remedy("choose another name, or add {} to have yours instead", _OVERWRITE),
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(path.parent, f"cannot be a folder ({os_reason(error)})") from error
    try:
        with temporary_beside(path) as part:
            part.write_text(preset.toml(), encoding="utf-8")
            move_into_place(part, path, overwrite=overwrite)
    except FileExistsError as error:
        raise ConfigError(
            path, "there is a preset of this name", Remedy("add {} to replace it", _OVERWRITE)
        ) from error
    except OSError as error:
        raise ConfigError(path, f"cannot be written ({os_reason(error)})") from error
    return path


def remove_preset(name: str) -> Path:
    """Delete one of the user's own presets; one of Photochrom's with the same name counts again.

    Returns the file. Raises ConfigError where there is none, or it cannot be deleted.
    """
    check_name(name)
    path = own_presets_folder() / f"{name}{_SUFFIX}"
    try:
        with _readable(path):
            path.unlink()
    except FileNotFoundError as error:
        if (SHIPPED / path.name).is_file():
            raise ConfigError(
                f"preset {name!r}",
                "comes with Photochrom and cannot be removed",
                "only presets of your own can be",
            ) from error
        raise _unknown(name, [own.stem for own in _files(path.parent)]) from error
    return path


_OVERWRITE = Option("overwrite", True)


def _folders(*, own: bool) -> Iterator[tuple[Path, bool]]:
    """The folders in which a name is looked for, in this order, and which is Photochrom's."""
    if own:
        yield own_presets_folder(), False
    yield SHIPPED, True


def _names(*, own: bool) -> list[str]:
    stems = {path.stem for folder, _ in _folders(own=own) for path in _files(folder)}
    return sorted(stem for stem in stems if re.fullmatch(NAME_PATTERN, stem))


def _files(folder: Path) -> list[Path]:
    """The TOML files of a folder; none where it does not exist."""
    try:
        with _readable(folder):
            return sorted(
                path
                for path in folder.iterdir()
                if path.suffix == _SUFFIX and not path.name.startswith(".")
            )
    except FileNotFoundError:
        return []


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise ConfigError for a file or folder that is there, but cannot be used."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(path, os_reason(error), "see to its permissions") from error


def _unknown(name: str, known: list[str]) -> ConfigError:
    near = nearest_name(name, known)
    meant = f"did you mean {near}? " if near else ""
    return ConfigError(
        f"preset {name!r}", "does not exist", f"{meant}known: {', '.join(known) or 'none'}"
    )
