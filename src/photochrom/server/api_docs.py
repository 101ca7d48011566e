"""GET /docs: the API for people, made of its OpenAPI schema; plain HTML without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

_METHODS = ("get", "post", "patch", "put", "delete")
_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Photochrom, the HTTP API</title>
"""

Schema = Mapping[str, Any]


def docs_page(schema: Schema) -> str:
    """An HTML page of all routes with their parameters, bodies and answers.

    schema: the app's OpenAPI document.
    """
    operations = list(routes(schema))
    index = "".join(
        f'<li><a href="#{_anchor(method, path)}">{method.upper()} {escape(path)}</a></li>'
        for method, path, _ in operations
    )
    sections = "".join(_route(*route, schema) for route in operations)
    about = (
        f"Version {escape(schema['info']['version'])}. For programs: "
        '<a href="api/v1/openapi.json">openapi.json</a>.'
    )
    return f"{_HEAD}<h1>Photochrom, the HTTP API</h1><p>{about}</p><ul>{index}</ul>{sections}"


def routes(schema: Schema) -> Iterator[tuple[str, str, Any]]:
    """Method, path and OpenAPI's description of every route."""
    for path, operations in schema["paths"].items():
        yield from ((m, path, operations[m]) for m in _METHODS if m in operations)


def _route(method: str, path: str, operation: Schema, schema: Schema) -> str:
    paragraphs = operation.get("description", "").split("\n\n")
    parts = [f'<h2 id="{_anchor(method, path)}">{method.upper()} {escape(path)}</h2>']
    parts += [f"<p>{_prose(text)}</p>" for text in paragraphs]
    if parameters := operation.get("parameters"):
        rows = ((p["name"], p["in"], p["schema"], p.get("required", False)) for p in parameters)
        parts.append(_fields("Parameters", rows))
    if body := operation.get("requestBody"):
        parts += _body(body["content"], schema)
    answers = (
        [
            escape(status),
            escape(answer["description"]),
            escape(", ".join(answer.get("content", {}))),
        ]
        for status, answer in operation["responses"].items()
    )
    parts.append(_table("Answers", ["status", "meaning", "content"], answers))
    return "".join(parts)


def _body(content: Schema, schema: Schema) -> Iterator[str]:
    yield f"<p>Body: {escape(', '.join(content))}.</p>"
    for kind, of in content.items():
        body = _resolved(of.get("schema", {}), schema)
        if properties := body.get("properties"):
            required = body.get("required", [])
            rows = ((name, "body", one, name in required) for name, one in properties.items())
            yield _fields(kind, rows)


def _fields(title: str, rows: Iterable[tuple[str, str, Schema, bool]]) -> str:
    cells = (
        [f"<code>{escape(name)}</code>", escape(place), _kind(of), _default(of, required)]
        for name, place, of, required in rows
    )
    return _table(title, ["name", "in", "type", "default"], cells)


def _table(title: str, heads: list[str], rows: Iterable[list[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><tr>{head}</tr>{body}</table>"


def _kind(of: Schema) -> str:
    if options := of.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in options))
    if "$ref" in of:
        return escape(of["$ref"].rsplit("/", 1)[-1])
    limits = [f"from {of['minimum']}"] if "minimum" in of else []
    limits += [f"to {of['maximum']}"] if "maximum" in of else []
    names = [str(value) for value in of.get("enum", [])]
    return escape(" ".join([of.get("type", "any"), *names, *limits]))


def _default(of: Schema, required: bool) -> str:
    if required:
        return "required"
    return escape(json.dumps(of["default"])) if of.get("default") not in (None, "") else ""


def _prose(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _resolved(of: Schema, schema: Schema) -> Schema:
    if "$ref" not in of:
        return of
    resolved: Schema = schema["components"]["schemas"][of["$ref"].rsplit("/", 1)[-1]]
    return resolved


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""))
