"""Any GPU, by ONNX Runtime's plug-in for WebGPU: Vulkan, Metal or Direct3D 12 (the extra `gpu`)."""

from __future__ import annotations

from functools import cache
from importlib import util
from typing import Any

from photochrom._system.onnx_runtime import onnxruntime

PROVIDER = "WebGpuExecutionProvider"
EXTRA = "gpu"

_MODULE = "onnxruntime_ep_webgpu"
_REGISTERED_AS = "photochrom-webgpu"


def is_installed() -> bool:
    """Whether the plug-in is there."""
    return util.find_spec(_MODULE) is not None


@cache
def adapters() -> tuple[Any, ...]:
    """ONNX Runtime's descriptions of the GPUs that the plug-in finds; empty without the plug-in.

    Raises any class of error where the plug-in does not load.
    """
    if not is_installed():
        return ()
    import onnxruntime_ep_webgpu as plugin

    onnxruntime.register_execution_provider_library(_REGISTERED_AS, plugin.get_library_path())
    found = onnxruntime.get_ep_devices()
    return tuple(device for device in found if device.ep_name == PROVIDER)


def is_ready() -> bool:
    """Whether the plug-in is there, loads, and finds a GPU."""
    try:
        return bool(adapters())
    except Exception:  # its library may lack the machine's graphics libraries; raises any class
        return False


def adapter_names() -> list[str]:
    """The GPUs that the plug-in finds, as their makers' names and numbers."""
    if not is_ready():
        return []
    devices = [adapter.device for adapter in adapters()]
    return [f"{device.vendor or 'unknown'} {device.device_id:#06x}" for device in devices]


def session_on_gpu(path: str, options: Any) -> Any:
    """An ONNX Runtime session on the first GPU.

    options: session options that nothing else uses. Raises RuntimeError where there is no GPU, and
    any class of error where the graphics libraries fail.
    """
    found = adapters()
    if not found:
        raise RuntimeError("no GPU was found")
    options.add_provider_for_devices(list(found[:1]), {})
    return onnxruntime.InferenceSession(path, options)
