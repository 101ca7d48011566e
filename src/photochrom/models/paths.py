"""Folders of model files: those of the package, and those of pulled models."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from photochrom._system.user_folders import user_data

SHIPPED = Path(str(resources.files("photochrom.models"))) / "weights"
"""Weights and the catalogue that come with the package."""


def downloads() -> Path:
    """The folder of pulled models: $PHOTOCHROM_HOME/models, else in the user's data folder."""
    return user_data("models")


def is_file(path: Path) -> bool:
    """Whether the file exists; false for a name that the file system rejects."""
    try:
        return path.is_file()
    except OSError:
        return False
