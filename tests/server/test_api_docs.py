"""GET /docs: the API for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.served import Served


def test_every_route_with_its_parameters_and_answers(served: Served) -> None:
    answer = served.ask("GET", "/docs")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = answer.body.decode()
    schema = served.app.openapi()
    sections = re.split(r"<h2 ", page)[1:]
    routes = [(m, p, o) for p, operations in schema["paths"].items() for m, o in operations.items()]
    assert len(sections) == len(routes) > 10
    for method, path, operation in routes:
        [section] = [one for one in sections if f">{method.upper()} {path}</h2>" in one]
        for parameter in operation.get("parameters", []):
            assert f"<code>{parameter['name']}</code>" in section
        for status in operation["responses"]:
            assert f"<td>{status}</td>" in section


def test_links_stay_on_the_page_and_nothing_comes_from_elsewhere(served: Served) -> None:
    page = served.ask("GET", "/docs").body.decode()
    targets = re.findall(r'href="([^"]*)"', page)
    assert set(re.findall(r'id="([^"]*)"', page)) == {t[1:] for t in targets if t[0] == "#"}
    assert [t for t in targets if t[0] != "#"] == ["api/v1/openapi.json"]
    assert not re.search("<script|<link|<img|://", page.lower())
