"""The grey JPEGs that the site's kernel encodes, read by libjpeg, beside those of libvips."""

from __future__ import annotations

import ctypes
import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from support.programs import program

SOURCE = Path(__file__).resolve().parents[2] / "src" / "photochrom" / "site" / "kernel"
