"""ONNX Runtime, without its reports to its makers; imported from here and nowhere else.

From version 1.29 on it sends them what it is used for, by a thread that starts when it is imported,
and keeps unsent reports under ~/.cache. Photochrom opens no connection, so it switches that off
for the whole process and for those that are started from here. A person who sets
ORT_DISABLE_TELEMETRY=0 keeps it on.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # the thread starts at the import
import onnxruntime as onnxruntime

if os.environ["ORT_DISABLE_TELEMETRY"] != "0":
    onnxruntime.disable_telemetry_events()  # for a program that had imported it already
