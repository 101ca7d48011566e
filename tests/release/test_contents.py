"""What is in a release: nothing missing, nothing alien, nothing too large."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.release.artifacts import Kind
from tools.release.contents import LARGEST, LARGEST_WEIGHTS, MOST_BYTES, WEIGHTS, check_contents
from tools.release.errors import ReleaseError

from support.releases import INFO, LIBRARY, TRACKED, artifact

Changes = dict[str, bytes | None]


@pytest.mark.parametrize("kind", Kind)
def test_a_sound_file_passes(tmp_path: Path, kind: Kind) -> None:
    assert check_contents(artifact(tmp_path, kind), TRACKED) > 20


@pytest.mark.parametrize(
    ("kind", "changes", "fault"),
    [
        (Kind.PURE, {f"{WEIGHTS}photochrom.onnx": None}, f"lacks {WEIGHTS}photochrom.onnx;"),
        (Kind.PURE, {"photochrom/server/page/texts/de.js": None}, "lacks photochrom/server/page/"),
        (Kind.PURE, {"photochrom/site/engine/kernel.wasm": None}, "lacks photochrom/site/engine/k"),
        (Kind.PLATFORM, {"photochrom/presets/shipped/album.toml": None}, "lacks photochrom/pres"),
        (Kind.PURE, {f"{INFO}/licenses/LICENSE": None}, "lacks .dist-info/licenses/LICENSE;"),
        (Kind.PURE, {f"{INFO}/sboms/photochrom.cdx.json": None}, "lacks .dist-info/sboms/"),
        (Kind.SOURCES, {"hatch_build.py": None}, "lacks hatch_build.py;"),
        (Kind.SOURCES, {"src/photochrom/pipeline/full_size.c": None}, "lacks src/photochrom/pip"),
        (Kind.PLATFORM, {LIBRARY: None}, "holds 0 native libraries"),
        (Kind.PLATFORM, {"photochrom/pipeline/libfull_size.dylib": b""}, "holds 2 native"),
        (Kind.PURE, {LIBRARY: b""}, f"holds {LIBRARY}, native code; build it with PHOTOCHROM_PURE"),
        (Kind.PLATFORM, {"photochrom/other.so": b""}, "holds photochrom/other.so, native code;"),
        (Kind.SOURCES, {f"src/{LIBRARY}": b""}, "native code;"),
        (Kind.PURE, {"photochrom/notes.txt": b""}, "holds photochrom/notes.txt, which git does"),
        (Kind.SOURCES, {"docs/draft.md": b""}, "holds docs/draft.md, which git does not know;"),
        (Kind.PURE, {"tests/conftest.py": b""}, "holds tests/conftest.py, which git does not"),
        (Kind.PURE, {"photochrom/__pycache__/a.cpython-311.pyc": b""}, "a cache or a private"),
        (Kind.SOURCES, {"tests/.pytest_cache/README.md": b""}, "a cache or a private file;"),
        (Kind.SOURCES, {"tests/.env": b""}, "holds tests/.env, a cache or a private file;"),
        (Kind.PURE, {"photochrom/models/aunt.jpg": b""}, "a picture; photos belong in examples/"),
        (Kind.SOURCES, {"tests/photo/aunt.TIF": b""}, "holds tests/photo/aunt.TIF, a picture;"),
        (Kind.SOURCES, {"configs/last.ckpt": b""}, "a checkpoint or training data;"),
    ],
)
def test_what_is_missing_or_alien_is_refused(
    tmp_path: Path, kind: Kind, changes: Changes, fault: str
) -> None:
    with pytest.raises(ReleaseError) as error:
        check_contents(artifact(tmp_path, kind, changes), TRACKED)
    assert str(error.value).startswith("photochrom-1.2.3")
    assert fault in str(error.value)
    assert error.value.remedy
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["photochrom/models/aunt.jpg", "photochrom/a.pyc", LIBRARY])
def test_what_is_in_no_release_is_refused_though_git_knows_it(tmp_path: Path, name: str) -> None:
    packed = artifact(tmp_path, Kind.PURE, {name: b""})
    with pytest.raises(ReleaseError, match=f"holds {name}, "):
        check_contents(packed, TRACKED | {f"src/{name}"})


def test_a_file_that_git_knows_and_the_build_leaves_out_is_missing(tmp_path: Path) -> None:
    for kind in Kind:
        with pytest.raises(ReleaseError, match=r"lacks .*photochrom/new\.py; correct what pyproj"):
            check_contents(artifact(tmp_path, kind), TRACKED | {"src/photochrom/new.py"})


def test_weights_must_be_those_of_the_catalogue(tmp_path: Path) -> None:
    packed = artifact(tmp_path, Kind.PURE, {f"{WEIGHTS}photochrom-lite.onnx": b"others"})
    with pytest.raises(ReleaseError, match=r"any\.whl, photochrom-lite\.onnx: is not the file"):
        check_contents(packed, TRACKED)


def test_a_file_in_it_has_a_largest_size(tmp_path: Path) -> None:
    page = "photochrom/server/page/index.html"
    check_contents(artifact(tmp_path, Kind.PURE, {page: bytes(int(LARGEST))}), TRACKED)
    for name, most in ((page, LARGEST), (f"{WEIGHTS}damage.onnx", LARGEST_WEIGHTS)):
        packed = artifact(tmp_path, Kind.PURE, {name: bytes(int(most) + 1)})
        with pytest.raises(ReleaseError, match=f"{name}: takes .* MB, a file in it at most"):
            check_contents(packed, TRACKED)


@pytest.mark.parametrize("kind", Kind)
def test_a_release_has_a_largest_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    packed = artifact(tmp_path, kind)
    monkeypatch.setitem(MOST_BYTES, kind, packed.path.stat().st_size - 1)
    with pytest.raises(ReleaseError, match=f"takes .* MB, a {kind} at most"):
        check_contents(packed, TRACKED)
