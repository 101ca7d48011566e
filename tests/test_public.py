import json
import runpy
import subprocess
import sys
import typing
from dataclasses import fields

import pytest

import photochrom
import photochrom.errors

WORKSHOP = ["torch", "torchvision", "timm", "PIL", "skimage", "lightning_fabric", "onnx"]


MACHINERY = {"Any", "TYPE_CHECKING", "annotations", "import_module"}
"""What the package's own module needs, and offers nobody."""


def test_all_is_what_is_public(monkeypatch):
    """Names are imported lazily; type checkers and editors read the imports, so they are run."""
    for name in photochrom.__all__:  # packages behind them, some of which import otherwise then
        getattr(photochrom, name)
    monkeypatch.setattr(typing, "TYPE_CHECKING", True)
    seen = runpy.run_path(photochrom.__file__)
    public = {name for name in seen if not name.startswith("_")} - MACHINERY
    assert public | {"__version__"} == set(photochrom.__all__)
    assert photochrom.__all__ == sorted(photochrom.__all__) == dir(photochrom)
    for name in photochrom.__all__:
        assert getattr(photochrom, name) is seen[name] or name == "__version__"
    namespace = {}
    exec("from photochrom import *", namespace)
    assert set(photochrom.__all__) <= set(namespace)


def test_every_error_is_public():
    errors = {name for name in vars(photochrom.errors) if name.endswith("Error")}
    assert errors <= set(photochrom.__all__)


def test_what_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'colourize'"):
        _ = photochrom.colourize


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert photochrom.__version__ == version("photochrom")


def loaded_by(statement):
    """Which modules a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement",
    [
        "import photochrom",
        "import photochrom.colorizer",
        "from photochrom import Colorizer, Result, PhotochromError",
        "import photochrom.cli.main",
    ],
)
def test_importing_loads_nothing_of_the_workshop(statement):
    assert not loaded_by(statement).intersection(WORKSHOP)


def test_importing_the_package_alone_is_light():
    assert not loaded_by("import photochrom").intersection(["numpy", "pyvips", "onnxruntime"])


def test_keywords_are_the_fields():
    from photochrom import options

    for keywords, kind in (
        (options.ColorizeKeywords, options.ColorizeOptions),
        (options.SaveKeywords, options.SaveOptions),
    ):
        assert set(keywords.__annotations__) == {field.name for field in fields(kind)}
