"""What the routes of one session share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query

from photochrom.server.photo_session import PhotoSession
from photochrom.server.problems import described
from photochrom.server.state import AppState
from photochrom.server.uploads import full

T = TypeVar("T")

FAULTS = described(400, 401, 403, 404, 413, 421, 422, 429)

Id = Annotated[str, Path(max_length=64)]
Revision = Annotated[int | None, Query(ge=1, description="Of the look; the latest by default.")]


def image_answers(*media: str) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the answers of a route that sends a picture."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {
        200: {"description": "A picture.", "content": dict.fromkeys(media, schema)},
        **FAULTS,
    }


async def work_on(shared: AppState, session: PhotoSession, function: Callable[[], T]) -> T:
    """Run a function that uses a session's files, before work that nobody watches."""

    def work() -> T:
        try:
            with session.used():
                return function()
        except OSError as error:  # full resolution lies on the disk
            raise full(error) from error

    return await shared.queue.run(work, urgent=True)
