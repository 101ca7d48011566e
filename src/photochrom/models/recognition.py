"""Recognize the contract of an undescribed ONNX file from its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from photochrom.errors import ConfigError, ModelError, Option, Remedy, see_docs
from photochrom.models.contract import CHANNELS, Contract, contract_from_table


class Convention(NamedTuple):
    """Roles of the only input and of the output, and the value of white in the input."""

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
"""Conventions of undescribed files, by the values of `kind`."""

_NAMED = {("gray", "ab"): "gray-ab", ("gray", "rgb"): "gray-rgb", ("L", "ab"): "l-ab"}
"""Tensor names of published exports, whose range of values is known."""
_HINTED = {"L", "hint_ab", "hint_mask"}
FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
BYTES = "tensor(uint8)"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph.

    shape: for each axis a number where it is fixed, else a name or None. type: ONNX Runtime's name.
    """

    name: str
    shape: tuple[Any, ...]
    type: str

    def __str__(self) -> str:
        dtype = self.type.removeprefix("tensor(").removesuffix(")")
        sides = "x".join(str(side) if isinstance(side, int) else "?" for side in self.shape)
        return f"{self.name} ({sides or 'scalar'}, {dtype})"

    @property
    def channels(self) -> int | None:
        """The channels of an image; None for anything else, or where they are not fixed."""
        channels = self.shape[1] if len(self.shape) == 4 else None
        return channels if isinstance(channels, int) else None

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width; None where one of them is not fixed."""
        if len(self.shape) == 4 and all(isinstance(side, int) for side in self.shape[2:]):
            return self.shape[2], self.shape[3]
        return None


def check_convention(name: str | None) -> None:
    """Raise ConfigError for a `kind` that is no name of a convention."""
    if name is not None and name not in CONVENTIONS:
        raise ConfigError(Option("kind", name), f"must be one of {', '.join(CONVENTIONS)}")


def recognize(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], kind: str | None, origin: str
) -> Contract:
    """The contract of a graph.

    kind: a name of `CONVENTIONS`, needed where the graph alone is ambiguous; a graph with hint
    inputs never is.
    origin: the file's name in errors.
    Raises ModelError that lists the tensors and what would fit; ConfigError for an unknown kind.
    """
    check_convention(kind)
    if {tensor.name for tensor in inputs} == _HINTED and _has(outputs, "ab"):
        roles = {"light": "L", "hint_ab": "hint_ab", "hint_mask": "hint_mask"}
        return contract_from_table({"inputs": roles, "outputs": {"ab": "ab"}}, origin)
    if len(inputs) != 1:
        names = ", ".join(map(str, inputs))
        raise ModelError(
            origin,
            f"takes {len(inputs)} inputs ({names}), but Photochrom has one picture to give it",
            "export it with the others fixed",
        )
    [picture] = inputs
    name = kind or _only_convention(picture, outputs)
    if name is None:
        raise _unfit(inputs, outputs, origin, "could be several things")
    convention = CONVENTIONS[name]
    candidates = [
        tensor for tensor in outputs if tensor.channels in (CHANNELS[convention.output_role], None)
    ]
    if len(candidates) > 1:
        candidates = [tensor for tensor in candidates if tensor.name in ("ab", "rgb", "output")]
    channels = CHANNELS[convention.input_role]
    if picture.channels not in (channels, None) or len(candidates) != 1:
        raise _unfit(inputs, outputs, origin, f"is no {name}")
    table = {
        "inputs": {convention.input_role: picture.name},
        "outputs": {convention.output_role: candidates[0].name},
        "white": convention.white,
    }
    return contract_from_table(table, origin)


def _has(tensors: Sequence[Tensor], name: str) -> bool:
    return any(tensor.name == name for tensor in tensors)


def _only_convention(picture: Tensor, outputs: Sequence[Tensor]) -> str | None:
    """The name of the only convention that fits; None where several may."""
    for (input_name, output_name), name in _NAMED.items():
        if picture.name == input_name and _has(outputs, output_name) and picture.type in FLOATS:
            return name
    if picture.type == BYTES and picture.channels == 3 and len(outputs) == 1:
        return {2: "gray255-ab", 3: "gray255-rgb"}.get(outputs[0].channels or 0)
    return None


def _unfit(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str, problem: str
) -> ModelError:
    tensors = f"{', '.join(map(str, inputs))} to {', '.join(map(str, outputs))}"
    return ModelError(
        origin,
        f"{problem}: from {tensors}; what fits is one picture of 1 (L) or 3 channels (grey sRGB) "
        "to one of 2 (ab) or 3 (RGB)",
        Remedy(
            f"set {{}} to one of {', '.join(CONVENTIONS)}, or describe it in a TOML file beside it "
            f"({see_docs('models')})",
            Option("kind"),
        ),
    )


def fit_to_graph(
    contract: Contract, inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str
) -> Contract:
    """Check a contract against a graph; return it with the graph's fixed sides.

    Raises ModelError where the graph lacks tensors of the contract, needs further inputs, or has
    tensors of another shape or type.
    """
    expected = set(contract.inputs.values())
    input_names = {tensor.name for tensor in inputs}
    output_names = {tensor.name for tensor in outputs}
    if input_names != expected or not set(contract.outputs.values()) <= output_names:
        raise ModelError(
            origin,
            "not the model that its description names: it takes "
            f"{', '.join(sorted(input_names))} and returns {', '.join(sorted(output_names))}, "
            f"but should take {', '.join(sorted(expected))} "
            f"and return {', '.join(contract.outputs.values())}",
        )
    if "chroma_power" not in contract.inputs and any(s.chroma_power for s in contract.dial.stops):
        raise ModelError(
            origin,
            "its dial has a chroma power, which the network does not take",
            "leave out the fourth number of each stop",
        )
    by_name = {tensor.name: tensor for tensor in (*inputs, *outputs)}
    for role, name in (*contract.inputs.items(), *contract.outputs.items()):
        if role in CHANNELS:
            _check_picture(by_name[name], CHANNELS[role], origin)
    for tensor in inputs:
        if tensor.type not in (*FLOATS, BYTES):
            raise ModelError(
                origin, f"{tensor} is of an unsupported type", "floats or bytes are needed"
            )
    picture = by_name[contract.inputs["gray" if "gray" in contract.inputs else "light"]]
    if picture.type == BYTES and not (contract.black >= 0 and 1 < contract.white <= 255):
        raise ModelError(
            origin,
            f"{picture} takes bytes, but its white would be {contract.white:g}",
            Remedy(
                "set {} to gray255-ab or gray255-rgb, or white = 255 in a TOML file beside it",
                Option("kind"),
            ),
        )
    if picture.sides is None:
        return contract
    if contract.size_rule.fixed not in (None, picture.sides):
        raise ModelError(
            origin,
            f"{picture} takes one size, and its description has another: "
            f"{contract.size_rule.fixed}",
        )
    rule = contract.size_rule
    multiple = rule.multiple if rule.fixed else 4  # 4 where no description gives one
    return replace(contract, size_rule=replace(rule, multiple=multiple).fixed_to(picture.sides))


def _check_picture(tensor: Tensor, channels: int, origin: str) -> None:
    shape = [side if isinstance(side, int) else None for side in tensor.shape]
    free = sum(side is None for side in shape[2:])
    if (
        len(shape) != 4
        or shape[0] not in (None, 1)
        or shape[1] not in (None, channels)
        or free == 1
        or 0 in shape
    ):
        raise ModelError(
            origin,
            f"{tensor} must be one picture of {channels} channels, 1x{channels}xHxW, both sides "
            "free or both fixed",
            "export it so",
        )
