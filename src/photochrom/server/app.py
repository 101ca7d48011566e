"""The app: routes, guard and page around one state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Route, request_response
from starlette.staticfiles import StaticFiles

from photochrom import __version__
from photochrom._system.malloc import trim_memory
from photochrom._system.vips import block_untrusted
from photochrom.server import problems
from photochrom.server.api_docs import docs_page
from photochrom.server.films.store import Films
from photochrom.server.models import Models
from photochrom.server.photo_session import PhotoSessions
from photochrom.server.prometheus import Measured, Measures
from photochrom.server.queue import WorkQueue
from photochrom.server.root_path import RootPath
from photochrom.server.routes import colorize, films, repair, sessions, status
from photochrom.server.security import Guard
from photochrom.server.settings import Settings
from photochrom.server.state import API, AppState
from photochrom.server.temp_folder import workplace

PAGE = Path(__file__).with_name("page")

_BETWEEN_SWEEPS_S = 5.0
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Of the page's files; the machine's own table may differ, and browsers are strict."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """An ASGI app with its own models, queue and sessions, made when it starts.

    Raises ConfigError for settings that would let others in by mistake, ModelError for a model
    that is not on this machine.
    """
    settings = settings or Settings()
    settings.check()
    block_untrusted()
    measures = Measures()
    models = Models(settings)  # a model that cannot be loaded fails now, not with every photo

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with workplace(settings.folder) as folder:
            queue = WorkQueue(settings.workers, settings.waiting)
            sessions = PhotoSessions(folder, settings, models)
            opened = Films(folder, settings, models)
            state = AppState(settings, folder, queue, models, sessions, opened, measures)
            app.state.photochrom = state
            sweeper = asyncio.create_task(_sweep(state))
            try:
                yield
            finally:
                sweeper.cancel()
                with suppress(asyncio.CancelledError):
                    await sweeper
                await asyncio.to_thread(opened.close)
                await queue.close()

    app = FastAPI(
        title="Photochrom",
        version=__version__,
        summary="Colours black-and-white photographs.",
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its scripts come from elsewhere; `api_docs` has none
        redoc_url=None,
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        redirect_slashes=False,  # a redirect would use the client's Host header
    )
    _watch(measures, app)
    problems.install(app)
    for router in (status.router, colorize.router, sessions.router, repair.router, films.router):
        app.include_router(router)
    app.include_router(status.health)
    _serve_page(app, settings.root_path)
    app.add_middleware(Measured, measures=measures)
    app.add_middleware(Guard, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Encoding", "Content-Type"],
            expose_headers=[
                "Content-Disposition",
                "Photochrom-Damaged",
                "Photochrom-Filled",
                "Photochrom-Losses",
                "Photochrom-Notes",
                "Retry-After",
                "Location",
            ],
        )
    if settings.root_path:
        app.add_middleware(RootPath, root_path=settings.root_path)  # before all others
    return app


def _serve_page(app: FastAPI, root_path: str) -> None:
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    if root_path:  # where the address of the page does not end in a slash
        html = html.replace("<head>", f'<head>\n<base href="{root_path}/">', 1)

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    packed = GZipMiddleware(request_response(page))
    route = Route("/", packed, include_in_schema=False)
    route.methods = {"GET"}  # `security.Guard` turns HEAD into it
    app.router.routes.append(route)

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
    def show(name: str, text: str, value: Callable[[AppState], float]) -> None:
        measures.watch(name, text, lambda: value(app.state.photochrom))

    show("running", "Photos worked on.", lambda state: state.queue.running)
    show("waiting", "Requests in the queue.", lambda state: state.queue.waiting)
    show("films", "Films that are open.", lambda state: len(state.films))
    show("sessions", "Photos that are open.", lambda state: len(state.sessions))
    show(
        "session_bytes", "Size of the open photos on the disk.", lambda state: state.sessions.bytes
    )


async def _sweep(state: AppState) -> None:
    """Delete expired sessions and films, and return freed memory to the system."""
    done = 0
    while True:
        await asyncio.sleep(_BETWEEN_SWEEPS_S)
        await asyncio.to_thread(state.sessions.expire)
        await asyncio.to_thread(state.films.expire)
        if state.queue.done != done:
            done = state.queue.done
            await asyncio.to_thread(trim_memory)
