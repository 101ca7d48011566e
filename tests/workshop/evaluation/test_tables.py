from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import DataError
from photochrom.workshop.evaluation.tables import read_column, read_keys, read_labels


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("key,source,label\ncat,animals,281\nharbour,,975\n", "utf-8")
    return path


def test_columns(table: Path) -> None:
    assert read_column(table, "source") == {"cat": "animals", "harbour": "unknown"}
    assert read_keys(table) == {"cat", "harbour"}
    assert read_labels(table) == {"cat": 281, "harbour": 975}


def test_a_table_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(DataError, match=r"table\.csv: not a readable table"):
        read_keys(path)
    path.write_text("key,licence\ncat,CC0\n", "utf-8")
    with pytest.raises(DataError, match=r"no column 'source'; it needs key and source"):
        read_column(path, "source")
    path.write_text("", "utf-8")
    with pytest.raises(DataError, match=r"no column 'key'; it needs key$"):
        read_keys(path)


@pytest.mark.parametrize("label", ["tabby", "1000", "-1", "2.0", ""])
def test_a_label_that_is_none(tmp_path: Path, label: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"key,label\ncat,{label}\n", "utf-8")
    with pytest.raises(DataError, match=r"labels\.csv: cat has label .*0\.\.999"):
        read_labels(path)
