"""Graceful stop on SIGINT, SIGTERM and SIGHUP: Ctrl-C, a cluster, a terminal that is closed."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class StopRequest:
    """Turn Ctrl-C, termination and a hang-up into a flag, so that the loop ends with a checkpoint.

    A hang-up that the process ignores, as under `nohup`, stays ignored.
    """

    def __init__(self) -> None:
        self.raised = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is not threading.main_thread():
            return self  # only the main thread may set handlers; another thread stops otherwise
        signums = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signums.append(signal.SIGHUP)  # Windows has none
        for signum in signums:
            self._before[signum] = signal.signal(signum, self._raise)
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _raise(self, _signum: int, _frame: FrameType | None) -> None:
        self.raised = True
