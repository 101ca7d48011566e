"""Devices that run networks, and ONNX Runtime's execution provider for each.

The authors ran networks on the CPU only; the other devices are as ONNX Runtime documents them
(docs/models.md).
"""

from __future__ import annotations

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.errors import ConfigError, MissingExtraError, ModelError, Option, see_docs
from photochrom.models import webgpu

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
    "gpu": webgpu.PROVIDER,
}
"""ONNX Runtime's execution providers."""
AUTOMATIC = ("cuda", "rocm", "migraphx", "directml", "coreml")
"""What "auto" takes, the first available one; TensorRT and OpenVINO first compile for minutes.
After them comes "gpu", where a person has installed it."""


def providers_for(device: str) -> list[str]:
    """ONNX Runtime's providers for a device, with the CPU as fallback.

    Raises ConfigError for an unknown name, ModelError where this ONNX Runtime has no such device,
    MissingExtraError for "gpu" without its plug-in.
    """
    offered = onnxruntime.get_available_providers()
    if device == "auto":
        best = [PROVIDERS[name] for name in AUTOMATIC if PROVIDERS[name] in offered]
        if not best and webgpu.is_ready():
            best = [webgpu.PROVIDER]
        return [*best[:1], CPU]
    if device not in PROVIDERS:
        raise ConfigError(
            Option("device", device), f"must be auto or one of {', '.join(PROVIDERS)}"
        )
    provider = PROVIDERS[device]
    if provider == webgpu.PROVIDER:
        if not webgpu.is_installed():
            raise MissingExtraError(f"the device {device}", webgpu.EXTRA)
        return [provider, CPU]
    if provider not in offered:
        available = [name for name, known in PROVIDERS.items() if known in offered]
        raise ModelError(
            Option("device", device),
            f"the installed ONNX Runtime has only {', '.join(available)}",
            f"{see_docs('models')} says which builds there are",
        )
    return [provider] if provider == CPU else [provider, CPU]
