"""What people paste into a report of a fault."""

import json
from pathlib import Path

from photochrom import __version__
from photochrom._system import kernel


def test_it_shows_what_is_used(command):
    done = command("doctor")
    assert done.returncode == 0
    lines = dict(line.split(": ", 1) for line in done.stdout.decode().splitlines())
    assert lines["photochrom"] == __version__
    assert lines["kernel"] == kernel.kernel_name()
    assert "onnxruntime " in lines["packages"]
    assert "CPUExecutionProvider" in lines["devices"]
    assert "TIFF" in lines["formats"]
    assert lines["models"].startswith("photochrom, ")


def test_json_has_the_same(command):
    record = json.loads(command("doctor", "--json").stdout)
    assert record["kernel"] == kernel.kernel_name()
    assert record["threads"] >= 1
    assert record["libvips"].count(".") == 2


def test_it_says_what_the_environment_changes_but_no_secret_and_no_name(command, monkeypatch):
    monkeypatch.setenv("PHOTOCHROM_SERVER_TOKEN", "do-not-tell")
    monkeypatch.setenv("PHOTOCHROM_HOME", str(Path.home() / "models of mine"))
    monkeypatch.setenv("HOME", str(Path.home()))
    shown = command("doctor").stdout.decode()
    assert "do-not-tell" not in shown
    assert "PHOTOCHROM_HOME ~/models of mine" in shown


def test_a_missing_library_is_what_could_be_installed(command, monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "LIBRARY", tmp_path / "none.so")
    kernel.library.cache_clear()
    record = json.loads(command("doctor", "--json").stdout)
    kernel.library.cache_clear()
    assert record["kernel"] == "numpy"
    assert "C compiler" in record["could_be_installed"]["native kernel"]
