"""Write the folder of the static site."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from photochrom import __version__
from photochrom.errors import ConfigError, os_reason
from photochrom.models import Abilities, find
from photochrom.models.session import Session
from photochrom.options import RANGES, ColorizeOptions
from photochrom.presets import readable_presets
from photochrom.site.runtime import (
    RUNTIME_LICENCE,
    RUNTIME_PACKAGE,
    RUNTIME_VERSION,
    RUNTIMES,
    runtime_files,
    runtime_package,
)

MODEL = "photochrom"
MOST_HINTS = 200
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The page's content security policy; `frame-ancestors` can only be a header (`_headers`)."""
DESCRIPTION = "site.json"

_GZIP_LEVEL = 9
_PACKED = ".gz"
_SERVERS_OWN = ("api.js",)
"""Files of the server's page that the site replaces."""
_LICENCE_TEXTS = ("licenses/photochrom.txt", "licenses/onnxruntime-web.txt")
_HEAD = f"""<head>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<link rel="manifest" href="manifest.webmanifest">
<link rel="apple-touch-icon" href="icons/192.png">
<script src="local_file.js"></script>"""
_MANIFEST = {
    "name": "Photochrom",
    "short_name": "Photochrom",
    "description": "Colours black-and-white photographs, on this device.",
    "start_url": ".",
    "display": "standalone",
    "background_color": "#171717",
    "theme_color": "#171717",
    "icons": [
        {"src": f"icons/{side}.png", "sizes": f"{side}x{side}", "type": "image/png"}
        for side in (192, 512)
    ],
}
_HEADERS = """/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
  X-Content-Type-Options: nosniff
  X-Frame-Options: DENY
  Referrer-Policy: no-referrer
"""
"""For hosts that read headers from a file of this name; the first two allow threads."""


def build_site(out: Path, *, runtime: Path | None = None, model: str = MODEL) -> int:
    """Write the site into a folder.

    out: the folder; a new one, an empty one, or one that holds a site, which is replaced.
    runtime: the package of ONNX Runtime Web as a file; None to let npm bring it. model: a shipped
    model's name.
    Returns the bytes that a first visit without WebGPU transfers, as far as the site packs them.
    Raises ConfigError where the folder holds something else, or the runtime cannot be had.
    """
    with runtime_package(runtime) as package:
        _make_empty(out)
        package_files = files("photochrom")
        page = Path(str(package_files / "server/page"))
        site = Path(str(package_files / "site"))
        shutil.copytree(page, out / "page", ignore=shutil.ignore_patterns(*_SERVERS_OWN))
        (out / "page/index.html").unlink()
        shutil.copytree(site / "engine", out / "engine")
        shutil.copytree(site / "static", out, dirs_exist_ok=True)
        shutil.copyfile(site / "api.js", out / "page/api.js")
        html = (page / "index.html").read_text(encoding="utf-8")
        (out / "index.html").write_text(html.replace("<head>", _HEAD, 1), encoding="utf-8")
        runtimes = _write_runtimes(package, out)
        description = _description(model, runtimes, out)
    (out / DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")
    (out / "manifest.webmanifest").write_text(json.dumps(_MANIFEST, indent=1), encoding="utf-8")
    (out / "_headers").write_text(_HEADERS, encoding="utf-8")
    (out / "LICENSES.txt").write_text(_licences(package_files), encoding="utf-8")
    _write_service_worker(site, out)
    return _transferred(out)


def _make_empty(out: Path) -> None:
    """Make the folder; raises ConfigError where it holds something that is no site."""
    try:
        if out.is_dir() and any(out.iterdir()):
            if not (out / DESCRIPTION).is_file():
                raise ConfigError(out, "holds other files", "name a new or an empty folder")
            shutil.rmtree(out)
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(out, os_reason(error), "name a folder that can be written") from error


def _write_runtimes(package: Path, out: Path) -> dict[str, dict[str, Any]]:
    """The runtimes' files, WebAssembly packed; returns how the engine finds them."""
    (out / "engine/runtime").mkdir()
    for _, name, content in runtime_files(package):
        packed = name.endswith(".wasm")
        path = out / "engine/runtime" / f"{name}{_PACKED if packed else ''}"
        path.write_bytes(_gzip(content) if packed else content)
    described = {}
    for backend, (module, glue, binary) in RUNTIMES.items():
        address = f"engine/runtime/{binary}{_PACKED}"
        described[backend] = {
            "module": f"engine/runtime/{module}",
            "glue": f"engine/runtime/{glue}",
            "binary": address,
            "bytes": (out / address).stat().st_size,
        }
    return described


def _description(name: str, runtimes: dict[str, Any], out: Path) -> dict[str, Any]:
    """What the engine reads before anything else."""
    found = find(name)
    contract = Session(name, threads=1).contract
    address = f"models/{found.path.name}{_PACKED}"
    (out / "models").mkdir()
    (out / address).write_bytes(_gzip(found.path.read_bytes()))
    rule = contract.size_rule
    sizes = {"usual": rule.usual, "smallest": rule.smallest, "largest": rule.largest}
    able = asdict(Abilities.of([contract])) | {"variants": False, "references": False}
    described = {"name": name, "purpose": "", "licence": "", "licence_url": "", "can": able}
    return {
        "version": __version__,
        "mostHints": MOST_HINTS,
        "options": {
            option: {"minimum": low, "maximum": high, "default": getattr(ColorizeOptions, option)}
            for option, (low, high) in RANGES.items()
        },
        "presets": [preset.record() for preset in readable_presets(own=False)[0]],
        "models": [described | {"size": sizes}],
        "contract": {
            "name": name,
            "size": rule.usual,
            "rule": asdict(rule),
            "bins": contract.bins.tolist(),
            "logWeights": contract.log_weights.tolist(),
            "dial": contract.dial.as_lists(),
        },
        "model": {"address": address, "bytes": (out / address).stat().st_size},
        "runtimes": runtimes,
    }


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)


def _licences(package: Any) -> str:
    """The licences of all that the folder holds, with those of what ONNX Runtime holds."""
    texts = [
        f"Photochrom {__version__}: Apache-2.0\n"
        f"{RUNTIME_PACKAGE} {RUNTIME_VERSION}: {RUNTIME_LICENCE}\n"
    ]
    names = ("licenses/NOTICE.md", "models/weights/NOTICE.md", *_LICENCE_TEXTS)
    texts += [(package / name).read_text(encoding="utf-8") for name in names]
    theirs = files("onnxruntime") / "ThirdPartyNotices.txt"
    if theirs.is_file():
        texts.append(theirs.read_bytes().decode("utf-8", errors="replace"))
    return f"\n{'=' * 80}\n\n".join(texts)


def _small_files(out: Path) -> Iterator[str]:
    """What the service worker fetches at once: all but the runtimes and the model."""
    large = ("engine/runtime/", "models/", "_headers", "LICENSES.txt", "service_worker.js")
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not name.startswith(large):
            yield name


def _write_service_worker(site: Path, out: Path) -> None:
    digest = hashlib.sha256()
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        digest.update(path.relative_to(out).as_posix().encode() + path.read_bytes())
    source = (site / "service_worker.js").read_text(encoding="utf-8")
    source = source.replace('"VERSION"', json.dumps(digest.hexdigest()[:16]))
    source = source.replace('["FILES"]', json.dumps([".", *_small_files(out)]))
    (out / "service_worker.js").write_text(source, encoding="utf-8")


def _transferred(out: Path) -> int:
    """Bytes of a first visit without WebGPU from a server that packs texts."""
    names = [*_small_files(out), "service_worker.js"]
    names += [f"engine/runtime/{name}" for name in RUNTIMES["wasm"][:2]]
    total = sum(len(_gzip((out / name).read_bytes())) for name in names)
    total += (out / "engine/runtime" / f"{RUNTIMES['wasm'][2]}{_PACKED}").stat().st_size
    return total + sum(path.stat().st_size for path in (out / "models").iterdir())
