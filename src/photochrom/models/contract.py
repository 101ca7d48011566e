"""A network's inputs, outputs and sizes: the part of a descriptor that the pipeline reads."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from photochrom.color.lab import Array
from photochrom.color.vividness import PLAIN_GAIN, Dial
from photochrom.errors import ConfigError, ModelError, Option, see_docs

MULTIPLE = 32
"""Sides of the input are multiples of this for most networks."""
MAX_ASPECT = 4
"""Largest ratio of the small copy's sides; longer photos are squeezed to it."""

COLORIZE, INPAINT = "colorize", "inpaint"
TASKS = (COLORIZE, INPAINT)
"""What models do: colour a photo, or fill its damage."""
INPUT_ROLES = ("light", "gray", "hint_ab", "hint_mask")
OUTPUT_ROLES = ("ab", "rgb")
OWN_ROLES = (
    (*INPUT_ROLES, "gamma", "temperature", "chroma_power"),
    (*OUTPUT_ROLES, "entropy", "logits"),
)
"""Roles of networks over ab bins, which only Photochrom's own files have."""
_INPAINTING_ROLES = ("image", "mask"), ("filled",)
_MAX_NUMBER = 1e6
CHANNELS = {"light": 1, "gray": 3, "hint_ab": 2, "hint_mask": 1, "ab": 2, "rgb": 3}
FITS = ("stretch", "pad", "square")


@dataclass(frozen=True)
class SizeRule:
    """The input sizes that a network takes, and how a photo is fitted to one.

    fit: "stretch" for a small copy of nearly the photo's shape, whose short side is `usual`; "pad"
    for such a copy in the middle of a white square whose side is `usual`; "square" for a square
    that the photo is stretched to, for networks that were trained so.
    multiple: of both sides, pixels. smallest, largest: bounds of `usual`, and of a size chosen
    instead of it.
    fixed: height and width of the only input size that the network takes; None otherwise.
    """

    fit: str = "stretch"
    usual: int = 256
    multiple: int = MULTIPLE
    smallest: int = MULTIPLE
    largest: int = 2048
    fixed: tuple[int, int] | None = None

    def copy_size(self, height: int, width: int, size: int | None = None) -> tuple[int, int]:
        """The small copy's height and width for a photo of this height and width.

        size: replaces `usual`. Raises ConfigError where the network takes no such size.
        """
        if self.fixed is not None:
            if size not in (None, min(self.fixed)):
                rows, columns = self.fixed
                raise ConfigError(
                    Option("size", size),
                    f"must be {min(self.fixed)} ({rows} x {columns})",
                    "leave it out",
                )
            return self.fixed if self.fit == "square" else self._inside(height, width)
        target = self.usual if size is None else size
        if not self.smallest <= target <= self.largest:
            raise ConfigError(
                Option("size", target), f"must lie in {self.smallest}..{self.largest} pixels"
            )
        if self.fit == "square":
            side = self._rounded(target)
            return side, side
        scale = target / (max(height, width) if self.fit == "pad" else min(height, width))
        limit = target * MAX_ASPECT
        rows, columns = (self._rounded(min(s * scale, limit)) for s in (height, width))
        return rows, columns

    def input_size(self, rows: int, columns: int) -> tuple[int, int]:
        """Height and width of the network's input for a small copy, its white padding included."""
        if self.fit != "pad":
            return rows, columns
        return self.fixed or (max(rows, columns),) * 2

    def fixed_to(self, sides: tuple[int, int]) -> SizeRule:
        """The rule of a network that takes only this size; "stretch" becomes "pad"."""
        fit = "pad" if self.fit == "stretch" else self.fit
        return replace(self, fixed=sides, usual=min(sides), fit=fit)

    def _rounded(self, side: float) -> int:
        return max(1, round(side / self.multiple)) * self.multiple

    def _inside(self, height: int, width: int) -> tuple[int, int]:
        """The largest copy of the photo in a fixed input, with margins of whole coarse cells."""
        assert self.fixed is not None
        scale = min(self.fixed[0] / height, self.fixed[1] / width)
        step = 2 * self.multiple
        rows, columns = (
            frame - step * min(round((frame - side * scale) / step), (frame - 1) // step)
            for frame, side in zip(self.fixed, (height, width), strict=True)
        )
        return rows, columns


@dataclass(frozen=True)
class FeatureLayer:
    """A part of the features of a network: a tensor (1, C, H / s, W / s) that it returns.

    output: the tensor's name. share: its part of the similarity of two places. center: (C,), its
    mean over photos.
    """

    output: str
    share: float
    center: Array


@dataclass(frozen=True)
class Contract:
    """A network's input and output tensors, with their units.

    inputs: tensor names by role. "light": L (1, 1, H, W); or "gray": the neutral sRGB
    colour of that L (1, 3, H, W). "hint_ab" (1, 2, H, W) and "hint_mask" (1, 1, H, W; 0
    or 1); "gamma", "temperature" and "chroma_power", scalars of `photochrom.color.vividness`.
    outputs: tensor names by role. "ab" (1, 2, H / s, W / s), or "rgb", sRGB
    (1, 3, H / s, W / s), of which only ab is used; "entropy" (1, 1, H / s, W / s; 0..1) and
    "logits" (1, Q, H / s, W / s) from a network that predicts a distribution over ab bins.
    black, white: the values of black and white in "light" or "gray", and with "gray" also in "rgb";
    with "light", "rgb" is 0..1.
    A network that fills damage has the inputs "image" (1, 3, H, W) and "mask" (1, 1, H, W), 255
    where the image is known and 0 where it is not, and the output "filled" (1, 3, H, W): sRGB, all
    of bytes. Nothing else of the contract is used.
    ab_unit, hint_unit: Lab units in one unit of "ab" and of "hint_ab".
    size_rule: the input sizes. stride, name: s and the model's name, from the file's metadata.
    bins: (Q, 2), ab centres. log_weights: (Q,), of the rebalancing in training; both empty without
    a distribution, where the dial is a gain on ab alone.
    features: the layers by which like things are found in another photo; empty without any.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    black: float = 0.0
    white: float = 100.0
    ab_unit: float = 1.0
    hint_unit: float = 1.0
    size_rule: SizeRule = SizeRule()
    stride: int | None = None
    bins: Array = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    log_weights: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    dial: Dial = PLAIN_GAIN
    features: tuple[FeatureLayer, ...] = ()
    name: str = ""

    @property
    def task(self) -> str:
        """What the network does, one of `TASKS`."""
        return INPAINT if "mask" in self.inputs else COLORIZE

    @property
    def input(self) -> str:
        """The form of the input: "l", "l-hints" or "gray"; "image" of one that fills damage."""
        if self.task == INPAINT:
            return "image"
        if "gray" in self.inputs:
            return "gray"
        return "l-hints" if self.hints else "l"

    @property
    def output(self) -> str:
        """The form of the output: "ab", "rgb", or "bins" for a distribution; "filled"."""
        if self.task == INPAINT:
            return "filled"
        if "logits" in self.outputs:
            return "bins"
        return "rgb" if "rgb" in self.outputs else "ab"

    @property
    def hints(self) -> bool:
        """Whether the network takes colour hints."""
        return "hint_ab" in self.inputs

    @property
    def size(self) -> int:
        """Default short side of the small copy, pixels."""
        return self.size_rule.usual

    @property
    def fit(self) -> str:
        """As in `SizeRule`."""
        return self.size_rule.fit


@dataclass(frozen=True)
class Abilities:
    """The features of a model, or of several whose colours are averaged, beyond colouring."""

    hints: bool
    suggestions: bool
    variants: bool
    confidence: bool
    references: bool

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Self:
        """The features of the models with these contracts together."""
        distribution = len(contracts) == 1 and contracts[0].output == "bins"
        return cls(
            hints=any(contract.hints for contract in contracts),
            suggestions=distribution,
            variants=distribution,
            confidence=any("entropy" in contract.outputs for contract in contracts),
            references=any(contract.features for contract in contracts),
        )


_INTEGER_KEYS = ("usual", "multiple", "smallest", "largest")
_NUMBER_KEYS = ("black", "white", "ab_unit", "hint_unit")
_KEYS = ("inputs", "outputs", "fit", "fixed", "dial", *_NUMBER_KEYS, *_INTEGER_KEYS)
_LARGEST_SIDE = 8192
"""Pixels; the output for a larger input would need many gigabytes."""


def contract_from_table(
    table: Any,
    origin: str,
    *,
    roles: tuple[tuple[str, ...], tuple[str, ...]] = (INPUT_ROLES, OUTPUT_ROLES),
    task: str = COLORIZE,
) -> Contract:
    """The contract in a TOML table, whose keys are fields of `Contract` and of `SizeRule`.

    origin: the table's name in errors. roles: the allowed roles of a colouring network's inputs and
    outputs. task: one of `TASKS`.
    Raises ModelError for an invalid table.
    """
    if not isinstance(table, Mapping):
        raise ModelError(origin, f"contract is {table!r}, but must be a table", see_docs("models"))
    keys = _KEYS if task == COLORIZE else ("inputs", "outputs")
    for key in table:
        if key not in keys:
            raise ModelError(origin, f"unknown key {key!r}", f"known: {', '.join(keys)}")
    if task == INPAINT:
        return _inpainting_contract(table, origin)
    inputs = _names(table, "inputs", roles[0], origin)
    outputs = _names(table, "outputs", roles[1], origin)
    if ("light" in inputs) == ("gray" in inputs):
        raise ModelError(origin, "inputs must name either light (L) or gray (sRGB)")
    if ("hint_ab" in inputs) != ("hint_mask" in inputs):
        raise ModelError(origin, "hint_ab and hint_mask belong together")
    if ("ab" in outputs) == ("rgb" in outputs):
        raise ModelError(origin, "outputs must name either ab or rgb")
    black = _number(table.get("black", 0.0), "black", origin)
    white = _number(table.get("white", 100.0 if "light" in inputs else 1.0), "white", origin)
    ab_unit, hint_unit = (
        _number(table.get(key, 1.0), key, origin) for key in ("ab_unit", "hint_unit")
    )
    if white == black or 0 in (ab_unit, hint_unit):
        raise ModelError(origin, "black and white must differ, and units must not be 0")
    rule = _size_rule(table, origin)
    dial = PLAIN_GAIN if "dial" not in table else dial_from(table["dial"], origin)
    return Contract(inputs, outputs, black, white, ab_unit, hint_unit, rule, dial=dial)


def _inpainting_contract(table: Mapping[str, Any], origin: str) -> Contract:
    inputs, outputs = (
        _names(table, key, roles, origin)
        for key, roles in zip(("inputs", "outputs"), _INPAINTING_ROLES, strict=True)
    )
    if len(inputs) < len(_INPAINTING_ROLES[0]):
        raise ModelError(origin, "inputs must name image and mask")
    return Contract(inputs, outputs)


def _size_rule(table: Mapping[str, Any], origin: str) -> SizeRule:
    fit = table.get("fit", "stretch")
    if fit not in FITS:
        raise ModelError(origin, f"fit is {fit!r}, but must be one of {', '.join(FITS)}")
    sizes: dict[str, Any] = {
        key: _integer(table[key], key, origin) for key in _INTEGER_KEYS if key in table
    }
    rule = SizeRule(fit, **sizes)
    fixed = table.get("fixed")
    if fixed is not None:
        if not isinstance(fixed, list) or len(fixed) != 2:
            raise ModelError(origin, f"fixed is {fixed!r}, but must be [height, width]")
        height, width = (_integer(side, "fixed", origin) for side in fixed)
        return rule.fixed_to((height, width))
    if not rule.smallest <= rule.usual <= rule.largest:
        raise ModelError(
            origin,
            f"usual is {rule.usual}, but must lie in {rule.smallest}..{rule.largest} (smallest "
            "and largest)",
        )
    return rule


def dial_from(stops: Any, origin: str) -> Dial:
    """The dial in lists of three or four numbers; raises ModelError for anything else."""
    if not isinstance(stops, list) or not stops:
        raise ModelError(origin, f"dial is {stops!r}, but must be a list of stops")
    for stop in stops:
        if not isinstance(stop, list) or len(stop) not in (3, 4):
            raise ModelError(
                origin,
                f"dial has {stop!r}, but a stop is [gamma, temperature, gain], and a fourth number "
                "is its chroma power",
            )
        if _number([*stop, 0][3], "chroma power", origin) < 0:
            raise ModelError(origin, f"dial has {stop!r}: the chroma power is at least 0")
        if _number(stop[0], "gamma", origin) < 0 or not (
            _number(stop[1], "temperature", origin) > 0 and _number(stop[2], "gain", origin) > 0
        ):
            raise ModelError(origin, f"dial has {stop!r}: gamma from 0, the others above 0")
    return Dial.from_lists(stops)


def _names(
    table: Mapping[str, Any], key: str, roles: tuple[str, ...], origin: str
) -> dict[str, str]:
    names = table.get(key)
    if not isinstance(names, Mapping) or not names:
        raise ModelError(origin, f"{key} must give tensor names by role: {', '.join(roles)}")
    for role, name in names.items():
        if role not in roles:
            raise ModelError(origin, f"{key} has {role!r}, but may only have {', '.join(roles)}")
        if not isinstance(name, str) or not name:
            raise ModelError(origin, f"{key}.{role} must be a tensor's name")
    if len(set(names.values())) < len(names):
        raise ModelError(origin, f"{key} names one tensor twice")
    return dict(names)


def _number(value: Any, key: str, origin: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not abs(value) <= _MAX_NUMBER
    ):
        raise ModelError(origin, f"{key} is {reprlib.repr(value)}, but must be a number")
    return float(value)


def _integer(value: Any, key: str, origin: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LARGEST_SIDE:
        raise ModelError(
            origin,
            f"{key} is {reprlib.repr(value)}, but must be a whole number in 1..{_LARGEST_SIDE}",
        )
    return value
