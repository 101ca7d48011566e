import inspect
import re

import pytest

from photochrom import errors
from photochrom.errors import MissingExtraError, PhotochromError

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and value.__module__ == errors.__name__
}


def drawn_tree():
    """Name to parent, read from the tree in the module's docstring."""
    parents, path = {}, []
    for line in inspect.cleandoc(errors.__doc__).splitlines():
        match = re.match(r"([\s│├└─]*)([A-Z]\w+)(?:$|\s{2,}\S)", line)
        if match:
            depth = len(match[1]) // 4
            path[depth - 1 :] = [match[2]]
            parents[match[2]] = path[-2] if len(path) > 1 else None
    return parents


def test_the_tree_is_the_one_that_is_drawn():
    actual = {name: value.__bases__[0].__name__ for name, value in CLASSES.items()}
    drawn = drawn_tree()
    assert drawn.pop("PhotochromError") is None
    assert actual.pop("PhotochromError") == "Exception"
    assert drawn == actual


@pytest.mark.parametrize("name", CLASSES)
def test_one_root_catches_all(name):
    assert issubclass(CLASSES[name], PhotochromError)
    assert CLASSES[name].__doc__


def test_a_missing_extra_names_the_command():
    assert str(MissingExtraError("training", "train")) == (
        "training needs extra packages: pip install 'photochrom[train]'"
    )
