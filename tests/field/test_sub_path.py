"""A server below a sub-path of a proxy, which strips the sub-path or passes it on."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np
import pytest
import pyvips

from photochrom.errors import ConfigError
from photochrom.server import Settings
from support.chromium import chromium
from support.desk import PATIENCE_MS, Desk
from support.reverse_proxy import proxied
from support.served import Answer, Served, serving

SUB_PATH = "/family/photos"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(workers=2, root_path=SUB_PATH) as running:
        yield running


@pytest.fixture(params=[True, False], ids=["stripped", "passed on"])
def address(served: Served, request: pytest.FixtureRequest) -> Iterator[str]:
    """The server's address at a proxy, without a slash at the end."""
    with proxied(served.port, SUB_PATH, strips=request.param) as url:
        yield url


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey JPEG: a bright sky over dark ground, with a little noise."""
    rows = np.linspace(210, 60, 160)[:, None] + np.random.default_rng(0).normal(0, 6, (160, 240))
    path = tmp_path_factory.mktemp("photo") / "hill.jpg"
    pyvips.Image.new_from_array(np.clip(rows, 0, 255).astype(np.uint8)).write_to_file(str(path))
    return path


def ask(url: str, method: str = "GET", body: bytes | None = None) -> Answer:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=60)) as connection:
        connection.request(method, f"{parts.path}?{parts.query}", body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def test_location_leads_through_the_proxy(address: str, photo: Path) -> None:
    url = f"{address}/api/v1/sessions"
    created = ask(url, "POST", photo.read_bytes())
    assert created.status == 201
    session = urljoin(url, created.headers["Location"])
    assert session.startswith(f"{address}/api/v1/sessions/")
    assert ask(session).json["id"] == created.json["id"]
    assert ask(session, "DELETE").status == 204
    assert ask(session).status == 404


def test_openapi_names_the_sub_path(address: str) -> None:
    url = f"{address}/api/v1/openapi.json"
    schema = ask(url).json
    (server,) = schema["servers"]
    assert urljoin(url, server["url"]) == address
    assert ask(address + "/healthz").json == {"status": "ok"}
    for path in ("/api/v1/about", "/api/v1/models", "/readyz"):
        assert path in schema["paths"]
        assert ask(urljoin(url, server["url"]) + path).status == 200


class Links(HTMLParser):
    """The addresses that a page of HTML names."""

    def __init__(self) -> None:
        super().__init__()
        self.base, self.links = "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        links = [value for name, value in attrs if name in ("href", "src") and value]
        if tag == "base":
            (self.base,) = links
        else:
            self.links += links


@pytest.mark.parametrize("path", ["", "/", "/docs"])
def test_links_of_pages_stay_below_the_sub_path(address: str, path: str) -> None:
    page = ask(address + path)
    assert page.status == 200
    links = Links()
    links.feed(page.body.decode())
    base = urljoin(address + path, links.base)
    addresses = {urljoin(base, link).partition("#")[0] for link in links.links}
    assert addresses
    for one in addresses - {address + path}:
        assert one.startswith(f"{address}/")
        assert ask(one).status == 200


def test_the_token_and_the_limits_hold_below_the_sub_path(photo: Path) -> None:
    """Paths with the prefix are the same routes: they need the token, and take large bodies."""
    with serving(token="sesame", root_path="/photos", upload_bytes=2_000_000) as running:
        for path in ("/api/v1/models", "/photos/api/v1/models", "/photos/metrics"):
            assert running.ask("GET", path).status == 401
        assert running.ask("GET", "/photos/healthz").status == 200
        noise = photo.read_bytes() + bytes(1_500_000)  # more than other routes take
        known = {"Authorization": "Bearer sesame"}
        answer = running.ask("POST", "/photos/api/v1/colorize", noise, **known)
        assert answer.status == 200, answer.body
        assert (
            running.ask("POST", "/photos/api/v1/colorize", bytes(2_000_001), **known).status == 413
        )


def test_forwarded_headers_are_not_trusted(served: Served, photo: Path) -> None:
    """Anybody can send them: they change neither whom a request is for nor addresses."""
    lies = {
        "X_Forwarded_Prefix": "/evil",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "https",
        "Forwarded": "host=evil.example",
    }
    created = served.ask("POST", "/api/v1/sessions", photo.read_bytes(), **lies)
    assert created.headers["Location"] == f"{SUB_PATH}/api/v1/sessions/{created.json['id']}"
    foreign = served.ask("GET", "/api/v1/models", Host="evil.example", X_Forwarded_Host="127.0.0.1")
    assert foreign.status == 421


@pytest.mark.parametrize(
    ("value", "meant"), [("/photos/", "/photos"), ("/a/b-c.d", "/a/b-c.d"), ("/", ""), ("", "")]
)
def test_a_slash_at_the_end_does_not_count(value: str, meant: str) -> None:
    assert Settings(root_path=value).root_path == meant


@pytest.mark.parametrize("value", ["photos", "http://x/photos", "/a//b", "/a/../b", '/"', "/a?b"])
def test_what_is_no_sub_path_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"root_path.*: .* must be a path like /photos") as error:
        Settings.load(root_path=value)
    assert "\n" not in str(error.value)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("root_path", "strips", "slash"),
    [
        (SUB_PATH, True, "/"),
        (SUB_PATH, False, "/"),
        (SUB_PATH, True, ""),
        (SUB_PATH, False, ""),
        ("", True, "/"),  # the page's own addresses are relative
    ],
)
def test_the_page_colors_and_downloads(
    photo: Path, tmp_path: Path, root_path: str, strips: bool, slash: str
) -> None:
    """Every request of the page goes through the proxy; `Desk` reports one that does not."""
    with (
        serving(workers=2, root_path=root_path) as running,
        proxied(running.port, SUB_PATH, strips=strips) as url,
        chromium() as browser,
    ):
        desk = Desk(browser.new_page(accept_downloads=True, reduced_motion="reduce"), url)
        desk.page.set_default_timeout(PATIENCE_MS)
        desk.go(slash)
        desk.put(photo)
        desk.slide("warmth", 0.5)
        desk.rest()
        desk.page.reload()
        desk.page.wait_for_selector("body[data-ready]")
        desk.put(photo)
        desk.click("download")
        with desk.page.expect_download() as download:
            desk.click("download-one")
        assert download.value.suggested_filename == "hill.color.jpg"
        download.value.save_as(tmp_path / "hill.jpg")
    assert not desk.faults
    assert len(desk.requests) > 5
    assert chroma(pyvips.Image.new_from_file(str(tmp_path / "hill.jpg"))) > 3


def chroma(picture: Any) -> float:
    """Mean difference of red and blue."""
    assert picture.bands == 3
    pixels = picture.numpy().astype(float)
    return float(np.abs(pixels[..., 0] - pixels[..., 2]).mean())


def test_the_page_names_no_absolute_path(repository: Path) -> None:
    """An address from the root would leave the sub-path, wherever it stands."""
    for file in (repository / "src" / "photochrom" / "server" / "page").rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"""(?:href|src)=["']/|url\(["']?/|(?:fetch|import|open)\(["'`]/""", text
        )
