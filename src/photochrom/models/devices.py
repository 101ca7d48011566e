"""Devices that run networks, and ONNX Runtime's execution provider for each.

The authors ran networks on the CPU only; the other devices are as ONNX Runtime documents them
(docs/models.md).
"""

from __future__ import annotations

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.errors import ConfigError, ModelError, Option, see_docs

CPU = "CPUExecutionProvider"
PROVIDERS = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""ONNX Runtime's execution providers."""
AUTOMATIC = ("cuda", "rocm", "migraphx", "directml", "coreml")
"""What "auto" takes, the first available one; TensorRT and OpenVINO first compile for minutes."""


def providers_for(device: str) -> list[str]:
    """ONNX Runtime's providers for a device, with the CPU as fallback.

    Raises ConfigError for an unknown name, ModelError where this ONNX Runtime has no such device.
    """
    offered = onnxruntime.get_available_providers()
    if device == "auto":
        best = [PROVIDERS[name] for name in AUTOMATIC if PROVIDERS[name] in offered]
        return [*best[:1], CPU]
    if device not in PROVIDERS:
        raise ConfigError(
            Option("device", device), f"must be auto or one of {', '.join(PROVIDERS)}"
        )
    provider = PROVIDERS[device]
    if provider not in offered:
        available = [name for name, known in PROVIDERS.items() if known in offered]
        raise ModelError(
            Option("device", device),
            f"the installed ONNX Runtime has only {', '.join(available)}",
            f"{see_docs('models')} says which builds there are",
        )
    return [provider] if provider == CPU else [provider, CPU]
