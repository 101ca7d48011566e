"""Version and limits, models, presets, health and counters of a server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from photochrom import __version__
from photochrom.errors import Fields
from photochrom.options import RANGES, ColorizeOptions
from photochrom.photo import WRITTEN
from photochrom.photo.formats import KINDS
from photochrom.server.films.store import films_can_be_read
from photochrom.server.presets import PresetsResponse, offered
from photochrom.server.problems import described, problem
from photochrom.server.state import API, Shared

router = APIRouter(prefix=API, tags=["about"])
health = APIRouter(tags=["health"])


@router.get("/about", responses=described(403, 421))
async def about(shared: Shared) -> dict[str, Any]:
    """Version, limits, formats and the options' ranges; needs no token.

    formats, reads: what the packages of this server write and read. films: whether it opens films.
    lossy: formats in whose files `quality` counts. options: smallest, largest and default values.
    """
    settings, written = shared.settings, [kind for kind in WRITTEN if kind.available]
    return {
        "version": __version__,
        "token_needed": settings.token is not None,
        "limits": {
            "upload_bytes": settings.upload_bytes,
            "pixels": settings.pixels,
            "hints": settings.hints,
            "sessions": settings.sessions,
            "film_bytes": settings.film_bytes,
        },
        "films": films_can_be_read(),
        "formats": [kind.suffix[1:] for kind in written],
        "lossy": [kind.suffix[1:] for kind in written if kind.quality],
        "reads": sorted(suffix for kind in KINDS if kind.available for suffix in kind.suffixes),
        "options": {
            name: {"minimum": low, "maximum": high, "default": getattr(ColorizeOptions, name)}
            for name, (low, high) in RANGES.items()
        },
    }


@router.get("/models", responses=described(401, 403, 421))
def models(shared: Shared) -> dict[str, Any]:
    """The models on this machine."""
    return {"default": shared.models.default, "models": shared.models.listed()}


@router.get("/presets", responses=described(401, 403, 421))
def presets(shared: Shared) -> PresetsResponse:
    """Named options of colouring and saving."""
    return PresetsResponse.of(offered(shared.settings))


@health.get("/healthz", responses=described(421))
async def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@health.get("/readyz", responses=described(421, 503))
async def readyz(shared: Shared) -> Any:
    """Whether a photo sent now would be taken."""
    if shared.queue.full:
        fields = Fields(None, "the queue is full", "come back later")
        return problem(503, "busy", fields, {"Retry-After": "5"})
    return {"status": "ready"}


@health.get("/metrics", response_class=PlainTextResponse, responses=described(401, 421))
def metrics(shared: Shared) -> Response:
    """Counters, in Prometheus' format."""
    return Response(shared.measures.text(), media_type=shared.measures.media_type)
