"""Photochrom colours black-and-white photographs.

>>> import photochrom
>>> photochrom.colorize("photo.jpg").save("photo.color.jpg", overwrite=True)
PosixPath('photo.color.jpg')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer as Colorizer
    from photochrom.colorizer import colorize as colorize
    from photochrom.crops import Crop as Crop
    from photochrom.errors import ConfigError as ConfigError
    from photochrom.errors import DataError as DataError
    from photochrom.errors import DiskFullError as DiskFullError
    from photochrom.errors import HintError as HintError
    from photochrom.errors import InColorError as InColorError
    from photochrom.errors import JobError as JobError
    from photochrom.errors import MissingExtraError as MissingExtraError
    from photochrom.errors import ModelError as ModelError
    from photochrom.errors import OutputExistsError as OutputExistsError
    from photochrom.errors import PhotochromError as PhotochromError
    from photochrom.errors import PhotoError as PhotoError
    from photochrom.errors import VideoError as VideoError
    from photochrom.files import colorize_file as colorize_file
    from photochrom.files import repair_file as repair_file
    from photochrom.models import list_models as list_models
    from photochrom.options import ColorizeOptions as ColorizeOptions
    from photochrom.options import Hint as Hint
    from photochrom.options import SaveOptions as SaveOptions
    from photochrom.pages import save_pages as save_pages
    from photochrom.photo import Photo as Photo
    from photochrom.photo import PhotoLike as PhotoLike
    from photochrom.photo.jpeg.luma import LumaReport as LumaReport
    from photochrom.photo.jpeg.luma import check_luma as check_luma
    from photochrom.photo.jpeg.luma import restore_original as restore_original
    from photochrom.pipeline.adjustments import Adjustments as Adjustments
    from photochrom.pipeline.borders import border_of as border_of
    from photochrom.pipeline.references import load_album as load_album
    from photochrom.pipeline.references import load_reference as load_reference
    from photochrom.pipeline.suggestions import Suggestion as Suggestion
    from photochrom.presets import Preset as Preset
    from photochrom.presets import list_presets as list_presets
    from photochrom.presets import load_preset as load_preset
    from photochrom.references import Reference as Reference
    from photochrom.repaired import RepairedPhoto as RepairedPhoto
    from photochrom.repaired import find_damage as find_damage
    from photochrom.repaired import repair as repair
    from photochrom.reports import FileReport as FileReport
    from photochrom.restoration.mask import DamageMask as DamageMask
    from photochrom.restoration.options import RepairOptions as RepairOptions
    from photochrom.result import Result as Result
    from photochrom.strokes import Stroke as Stroke
    from photochrom.video.frames import VideoFrame as VideoFrame
    from photochrom.workspace import Workspace as Workspace

__version__ = "0.2.0"

_MODULES = {
    "photochrom.colorizer": ("Colorizer", "colorize"),
    "photochrom.crops": ("Crop",),
    "photochrom.errors": (
        "ConfigError",
        "DataError",
        "DiskFullError",
        "HintError",
        "InColorError",
        "JobError",
        "MissingExtraError",
        "ModelError",
        "OutputExistsError",
        "PhotochromError",
        "PhotoError",
        "VideoError",
    ),
    "photochrom.files": ("colorize_file", "repair_file"),
    "photochrom.models": ("list_models",),
    "photochrom.options": ("ColorizeOptions", "Hint", "SaveOptions"),
    "photochrom.pages": ("save_pages",),
    "photochrom.photo": ("Photo", "PhotoLike"),
    "photochrom.pipeline.adjustments": ("Adjustments",),
    "photochrom.pipeline.borders": ("border_of",),
    "photochrom.pipeline.references": ("load_album", "load_reference"),
    "photochrom.pipeline.suggestions": ("Suggestion",),
    "photochrom.presets": ("Preset", "list_presets", "load_preset"),
    "photochrom.references": ("Reference",),
    "photochrom.repaired": ("RepairedPhoto", "find_damage", "repair"),
    "photochrom.reports": ("FileReport",),
    "photochrom.restoration.mask": ("DamageMask",),
    "photochrom.restoration.options": ("RepairOptions",),
    "photochrom.result": ("Result",),
    "photochrom.photo.jpeg.luma": ("LumaReport", "check_luma", "restore_original"),
    "photochrom.strokes": ("Stroke",),
    "photochrom.video.frames": ("VideoFrame",),
    "photochrom.workspace": ("Workspace",),
}
"""The public names by module; a module is imported at the first access to one of its names."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted((*_MODULE_OF, "__version__"))


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'photochrom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
