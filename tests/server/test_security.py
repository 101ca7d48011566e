"""Who may ask: names, origins, tokens, sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from photochrom.errors import ConfigError
from photochrom.server import Settings, create_app
from photochrom.server.uploads import safe_name

MODELS = "/api/v1/models"


def client_of(base: str = "http://127.0.0.1:8000", **settings: Any) -> TestClient:
    return TestClient(create_app(Settings(workers=1, **settings)), base_url=base)


@pytest.fixture(scope="module")
def local():
    with client_of() as client:
        yield client


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine_are_known(local: TestClient, host: str) -> None:
    assert local.get(MODELS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0:8000", ""],
)
def test_a_rebound_name_is_refused(local: TestClient, host: str) -> None:
    for path in ("/", MODELS, "/metrics"):
        assert local.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9", "http://["]
)
def test_other_origins_are_refused(local: TestClient, origin: str) -> None:
    for method, path in (("POST", "/api/v1/sessions"), ("GET", MODELS)):
        assert local.request(method, path, headers={"Origin": origin}).status_code == 403


def test_the_page_itself_may_ask(local: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert local.get(MODELS, headers=headers).status_code == 200
    # a link on another site may open the page, but an image there may not ask the API
    assert local.get("/healthz", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert local.get(MODELS, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert local.get(MODELS, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403


def test_cors_is_off_unless_named(local: TestClient) -> None:
    assert "access-control-allow-origin" not in local.get(MODELS).headers
    friend = "https://friend.example"
    with client_of(cors_origins=(friend,)) as client:
        answer = client.get(MODELS, headers={"Origin": friend, "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == friend
        preflight = client.options(
            "/api/v1/sessions/x",
            headers={"Origin": friend, "Access-Control-Request-Method": "PATCH"},
        )
        assert preflight.status_code == 200
        assert client.get(MODELS, headers={"Origin": "https://other"}).status_code == 403


def test_a_token_is_asked_for() -> None:
    with client_of(token="tulip") as client:
        for path in (MODELS, "/api/v1/sessions/x", "/metrics", "/api/v1/openapi.json"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            for wrong in ("Bearer", "Bearer tulips", "Basic tulip", "Bearer tülip", "tulip"):
                assert (
                    client.get(path, headers={"Authorization": wrong.encode()}).status_code == 401
                )
        allowed = {"Authorization": "Bearer tulip"}
        assert client.get(MODELS, headers=allowed).status_code == 200
        for path in ("/", "/healthz", "/readyz", "/api/v1/about"):
            assert client.get(path).status_code == 200
        assert client.get("/api/v1/about").json()["token_needed"] is True


def test_a_large_body_is_refused_by_its_head_and_on_the_way(examples: Path) -> None:
    photo = (examples / "harbour.jpg").read_bytes()
    with client_of(upload_bytes=50_000) as client:
        assert client.post("/api/v1/colorize", content=photo).status_code == 413
        pieces = (photo[start : start + 1000] for start in range(0, len(photo), 1000))
        answer = client.post("/api/v1/colorize", content=pieces)  # chunked: without a length
        assert answer.status_code == 413
        assert "50000 bytes" in answer.json()["detail"]
        form = client.post("/api/v1/sessions", files={"photo": photo})
        assert form.status_code == 413
        small = (examples / "cat.jpg").read_bytes()
        assert len(small) < 50_000 < len(photo)
        assert client.post("/api/v1/colorize", content=small).status_code == 200


def test_a_full_disk_is_said(examples: Path) -> None:
    with client_of(free_bytes=2**62) as client:
        answer = client.post("/api/v1/colorize", content=(examples / "cat.jpg").read_bytes())
        assert answer.status_code == 507


def test_too_many_pixels(examples: Path) -> None:
    with client_of(pixels=100_000) as client:
        answer = client.post("/api/v1/colorize", content=(examples / "cat.jpg").read_bytes())
        assert answer.status_code == 422
        detail = answer.json()["detail"]
        assert detail.endswith("the limit here is 0.1; make it smaller")  # it is the server's limit


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_others_are_not_let_in_by_mistake(host: str) -> None:
    with pytest.raises(ConfigError, match="give token, or insecure=True"):
        create_app(Settings(host=host))
    Settings(host=host, token="tulip").check()
    Settings(host=host, insecure=True).check()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("grandmother.jpg", "grandmother.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.tif", "a.tif"),
        ("a\r\nSet-Cookie: x\0.png", "aSet-Cookie: x.png"),
        ("..", "photo"),
        ("", "photo"),
        ("Großmutter 1912.jpg", "Großmutter 1912.jpg"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_keep_their_suffix() -> None:
    assert len(safe_name("x" * 5000 + ".jpeg")) <= 120
    assert safe_name("x" * 5000 + ".jpeg").endswith(".jpeg")
