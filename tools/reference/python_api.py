"""The reference of the Python API: an entry for every public name, filled from its docstring."""

from __future__ import annotations

import inspect

import photochrom
from tools.reference.markdown import code, one_line, page, table

INTRODUCTION = """\
`import photochrom` gives all of these names; nothing else is public. The entries are the names'
docstrings, which the site shows in full (`make docs`) and Python's `help()` in a terminal. Shapes
are rows first: an array (H, W, 3) is H pixels high. [For programmers](../start/programmers.md) has
the examples to begin with."""
_KINDS = ("Functions", "Classes", "Errors", "Types and constants")


def python_page() -> str:
    """The page `docs/reference/python.md`."""
    names = {kind: [n for n in photochrom.__all__ if _kind(n) == kind] for kind in _KINDS}
    parts = []
    for kind in _KINDS:
        rows = ([code(f"photochrom.{name}"), _summary(name)] for name in names[kind])
        parts += [f"## {kind}", table(["name", ""], rows)]
        parts += [f"::: photochrom.{name}" for name in names[kind] if name != "__version__"]
    return page("The Python API", INTRODUCTION, *parts)


def _kind(name: str) -> str:
    value = getattr(photochrom, name)
    if inspect.isfunction(value):
        return "Functions"
    if not inspect.isclass(value):
        return "Types and constants"
    return "Errors" if issubclass(value, Exception) else "Classes"


def _summary(name: str) -> str:
    value = getattr(photochrom, name)
    if _kind(name) == "Types and constants":
        return {
            "__version__": "the version of the package",
            "PhotoLike": "what stands for a photo",
        }[name]
    return one_line((inspect.getdoc(value) or "").split("\n\n")[0])
