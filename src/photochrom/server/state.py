"""The objects that the routes of one app share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from photochrom.server.films.store import Films
from photochrom.server.models import Models
from photochrom.server.photo_session import PhotoSessions
from photochrom.server.prometheus import Measures
from photochrom.server.queue import WorkQueue
from photochrom.server.settings import Settings

API = "/api/v1"


@dataclass(frozen=True)
class AppState:
    """The parts of a running app, made when it starts.

    folder: temporary, for uploads and results.
    """

    settings: Settings
    folder: Path
    queue: WorkQueue
    models: Models
    sessions: PhotoSessions
    films: Films
    measures: Measures


def _of(request: Request) -> AppState:
    return request.app.state.photochrom


Shared = Annotated[AppState, Depends(_of)]
