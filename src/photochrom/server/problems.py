"""Failures as answers: problem+json (RFC 9457), one status for each class of the tree of errors.

PhotoError     422   the photo cannot be read, or not be written in that format
InColorError       409   it is in colour already
HintError      422   hints that do not fit the photo
ConfigError    422   an option out of range
ModelError     422   a model that is not here, or cannot do what is asked
MissingExtraError   501   an optional package is not installed on the server
others         500
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from photochrom.errors import (
    ConfigError,
    HintError,
    InColorError,
    MissingExtraError,
    ModelError,
    PhotochromError,
    PhotoError,
)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:photochrom:"
_LONGEST_DETAIL = 400

_STATUS: dict[type[PhotochromError], int] = {
    InColorError: 409,
    PhotoError: 422,
    HintError: 422,
    ConfigError: 422,
    ModelError: 422,
    MissingExtraError: 501,
}
_TITLES = {
    "in-color-error": "The photo is in colour already",
    "photo-error": "The photo cannot be used",
    "hint-error": "The hints do not fit the photo",
    "config-error": "An option is wrong",
    "model-error": "The model cannot be used",
    "missing-extra-error": "The server lacks a package",
    "unforeseen": "A fault of the server",
}

log = logging.getLogger("photochrom.server")


class RefusedError(Exception):
    """A request that is not served, whatever photo it brings."""

    def __init__(
        self, status: int, kind: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.headers = status, kind, headers


def problem(
    status: int, kind: str, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer that says what went wrong in one line."""
    if len(detail) > _LONGEST_DETAIL:  # it may repeat what was sent
        detail = f"{detail[: _LONGEST_DETAIL - 3]}..."
    content = {
        "type": TYPE + kind,
        "title": _TITLES.get(kind, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def problem_of(error: Exception) -> JSONResponse:
    """The answer for whatever was raised; what nobody foresaw is logged, and not told."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.kind, str(error), error.headers)
    if isinstance(error, PhotochromError):
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
        return problem(status, _kebab(type(error).__name__), str(error))
    if isinstance(error, RequestValidationError):
        return problem(422, "config-error", _first_fault(error))
    if isinstance(error, HTTPException):
        return problem(
            error.status_code,
            _kebab(HTTPStatus(error.status_code).phrase.replace(" ", "")),
            str(error.detail),
            dict(error.headers or {}),
        )
    if isinstance(error, MemoryError):
        return problem(503, "busy", "not enough memory for this now", {"Retry-After": "10"})
    log.error("unforeseen", exc_info=error)
    return problem(500, "unforeseen", f"unforeseen ({type(error).__name__}); please report it")


def install(app: FastAPI) -> None:
    """Let an app answer foreseen failures so."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        return problem_of(error)

    for kind in (RefusedError, PhotochromError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)  # of the rest the guard takes care


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses are problems."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def _first_fault(error: RequestValidationError) -> str:
    fault = error.errors()[0]
    place = " ".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
