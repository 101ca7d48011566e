"""`photochrom doctor`: what this installation has and uses, for a report of a fault."""

from __future__ import annotations

import os
import platform
import sys
from importlib import util
from pathlib import Path
from typing import Annotated, Any

import typer

from photochrom import __version__
from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.output import print_record

_PACKAGES = ("numpy", "onnxruntime", "pyvips", "pyvips-binary", "typer")
_VARIABLES = ("PHOTOCHROM_", "VIPS_", "OMP_", "OPENBLAS_", "MKL_", "ORT_")
"""How the names of environment variables begin that change what is done here."""
_EXTRAS = {
    "app": ("fastapi", "pillow_heif"),
    "formats": ("netpbmfile", "pillow_heif", "openjpeg", "psd_tools", "rawpy", "tifffile"),
    "cluster": ("ray",),
    "gpu": ("onnxruntime_ep_webgpu",),
    "train": ("torch",),
    "video": ("av",),
}
"""Modules that each extra brings."""
_SECRETS = ("TOKEN", "KEY", "SECRET", "PASSWORD")
"""Words in the names of environment variables whose values are shown to nobody."""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Show what this installation has and uses: versions, kernel, devices, threads, formats.

    Paste it into a report of a fault. It names no photos; the home folder is written as ~.
    """
    with one_line_errors():
        found = findings()
    if as_json:
        print_record(found, indent=2)
        return
    for title, value in found.items():
        typer.echo(f"{title.replace('_', ' ')}: {_line(value)}")


def findings() -> dict[str, Any]:
    """What this installation has and uses."""
    from photochrom._system.cpus import available_cpus
    from photochrom._system.kernel import LIBRARY, kernel_name
    from photochrom._system.onnx_runtime import onnxruntime
    from photochrom._system.vips import pyvips
    from photochrom.models import list_models, webgpu
    from photochrom.models.devices import providers_for
    from photochrom.models.paths import downloads
    from photochrom.options import DEVICE
    from photochrom.photo.formats import KINDS

    version = ".".join(str(pyvips.version(part)) for part in range(3))
    missing = [name for name, modules in _EXTRAS.items() if not all(map(_is_there, modules))]
    could = {f"extra {name}": f"pip install 'photochrom[{name}]'" for name in missing}
    if kernel_name() == "numpy" and not LIBRARY.exists():
        could["native kernel"] = "install Photochrom again where there is a C compiler"
    return {
        "photochrom": __version__,
        "installed_in": _without_home(Path(__file__).parents[1]),
        "python": f"{platform.python_version()} ({_without_home(Path(sys.executable))})",
        "system": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "libvips": version,
        "kernel": kernel_name(),
        "devices": onnxruntime.get_available_providers(),
        "gpus": webgpu.adapter_names(),
        "device_in_use": providers_for(DEVICE)[0],
        "threads": available_cpus(),
        "formats": [kind.name for kind in KINDS if kind.available],
        "models": list_models(),
        "models_folder": _without_home(downloads()),
        "environment": {
            name: _without_home(Path(value)) if value.startswith("/") else value
            for name, value in sorted(os.environ.items())
            if name.startswith(_VARIABLES) and not any(word in name for word in _SECRETS)
        },
        "could_be_installed": could,
    }


def _is_there(module: str) -> bool:
    return util.find_spec(module) is not None


def _without_home(path: Path) -> str:
    """A path, with the name of the person's folder left out."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _version(package: str) -> str | None:
    from importlib import metadata  # not for every command

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {_line(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_line, value)) or "none"
    return "not installed" if value is None else str(value)
