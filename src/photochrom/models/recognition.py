"""Recognize an undescribed ONNX file by its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from photochrom.errors import ConfigError, ModelError, Option, Remedy, see_docs
from photochrom.models.contract import CHANNELS, Contract, contract_from_table


class Convention(NamedTuple):
    """Roles of the one input and the output, and what white is at the input."""

    input_role: str
    output_role: str
    white: float


CONVENTIONS = {
    "l-ab": Convention("light", "ab", 100.0),
    "l-rgb": Convention("light", "rgb", 100.0),
    "gray-ab": Convention("gray", "ab", 1.0),
    "gray-rgb": Convention("gray", "rgb", 1.0),
    "gray255-ab": Convention("gray", "ab", 255.0),
    "gray255-rgb": Convention("gray", "rgb", 255.0),
}
"""Conventions of undescribed files, by the name that a person gives them."""

_NAMED = {("gray", "ab"): "gray-ab", ("gray", "rgb"): "gray-rgb", ("L", "ab"): "l-ab"}
"""Names of the published exports, which leave no doubt about the range of their numbers."""
_HINTED = {"L", "hint_ab", "hint_mask"}
FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
BYTES = "tensor(uint8)"


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
        """Of an image; None for anything else, or where it is unknown."""
        channels = self.shape[1] if len(self.shape) == 4 else None
        return channels if isinstance(channels, int) else None

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width where both are fixed."""
        if len(self.shape) == 4 and all(isinstance(side, int) for side in self.shape[2:]):
            return self.shape[2], self.shape[3]
        return None


def check_kind(kind: str | None) -> None:
    """Raise ConfigError for a kind that there is not."""
    if kind is not None and kind not in CONVENTIONS:
        raise ConfigError(Option("kind", kind), f"must be one of {', '.join(CONVENTIONS)}")


def recognised(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], kind: str | None, origin: str
) -> Contract:
    """The contract of a graph.

    kind: one of `CONVENTIONS`, needed where the graph alone is ambiguous; a graph with hint inputs
    never is.
    origin: what errors call it.
    Raises ModelError that says what was found and what would fit; ConfigError for an unknown kind.
    """
    check_kind(kind)
    if {tensor.name for tensor in inputs} == _HINTED and _has(outputs, "ab"):
        roles = {"light": "L", "hint_ab": "hint_ab", "hint_mask": "hint_mask"}
        return contract_from_table({"inputs": roles, "outputs": {"ab": "ab"}}, origin)
    if len(inputs) != 1:
        found = ", ".join(map(str, inputs))
        raise ModelError(
            origin,
            f"takes {len(inputs)} inputs ({found}), but one picture is all that it could be given",
            "export it with the others fixed",
        )
    [shown] = inputs
    kind = kind or _only_kind(shown, outputs)
    if kind is None:
        raise _unfit(inputs, outputs, origin, "could be several things")
    convention = CONVENTIONS[kind]
    answers = [
        tensor for tensor in outputs if tensor.channels in (CHANNELS[convention.output_role], None)
    ]
    if len(answers) > 1:
        answers = [tensor for tensor in answers if tensor.name in ("ab", "rgb", "output")]
    if shown.channels not in (CHANNELS[convention.input_role], None) or len(answers) != 1:
        raise _unfit(inputs, outputs, origin, f"is no {kind}")
    table = {
        "inputs": {convention.input_role: shown.name},
        "outputs": {convention.output_role: answers[0].name},
        "white": convention.white,
    }
    return contract_from_table(table, origin)


def _has(tensors: Sequence[Tensor], name: str) -> bool:
    return any(tensor.name == name for tensor in tensors)


def _only_kind(shown: Tensor, outputs: Sequence[Tensor]) -> str | None:
    """The kind that is without doubt; None where there are several."""
    for (name_in, name_out), kind in _NAMED.items():
        if shown.name == name_in and _has(outputs, name_out) and shown.type in FLOATS:
            return kind
    if shown.type == BYTES and shown.channels == 3 and len(outputs) == 1:
        return {2: "gray255-ab", 3: "gray255-rgb"}.get(outputs[0].channels or 0)
    return None


def _unfit(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str, why: str
) -> ModelError:
    found = f"{', '.join(map(str, inputs))} to {', '.join(map(str, outputs))}"
    return ModelError(
        origin,
        f"{why}: from {found}; what fits is one picture of 1 (L) or 3 channels (grey sRGB) to "
        "one of 2 (ab) or 3 (RGB)",
        Remedy(
            f"say by {{}} which it is, {', '.join(CONVENTIONS)}, or in a TOML file beside it "
            f"({see_docs('models')})",
            Option("kind"),
        ),
    )


def fitted(
    contract: Contract, inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str
) -> Contract:
    """A contract that a graph was checked against; fixed sides of the graph count.

    Raises ModelError where the graph has not the tensors of the contract, wants others as well, or
    they are of another shape or type.
    """
    wanted = set(contract.inputs.values())
    found = {tensor.name for tensor in inputs}
    said = {tensor.name for tensor in outputs}
    if found != wanted or not set(contract.outputs.values()) <= said:
        raise ModelError(
            origin,
            f"not the model that its description says: it takes {', '.join(sorted(found))} and "
            f"gives {', '.join(sorted(said))}, but should take {', '.join(sorted(wanted))} and "
            f"give {', '.join(contract.outputs.values())}",
        )
    by_name = {tensor.name: tensor for tensor in (*inputs, *outputs)}
    for role, name in (*contract.inputs.items(), *contract.outputs.items()):
        if role in CHANNELS:
            _check_picture(by_name[name], CHANNELS[role], origin)
    for tensor in inputs:
        if tensor.type not in (*FLOATS, BYTES):
            raise ModelError(origin, f"{tensor} cannot be filled", "it takes floats or bytes")
    shown = by_name[contract.inputs["gray" if "gray" in contract.inputs else "light"]]
    if shown.type == BYTES and not (contract.black >= 0 and 1 < contract.white <= 255):
        raise ModelError(
            origin,
            f"{shown} takes bytes, but its white would be {contract.white:g}",
            Remedy(
                "say by {} that it is gray255-ab or gray255-rgb, or by white = 255 in a TOML file "
                "beside it",
                Option("kind"),
            ),
        )
    if shown.sides is None:
        return contract
    if contract.size_rule.fixed not in (None, shown.sides):
        raise ModelError(
            origin,
            f"{shown} takes one size, and its description says another: {contract.size_rule.fixed}",
        )
    rule = contract.size_rule
    multiple = rule.multiple if rule.fixed else 4  # nobody said one
    return replace(contract, size_rule=replace(rule, multiple=multiple).fixed_to(shown.sides))


def _check_picture(tensor: Tensor, channels: int, origin: str) -> None:
    fixed = [side if isinstance(side, int) else None for side in tensor.shape]
    free = sum(side is None for side in fixed[2:])
    if (
        len(fixed) != 4
        or fixed[0] not in (None, 1)
        or fixed[1] not in (None, channels)
        or free == 1
        or 0 in fixed
    ):
        raise ModelError(
            origin,
            f"{tensor} must be one picture of {channels} channels, 1x{channels}xHxW, both sides "
            "free or both fixed",
            "export it so",
        )
