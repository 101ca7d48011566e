"""Folders of a user's own files: pulled models and saved presets."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME = "PHOTOCHROM_HOME"
"""Environment variable with a folder, in which both lie instead, each in a subfolder."""


def user_data(name: str) -> Path:
    """A subfolder for data: of $PHOTOCHROM_HOME, else of the user's data folder."""
    return (_home() or Path(platformdirs.user_data_dir("photochrom"))) / name


def user_config(name: str) -> Path:
    """A subfolder for settings: of $PHOTOCHROM_HOME, else of the user's configuration folder."""
    return (_home() or Path(platformdirs.user_config_dir("photochrom"))) / name


def _home() -> Path | None:
    home = os.environ.get(HOME)
    return Path(home).expanduser() if home else None
