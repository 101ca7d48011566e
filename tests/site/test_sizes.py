"""Sizes of the small copy in the browser's engine are those of `SizeRule`."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import Any

import pytest

from photochrom.errors import ConfigError
from photochrom.models.contract import SizeRule

pytestmark = pytest.mark.browser

SIDES = (1, 33, 100, 199, 240, 256, 300, 333, 481, 640, 1000, 3001, 20000)
COPIES = """({ copySize, inputSize }, rule, photos, size) => photos.map(([rows, columns]) => {
  const { height, width } = copySize(rule, rows, columns, size);
  const input = inputSize(rule, height, width);
  return [height, width, input.height, input.width];
})"""


@pytest.mark.parametrize(
    ("rule", "size"),
    [
        (SizeRule(usual=192), None),
        (SizeRule(usual=192), 240),
        (SizeRule(usual=192), 80),  # 2.5 multiples, which are rounded to 2
        (SizeRule(usual=192), 112),  # 3.5 multiples, which are rounded to 4
        (SizeRule(fit="pad", usual=512, multiple=16), None),
        (SizeRule(fit="square", multiple=8), 100),
        (SizeRule(multiple=32).fixed_to((512, 384)), None),
        (SizeRule(multiple=4).fixed_to((256, 256)), 256),
        (SizeRule(fit="square").fixed_to((256, 320)), None),
    ],
)
def test_sizes_are_those_of_python(engine: Any, rule: SizeRule, size: int | None) -> None:
    photos = list(product(SIDES, SIDES))

    found = engine.run("sizes.js", COPIES, asdict(rule), photos, size)

    copies = [rule.copy_size(height, width, size) for height, width in photos]
    assert found == [[*copy, *rule.input_size(*copy)] for copy in copies]


def test_a_rule_has_the_defaults_of_python(engine: Any) -> None:
    found = engine.run("sizes.js", COPIES, {"usual": 192}, [[480, 640]], None)

    assert tuple(found[0][:2]) == SizeRule(usual=192).copy_size(480, 640)


@pytest.mark.parametrize(
    ("rule", "size"),
    [
        (SizeRule(usual=192), 31),
        (SizeRule(usual=192), 2049),
        (SizeRule(usual=192), 0),
        (SizeRule(fit="square", smallest=64, largest=128), 32),
        (SizeRule().fixed_to((512, 384)), 512),
    ],
)
def test_a_wrong_size_is_refused_in_the_words_of_python(
    engine: Any, rule: SizeRule, size: int
) -> None:
    body = """({ copySize }, rule, size) => {
      try { return copySize(rule, 480, 640, size); } catch (error) { return error.message; }
    }"""

    said = engine.run("sizes.js", body, asdict(rule), size)

    with pytest.raises(ConfigError) as refused:
        rule.copy_size(480, 640, size)
    assert said == str(refused.value)
