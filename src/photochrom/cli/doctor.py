"""`photochrom doctor`: what this installation has and uses, for a report of a fault."""

from __future__ import annotations

import os
import platform
import sys
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom import __version__
from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.output import print_record

if TYPE_CHECKING:
    from photochrom.models import Descriptor

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
    """Show what this installation has and uses: versions, kernel, models, devices, formats.

    Paste it into a report of a fault. It names no photos; the home folder is written as ~.
    """
    with one_line_errors():
        found = findings()
    if as_json:
        print_record(found, indent=2)
        return
    found["models"] = _models_line(found["models"])
    for title, value in found.items():
        typer.echo(f"{title.replace('_', ' ')}: {_line(value)}")


def findings() -> dict[str, Any]:
    """What this installation has and uses."""
    from photochrom._system.cpus import available_cpus
    from photochrom._system.kernel import LIBRARY, kernel_name
    from photochrom._system.onnx_runtime import onnxruntime
    from photochrom._system.vips import pyvips
    from photochrom.models import webgpu
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
        "models": _models(),
        "models_folder": _without_home(downloads()),
        "environment": {
            name: _without_home(Path(value)) if value.startswith("/") else value
            for name, value in sorted(os.environ.items())
            if name.startswith(_VARIABLES) and not any(word in name for word in _SECRETS)
        },
        "could_be_installed": could,
    }


def _models() -> list[dict[str, Any]]:
    """Every known model, and the network that finds damage: its name, SHA-256 and state."""
    from photochrom.models import known_models, sha256_of
    from photochrom.restoration.detection import NETWORK, NETWORK_NAME

    found: list[dict[str, Any]] = [
        {"name": model.name, "sha256": model.sha256, "state": _state(model)}
        for model in known_models()
    ]
    there = NETWORK.is_file()  # the catalogue does not know it: nothing to compare with
    digest, state = (sha256_of(NETWORK), "present") if there else (None, "absent")
    return [*found, {"name": NETWORK_NAME, "sha256": digest, "state": state}]


def _state(model: Descriptor) -> str:
    """Whether a model is here as it was published."""
    from photochrom.errors import ModelError
    from photochrom.models import verify

    if not model.present:
        return "absent"
    try:
        verify(model, quick=True)
    except ModelError:
        return "damaged"
    return "sound"


def _models_line(models: list[dict[str, Any]]) -> str:
    """Models by the first digits of their SHA-256, as errors name them; last those not here."""
    absent = [model["name"] for model in models if model["state"] == "absent"]
    here = [
        f"{model['name']} ({'damaged' if model['state'] == 'damaged' else model['sha256'][:12]})"
        for model in models
        if model["state"] != "absent"
    ]
    return f"{_line(here)}; not on this machine: {_line(absent)}"


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
