"""The app: routes, guard and page around one state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from photochrom import __version__
from photochrom._system.malloc import trim_memory
from photochrom._system.vips import block_untrusted
from photochrom.server import problems
from photochrom.server.api_docs import docs_page
from photochrom.server.models import Models
from photochrom.server.photo_session import PhotoSessions
from photochrom.server.prometheus import Measured, Measures
from photochrom.server.queue import WorkQueue
from photochrom.server.routes import colorize, sessions, status
from photochrom.server.security import Guard
from photochrom.server.settings import Settings
from photochrom.server.state import API, State
from photochrom.server.temp_folder import workplace

PAGE = Path(__file__).with_name("page")

_BETWEEN_SWEEPS_S = 5.0
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Of the page's files; a machine's own table may say otherwise, and browsers are strict."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """An ASGI app with its own models, queue and sessions, made when it starts.

    Raises ConfigError for settings that would let others in by mistake, ModelError for a model
    that is not here.
    """
    settings = settings or Settings()
    settings.check()
    block_untrusted()
    measures = Measures()
    models = Models(settings)  # what would fail with every photo fails now

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with workplace(settings.folder) as folder:
            queue = WorkQueue(settings.workers, settings.waiting)
            sessions = PhotoSessions(folder, settings, models)
            app.state.photochrom = State(settings, folder, queue, models, sessions, measures)
            sweeper = asyncio.create_task(_sweep(sessions, queue))
            try:
                yield
            finally:
                sweeper.cancel()
                with suppress(asyncio.CancelledError):
                    await sweeper
                await queue.close()

    app = FastAPI(
        title="Photochrom",
        version=__version__,
        summary="Colours black-and-white photographs.",
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its scripts come from elsewhere; `api_docs` has none
        redoc_url=None,
        redirect_slashes=False,  # a redirect would use the client's Host header
    )
    _watch(measures, app)
    problems.install(app)
    for router in (status.router, colorize.router, sessions.router):
        app.include_router(router)
    app.include_router(status.health)
    _serve_page(app)
    app.add_middleware(Measured, measures=measures)
    app.add_middleware(Guard, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=[
                "Content-Disposition",
                "Photochrom-Losses",
                "Photochrom-Notes",
                "Retry-After",
                "Location",
            ],
        )
    return app


def _serve_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    app.mount("/page", GZipMiddleware(_PageFiles(directory=PAGE)), name="page")


class _PageFiles(StaticFiles):
    """The page's files; a browser asks whether they changed."""

    def file_response(self, full_path: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(full_path, *args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        if media_type := _MEDIA_TYPES.get(Path(full_path).suffix):
            response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
        return response


def _watch(measures: Measures, app: FastAPI) -> None:
    def show(name: str, text: str, value: Callable[[State], float]) -> None:
        measures.watch(name, text, lambda: value(app.state.photochrom))

    show("running", "Photos worked on.", lambda state: state.queue.running)
    show("waiting", "Requests in the queue.", lambda state: state.queue.waiting)
    show("sessions", "Photos that are open.", lambda state: len(state.sessions))
    show("session_bytes", "What they take on the disk.", lambda state: state.sessions.bytes)


async def _sweep(sessions: PhotoSessions, queue: WorkQueue) -> None:
    """Forget old photos, and give back what they and others took."""
    done = 0
    while True:
        await asyncio.sleep(_BETWEEN_SWEEPS_S)
        await asyncio.to_thread(sessions.expire)
        if queue.done != done:
            done = queue.done
            await asyncio.to_thread(trim_memory)
