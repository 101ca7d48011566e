from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.errors import DataError
from photochrom.workshop.evaluation.report import markdown, write_report

FIGURES = {
    "psnr": 23.456,
    "psnr_gain": 1.5,
    "ssim": 0.91234,
    "ab_error": 14.1,
    "ab_gain_percent": 20.25,
    "ciede2000": 9.5,
    "ciede2000_gain_percent": 10.0,
    "colorfulness_ratio": 0.8,
    "colorfulness_distance": 6.0,
    "colorfulness_photo_distance": 9.0,
    "frechet": 12.0,
    "frechet_share_percent": 40.0,
    "agreement_percent": 70.0,
    "agreement_gain": 5.5,
}


def made(name: str, model: str | None, vividness: float | None, **others: float) -> dict[str, Any]:
    figures = FIGURES | others
    return {"name": name, "model": model, "vividness": vividness, "all": figures, "odd": figures}


@pytest.fixture
def record() -> dict[str, Any]:
    keys = ["a", "b"]
    rows = [
        made("grey", None, None, psnr_gain=0.0),
        made("best constant", None, None),
        made("lite 0.5", "lite", 0.5, seconds=0.0812),
        made("theirs", None, None),
    ]
    scores = {name: {"ab_error": 9.0} for name in ("grey", "best constant", "lite 0.5", "theirs")}
    return {
        "photos": 2,
        "sources": ["val.tar"],
        "rows": rows,
        "real": {"all": {"colorfulness": 30.0, "colorfulness_absolute": 25.04}},
        "subsets": {"all": 2, "odd": 1},
        "frechet_floor": 33.33,
        "calibration": {
            "lite 0.5": [
                {"confidence": 0.1, "ab_error": 20.0, "share": 0.5},
                {"confidence": 0.9, "ab_error": 5.0, "share": 0.5},
            ]
        },
        "confidence_rank_correlation": {"lite 0.5": 0.456},
        "per_photo": [{"key": key, "width": 8, "height": 8, "scores": scores} for key in keys],
    }


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text as cells, without the line below the heads."""
    found = []
    for block in text.split("\n\n"):
        if block.startswith("|"):
            lines = [[c.strip() for c in line[1:-1].split("|")] for line in block.splitlines()]
            assert len({len(line) for line in lines}) == 1
            found.append([lines[0], *lines[2:]])
    return found


def test_tables_of_rows_and_subsets(record) -> None:
    text = markdown(record)
    assert text.splitlines()[0] == "2 photos of val.tar"
    errors, colors, calibration = tables(text)
    names = ["grey", "best constant", "lite 0.5", "theirs"]
    assert [line[0] for line in errors[1:]] == names + [f"{name} (odd)" for name in names]
    assert errors[1] == [
        *("grey", "23.46", "+0.00", "0.9123", "14.10", "20.2 %", "9.50", "10.0 %", "–"),
    ]
    assert errors[3][-1] == "0.081"
    assert colors[0][-1] == "gain"  # nobody has an accuracy
    assert colors[3][1:4] == ["0.80", "6.0", "9.0"]
    assert calibration[1:] == [
        ["1", "0.10: 20.00"],
        ["2", "0.90: 5.00"],
        ["rank correlation", "0.46"],
    ]
    assert "two random halves of the real photos, n = 1 each: 33.3" in text
    assert "from absolute values 25.0" in text


def test_tables_on_demand(record) -> None:
    record["tracks"] = {
        "sepia": [
            {"name": "lite 0.5", "ab_error": 15.0, "clean": 14.1, "above_clean_percent": 6.38}
        ]
    }
    record["curves"] = {
        "lite": [
            {"vividness": v, "psnr": 24 - v, "ab_error": 14 + v, "colorfulness_ratio": 0.5 + v}
            for v in (0.0, 0.1)
        ]
    }
    record["kinds"] = {
        "animals": {"photos": 2, "rows": [{"name": "grey"}, {"name": "lite 0.5", **FIGURES}]}
    }
    record["real"]["all"]["accuracy_percent"] = 77.7
    record["rows"][2]["all"] = record["rows"][2]["all"] | {"accuracy_percent": 55.5}
    text = markdown(record)
    _, colors, _, tracks, curves, kinds = tables(text)
    assert tracks[1:] == [["clean", "14.10"], ["sepia", "15.00 (+6.4 %)"]]
    assert curves[2] == ["0.1", "23.90 dB, 14.10, 0.60"]
    assert kinds[1] == ["animals", "2", "+1.50 dB, 20.2 %"]
    assert [line[-1] for line in colors[:4]] == ["accuracy", "–", "–", "55.5 %"]
    assert "Accuracy on the real photos: 77.7 %." in text


def pictures(_key: str) -> dict[str, np.ndarray]:
    return {name: np.zeros((8, 8, 3), np.uint8) for name in ("grey", "lite 0.5", "theirs", "real")}


def test_report_is_a_folder_of_files(record, tmp_path: Path) -> None:
    (tmp_path / "curve.png").write_bytes(b"of an earlier run")
    write_report(tmp_path, record, pictures)
    assert {file.name for file in tmp_path.iterdir()} == {
        "figures.json",
        "figures.md",
        "report.html",
    }
    assert json.loads((tmp_path / "figures.json").read_text("utf-8")) == record
    assert (tmp_path / "figures.md").read_text("utf-8") == markdown(record) + "\n"
    point = {"vividness": 0.0, "psnr": 24.0, "ab_error": 14.0, "colorfulness_ratio": 0.5}
    write_report(tmp_path, record | {"curves": {"lite": [point]}}, pictures)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_report_that_cannot_be_written(record, tmp_path: Path) -> None:
    (tmp_path / "figures.md").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_report(tmp_path, record, pictures)
