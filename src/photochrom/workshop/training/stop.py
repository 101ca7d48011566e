"""Graceful stop on SIGINT and SIGTERM: Ctrl-C or a cluster's SIGTERM."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class StopRequest:
    """Turn Ctrl-C and termination into a flag, so that the loop ends with a checkpoint."""

    def __init__(self) -> None:
        self.raised = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is not threading.main_thread():
            return self  # only the main thread may set handlers; another thread stops otherwise
        for signum in (signal.SIGINT, signal.SIGTERM):
            self._before[signum] = signal.signal(signum, self._raise)
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _raise(self, _signum: int, _frame: FrameType | None) -> None:
        self.raised = True
