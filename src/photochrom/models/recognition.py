"""What an ONNX file that nobody described must be, by its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from photochrom.errors import ConfigError, ModelError
from photochrom.models.contract import Contract, contract_from_table

KINDS: dict[str, tuple[dict[str, float], int, int]] = {
    "l-ab": ({"white": 100.0}, 1, 2),
    "l-rgb": ({"white": 100.0}, 1, 3),
    "gray-ab": ({"white": 1.0}, 3, 2),
    "gray-rgb": ({"white": 1.0}, 3, 3),
    "gray255-ab": ({"white": 255.0}, 3, 2),
    "gray255-rgb": ({"white": 255.0}, 3, 3),
}
"""By name: what white is at the input, and the channels of input and output."""

_NAMED = {("gray", "ab"): "gray-ab", ("gray", "rgb"): "gray-rgb", ("L", "ab"): "l-ab"}
"""Names of the published exports, which leave no doubt about the range of their numbers."""
_HINTED = {"L", "hint_ab", "hint_mask"}
FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
_BYTES = "tensor(uint8)"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph.

    shape: a number where it is fixed, a name or None where it is not. type: as ONNX Runtime says.
    """

    name: str
    shape: tuple[Any, ...]
    type: str

    def __str__(self) -> str:
        kind = self.type.removeprefix("tensor(").removesuffix(")")
        sides = "x".join(str(side) if isinstance(side, int) else "?" for side in self.shape)
        return f"{self.name} ({sides or 'scalar'}, {kind})"

    @property
    def channels(self) -> int | None:
        """Of an image; None for what is none, or does not say."""
        channels = self.shape[1] if len(self.shape) == 4 else None
        return channels if isinstance(channels, int) else None

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width where both are fixed."""
        if len(self.shape) == 4 and all(isinstance(side, int) for side in self.shape[2:]):
            return self.shape[2], self.shape[3]
        return None


def recognised(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], kind: str | None, origin: str
) -> Contract:
    """The contract of a graph.

    kind: one of `KINDS` where the graph alone leaves a doubt. origin: what errors call it.
    Raises ModelError that says what was found and what would fit; ConfigError for an unknown kind.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"--model-kind {kind}: must be one of {', '.join(KINDS)}")
    if {tensor.name for tensor in inputs} == _HINTED and _has(outputs, "ab"):
        roles = {"light": "L", "hint_ab": "hint_ab", "hint_mask": "hint_mask"}
        light = next(tensor for tensor in inputs if tensor.name == "L")
        return _contract(roles, {"ab": "ab"}, 100.0, light, origin)
    if len(inputs) != 1:
        raise _unfit(inputs, outputs, origin, "takes more than one picture")
    [shown] = inputs
    if kind is None:
        kind = _only_kind(shown, outputs)
        if kind is None:
            raise _unfit(inputs, outputs, origin, "could be several things")
    scale, channels_in, channels_out = KINDS[kind]
    answers = [tensor for tensor in outputs if tensor.channels in (channels_out, None)]
    if len(answers) > 1:
        answers = [tensor for tensor in answers if tensor.name in ("ab", "rgb", "output")]
    if shown.channels not in (channels_in, None) or len(answers) != 1:
        raise _unfit(inputs, outputs, origin, f"is no {kind}")
    role_in = "light" if kind.startswith("l") else "gray"
    role_out = "ab" if channels_out == 2 else "rgb"
    return _contract(
        {role_in: shown.name}, {role_out: answers[0].name}, scale["white"], shown, origin
    )


def _has(tensors: Sequence[Tensor], name: str) -> bool:
    return any(tensor.name == name for tensor in tensors)


def _only_kind(shown: Tensor, outputs: Sequence[Tensor]) -> str | None:
    """The kind that is without doubt; None where there are several."""
    for (name_in, name_out), kind in _NAMED.items():
        if shown.name == name_in and _has(outputs, name_out) and shown.type in FLOATS:
            return kind
    if shown.type == _BYTES and shown.channels == 3 and len(outputs) == 1:
        return {2: "gray255-ab", 3: "gray255-rgb"}.get(outputs[0].channels or 0)
    return None


def _contract(
    roles_in: dict[str, str], roles_out: dict[str, str], white: float, shown: Tensor, origin: str
) -> Contract:
    table: dict[str, Any] = {"inputs": roles_in, "outputs": roles_out, "white": white}
    if shown.sides is not None:
        table |= {"fixed": list(shown.sides), "multiple": 4}
    return contract_from_table(table, origin)


def _unfit(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str, why: str
) -> ModelError:
    found = f"{', '.join(map(str, inputs))} to {', '.join(map(str, outputs))}"
    return ModelError(
        f"{origin}: {why}: from {found}; what fits is one picture of 1 (L) or 3 channels "
        "(grey sRGB) to one of 2 (ab) or 3 (RGB): say which with "
        f"--model-kind {'|'.join(KINDS)}, or in a TOML file beside it (docs/models.md)"
    )


def check_tensors(
    contract: Contract, inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str
) -> None:
    """Raise ModelError where a graph has not the tensors of a contract, or wants others as well."""
    wanted = set(contract.inputs.values())
    found = {tensor.name for tensor in inputs}
    said = {tensor.name for tensor in outputs}
    if found != wanted or not set(contract.outputs.values()) <= said:
        raise ModelError(
            f"{origin}: not the model that its description says: it takes "
            f"{', '.join(sorted(found))} and gives {', '.join(sorted(said))}, but should take "
            f"{', '.join(sorted(wanted))} and give {', '.join(contract.outputs.values())}"
        )
    known = {*FLOATS, _BYTES}
    for tensor in inputs:
        if tensor.type not in known:
            raise ModelError(f"{origin}: {tensor} cannot be filled; it takes floats or bytes")
