"""ONNX Runtime without its telemetry; imported from here and nowhere else.

From version 1.29 on, a thread that starts when ONNX Runtime is imported sends its makers how it is
used, with an identifier of the device, and keeps unsent events under ~/.cache. Colouring opens no
connection, so Photochrom switches the telemetry off, in this process and those started by it. It
stays on where a person has set ORT_DISABLE_TELEMETRY=0.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # the thread starts at the import
import onnxruntime as onnxruntime

if os.environ["ORT_DISABLE_TELEMETRY"] != "0":
    onnxruntime.disable_telemetry_events()  # for a program that had imported it already
