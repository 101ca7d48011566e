"""References over HTTP: sessions that lead the colours of others."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from photochrom.server import Settings, create_app

API = "/api/v1"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_app(Settings(workers=2))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def gray(client: TestClient, examples: Path) -> str:
    return opened(client, examples / "cat.jpg")


@pytest.fixture
def colored(client: TestClient, examples: Path) -> str:
    return opened(client, examples / "color" / "cat.jpg")


def opened(client: TestClient, path: Path) -> str:
    answer = client.post(f"{API}/sessions?name={path.name}", content=path.read_bytes())
    assert answer.status_code == 201
    return str(answer.json()["id"])


def led(client: TestClient, session: str, *references: str) -> dict[str, Any]:
    answer = client.patch(f"{API}/sessions/{session}", json={"references": references})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["look"])


def shown(client: TestClient, session: str) -> np.ndarray:
    answer = client.get(f"{API}/sessions/{session}/preview?format=png&longest=300")
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), np.float32)


def test_a_photo_in_color_leads_a_gray_one(
    client: TestClient, gray: str, colored: str, examples: Path
) -> None:
    plain = shown(client, gray)
    look = led(client, gray, colored)
    assert look["references"] == [{"session": colored, "name": "cat.jpg"}]
    original = client.get(f"{API}/sessions/{colored}/preview?format=png&longest=300&original=true")
    truth = np.asarray(Image.open(io.BytesIO(original.content)).convert("RGB"), np.float32)
    distances = [np.abs(one - truth).mean() for one in (shown(client, gray), plain)]
    assert distances[0] < 0.7 * distances[1]
    assert led(client, gray)["references"] == []
    assert np.array_equal(shown(client, gray), plain)


def test_corrections_of_a_gray_photo_lead_others(client: TestClient, examples: Path) -> None:
    first, second = (opened(client, examples / "cat.jpg") for _ in range(2))
    plain = shown(client, second)
    hints = [{"x": 225, "y": 150, "ab": [0, -45]}]
    client.patch(f"{API}/sessions/{first}", json={"hints": hints})
    corrected = shown(client, first)
    led(client, second, first)
    distances = [np.abs(one - corrected).mean() for one in (shown(client, second), plain)]
    assert distances[0] < 0.7 * distances[1]


def test_a_reference_outlives_its_session(client: TestClient, gray: str, colored: str) -> None:
    led(client, gray, colored)
    before = shown(client, gray)
    client.delete(f"{API}/sessions/{colored}")
    look = led(client, gray, colored)
    assert [one["session"] for one in look["references"]] == [colored]
    assert np.array_equal(shown(client, gray), before)


def test_what_cannot_lead(client: TestClient, gray: str) -> None:
    here = f"{API}/sessions/{gray}"
    itself = client.patch(here, json={"references": [gray]})
    assert itself.status_code == 422
    assert "a photo cannot lead itself" in itself.json()["detail"]
    assert client.patch(here, json={"references": ["nobody"]}).status_code == 404
    assert client.patch(here, json={"references": ["x"] * 21}).status_code == 422
    assert client.get(here).json()["look"]["references"] == []
