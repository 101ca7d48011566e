"""Photochrom colours black-and-white photographs.

from photochrom import Colorizer

Colorizer().colorize("grandmother.jpg").save("grandmother.color.jpg")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer
    from photochrom.errors import PhotochromError
    from photochrom.pipeline.hints import Hint
    from photochrom.result import Result

__version__ = "0.1.0"

_HOME = {
    "Colorizer": "photochrom.colorizer",
    "Hint": "photochrom.pipeline.hints",
    "PhotochromError": "photochrom.errors",
    "Result": "photochrom.result",
}

__all__ = ["Colorizer", "Hint", "PhotochromError", "Result", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'photochrom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
