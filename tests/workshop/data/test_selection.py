"""Conditions on a manifest's columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import DataError
from photochrom.workshop.data.selection import selected_keys

ROWS = "key,source,terms\nt0,voc,research\nt1,cid22,free\nt2,osie,free\n"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        (["terms=free"], {"t1", "t2"}),
        (["terms=free", "source!=osie"], {"t1"}),
        (["source!=voc"], {"t1", "t2"}),
        ([], {"t0", "t1", "t2"}),
    ],
)
def test_all_conditions_hold(manifest: Path, conditions: list[str], keys: set[str]):
    assert selected_keys(manifest, conditions) == keys


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (["terms"], "no condition"),
        (["licence=CC0"], "no column licence"),
        (["source=nobody"], "no photo with source=nobody"),
    ],
)
def test_one_line_says_what_is_wrong(manifest: Path, conditions: list[str], words: str):
    with pytest.raises(DataError, match=words):
        selected_keys(manifest, conditions)


def test_a_missing_manifest_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"absent\.csv"):
        selected_keys(tmp_path / "absent.csv", ["a=b"])
