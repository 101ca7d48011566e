"""What people paste into a report of a fault."""

import dataclasses
import json
from pathlib import Path

from photochrom import __version__, models
from photochrom._system import kernel
from photochrom.models import describe, known_models, sha256_of
from photochrom.models.paths import SHIPPED


def record_of(command):
    return json.loads(command("doctor", "--json").stdout)


def test_it_shows_what_is_used(command):
    done = command("doctor")
    assert done.returncode == 0
    lines = dict(line.split(": ", 1) for line in done.stdout.decode().splitlines())
    assert lines["photochrom"] == __version__
    assert lines["kernel"] == kernel.kernel_name()
    assert "onnxruntime " in lines["packages"]
    assert "CPUExecutionProvider" in lines["devices"]
    assert "TIFF" in lines["formats"]
    default = describe(None)
    assert lines["models"].startswith(f"{default.name} ({default.sha256[:12]}), ")


def test_it_names_the_files_of_the_models(command, monkeypatch, tmp_path):
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path))
    found = {model["name"]: model for model in record_of(command)["models"]}
    shipped = {model.name: model for model in known_models() if model.shipped}
    assert len(shipped) == 3
    for name, model in shipped.items():
        assert found[name] == {"name": name, "sha256": sha256_of(model.path), "state": "sound"}
    assert found["eccv16"]["state"] == "absent"
    damage = found["photochrom-damage"]
    assert (damage["sha256"], damage["state"]) == (sha256_of(SHIPPED / "damage.onnx"), "present")
    assert "; not on this machine: eccv16, " in command("doctor").stdout.decode()


def test_a_damaged_model_is_called_so(command, monkeypatch):
    damaged = dataclasses.replace(known_models()[0], sha256="0" * 64)
    monkeypatch.setattr(models, "known_models", lambda: (damaged,))
    assert record_of(command)["models"][0]["state"] == "damaged"
    assert "models: photochrom (damaged), photochrom-damage (" in command("doctor").stdout.decode()


def test_json_has_the_same(command):
    record = record_of(command)
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
    record = record_of(command)
    kernel.library.cache_clear()
    assert record["kernel"] == "numpy"
    assert "C compiler" in record["could_be_installed"]["native kernel"]
