"""What goes into a network and what comes out: the half of a descriptor that the pipeline reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from photochrom.color import Array
from photochrom.dial import PLAIN_GAIN, Dial
from photochrom.errors import ConfigError, ModelError

MULTIPLE = 32
"""Of the sides that most networks take."""
LONGEST = 4
"""The small copy is at most this many times as long as it is wide; longer photos are squeezed."""

ROLES_IN = ("light", "gray", "hint_ab", "hint_mask", "gamma", "temperature")
ROLES_OUT = ("ab", "rgb", "entropy", "logits")
FITS = ("stretch", "pad", "square")


@dataclass(frozen=True)
class SizeRule:
    """Which shapes a network takes, and how a photo is brought to one.

    fit: "stretch" for a small copy of nearly the photo's shape, whose short side is `usual`; "pad"
    for such a copy in the middle of a white square whose side is `usual`; "square" for a square
    that the photo is stretched to, for networks that were trained so.
    multiple: of both sides, pixels. smallest, largest: bounds of `usual`, and of what is asked for
    instead.
    fixed: height and width where the network takes no others, else None.
    """

    fit: str = "stretch"
    usual: int = 256
    multiple: int = MULTIPLE
    smallest: int = MULTIPLE
    largest: int = 2048
    fixed: tuple[int, int] | None = None

    def copy_size(self, height: int, width: int, size: int | None = None) -> tuple[int, int]:
        """The small copy's height and width for a photo's.

        size: instead of `usual`. Raises ConfigError where the network takes no such size.
        """
        if self.fixed is not None:
            if size not in (None, min(self.fixed)):
                rows, columns = self.fixed
                raise ConfigError(
                    f"size is {size}, but this model takes {rows} x {columns} only; leave it out"
                )
            return self.fixed if self.fit == "square" else self._inside(height, width)
        wanted = self.usual if size is None else size
        if not self.smallest <= wanted <= self.largest:
            raise ConfigError(
                f"size is {wanted}, but must lie in {self.smallest}..{self.largest} pixels"
            )
        if self.fit == "square":
            side = self._rounded(wanted)
            return side, side
        scale = wanted / (max(height, width) if self.fit == "pad" else min(height, width))
        longest = wanted * LONGEST
        rows, columns = (self._rounded(min(s * scale, longest)) for s in (height, width))
        return rows, columns

    def seen_size(self, rows: int, columns: int) -> tuple[int, int]:
        """What the network sees of a small copy of this height and width: with white around it."""
        if self.fit != "pad":
            return rows, columns
        return self.fixed or (max(rows, columns),) * 2

    def _rounded(self, side: float) -> int:
        return max(1, round(side / self.multiple)) * self.multiple

    def _inside(self, height: int, width: int) -> tuple[int, int]:
        """The photo's shape in a fixed frame, the margins of whole coarse cells on both sides."""
        assert self.fixed is not None
        scale = min(self.fixed[0] / height, self.fixed[1] / width)
        step = 2 * self.multiple
        rows, columns = (
            frame - step * min(round((frame - side * scale) / step), (frame - 1) // step)
            for frame, side in zip(self.fixed, (height, width), strict=True)
        )
        return rows, columns


@dataclass(frozen=True)
class Contract:
    """How to ask a network, and how to read its answer.

    inputs: tensor names by what is put in. "light": L (1, 1, H, W); or "gray": the neutral sRGB
    colour of that L (1, 3, H, W). "hint_ab" (1, 2, H, W; Lab units) and "hint_mask" (1, 1, H, W; 0
    or 1); "gamma" and "temperature", scalars of `photochrom.dial`.
    outputs: tensor names by what comes out. "ab" (1, 2, H / s, W / s), or "rgb", sRGB
    (1, 3, H / s, W / s), whose ab counts; "entropy" (1, 1, H / s, W / s; 0..1) and "logits"
    (1, Q, H / s, W / s) from a network that says how likely each ab bin is.
    black, white: the numbers that stand for black and white in "light" or "gray", and in "rgb".
    ab_unit: Lab units that one unit of "ab" is.
    size_rule: shapes. stride: s, where it is known.
    bins: (Q, 2), ab centres. log_weights: (Q,), of the rebalancing in training; both empty without
    a distribution, where the dial is a gain on ab alone.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    black: float = 0.0
    white: float = 100.0
    ab_unit: float = 1.0
    size_rule: SizeRule = SizeRule()
    stride: int | None = None
    bins: Array = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    log_weights: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    dial: Dial = PLAIN_GAIN
    name: str = ""
    licence: str = ""

    @property
    def input(self) -> str:
        """What the network is shown: "l", "l-hints" or "gray"."""
        if "gray" in self.inputs:
            return "gray"
        return "l-hints" if self.hints else "l"

    @property
    def output(self) -> str:
        """What it says: "ab", "rgb", or "bins", a distribution."""
        if "logits" in self.outputs:
            return "bins"
        return "rgb" if "rgb" in self.outputs else "ab"

    @property
    def hints(self) -> bool:
        """Whether it can be told colours."""
        return "hint_ab" in self.inputs

    @property
    def size(self) -> int:
        """Short side of the small copy where nobody says another, pixels."""
        return self.size_rule.usual

    @property
    def fit(self) -> str:
        """As in `SizeRule`."""
        return self.size_rule.fit


_WHOLE = ("usual", "multiple", "smallest", "largest")
_KEYS = (
    "inputs",
    "outputs",
    "fit",
    "fixed",
    "stride",
    "dial",
    "black",
    "white",
    "ab_unit",
    *_WHOLE,
)


def contract_from_table(table: Mapping[str, Any], origin: str) -> Contract:
    """A contract of a TOML table with the fields' names, those of the size rule among them.

    origin: what errors call it. Raises ModelError for what is no contract.
    """
    for key in table:
        if key not in _KEYS:
            raise ModelError(f"{origin}: unknown key {key!r}; known: {', '.join(_KEYS)}")
    inputs = _names(table, "inputs", ROLES_IN, origin)
    outputs = _names(table, "outputs", ROLES_OUT, origin)
    if ("light" in inputs) == ("gray" in inputs):
        raise ModelError(f"{origin}: inputs must name either light (L) or gray (sRGB)")
    if ("hint_ab" in inputs) != ("hint_mask" in inputs):
        raise ModelError(f"{origin}: hint_ab and hint_mask belong together")
    if ("ab" in outputs) == ("rgb" in outputs):
        raise ModelError(f"{origin}: outputs must name either ab or rgb")
    fit = table.get("fit", "stretch")
    if fit not in FITS:
        raise ModelError(f"{origin}: fit is {fit!r}, but must be one of {', '.join(FITS)}")
    black = _number(table, "black", 0.0, origin)
    white = _number(table, "white", 100.0 if "light" in inputs else 1.0, origin)
    if white == black:
        raise ModelError(f"{origin}: black and white are both {white:g}")
    unit = _number(table, "ab_unit", 1.0, origin)
    whole = {key: _whole(table[key], key, origin) for key in _WHOLE if key in table}
    rule = SizeRule(fit=fit, fixed=_fixed(table, origin), **whole)
    if rule.fixed is not None:
        rule = replace(rule, usual=min(rule.fixed), fit="pad" if fit == "stretch" else fit)
    stride = _whole(table["stride"], "stride", origin) if "stride" in table else None
    dial = Dial.from_lists(table["dial"]) if "dial" in table else PLAIN_GAIN
    return Contract(inputs, outputs, black, white, unit, rule, stride, dial=dial)


def _names(
    table: Mapping[str, Any], key: str, roles: tuple[str, ...], origin: str
) -> dict[str, str]:
    names = table.get(key)
    if not isinstance(names, Mapping) or not names:
        raise ModelError(f"{origin}: {key} must say which tensor is what: {', '.join(roles)}")
    for role, name in names.items():
        if role not in roles:
            raise ModelError(f"{origin}: {key} has {role!r}, but knows only {', '.join(roles)}")
        if not isinstance(name, str) or not name:
            raise ModelError(f"{origin}: {key}.{role} must be a tensor's name")
    return dict(names)


def _number(table: Mapping[str, Any], key: str, default: float, origin: str) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{origin}: {key} is {value!r}, but must be a number")
    return float(value)


def _whole(value: Any, key: str, origin: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ModelError(f"{origin}: {key} is {value!r}, but must be a whole number above 0")
    return value


def _fixed(table: Mapping[str, Any], origin: str) -> tuple[int, int] | None:
    sides = table.get("fixed")
    if sides is None:
        return None
    if not isinstance(sides, list) or len(sides) != 2:
        raise ModelError(f"{origin}: fixed is {sides!r}, but must be [height, width]")
    return _whole(sides[0], "fixed", origin), _whole(sides[1], "fixed", origin)
