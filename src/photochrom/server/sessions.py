"""Photos that were put up: where they lie, what was asked of them, and when they are forgotten."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from photochrom.colorizer import Colorizer
from photochrom.photo import Photo, pages_of
from photochrom.result import Result
from photochrom.server.models import Models
from photochrom.server.problems import Refused
from photochrom.server.settings import Settings
from photochrom.server.wishes import Look
from photochrom.view import View
from photochrom.workspace import Workspace

_MOST_REVISIONS = 200
_RESULTS = 6  # looks whose colours are kept, megabytes each
_WARM = 8
"""Photos whose small copies and reduced pixels stay in memory; the others' are read again."""


class Session:
    """One photo and its looks; thread-safe."""

    def __init__(self, folder: Path, photo: Photo, models: Models, look: Look) -> None:
        self.id = folder.name
        self.folder, self.photo = folder, photo
        self.pages = len(pages_of(photo.source))
        self.touched = time.monotonic()
        self._models = models
        self._lock = threading.RLock()
        self._looks: OrderedDict[int, Look] = OrderedDict({1: look})
        self._revision = 1
        self._warm_up()

    def _warm_up(self) -> None:
        self._view: View | None = None
        self._workspaces: dict[str, Workspace] = {}
        self._plain = lru_cache(maxsize=_RESULTS)(self._unadjusted)
        self._results = lru_cache(maxsize=_RESULTS)(self._adjusted)

    @property
    def bytes(self) -> int:
        """What it takes, or will take, on the disk."""
        size = (self.folder / "upload").stat().st_size
        return size + self.photo.width * self.photo.height * self.photo.bands

    @property
    def revision(self) -> int:
        """The number of the latest look."""
        return self._revision

    @property
    def view(self) -> View:
        """Its pixels for a screen."""
        with self._lock:
            if self._view is None:
                threads = self.colorizer(self.look().model).threads
                self._view = View(self.photo, self.folder, threads)
            return self._view

    def colorizer(self, model: str) -> Colorizer:
        """The model of a look; raises ModelError where it is not here."""
        return self._models.get(model)

    def look(self, revision: int | None = None) -> Look:
        """A look by its number, the latest by default; raises Refused, 404, for one forgotten."""
        with self._lock:
            try:
                return self._looks[revision or self._revision]
            except KeyError:
                raise Refused(
                    404, "not-found", f"there is no revision {revision}; the last {_MOST_REVISIONS}"
                    " are kept"
                ) from None  # fmt: skip

    def change(self, look: Look) -> int:
        """Take a new look; returns its number.

        Raises HintError and ConfigError for what does not fit the photo or the model.
        """
        colorizer = self.colorizer(look.model)
        colorizer.check_size(look.size)
        self.workspace(look.model).check_hints(look.hints)
        with self._lock:
            self._revision += 1
            self._looks[self._revision] = look
            while len(self._looks) > _MOST_REVISIONS:
                self._looks.popitem(last=False)
            return self._revision

    def workspace(self, model: str) -> Workspace:
        """The photo as a model takes it up."""
        with self._lock:
            if model not in self._workspaces:
                self._workspaces[model] = self.colorizer(model).workspace(self.photo)
            return self._workspaces[model]

    def result(self, look: Look) -> Result:
        """The photo with a look; raises what `Workspace.result` raises."""
        with self._lock:
            return self._results(look)

    def cool(self) -> None:
        """Give back the memory of what can be computed again."""
        with self._lock:
            self._warm_up()

    def _unadjusted(self, look: Look) -> Result:
        return look.result(self.workspace(look.model))

    def _adjusted(self, look: Look) -> Result:
        return self._plain(look.unadjusted).adjusted_by(look.adjustments)


class Sessions:
    """All sessions of a server, in a folder of its own; thread-safe."""

    def __init__(self, folder: Path, settings: Settings, models: Models) -> None:
        self.folder = folder
        self._settings, self._models = settings, models
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the latest used last

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def bytes(self) -> int:
        """What all of them take on the disk."""
        return sum(session.bytes for session in list(self._sessions.values()))

    def place(self) -> Path:
        """A new folder with a name that nobody can guess; raises Refused, 429, where all is full.

        Whoever asks for it gives it to `add`, or removes it.
        """
        self.expire()
        if len(self) >= self._settings.sessions or self.bytes >= self._settings.session_bytes:
            raise Refused(
                429,
                "busy",
                f"{len(self)} photos are open already; close some, or come back later",
                {"Retry-After": "30"},
            )
        folder = self.folder / secrets.token_urlsafe(16)
        folder.mkdir(mode=0o700)
        return folder

    def add(self, folder: Path, photo: Photo, look: Look) -> Session:
        """Open a session on a photo that lies in its folder."""
        session = Session(folder, photo, self._models, look)
        with self._lock:
            self._sessions[session.id] = session
        self._cool()
        return session

    def get(self, name: str) -> Session:
        """A session by its id, which is then used last; raises Refused, 404."""
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                raise Refused(404, "not-found", "there is no such photo here, or it has expired")
            session.touched = time.monotonic()
            self._sessions.move_to_end(name)
        self._cool()
        return session

    def remove(self, name: str) -> None:
        """Forget a session; raises Refused, 404."""
        with self._lock:
            session = self._sessions.pop(name, None)
        if session is None:
            raise Refused(404, "not-found", "there is no such photo here, or it has expired")
        shutil.rmtree(session.folder, ignore_errors=True)

    def expire(self) -> None:
        """Forget those that nobody has asked for in a while."""
        oldest = time.monotonic() - self._settings.session_s
        for name, session in list(self._sessions.items()):
            if session.touched < oldest:
                try:
                    self.remove(name)
                except Refused:
                    continue  # another thread was faster

    def _cool(self) -> None:
        for session in list(self._sessions.values())[:-_WARM]:
            session.cool()
