"""Presets: named options of colouring and saving, shipped with the package or saved by the user."""

from __future__ import annotations

from photochrom.presets.library import list_presets as list_presets
from photochrom.presets.library import load_preset as load_preset
from photochrom.presets.library import readable_presets as readable_presets
from photochrom.presets.library import remove_preset as remove_preset
from photochrom.presets.library import save_preset as save_preset
from photochrom.presets.preset import COLORIZE_KEYS as COLORIZE_KEYS
from photochrom.presets.preset import NAME_PATTERN as NAME_PATTERN
from photochrom.presets.preset import SAVE_KEYS as SAVE_KEYS
from photochrom.presets.preset import Preset as Preset
