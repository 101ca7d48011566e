"""A static site that colours photos in the browser: the server's page over an engine of its own.

`build` writes the folder. The engine (`engine/`, JavaScript and the C kernel in WebAssembly) does
the arithmetic of `photochrom.pipeline`; ONNX Runtime Web runs the network.
"""

from photochrom.site.build import build_site
from photochrom.site.runtime import RUNTIME_PACKAGE, RUNTIME_VERSION

__all__ = ["RUNTIME_PACKAGE", "RUNTIME_VERSION", "build_site"]
