"""How the page holds its photos on the server, and gives them back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route

from support.desk import Desk

pytestmark = pytest.mark.browser


def session_of(desk: Desk) -> str:
    return next(one.path for one in desk.requests if one.kind == "preview").split("/")[2]


def expires_in(desk: Desk, session: str) -> float:
    answer = desk.page.context.request.get(f"{desk.address}api/v1/sessions/{session}")
    assert answer.ok
    return float(answer.json()["expires_in"])


def test_an_open_page_renews_a_short_lease(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(ready=False)
    desk.page.clock.install()
    desk.go()
    desk.page.set_input_files("#photo-input", [str(examples / "cat.jpg")])
    desk.until(lambda: (desk.page.clock.run_for(50), desk.states() == ["ready"])[1])
    (upload,) = desk.all("sessions", "POST")
    assert upload.query["lease"] == "600"
    assert expires_in(desk, session_of(desk)) == 600
    count = len(desk.all("leases", "POST"))
    desk.page.clock.run_for(61_000)
    desk.until(lambda: len(desk.all("leases", "POST")) > count)


def test_a_closed_page_gives_its_photos_back(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(viewport={"width": 1000, "height": 700})
    desk.put(examples / "cat.jpg")
    session = session_of(desk)
    assert expires_in(desk, session) == 600
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.goto("about:blank")
    desk.until(lambda: expires_in(desk, session) == 45)


def test_a_reloaded_page_still_finds_its_photos(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(viewport={"width": 1000, "height": 700})
    desk.put(examples / "cat.jpg")
    session = session_of(desk)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    assert expires_in(desk, session) >= 45


def test_a_person_reads_why_a_photo_waits(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk()
    desk.forgiven.append("429")
    refused = {
        "type": "urn:photochrom:too-many-photos",
        "detail": "200 photos are open, and all are in use; come back in 2 s",
        "problem": "200 photos are open, and all are in use",
    }
    tries: list[Route] = []

    def full(route: Route) -> None:
        tries.append(route)
        if len(tries) > 1:
            route.fallback()
            return
        route.fulfill(status=429, headers={"Retry-After": "2"}, body=json.dumps(refused))

    desk.page.route("**/api/v1/sessions?*", full)
    desk.page.set_input_files("#photo-input", [str(examples / "cat.jpg")])
    words = "200 photos are open, and all are in use; trying again in 2 s"
    desk.until(lambda: desk.page.inner_text("#card-text") == words)
    desk.until(lambda: desk.states() == ["ready"])
