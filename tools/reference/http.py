"""The reference of the HTTP API out of its OpenAPI schema, and of the server's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer.main

from photochrom.cli.main import app
from photochrom.server import create_app
from photochrom.server.api_docs import routes
from photochrom.server.settings import PREFIX, Settings
from tools.reference.http_texts import ANSWERS, FIELDS, FLAGS, SETTINGS
from tools.reference.markdown import code, one_line, page, table

INTRODUCTION = """\
[The page and the HTTP API](../server.md) has examples and says what the routes are for. A running
server describes itself in `GET /api/v1/openapi.json` (OpenAPI 3.1), of which this page is made.

Every failure is `application/problem+json` with the keys `type`, `title`, `status`, `detail` (one
line for people), `subject`, `problem` and `remedy`. [What they and each status
mean](../server.md#failures)."""
ABOUT_SETTINGS = f"""\
Each is a flag of `photochrom serve` where one is named, else the environment's variable
(`{PREFIX}WORKERS=4`), else a key of `--config FILE.toml`. A flag counts before the environment, and
the environment before the file."""

_FIRST_FAILURE = 400
_NO_SETTINGS = {"--config", "--help"}


def http_page() -> str:
    """The page `docs/reference/http.md`."""
    schema = create_app(Settings()).openapi()
    operations = list(routes(schema))
    index = table(
        ["route", ""],
        ([f"[{m.upper()} {p}](#{_anchor(m, p)})", _summary(o)] for m, p, o in operations),
    )
    sections = (part for route in operations for part in _section(*route, schema))
    objects = (part for name in _named(schema) for part in _object(name, schema))
    settings = ("## Settings of the server", ABOUT_SETTINGS, settings_table())
    return page(
        "The HTTP API",
        INTRODUCTION,
        index,
        "## Routes",
        *sections,
        "## Objects",
        *objects,
        *settings,
    )


def settings_table() -> str:
    """Every setting with its flag and default."""
    flags = {max(param.opts, key=len) for param in _serve().params} - _NO_SETTINGS
    rows = []
    for name, field in Settings.model_fields.items():
        flag = FLAGS.get(name, f"--{name.replace('_', '-')}")
        default, text = SETTINGS[name]
        if default is None:
            default = code(field.get_default())
        rows.append([code(name), code(flag) if flag in flags else "", default, text])
        flags.discard(flag)
    assert not flags, f"flags of `photochrom serve` without a setting: {flags}"
    return table(["setting", "flag", "default", ""], rows)


def _serve() -> Any:
    command: Any = typer.main.get_command(app)
    return command.commands["serve"]


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^\w\- ]", "", f"{method} {path}").replace(" ", "-").lower()


def _summary(operation: Mapping[str, Any]) -> str:
    return one_line(operation["description"].split("\n\n")[0])


def _section(
    method: str, path: str, operation: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[str]:
    yield f"### {method.upper()} {path}"
    yield operation["description"]
    if parameters := operation.get("parameters"):
        yield table(
            ["parameter", "in", "type", "default", ""],
            (
                [
                    code(p["name"]),
                    p["in"],
                    _type(p["schema"], schema),
                    "required" if p.get("required") else _default(p["schema"]),
                    _text(p["name"], p),
                ]
                for p in parameters
            ),
        )
    yield (
        "Body: " + _content(operation["requestBody"], schema) if "requestBody" in operation else ""
    )
    answers = operation["responses"].items()
    for status, answer in answers:
        if int(status) < _FIRST_FAILURE:
            description = answer["description"].replace("Successful Response", "")
            yield " ".join(
                filter(None, (f"Answer {status}:", description, _content(answer, schema)))
            )
    if keys := ANSWERS.get(path):
        yield table(["key", ""], ([code(key), text] for key, text in keys.items()))
    failures = [status for status, _ in answers if int(status) >= _FIRST_FAILURE]
    yield f"Failures: {', '.join(failures)}."


def _content(body: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The content types of a body, and what it is where it is JSON."""
    content = body.get("content", {})
    if not content:
        return "no body."
    kinds = {_type(one.get("schema", {}), schema) for one in content.values()}
    links = ", ".join(kind for kind in kinds if kind.startswith("["))
    return ", ".join(map(code, content)) + (f", {links}." if links else ".")


def _named(schema: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name, body in schema["components"]["schemas"].items()
        if "properties" in body and not name.endswith("Error")
    ]


def _object(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    body = schema["components"]["schemas"][name]
    required = body.get("required", [])
    yield f"### {name}"
    yield one_line(body.get("description"))
    yield table(
        ["field", "type", "default", ""],
        (
            [
                code(field),
                _type(of, schema),
                "required" if field in required else _default(of),
                _text(field, of),
            ]
            for field, of in body["properties"].items()
        ),
    )


def _text(name: str, of: Mapping[str, Any]) -> str:
    return one_line(of.get("description")) or FIELDS[name]


def _type(of: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in of:
        name = of["$ref"].rsplit("/", 1)[-1]
        body = schema["components"]["schemas"][name]
        return f"[{name}](#{name.lower()})" if "properties" in body else _type(body, schema)
    if options := of.get("anyOf"):
        kinds = [_type(one, schema) for one in options]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in of:
        return " or ".join(code(value) for value in of["enum"])
    if of.get("type") == "array":
        parts = of.get("prefixItems")
        if parts:
            return f"{len(parts)} times {_type(parts[0], schema)}"
        return f"list of {_type(of.get('items', {}), schema)}"
    return f"{of.get('type', 'any')} {_limits(of)}".strip()


def _limits(of: Mapping[str, Any]) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {of[name]}" for name, sign in signs.items() if name in of]
    return f"({', '.join(limits)})" if limits else ""


def _default(of: Mapping[str, Any]) -> str:
    default = of.get("default")
    return "" if default in (None, "") else code(str(default).lower())
