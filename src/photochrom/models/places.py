"""Where models' files lie: those of the package, and those that a person pulled."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import platformdirs

SHIPPED = Path(str(resources.files("photochrom.models"))) / "weights"
"""The folder of what comes with the package, the catalogue beside it."""
HOME = "PHOTOCHROM_HOME"
"""The environment's name for the folder of what a person pulled."""


def downloads() -> Path:
    """The folder of pulled models: $PHOTOCHROM_HOME/models, else in the user's data folder."""
    home = os.environ.get(HOME)
    return (Path(home) if home else Path(platformdirs.user_data_dir("photochrom"))) / "models"
