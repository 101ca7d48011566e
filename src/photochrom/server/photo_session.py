"""Uploaded photos: where they lie, the options of each, and when they expire."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from photochrom.colorizer import Colorizer
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo, pages_of
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.references import load_reference
from photochrom.references import Reference
from photochrom.repaired import RepairedPhoto
from photochrom.result import Result
from photochrom.server.leased import Leased, LeasedStore
from photochrom.server.models import Models
from photochrom.server.presets import with_preset
from photochrom.server.problems import RefusedError
from photochrom.server.repaired_photos import RepairedPhotos
from photochrom.server.repairs import Repair
from photochrom.server.requests import ModelAndOptions, OptionsRequest
from photochrom.server.screen import View
from photochrom.server.settings import Settings
from photochrom.workspace import Workspace

_MOST_REVISIONS = 200
_RESULTS = 6  # looks whose colours stay in memory, megabytes each
_WORKSPACES = 4  # of one photo that stay in memory, two models with two repairs
_WARM = 8
"""Photos whose small copies and reduced pixels stay in memory; the others' are read again."""
_LONGEST_RETRY_S = 30


class PhotoSession(Leased):
    """One photo and its looks; thread-safe.

    Looks have a lock of their own, so that reading one never waits for a computation.
    """

    def __init__(self, folder: Path, photo: Photo, models: Models, look: ModelAndOptions) -> None:
        super().__init__(folder, "photo")
        self.photo = photo
        self.pages = len(pages_of(photo.source))
        pixels = photo.width * photo.height * photo.bands
        self._bytes = (folder / "upload").stat().st_size + pixels
        self._repaired = RepairedPhotos(photo, folder)
        self.of_film = False
        """Whether it is the key picture of a film's shot, which takes fewer options."""
        self._models = models
        self._look_lock, self._work_lock = threading.Lock(), threading.RLock()
        self._looks: OrderedDict[int, ModelAndOptions] = OrderedDict({1: look})
        self._revision = 1
        self.drop_caches()

    def close(self) -> None:
        """Take no more work; the files are removed once nothing uses them."""
        self.drop_caches()
        super().close()

    def drop_caches(self) -> None:
        """Release cached results; running computations are unaffected."""
        self._view: View | None = None
        self._repaired.drop_caches()
        self._workspace = lru_cache(maxsize=_WORKSPACES)(self._workspace_of)
        self._plain = lru_cache(maxsize=_RESULTS)(self._unadjusted)
        self._results = lru_cache(maxsize=_RESULTS)(self._adjusted)

    @property
    def revision(self) -> int:
        """The number of the latest look."""
        return self._revision

    @property
    def bytes(self) -> int:
        """Size on the disk, with the decoded pixels that may be written later."""
        return self._bytes + self._repaired.bytes

    def view(self, repair: Repair | None = None) -> View:
        """The photo's pixels for a screen, repaired or as it came."""
        with self._work_lock:
            threads = self.colorizer(self.look().model).threads
            if repair is not None:
                return self._repaired.view(repair, threads)
            view = self._view
            if view is None:
                view = self._view = View(self.photo, self.folder, threads)
            return view

    def repaired(self, repair: Repair) -> RepairedPhoto:
        """The photo with a repair; damage is searched once."""
        with self._work_lock:
            return self._repaired.of(repair)

    def colorizer(self, model: str) -> Colorizer:
        """The model of a look; raises ModelError where it is not on this machine."""
        return self._models.get(model)

    def look(self, revision: int | None = None) -> ModelAndOptions:
        """A look by its number, the latest by default; raises RefusedError, 404, for one
        that was dropped.
        """
        with self._look_lock:
            try:
                return self._looks[self._revision if revision is None else revision]
            except KeyError:
                raise RefusedError(
                    404,
                    "no-such-revision",
                    f"there is no revision {revision}",
                    f"take one of the last {_MOST_REVISIONS}",
                ) from None

    def change(
        self,
        request: OptionsRequest,
        settings: Settings,
        references: Mapping[str, Reference] | None = None,
    ) -> int:
        """Take a new look: the latest with what a request changes; returns its number.

        references: other ones, by the ids of their sessions; None to keep those there are.
        Raises HintError, ModelError and ConfigError for what does not fit the photo or the model,
        or a preset that there is not, RefusedError for too many hints.
        """
        with self._work_lock:  # two changes at a time would lose one
            request = with_preset(request, request.preset, settings)
            look = request.applied(self.look(), settings.hints)
            if references is not None:
                look = look.led(references)
            if self.of_film:
                request.check_of_film(self.look(), look)
            look.check(self.workspace(look.model), settings)
            with self._look_lock:
                self._revision += 1
                self._looks[self._revision] = look
                while len(self._looks) > _MOST_REVISIONS:
                    self._looks.popitem(last=False)
                return self._revision

    def workspace(self, model: str, repair: Repair | None = None) -> Workspace:
        """The workspace of the photo, repaired or as it came, with a model."""
        with self._work_lock:
            return self._workspace(model, repair)

    def result(self, look: ModelAndOptions) -> Result:
        """The photo with a look; raises what `Workspace.result` raises."""
        with self._work_lock:
            return self._results(look.whole)

    def reference(self) -> Reference:
        """What leads another photo: this one's own colours, or those of a grey one's latest look.

        Raises what `Workspace.result` raises.
        """
        with self._work_lock:
            look = self.look()
            if self.workspace(look.model).in_color:
                return load_reference(self.photo)
            return self.result(look).as_reference()

    def _workspace_of(self, model: str, repair: Repair | None) -> Workspace:
        photo = self.photo if repair is None else self.repaired(repair).photo
        return self.colorizer(model).workspace(photo)

    def _unadjusted(self, look: ModelAndOptions) -> Result:
        return self.workspace(look.model, look.repair).result(look.options)

    def _adjusted(self, look: ModelAndOptions) -> Result:
        return self._plain(look.unadjusted).adjusted_by(Adjustments.of(look.options))


class PhotoSessions(LeasedStore[PhotoSession]):
    """All sessions of a server, in a folder of its own; thread-safe.

    Where all places are taken, the session that has been idle longest yields.
    """

    def __init__(self, folder: Path, settings: Settings, models: Models) -> None:
        super().__init__(folder, settings, "photo")
        self._models = models

    @property
    def bytes(self) -> int:
        """Size of all sessions on the disk."""
        return sum(session.bytes for session in list(self.open.values()))

    def make_room(self, yielded: list[PhotoSession]) -> None:  # noqa: D102 - as inherited
        while self._is_full():
            yielded.append(self.open.pop(self._longest_idle()))

    def _is_full(self) -> bool:
        most = self.settings.sessions
        return self.count >= most or self.bytes >= self.settings.session_bytes

    def _longest_idle(self) -> str:
        """The id of the session that yields; raises RefusedError, 429, where none may."""
        waits = {
            name: session.idle_for(self.settings.idle_s)
            for name, session in self.open.items()  # the least recently used first
            if not session.in_use
        }
        ready = [name for name, wait in waits.items() if wait <= 0]
        if ready:
            return ready[0]
        wait = math.ceil(min([*waits.values(), _LONGEST_RETRY_S]))
        raise RefusedError(
            429,
            "too-many-photos",
            f"{self.count} photos are open, all that this server has room for, and all are in use",
            f"close some, or come back in {wait} s",
            {"Retry-After": str(wait)},
        )

    def opened(self, folder: Path, photo: Photo, lease_s: float | None = None) -> PhotoSession:
        """A session on a photo in its folder; `get` does not return it before `add`.

        lease_s: its lifetime without a request or renewal, at most the server's own.
        """
        look = ModelAndOptions(
            self._models.default, ColorizeOptions(recolor=True)
        )  # the page says that the photo has colours already
        session = PhotoSession(folder, photo, self._models, look)
        self.lease(session, lease_s)
        return session

    def add(self, session: PhotoSession) -> None:  # noqa: D102 - as inherited
        super().add(session)
        self._drop_cold_caches()

    def get(self, name: str) -> PhotoSession:  # noqa: D102 - as inherited
        session = super().get(name)
        self._drop_cold_caches()
        return session

    def _drop_cold_caches(self) -> None:
        for session in list(self.open.values())[:-_WARM]:
            session.drop_caches()
