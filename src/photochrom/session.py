"""A loaded network: ONNX Runtime around one file of the fixed graph.

Inputs `L` (1, 1, H, W; 0..100), `hint_ab` (1, 2, H, W; Lab units), `hint_mask` (1, 1, H, W; 0 or
1), `gamma`, `temperature` (scalars); outputs `ab` (1, 2, H/s, W/s), `entropy` (1, 1, H/s, W/s;
0..1), `logits` (1, Q, H/s, W/s). H and W are multiples of 32.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from photochrom.color import Array
from photochrom.dial import Decoding, Dial
from photochrom.errors import ModelError
from photochrom.models import locate

MULTIPLE = 32
INPUTS = ("L", "hint_ab", "hint_mask", "gamma", "temperature")
METADATA_KEY = "photochrom"

_QUIET = 3  # ONNX Runtime's severity: errors only


@dataclass(frozen=True)
class Contract:
    """What a model file says of itself, in its metadata.

    stride: s of the graph. size: the short side of the small copy it works best at, pixels.
    bins: (Q, 2), ab centres. log_weights: (Q,), of the rebalancing in training.
    dial: fitted on validation photos.
    """

    name: str
    licence: str
    stride: int
    size: int
    bins: Array
    log_weights: Array
    dial: Dial


@dataclass(frozen=True)
class Prediction:
    """What the network says of one small copy.

    ab: (h, w, 2), Lab units, without the dial's gain. confidence: (h, w), 0..1.
    """

    ab: Array
    confidence: Array


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
        ab, entropy = self._run(["ab", "entropy"], lightness, decoding, hint_ab, hint_mask)
        return Prediction(ab[0].transpose(1, 2, 0), 1 - entropy[0, 0])

    def logits(self, lightness: Array) -> Array:
        """The distribution over ab bins, (Q, h, w), as trained, without hints."""
        [logits] = self._run(["logits"], lightness, Decoding(0.0, 1.0, 1.0), None, None)
        first: Array = logits[0]
        return first

    def _run(
        self,
        outputs: list[str],
        lightness: Array,
        decoding: Decoding,
        hint_ab: Array | None,
        hint_mask: Array | None,
    ) -> list[Array]:
        height, width = lightness.shape
        if hint_ab is None or hint_mask is None:
            hint_ab = np.zeros((height, width, 2), np.float32)
            hint_mask = np.zeros((height, width), np.float32)
        feed = {
            "L": lightness[None, None],
            "hint_ab": hint_ab.transpose(2, 0, 1)[None],
            "hint_mask": hint_mask[None, None],
            "gamma": np.float32(decoding.gamma),
            "temperature": np.float32(decoding.temperature),
        }
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
    if set(found) != set(INPUTS) or text is None:
        raise ModelError(
            f"{path}: not a Photochrom model (inputs {', '.join(found)}; "
            f"wanted {', '.join(INPUTS)} and metadata {METADATA_KEY!r})"
        )
    record = json.loads(text)
    return Contract(
        name=record["name"],
        licence=record["licence"],
        stride=record["stride"],
        size=record["size"],
        bins=np.asarray(record["bins"], np.float32),
        log_weights=np.asarray(record["log_weights"], np.float32),
        dial=Dial.from_lists(record["dial"]),
    )
