"""Every script in benchmarks/ starts, and its first lines name only options that it has."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workshop

FOLDER = Path(__file__).parents[1] / "benchmarks"
PARTS = {"damaged_photos", "hostile_requests", "page_checks", "page_hands", "video_metrics"}
"""Modules that other benchmarks import, without a command line of their own."""
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in PARTS)


def help_of(script: str, monkeypatch, capsys) -> str:
    monkeypatch.syspath_prepend(str(FOLDER))  # as where Python runs a script
    monkeypatch.setattr(sys, "argv", [f"{script}.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(FOLDER / f"{script}.py"), run_name="__main__")
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_starts_and_has_the_options_it_names(script, monkeypatch, capsys):
    shown = help_of(script, monkeypatch, capsys)
    assert shown.startswith(f"usage: {script}.py")
    about = ast.get_docstring(ast.parse((FOLDER / f"{script}.py").read_text(encoding="utf-8")))
    own = "\n".join(line for line in about.splitlines() if "photochrom " not in line)
    options = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", shown, re.MULTILINE))
    assert set(re.findall(r"--[a-z][a-z-]*", own)) <= options


def test_parts_belong_to_scripts():
    sources = [(FOLDER / f"{script}.py").read_text(encoding="utf-8") for script in SCRIPTS]
    for part in PARTS:
        assert any(f"import {part}" in text or f"from {part} import" in text for text in sources)
