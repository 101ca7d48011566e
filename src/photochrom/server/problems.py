"""Failures as answers: problem+json (RFC 9457), one status for each class of the tree of errors.

PhotoError     422   the photo cannot be read, or not be written in that format
DiskFullError      507   the server's disk has no room for it
InColorError       409   it is in colour already
HintError      422   hints that do not fit the photo
ConfigError    422   an option out of range
ModelError     422   a model that is not on this machine, or lacks an ability
MissingExtraError   501   an optional package is not installed on the server
others         500
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from photochrom.errors import (
    ConfigError,
    DiskFullError,
    Fields,
    HintError,
    InColorError,
    MissingExtraError,
    ModelError,
    Option,
    PhotochromError,
    PhotoError,
)
from photochrom.options import ColorizeKeywords, SaveKeywords

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:photochrom:"
_LONGEST_TEXT = 400
_AS_JSON = "send a JSON object with the header Content-Type: application/json"
_OF_REQUESTS = {
    "model",
    "format",
    "repair",
    *ColorizeKeywords.__annotations__,
    *SaveKeywords.__annotations__,
}
_OF_REQUESTS -= {"overwrite", "keep_time"}

_STATUS: dict[type[PhotochromError], int] = {
    InColorError: 409,
    DiskFullError: 507,
    PhotoError: 422,
    HintError: 422,
    ConfigError: 422,
    ModelError: 422,
}
_LACKING = "need a package that this server does not have"
_WITHOUT_PACKAGE = "save the photo as JPEG, PNG or TIFF"
_TITLES = {
    "in-color-error": "The photo is in colour already",
    "disk-full-error": "The server's disk is full",
    "photo-error": "The photo cannot be used",
    "hint-error": "The hints do not fit the photo",
    "config-error": "An option is wrong",
    "model-error": "The model cannot be used",
    "missing-extra-error": "The server lacks a package",
    "unforeseen": "A fault of the server",
}

log = logging.getLogger("photochrom.server")


class RefusedError(Exception):
    """A request that is refused whatever its photo is."""

    def __init__(
        self,
        status: int,
        kind: str,
        problem: str,
        remedy: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.fields = Fields(None, problem, remedy)
        super().__init__(self.fields.line)
        self.status, self.kind, self.headers = status, kind, headers


def document(status: int, kind: str, fields: Fields) -> dict[str, Any]:
    """A problem as JSON: `detail` is one line of the fields, which follow."""
    return {
        "type": TYPE + kind,
        "title": _TITLES.get(kind, HTTPStatus(status).phrase),
        "status": status,
        "detail": _shortened(fields.line),
        **{name: text and _shortened(text) for name, text in fields._asdict().items()},
    }


def _shortened(text: str) -> str:
    """A text that may repeat parts of the request, cut to a readable length."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."


def problem(
    status: int, kind: str, fields: Fields, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer with a problem."""
    return JSONResponse(document(status, kind, fields), status, headers, MEDIA_TYPE)


def parameter(option: Option) -> str | None:
    """An option as a request spells it; None for one that clients cannot set."""
    if option.name not in _OF_REQUESTS:
        return None
    if option.value is None:
        return option.name
    value = option.value if isinstance(option.value, str) else json.dumps(option.value)
    return f"{option.name}={value}"


def problem_of(error: Exception) -> JSONResponse:
    """The answer for an exception; an unforeseen one is logged, and its text is not sent."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.kind, error.fields, error.headers)
    if isinstance(error, MissingExtraError):
        fields = error.fields(parameter)._replace(problem=_LACKING, remedy=_WITHOUT_PACKAGE)
        return problem(501, "missing-extra-error", fields)
    if isinstance(error, PhotochromError):
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
        return problem(status, _kebab(type(error).__name__), error.fields(parameter))
    if isinstance(error, RequestValidationError):
        return problem(422, "config-error", _first_fault(error))
    if isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
        phrase = HTTPStatus(status).phrase
        remedy = _remedy_of(status, headers)
        kind = _kebab(phrase.replace(" ", ""))
        return problem(status, kind, Fields(None, str(error.detail), remedy), headers)
    if isinstance(error, MemoryError):
        fields = Fields(None, "not enough memory for this now", "come back later")
        return problem(503, "busy", fields, {"Retry-After": "10"})
    log.error("unforeseen", exc_info=error)
    fields = Fields(None, f"unforeseen ({type(error).__name__})", "please report it")
    return problem(500, "unforeseen", fields)


def install(app: FastAPI) -> None:
    """Let an app answer foreseen failures as problems."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        return problem_of(error)

    for kind in (RefusedError, PhotochromError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)  # `security.Guard` handles the rest


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses are problems."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "problem"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "subject": {"type": ["string", "null"]},
            "problem": {"type": "string"},
            "remedy": {"type": ["string", "null"]},
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


def _first_fault(error: RequestValidationError) -> Fields:
    fault = error.errors()[0]
    place = " ".join(str(part) for part in fault["loc"])
    message = fault["msg"]
    remedy = _AS_JSON if fault["loc"] == ("body",) else None
    return Fields(place, f"{message[0].lower()}{message[1:]}", remedy)


def _remedy_of(status: int, headers: Mapping[str, str]) -> str | None:
    """What to do about a wrong address or method; curl's --upload-file uses PUT."""
    if status == HTTPStatus.NOT_FOUND:
        return "/docs lists the addresses"
    if status == HTTPStatus.METHOD_NOT_ALLOWED and "Allow" in headers:
        return f"use {headers['Allow']}, with curl: --request {headers['Allow'].split(',')[0]}"
    return None
