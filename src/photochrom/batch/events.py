"""The system's reports of changes in watched folders, as one flag that says: look again."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path, PurePath

from photochrom.photo.naming import is_result

_STEP_MS, _TOGETHER_MS, _TURN_MS = 100, 500, 500
"""How often reports are fetched, how long they are gathered, how long one waits for the first."""


class Events:
    """A thread that waits for reports of changes in folders.

    changed: set when something changed, and once when the thread has begun to listen; what
    happened before that is not reported. lost: whether a folder itself was removed, so that its
    reports end. fault: why there are no reports, None where there are.
    """

    def __init__(self, recursive: bool, leave_out: Sequence[Path]) -> None:
        """Listen to nothing yet; leave_out: folders whose changes are not reported."""
        self.changed = threading.Event()
        self.lost = False
        self.fault: str | None = None
        self._recursive = recursive
        self._leave_out = [f"{os.path.realpath(folder)}{os.sep}" for folder in leave_out]
        self._stop = threading.Event()

    def listen(self, roots: Sequence[Path]) -> None:
        """Listen to these folders from now on, and no longer to earlier ones."""
        self.stop()
        self._stop = threading.Event()
        self.lost, self.fault = False, None
        places = [os.path.realpath(root) for root in roots]
        if places:
            threading.Thread(
                target=self._listen, args=(places, self._stop), name="events", daemon=True
            ).start()

    def stop(self) -> None:
        """Listen to nothing any more."""
        self._stop.set()

    def _listen(self, places: list[str], stop: threading.Event) -> None:
        from watchfiles import Change, watch

        def matters(_: Change, path: str) -> bool:
            return path in places or self._matters(path)

        begun = False
        try:
            for changes in watch(
                *places,
                watch_filter=matters,
                debounce=_TOGETHER_MS,
                step=_STEP_MS,
                rust_timeout=_TURN_MS,
                yield_on_timeout=True,
                stop_event=stop,
                force_polling=False,  # looking again by itself is the watch's own work
                recursive=self._recursive,
                ignore_permission_denied=True,
            ):
                if any(change is Change.deleted and path in places for change, path in changes):
                    self.lost = True
                if changes or not begun:
                    begun = True
                    self.changed.set()
        except (OSError, RuntimeError) as error:  # a folder is gone, the system's limit is reached
            if not stop.is_set():
                self.fault = str(error)
                self.changed.set()

    def _matters(self, path: str) -> bool:
        """Whether a change may concern a photo; those of the job's own files do not."""
        name = PurePath(path).name
        if name.startswith(".") or is_result(name):
            return False
        return not any(path.startswith(folder) for folder in self._leave_out)
