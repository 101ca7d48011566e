"""Zips that the browser's engine makes, read by Python's zipfile and Info-ZIP's rules."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.browser

ZIP = """async ({ zipOf }, names, data, sizes) => {
  let start = 0;
  const files = names.map((name, n) => {
    const blob = new Blob([data.subarray(start, start + sizes[n])]);
    start += sizes[n];
    return { name, blob, modified: new Date(2024, 1, 29, 13, 14, 16) };
  });
  const zip = await zipOf(files);
  return new Uint8Array(await zip.arrayBuffer());
}"""


def test_zipfile_reads_it(engine: Any) -> None:
    sizes = [0, 1, 70_000, 3, 3, 3, 3]
    names = ["leer.txt", "Straße/日本.jpg", "big.bin", "a.jpg", "A.jpg", "a.jpg", "a (2).jpg"]
    data = np.random.default_rng(0).integers(0, 256, sum(sizes)).astype(np.uint8)

    made = engine.run("zip.js", ZIP, names, data, sizes).tobytes()

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        found = [archive.read(info) for info in archive.infolist()]
        assert b"".join(found) == data.tobytes()
        assert [len(one) for one in found] == sizes
        assert archive.namelist() == [
            "leer.txt", "Straße/日本.jpg", "big.bin",
            "a.jpg", "A (2).jpg", "a (3).jpg", "a (2) (2).jpg",
        ]  # fmt: skip
        assert {info.date_time for info in archive.infolist()} == {(2024, 2, 29, 13, 14, 16)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_an_empty_zip(engine: Any) -> None:
    made = engine.run("zip.js", ZIP, [], np.zeros(1, np.uint8), []).tobytes()

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == []


@pytest.mark.long
def test_many_files(engine: Any) -> None:
    """More than 65,535 need the directory of ZIP64."""
    body = """async ({ zipOf }, count) => {
      const blob = new Blob(["a"]);
      const names = Array.from({ length: count }, (_, n) => ({ name: `${n}`, blob }));
      return new Uint8Array(await (await zipOf(names)).arrayBuffer());
    }"""

    made = engine.run("zip.js", body, 65_600).tobytes()

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert len(archive.namelist()) == 65_600
        assert archive.read("65599") == b"a"


def test_four_gigabytes(engine: Any) -> None:
    """Sizes and places beyond 32 bits, with blobs that only say that they are large."""
    body = """async ({ zipOf }, size) => {
      const parts = [];
      const large = new (class extends Blob {
        get size() { return size; }
      })(["x"]);
      globalThis.Blob = class extends Blob {
        constructor(made, options) { super([], options); parts.push(...made); }
      };
      await zipOf([{ name: "a", blob: large }, { name: "b", blob: large }]);
      return parts.map((part) => (part === large ? null : part));
    }"""
    size = 5_000_000_000

    parts = engine.run("zip.js", body, size)

    assert [part is None for part in parts] == [False, True, False, True, False, False]
    head = b"".join(parts[n].tobytes() for n in (4, 5))
    place = 2 * size + sum(len(parts[n]) for n in (0, 2))
    archive = zipfile.ZipFile(_Holes(head, place))
    assert [(info.file_size, info.header_offset) for info in archive.infolist()] == [
        (size, 0),
        (size, size + len(parts[0])),
    ]
    assert parts[0][4] == 45


class _Holes(io.RawIOBase):
    """A file of nothing up to a place, and then of bytes."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._start, self._place = data, place, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        end = self._start + len(self._data)
        self._place = place + {0: 0, 1: self._place, 2: end}[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        start = self._place - self._start
        assert start >= 0
        end = len(self._data) if size < 0 else start + size
        self._place = self._start + min(end, len(self._data))
        return self._data[start:end]
