"""The repaired forms of a session's photo: found once, the latest few kept."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from photochrom._system.atomic import atomic_write
from photochrom.photo import Photo
from photochrom.repaired import RepairedPhoto, repair_damage
from photochrom.restoration.detection import DamageLikelihood, reduction_of
from photochrom.restoration.mask import DamageMask
from photochrom.server.repairs import Repair
from photochrom.server.screen import View
from photochrom.server.uploads import full

_KEPT = 2
"""Repairs whose pixels stay: the present one, and the one before it or one to compare with."""
_LIKELIHOOD, _PIXELS = "likelihood.npy", "pixels-"
"""Files in the session's folder: what the search found, and the pixels of each repair."""


class RepairedPhotos:
    """The repaired forms of one photo; for one thread at a time, except for `bytes`."""

    def __init__(self, photo: Photo, folder: Path) -> None:
        """folder: the session's, where files are written and removed."""
        self._photo, self._folder = photo, folder
        self._names: OrderedDict[str, None] = OrderedDict()
        """Files of pixels that may exist, the most recently used last."""
        self._searched = 0  # bytes of what the search found
        self.drop_caches()

    def drop_caches(self) -> None:
        """Release what is in memory; files stay."""
        self._views: dict[str, View] = {}
        self._found = lru_cache(maxsize=_KEPT)(self._mask)
        self._repaired = lru_cache(maxsize=_KEPT)(self._repair)

    @property
    def bytes(self) -> int:
        """Size of the files, those included that may be written later."""
        photo = self._photo
        return len(self._names) * photo.width * photo.height * photo.bands + self._searched

    def of(self, repair: Repair) -> RepairedPhoto:
        """The photo with a repair; raises PhotoError where the file is damaged."""
        return self._repaired(repair)

    def view(self, repair: Repair, threads: int | None) -> View:
        """The repaired photo's pixels for a screen."""
        name = _PIXELS + hashlib.sha256(repr(repair).encode()).hexdigest()[:24]
        view = self._views.get(name)
        if view is None:
            photo = self.of(repair).photo
            view = self._views[name] = View(photo, self._folder, threads, name)
        self._names[name] = None
        self._names.move_to_end(name)
        self._remove_old()
        return view

    def _remove_old(self) -> None:
        while len(self._names) > _KEPT:
            name, _ = self._names.popitem(last=False)
            self._views.pop(name, None)
        for path in self._folder.glob(f"{_PIXELS}*"):
            if path.name not in self._names:
                with suppress(OSError):  # it is open, on systems that mind; the next call tries
                    path.unlink()

    def _repair(self, repair: Repair) -> RepairedPhoto:
        found = self._found(repair.options.sensitivity)
        return repair_damage(self._photo, found, repair.options, repair.strokes)

    def _mask(self, sensitivity: float) -> DamageMask:
        return self._likelihood().mask(sensitivity)

    def _likelihood(self) -> DamageLikelihood:
        """What the search finds; from its file, where there is one."""
        path = self._folder / _LIKELIHOOD
        if not path.exists():
            codes = DamageLikelihood.of(self._photo).codes
            try:
                with atomic_write(path) as part, part.open("wb") as file:
                    np.save(file, codes)
            except OSError as error:
                raise full(error) from error
        codes = np.load(path, mmap_mode="r")
        self._searched = codes.nbytes
        photo = self._photo
        return DamageLikelihood(photo.width, photo.height, reduction_of(photo), codes)
