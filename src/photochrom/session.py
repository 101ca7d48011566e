"""A loaded network: ONNX Runtime around one file of a fixed graph.

A network that says how likely each ab bin is: inputs `L` (1, 1, H, W; 0..100), `hint_ab`
(1, 2, H, W; Lab units), `hint_mask` (1, 1, H, W; 0 or 1), `gamma`, `temperature` (scalars); outputs
`ab` (1, 2, H/s, W/s), `entropy` (1, 1, H/s, W/s; 0..1), `logits` (1, Q, H/s, W/s). A network that
says ab itself: input `L`, output `ab`. H and W are multiples of 32.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from photochrom.color import Array
from photochrom.dial import Decoding, Dial
from photochrom.errors import HintError, ModelError
from photochrom.models import locate

MULTIPLE = 32
INPUTS = {
    "bins": ("L", "hint_ab", "hint_mask", "gamma", "temperature"),
    "ab": ("L",),
}
"""What a graph takes, by what it says: a distribution over ab bins, or ab."""
METADATA_KEY = "photochrom"

_QUIET = 3  # ONNX Runtime's severity: errors only


@dataclass(frozen=True)
class Contract:
    """What a model file says of itself, in its metadata.

    output: "bins" or "ab". stride: s of the graph.
    fit: "stretch" for a small copy of any shape, whose short side is best `size` pixels; "pad" for
    a white square of `size` with the photo in its middle.
    bins: (Q, 2), ab centres. log_weights: (Q,), of the rebalancing in training; both empty for a
    network that says ab.
    dial: fitted on validation photos; without a distribution it is a gain on ab.
    """

    name: str
    licence: str
    output: str
    fit: str
    stride: int
    size: int
    bins: Array
    log_weights: Array
    dial: Dial


@dataclass(frozen=True)
class Prediction:
    """What the network says of one small copy.

    ab: (h, w, 2), Lab units, without the dial's gain.
    confidence: (h, w), 0..1; None from a network that says only ab.
    """

    ab: Array
    confidence: Array | None


class Session:
    """One loaded model; thread-safe, one object serves many photos."""

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
    ) -> None:
        """Load a model.

        model: a name, the path of an .onnx file, or None for the default.
        threads: of the network, all cores by default.
        providers: ONNX Runtime's names in order of preference; the CPU by default.
        Raises ModelError where the model, its file or a provider is not there.
        """
        self.name, path = locate(model)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _QUIET
        options.intra_op_num_threads = threads or 0
        chosen = _available(providers or ["CPUExecutionProvider"])
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=chosen)
        except Exception as error:  # ONNX Runtime raises several unrelated kinds
            reason = str(error).splitlines()[0]
            raise ModelError(f"{path}: not a model that can be loaded ({reason})") from error
        self.contract = _read_contract(self._session, path)

    def predict(
        self,
        lightness: Array,
        decoding: Decoding,
        hint_ab: Array | None = None,
        hint_mask: Array | None = None,
    ) -> Prediction:
        """Run the network on a small copy.

        lightness: (H, W), 0..100, sides multiples of 32.
        hint_ab: (H, W, 2), Lab units, read where hint_mask (H, W) is 1; both or neither.
        """
        if self.contract.output == "ab":
            if hint_mask is not None and hint_mask.any():
                raise HintError(f"{self.name} takes no hints; choose a model that does")
            [ab] = self._run(["ab"], {"L": lightness[None, None]})
            return Prediction(ab[0].transpose(1, 2, 0), None)
        feed = self._feed(lightness, decoding, hint_ab, hint_mask)
        ab, entropy = self._run(["ab", "entropy"], feed)
        return Prediction(ab[0].transpose(1, 2, 0), 1 - entropy[0, 0])

    def logits(self, lightness: Array) -> Array:
        """The distribution over ab bins, (Q, h, w), as trained, without hints.

        Raises ModelError for a network that says only ab.
        """
        if self.contract.output == "ab":
            raise ModelError(f"{self.name} says colours, not how likely each is; choose another")
        feed = self._feed(lightness, Decoding(0.0, 1.0, 1.0), None, None)
        [logits] = self._run(["logits"], feed)
        first: Array = logits[0]
        return first

    def _feed(
        self,
        lightness: Array,
        decoding: Decoding,
        hint_ab: Array | None,
        hint_mask: Array | None,
    ) -> dict[str, Any]:
        height, width = lightness.shape
        if hint_ab is None or hint_mask is None:
            hint_ab = np.zeros((height, width, 2), np.float32)
            hint_mask = np.zeros((height, width), np.float32)
        return {
            "L": lightness[None, None],
            "hint_ab": hint_ab.transpose(2, 0, 1)[None],
            "hint_mask": hint_mask[None, None],
            "gamma": np.float32(decoding.gamma),
            "temperature": np.float32(decoding.temperature),
        }

    def _run(self, outputs: list[str], feed: dict[str, Any]) -> list[Array]:
        inputs = {name: np.ascontiguousarray(value, np.float32) for name, value in feed.items()}
        found: list[Array] = self._session.run(outputs, inputs)
        return found


def _available(providers: Sequence[str]) -> list[str]:
    present = onnxruntime.get_available_providers()
    for provider in providers:
        if provider not in present:
            raise ModelError(f"ONNX Runtime has no {provider} here; present: {', '.join(present)}")
    return list(providers)


def _read_contract(session: onnxruntime.InferenceSession, path: Path) -> Contract:
    found = tuple(item.name for item in session.get_inputs())
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    record = json.loads(text) if text else {}
    wanted = INPUTS.get(record.get("output", "bins"), ())
    if text is None or set(found) != set(wanted):
        raise ModelError(
            f"{path}: not a Photochrom model (inputs {', '.join(found)}; wanted "
            f"{' or '.join(', '.join(names) for names in INPUTS.values())}, and metadata "
            f"{METADATA_KEY!r})"
        )
    return Contract(
        name=record["name"],
        licence=record["licence"],
        output=record.get("output", "bins"),
        fit=record.get("fit", "stretch"),
        stride=record["stride"],
        size=record["size"],
        bins=np.asarray(record["bins"], np.float32).reshape(-1, 2),
        log_weights=np.asarray(record["log_weights"], np.float32),
        dial=Dial.from_lists(record["dial"]),
    )
