"""A loaded network: ONNX Runtime's session of one file, fed and read according to its contract.

The contract (`photochrom.models.Contract`) comes from the metadata of Photochrom's own files, from
the catalogue for published ones, and for a person's own file from a TOML file beside it or from the
graph itself.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.cpus import available_cpus
from photochrom._system.fork import forked_error, keep_in_children
from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import (
    LARGEST_AB,
    Array,
    lab_from_srgb,
    luminance_from_lightness,
    srgb_from_linear,
)
from photochrom.color.vividness import Decoding
from photochrom.errors import HintError, ModelError, Option, Remedy, first_line
from photochrom.models import (
    BYTES,
    Contract,
    FeatureLayer,
    ResolvedModel,
    SizeRule,
    Tensor,
    check_convention,
    dial_from,
    find,
    fit_to_graph,
    recognize,
    webgpu,
)
from photochrom.models.devices import CPU, providers_for
from photochrom.models.features import joined_features
from photochrom.options import DEVICE

INPUTS = {
    "bins": ("L", "hint_ab", "hint_mask", "gamma", "temperature", "chroma_power"),
    "ab": ("L",),
}
"""Inputs of Photochrom's own graphs, by output: a distribution over ab bins, or ab."""
METADATA_KEY = "photochrom"

_ERRORS_ONLY = 3  # ONNX Runtime's severity
_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    BYTES: np.uint8,
}


@dataclass(frozen=True)
class Prediction:
    """A network's output for one small copy.

    ab: (h, w, 2), Lab units, without the dial's gain.
    confidence: (h, w), 0..1; None from a network without a distribution.
    """

    ab: Array
    confidence: Array | None


class Session:
    """One loaded model; thread-safe, one object serves many photos.

    In a forked process the first prediction loads it again.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
        *,
        device: str = DEVICE,
        kind: str | None = None,
    ) -> None:
        """Load a model.

        model: a name, the path of an .onnx file, or None for the default.
        threads: of the network, all CPUs of this process by default.
        providers: execution providers in order of preference, instead of a device.
        device: "cpu", "auto", "cuda", ...; see `photochrom.models.devices`. Where it fails to
        start, a warning names it and the CPU is used.
        kind: the convention of a file without a description, a name of
        `photochrom.models.CONVENTIONS`; unused for a described file (`described`).
        Raises ModelError where the model, its file or a provider does not exist, ConfigError for
        an unknown device or kind.
        """
        check_convention(kind)
        resolved = find(model)
        options = session_options(threads)
        names = _available(providers) if providers else providers_for(device)
        self._restart = partial(start, resolved, options, names)
        self._session, self._process = self._restart(), os.getpid()
        inputs, outputs = tensors_of(self._session)
        contract = _contract_of(self._session, resolved)
        self.described = contract is not None
        origin = str(resolved.path)
        contract = contract or recognize(inputs, outputs, kind, origin)
        self.contract = fit_to_graph(contract, inputs, outputs, origin)
        self.name = resolved.name
        self._types = {tensor.name: tensor.type for tensor in (*inputs, *outputs)}

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider in use."""
        return self._session.get_providers()[0]

    def predict(
        self,
        lightness: Array,
        decoding: Decoding,
        hint_ab: Array | None = None,
        hint_mask: Array | None = None,
    ) -> Prediction:
        """Run the network on a small copy.

        lightness: (H, W), 0..100, of a shape that the contract's size rule allows.
        hint_ab: (H, W, 2), Lab units, read where hint_mask (H, W) is 1; both or neither.
        Raises HintError where the network takes no hints, ModelError where its output does not
        match its contract.
        """
        if hint_mask is not None and hint_mask.any() and not self.contract.hints:
            raise HintError(self.name, "takes no hints", "choose a model that does")
        feed = self._feed(lightness, decoding, hint_ab, hint_mask)
        roles = [role for role in ("ab", "rgb", "entropy") if role in self.contract.outputs]
        outputs = dict(zip(roles, self._run(roles, feed), strict=True))
        ab = self._ab(outputs, lightness.shape)
        entropy = outputs.get("entropy")
        return Prediction(ab, None if entropy is None else 1 - entropy[0, 0])

    def logits(self, lightness: Array) -> Array:
        """The distribution over ab bins, (Q, h, w), as trained, without hints.

        Raises ModelError for a network that predicts ab without a distribution.
        """
        if self.contract.output != "bins":
            raise ModelError(
                self.name, "predicts colours, but no distribution over them", "choose another model"
            )
        feed = self._feed(lightness, Decoding(0.0, 1.0, 1.0), None, None)
        [logits] = self._run(["logits"], feed)
        return logits[0]

    def features(self, lightness: Array) -> Array:
        """What the network recognizes at each place, (h, w, C), unit vectors.

        The dot product of two places' features, of one photo or of two, is the weighted mean of the
        cosine similarities of the layers; each layer is enlarged to the finest, and centred.
        Raises ModelError for a network without features.
        """
        layers = self.contract.features
        if not layers:
            raise ModelError(self.name, "takes no references", "choose a model that does")
        feed = self._feed(lightness, Decoding(0.0, 1.0, 1.0), None, None)
        tensors = self._run_tensors([layer.output for layer in layers], feed)
        return joined_features(layers, tensors)

    def _feed(
        self,
        lightness: Array,
        decoding: Decoding,
        hint_ab: Array | None,
        hint_mask: Array | None,
    ) -> dict[str, Any]:
        """The input tensors, by role."""
        roles = self.contract.inputs
        feed: dict[str, Any] = {}
        span = self.contract.white - self.contract.black
        if "light" in roles:
            share = lightness if span == 100 else lightness * np.float32(span / 100)
            feed["light"] = (share + np.float32(self.contract.black))[None, None]
        else:
            code = srgb_from_linear(luminance_from_lightness(lightness))
            code = code * np.float32(span) + np.float32(self.contract.black)
            feed["gray"] = np.repeat(code[None, None], 3, axis=1)
        if self.contract.hints:
            if hint_ab is None or hint_mask is None:
                hint_ab = np.zeros((*lightness.shape, 2), np.float32)
                hint_mask = np.zeros(lightness.shape, np.float32)
            hint_ab = hint_ab / np.float32(self.contract.hint_unit)
            feed |= {
                "hint_ab": hint_ab.transpose(2, 0, 1)[None],
                "hint_mask": hint_mask[None, None],
            }
        for role in ("gamma", "temperature", "chroma_power"):
            if role in roles:
                feed[role] = np.float32(getattr(decoding, role))
        return feed

    def _run(self, outputs: list[str], feed: dict[str, Any]) -> list[Array]:
        return self._run_tensors([self.contract.outputs[role] for role in outputs], feed)

    def _run_tensors(self, names: list[str], feed: dict[str, Any]) -> list[Array]:
        inputs = {}
        for role, value in feed.items():
            name = self.contract.inputs[role]
            dtype = _DTYPES[self._types[name]]
            rounded = np.rint(value) if dtype is np.uint8 else value
            inputs[name] = np.ascontiguousarray(rounded, dtype)
        session = self._session_here()
        try:
            values = session.run(names, inputs)
        except Exception as error:  # ONNX Runtime raises several unrelated classes
            shapes = ", ".join(f"{name} {value.shape}" for name, value in inputs.items())
            raise ModelError(
                self.name,
                f"failed on {shapes} ({first_line(error)})",
                Remedy(
                    "it may take other sizes ({}, or a TOML file beside it), or lack external data",
                    Option("size"),
                    otherwise="it may take other sizes (set them in a TOML file beside it), or "
                    "lack external data",
                ),
            ) from error
        return [np.asarray(value, np.float32) for value in values]

    def _session_here(self) -> Any:
        """ONNX Runtime's session; a new one where this process was forked since the last."""
        if self._process != os.getpid():
            if self.provider != CPU:  # drivers of devices do not work in forked processes
                raise forked_error()
            self._session, self._process = self._restart(), os.getpid()
        return self._session

    def _ab(self, outputs: dict[str, Array], shape: tuple[int, ...]) -> Array:
        """The predicted ab (h, w, 2), Lab units, on a grid that divides the small copy.

        outputs: by role. shape: of the small copy.
        """
        tensor = outputs["rgb" if "rgb" in outputs else "ab"]
        channels = 3 if "rgb" in outputs else 2
        rows, columns = tensor.shape[2:] if tensor.ndim == 4 else (0, 0)
        if (
            tensor.shape[:2] != (1, channels)
            or not rows
            or shape[0] % rows
            or shape[0] * columns != shape[1] * rows
        ):
            raise ModelError(
                self.name,
                f"returns {'x'.join(map(str, tensor.shape))} for a picture of "
                f"{shape[0]}x{shape[1]}",
                f"it must return 1x{channels}xHxW, where H and W are a whole fraction of that",
            )
        image: Array = tensor[0].transpose(1, 2, 0)
        if channels == 3:
            black, white = 0.0, 1.0
            if self._types[self.contract.outputs["rgb"]] == BYTES:
                white = 255.0
            elif self.contract.input == "gray":  # then the output has the range of the input
                black, white = self.contract.black, self.contract.white
            codes = (image - np.float32(black)) / np.float32(white - black)
            image = lab_from_srgb(codes.clip(0, 1))[..., 1:]
        elif self.contract.ab_unit != 1:
            image = image * np.float32(self.contract.ab_unit)
        if not np.isfinite(image).all():
            raise ModelError(
                self.name,
                "returned NaN or infinity",
                "its file, or the range of its input (black, white), may be wrong",
            )
        return np.clip(image, -LARGEST_AB, LARGEST_AB)  # beyond it are no colours


def session_options(threads: int | None) -> Any:
    """ONNX Runtime's options; threads: of the network, None for all CPUs of this process."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or _default_threads()
    # between two photos its threads would go on looking for work, on cores that others need
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def tensors_of(session: Any) -> tuple[list[Tensor], list[Tensor]]:
    """The inputs and outputs of a graph."""
    inputs, outputs = (
        [Tensor(item.name, tuple(item.shape), item.type) for item in items]
        for items in (session.get_inputs(), session.get_outputs())
    )
    return inputs, outputs


def _default_threads() -> int:
    """Threads of a network; 0, ONNX Runtime's own choice, where all CPUs may be used."""
    cpus = available_cpus()
    return 0 if cpus == os.cpu_count() else cpus


def start(resolved: ResolvedModel, options: Any, providers: Sequence[str]) -> Any:
    """An ONNX Runtime session; where a device fails, on the CPU, with one warning."""
    session = _load(resolved, options, providers)
    keep_in_children(session)
    return session


def _load(resolved: ResolvedModel, options: Any, providers: Sequence[str]) -> Any:
    path = str(resolved.path)
    if list(providers) != [CPU]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of ONNX Runtime; the one below replaces them
                session = _begun(path, options, providers)
            if session.get_providers()[0] == providers[0]:
                return session
            reason = "it did not start"
        except Exception as error:  # drivers and libraries raise any class
            reason = first_line(error)
        if CPU not in providers:
            raise ModelError(
                path, f"{providers[0]} failed ({reason})", Remedy("try {}", Option("device", "cpu"))
            )
        warnings.warn(f"{providers[0]} failed, the CPU does its work ({reason})", stacklevel=4)
    try:
        return onnxruntime.InferenceSession(path, options, providers=[CPU])
    except Exception as error:  # ONNX Runtime raises several unrelated classes
        remedy = None
        if resolved.descriptor is not None and not resolved.descriptor.shipped:
            remedy = f"get it again: photochrom models pull {resolved.name}"
        raise ModelError(
            path, f"not a model that can be loaded ({first_line(error)})", remedy
        ) from error


def _begun(path: str, options: Any, providers: Sequence[str]) -> Any:
    if providers[0] == webgpu.PROVIDER:
        # options of its own: the CPU's session must not have the GPU in them
        return webgpu.session_on_gpu(path, session_options(options.intra_op_num_threads))
    return onnxruntime.InferenceSession(path, options, providers=list(providers))


def _available(providers: Sequence[str]) -> list[str]:
    installed = onnxruntime.get_available_providers()
    for provider in providers:
        if provider not in installed:
            raise ModelError(
                Option("providers", provider),
                "the installed ONNX Runtime has none",
                f"it has {', '.join(installed)}",
            )
    return list(providers)


def _contract_of(session: Any, resolved: ResolvedModel) -> Contract | None:
    """The contract from a file's metadata or its description; None where it has neither."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        return resolved.contract
    try:
        present = {tensor.name for tensor in session.get_inputs()}
        record = json.loads(text)
        return _contract_from_metadata(record, present, resolved.contract, str(resolved.path))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            resolved.path,
            f"its metadata ({METADATA_KEY!r}) is damaged, or of another program "
            f"({type(error).__name__}: {error})",
            "export it again",
        ) from error


def _contract_from_metadata(
    record: dict[str, Any], present: set[str], described: Contract | None, origin: str
) -> Contract:
    """The contract in the metadata of a file that Photochrom exported.

    present: the graph's inputs; files of earlier versions have no "chroma_power".
    """
    every = INPUTS[record.get("output", "bins")]
    names = [name for name in every if name != "chroma_power" or name in present]
    contract = described or Contract(
        {("light" if name == "L" else name): name for name in names},
        {name: name for name in (("ab", "entropy", "logits") if len(names) > 1 else ("ab",))},
    )
    rule = SizeRule(fit=record.get("fit", "stretch"), usual=int(record["size"]))
    if not rule.smallest <= rule.usual <= rule.largest:
        raise ValueError(f"size {rule.usual}")
    return replace(
        contract,
        name=str(record["name"]),
        size_rule=rule,
        stride=int(record["stride"]),
        bins=np.asarray(record["bins"], np.float32).reshape(-1, 2),
        log_weights=np.asarray(record["log_weights"], np.float32),
        dial=dial_from(record["dial"], origin),
        features=tuple(
            FeatureLayer(layer["output"], layer["share"], np.asarray(layer["center"], np.float32))
            for layer in record.get("features", ())
        ),
    )
