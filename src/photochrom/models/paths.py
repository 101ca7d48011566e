"""Folders of model files: those of the package, and those of pulled models."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import platformdirs

SHIPPED = Path(str(resources.files("photochrom.models"))) / "weights"
"""Weights and the catalogue that come with the package."""
HOME = "PHOTOCHROM_HOME"
"""Environment variable with a folder, in whose `models` pulled models lie."""


def downloads() -> Path:
    """The folder of pulled models: $PHOTOCHROM_HOME/models, else in the user's data folder."""
    home = os.environ.get(HOME)
    folder = Path(home).expanduser() if home else Path(platformdirs.user_data_dir("photochrom"))
    return folder / "models"


def is_file(path: Path) -> bool:
    """Whether the file exists; false for a name that the file system rejects."""
    try:
        return path.is_file()
    except OSError:
        return False
