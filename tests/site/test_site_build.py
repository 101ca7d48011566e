"""`photochrom site`: what the folder holds, and what it is not built over or out of."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tools.kernel_wasm import SOURCES, TARGET, digest_in, sources_digest

from photochrom import __version__
from photochrom.errors import ConfigError
from photochrom.models import find
from photochrom.presets import readable_presets
from photochrom.site import RUNTIME_VERSION, build_site

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "photochrom"
PAGE = PACKAGE / "server" / "page"
MOST_OF_A_FIRST_VISIT = 16e6  # bytes

Command = Callable[..., "CompletedProcess[bytes]"]


def names_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names_of(folder)}


def one_line(done: CompletedProcess[bytes]) -> str:
    """The only line of a command that failed."""
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return line


def test_folder_holds_page_engine_runtimes_and_model(site_folder: Path) -> None:
    names = names_of(site_folder)
    pages = {f"page/{name}" for name in names_of(PAGE)} - {"page/index.html"}
    engine = {f"engine/{file.name}" for file in (PACKAGE / "site" / "engine").iterdir()}
    assert pages | engine <= names
    assert {name for name in names if "/" not in name} == {
        "index.html", "site.json", "manifest.webmanifest", "service_worker.js", "local_file.js",
        "_headers", "LICENSES.txt",
    }  # fmt: skip
    runtimes = {name for name in names if name.startswith("engine/runtime/")}
    assert len(runtimes) == 6
    assert (site_folder / "page/api.js").read_bytes() == (PACKAGE / "site/api.js").read_bytes()
    assert not [name for name in names if name.endswith((".py", ".pyc", ".c", ".h"))]


def test_description_names_files_that_are_there(site_folder: Path) -> None:
    described = json.loads((site_folder / "site.json").read_text())
    assert described["version"] == __version__
    model = site_folder / described["model"]["address"]
    assert model.stat().st_size == described["model"]["bytes"]
    assert gzip.decompress(model.read_bytes()) == find("photochrom").path.read_bytes()
    for runtime in described["runtimes"].values():
        assert (site_folder / runtime["binary"]).stat().st_size == runtime["bytes"]
        assert gzip.decompress((site_folder / runtime["binary"]).read_bytes())[:4] == b"\0asm"
        for kind in ("module", "glue"):
            assert (site_folder / runtime[kind]).is_file()
    manifest = json.loads((site_folder / "manifest.webmanifest").read_text())
    for icon in manifest["icons"]:
        assert (site_folder / icon["src"]).is_file()
    assert described["contract"]["dial"]
    assert described["presets"] == [preset.record() for preset in readable_presets(own=False)[0]]


def test_licences_of_all_that_the_folder_holds_are_in_it(site_folder: Path) -> None:
    text = (site_folder / "LICENSES.txt").read_text(encoding="utf-8")
    assert f"onnxruntime-web {RUNTIME_VERSION}: MIT" in text
    assert "Copyright (c) Microsoft Corporation" in text
    assert (PACKAGE.parents[1] / "LICENSE").read_text(encoding="utf-8") in text
    for name in ("licenses", "models/weights"):
        assert (PACKAGE / name / "NOTICE.md").read_text(encoding="utf-8") in text
    # what is compiled into ONNX Runtime, by its own list
    assert "Eigen" in text
    assert "protobuf" in text.lower()


def test_modules_import_what_is_there(site_folder: Path) -> None:
    for file in site_folder.rglob("*.js"):
        source = file.read_text(encoding="utf-8")
        for wanted in re.findall(r'(?:from|import) "(\.[^"]+)"', source):
            assert (file.parent / wanted).is_file(), (file.name, wanted)
    html = (site_folder / "index.html").read_text(encoding="utf-8")
    for wanted in re.findall(r'(?:src|href)="([^"#:]+)"', html):
        assert (site_folder / wanted).is_file(), wanted


def test_service_worker_keeps_every_small_file(site_folder: Path) -> None:
    source = (site_folder / "service_worker.js").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const FILES = (\[.*?\]);", source)
    kept = set(json.loads(listed))
    assert "." in kept
    for name in kept - {"."}:
        assert (site_folder / name).is_file(), name
    large = ("engine/runtime/", "models/")
    unkept = {name for name in names_of(site_folder) - kept if not name.startswith(large)}
    assert unkept == {"_headers", "LICENSES.txt", "service_worker.js"}
    assert re.search(r'`photochrom \$\{"[0-9a-f]{16}"\}`', source)


def test_policy_allows_nothing_inline(site_folder: Path) -> None:
    html = (site_folder / "index.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert html.index("http-equiv") < html.index("<script")
    assert not re.search(r"<script(?![^>]*src)|<style|\sstyle=|\son\w+=", html)


def test_site_is_built_anew_over_an_old_one(runtime: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build_site(out, runtime=runtime)
    before = contents_of(out)
    (out / "page/old.js").write_text("of a version before")
    (out / "engine/lab.js").write_text("broken")
    build_site(out, runtime=runtime)
    assert contents_of(out) == before  # the same bytes, so that browsers fetch nothing again


def test_server_and_site_offer_the_page_the_same() -> None:
    """The page's modules call either."""

    def exported(path: Path) -> set[str]:
        source = path.read_text(encoding="utf-8")
        return set(re.findall(r"^export (?:async )?(?:const|function|class) (\w+)", source, re.M))

    server, site = exported(PAGE / "api.js"), exported(PACKAGE / "site" / "api.js")
    assert len(server) > 20
    assert site - server == {"load"}
    assert server <= site
    used = {
        name
        for file in PAGE.glob("*.js")
        for name in re.findall(r"\bapi\.(\w+)", file.read_text(encoding="utf-8"))
    }
    assert used <= server | {"load", "js"}


def test_kernel_is_compiled_from_the_sources_as_they_are() -> None:
    found = digest_in(TARGET.read_bytes())
    assert found, "run `make kernel-wasm`"
    assert found == sources_digest(), "run `make kernel-wasm`"


def test_sources_of_the_kernel_are_all_that_it_includes() -> None:
    """A change of any of them makes the compiled one out of date."""
    for source in SOURCES:
        for name in re.findall(r'#include "([^"]+)"', source.read_text(encoding="utf-8")):
            assert (source.parent / name).resolve() in SOURCES, (source.name, name)


# What goes wrong


def test_folder_with_other_files_is_left_alone(
    command: Command, runtime: Path, tmp_path: Path
) -> None:
    out = tmp_path / "photos"
    out.mkdir()
    (out / "grandmother.jpg").write_bytes(b"dear")
    done = command("site", out, "--runtime", runtime)
    assert done.returncode == 2
    assert "photos" in one_line(done)
    assert "holds other files" in one_line(done)
    assert contents_of(out) == {"grandmother.jpg": b"dear"}


def test_empty_folder_is_taken_and_a_first_visit_is_small(
    command: Command, runtime: Path, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    out.mkdir()
    done = command("site", out, "--runtime", runtime)
    assert done.returncode == 0
    found = re.search(r"([\d.]+) MB for a first visit", done.stderr.decode())
    assert found
    model = (out / "models/photochrom.onnx.gz").stat().st_size
    assert model < 1e6 * float(found[1]) <= MOST_OF_A_FIRST_VISIT


def test_file_in_the_place_of_the_folder(command: Command, runtime: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.write_text("a file")
    done = command("site", out, "--runtime", runtime)
    assert done.returncode == 2
    assert str(out) in one_line(done)
    assert out.read_text() == "a file"


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bno package"])
def test_another_package_is_refused(command: Command, tmp_path: Path, content: bytes) -> None:
    package = tmp_path / "other.tgz"
    package.write_bytes(content)
    done = command("site", tmp_path / "site", "--runtime", package)
    assert done.returncode == 2
    assert f"is not onnxruntime-web {RUNTIME_VERSION}" in one_line(done)
    assert not (tmp_path / "site").exists()


def test_missing_package_is_said(command: Command, tmp_path: Path) -> None:
    done = command("site", tmp_path / "site", "--runtime", tmp_path / "none.tgz")
    assert done.returncode == 2
    assert "none.tgz" in one_line(done)
    assert not (tmp_path / "site").exists()


def test_without_npm_the_remedy_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("site", tmp_path / "site")
    assert done.returncode == 2
    assert "npm" in one_line(done)
    assert "--runtime" in one_line(done)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'npm ERR! network is away' >&2; echo more >&2; exit 1", "network is away"),
        ("exit 0", "onnxruntime-web"),
    ],
)
def test_npm_that_brings_nothing_is_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done = command("site", tmp_path / "site")
    assert done.returncode == 2
    assert words in one_line(done)


def test_folder_that_cannot_be_written(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="name a folder that can be written"):
        build_site(tmp_path / "file" / "site", runtime=runtime)
