"""The bill of materials of a release: what an installation consists of, with licences."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.errors import ReleaseError
from tools.release.trial import Installation
from tools.release.versions import requirements_of

_INSTALLERS = ("pip", "setuptools", "wheel")
"""What a fresh environment holds, and Photochrom does not need."""


def write_bill(installation: Installation, project: Path, target: Path) -> int:
    """Write a CycloneDX file of all that is installed, as cyclonedx-py finds it.

    project: pyproject.toml. Returns the number of packages beside Photochrom.
    Raises ReleaseError where the file cannot be made, or `check_bill` refuses it.
    """
    installation.call("python", "-m", "pip", "uninstall", "--quiet", "--yes", *_INSTALLERS)
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--gather-license-texts"]
    command += [
        "--output-reproducible",
        "--pyproject",
        str(project),
        "--mc-type",
        "library",
        "--output-file",
        str(target),
    ]
    done = subprocess.run(
        [*command, str(installation.python)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ReleaseError(
            target.name,
            f"cannot be made ({lines[-1]})",
            "see python -m cyclonedx_py environment --help",
        )
    return check_bill(target, requirements_of(project))


def check_bill(path: Path, requirements: Iterable[Requirement]) -> int:
    """Check a CycloneDX file: every required package is in it, and each says its licence.

    Returns the number of packages beside Photochrom.
    """
    bill: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    parts = {canonicalize_name(part["name"]): part for part in bill["components"]}
    for requirement in requirements:
        if canonicalize_name(requirement.name) not in parts:
            raise ReleaseError(path.name, f"lacks {requirement.name}", "install and list it again")
    for name, part in parts.items():
        if not part.get("licenses"):
            raise ReleaseError(
                path.name,
                f"{name} {part['version']} says no licence",
                "find it out before releasing, or require another version",
            )
    return len(parts)
