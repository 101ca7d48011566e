"""Where models' files lie: those of the package, and those that a person pulled."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import platformdirs

SHIPPED = Path(str(resources.files("photochrom.models"))) / "weights"
"""Weights and the catalogue that come with the package."""
HOME = "PHOTOCHROM_HOME"
"""Environment variable: a folder; pulled models lie in `models` below it."""


def downloads() -> Path:
    """The folder of pulled models: $PHOTOCHROM_HOME/models, else in the user's data folder."""
    home = os.environ.get(HOME)
    folder = Path(home).expanduser() if home else Path(platformdirs.user_data_dir("photochrom"))
    return folder / "models"


def is_file(path: Path) -> bool:
    """Whether a file is there; a name that no file can have is not."""
    try:
        return path.is_file()
    except OSError:
        return False
