"""What the package holds of others: a page, and a file for programs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from tools.release.bill import check_bill
from tools.release.bundled import BILL, FILES, LICENCES, NOTICE, PARTS
from tools.release.errors import ReleaseError

from photochrom import __version__
from photochrom.models.paths import SHIPPED


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return json.loads(BILL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_up_to_date(path: Path) -> None:
    made = FILES[path]()
    assert path.read_text(encoding="utf-8") == made, "run python -m tools.release.bundled"


def test_the_bill_is_valid_and_of_this_version(bill: dict[str, Any]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(BILL.read_text(encoding="utf-8")) is None
    assert bill["metadata"]["component"]["version"] == __version__
    refs = [part["bom-ref"] for part in bill["components"]]
    assert len(set(refs)) == len(refs) == len(PARTS) + 4


def test_the_bill_has_every_network_with_its_digest_and_origin(bill: dict[str, Any]) -> None:
    found = {part["bom-ref"]: part for part in bill["components"]}
    networks = sorted(SHIPPED.glob("*.onnx"))
    assert len(networks) == 4
    for path in networks:
        (digest,) = found[path.name]["hashes"]
        assert digest["content"] == hashlib.sha256(path.read_bytes()).hexdigest()
        (ancestor,) = found[path.name]["pedigree"]["ancestors"]
        assert ancestor["name"].startswith("efficientnet-lite")


def test_parts_name_files_that_hold_them() -> None:
    package = LICENCES.parent
    sources = {
        "xkcd color survey": "server/page/names.js",
        "Compact ICC Profiles": "site/engine/icc.js",
    }
    for part in PARTS:
        assert f"| {part.name}" in NOTICE.read_text(encoding="utf-8")
        if place := sources.get(part.name):
            assert f"`{place}`" in part.place
            text = (package / place).read_text(encoding="utf-8")
            assert part.name.split()[0] in text


def test_licence_texts_are_the_known_ones(repository: Path) -> None:
    assert (LICENCES / "photochrom.txt").read_bytes() == (repository / "LICENSE").read_bytes()
    text = (LICENCES / "onnxruntime-web.txt").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) Microsoft Corporation\n")


def test_a_bill_without_a_package_or_a_licence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bill.cdx.json"
    parts = [
        {"name": "Typing_Extensions", "version": "4", "licenses": [{"license": {"id": "PSF-2.0"}}]},
        {"name": "numpy", "version": "2", "licenses": [{"license": {"id": "BSD-3-Clause"}}]},
    ]
    path.write_text(json.dumps({"components": parts}))
    assert check_bill(path, [Requirement("typing-extensions>=1"), Requirement("numpy")]) == 2
    with pytest.raises(ReleaseError, match=r"^bill\.cdx\.json: lacks rich;"):
        check_bill(path, [Requirement("rich")])
    del parts[1]["licenses"]
    path.write_text(json.dumps({"components": parts}))
    with pytest.raises(ReleaseError, match=r"^bill\.cdx\.json: numpy 2 says no licence;"):
        check_bill(path, [])
