"""Crops and turns over HTTP: of one request, of an uploaded photo, and the proposal for one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from starlette.testclient import TestClient

from photochrom.server import Settings, create_app

API = "/api/v1"
CROP = "83x59+31+17"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(Settings(folder=tmp_path_factory.mktemp("server"), workers=2))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(scope="module")
def cat(examples: Path) -> bytes:
    return (examples / "cat.jpg").read_bytes()


def opened(client: TestClient, photo: bytes) -> str:
    answer = client.post(f"{API}/sessions?name=cat.jpg", content=photo)
    assert (answer.json()["look"]["crop"], answer.json()["look"]["turn"]) == (None, 0)
    return str(answer.json()["id"])


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def detail(answer: Any, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


def test_one_request(client: TestClient, cat: bytes) -> None:
    address = f"{API}/colorize?name=cat.jpg&format=png"
    whole = pixels(client.post(address, content=cat).content)
    for spelled in ("83x59%2B31%2B17", "83x59+31+17"):  # the second arrives with spaces
        answer = client.post(f"{address}&crop={spelled}&turn=90", content=cat)
        assert np.array_equal(pixels(answer.content), np.rot90(whole[17:76, 31:114], -1))
    form = client.post(address, files={"photo": cat}, data={"crop": CROP, "turn": "180"})
    assert np.array_equal(pixels(form.content), whole[17:76, 31:114][::-1, ::-1])


def test_uploaded_photo(client: TestClient, cat: bytes) -> None:
    photo = f"{API}/sessions/{opened(client, cat)}"
    whole = pixels(client.get(f"{photo}/result?format=png").content)
    preview = client.get(f"{photo}/preview?longest=200").content
    look = client.patch(photo, json={"crop": CROP, "turn": 270}).json()
    assert (look["look"]["crop"], look["look"]["turn"], look["revision"]) == (CROP, 270, 2)
    part = pixels(client.get(f"{photo}/result?format=png").content)
    assert np.array_equal(part, np.rot90(whole[17:76, 31:114]))
    # what a client shows, and the revision before
    assert client.get(f"{photo}/preview?longest=200").content == preview
    before = client.get(f"{photo}/result?format=png&revision=1").content
    assert np.array_equal(pixels(before), whole)
    # colours change by themselves, and null takes the crop back
    look = client.patch(photo, json={"warmth": 0.5}).json()["look"]
    assert (look["crop"], look["turn"]) == (CROP, 270)
    look = client.patch(photo, json={"crop": None}).json()["look"]
    assert (look["crop"], look["turn"]) == (None, 270)


def test_archive_has_the_crop_of_each(client: TestClient, cat: bytes) -> None:
    ids = [opened(client, cat), opened(client, cat)]
    client.patch(f"{API}/sessions/{ids[1]}", json={"crop": CROP})
    answer = client.get(f"{API}/archive", params={"session": ids, "format": "png"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        sizes = [Image.open(archive.open(name)).size for name in archive.namelist()]
    assert sizes == [(451, 300), (83, 59)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crop": "400x300+100+0"}, "cat.jpg: the crop 400x300+100+0 reaches beyond its 451 x 300"),
        ({"crop": "0x10+0+0"}, "at least one pixel"),
        ({"crop": "10x10"}, "crop"),
        ({"turn": 45}, "turn"),
        ({"turn": 360}, "turn"),
    ],
)
def test_what_is_wrong_changes_nothing(
    client: TestClient, cat: bytes, change: dict[str, Any], words: str
) -> None:
    photo = f"{API}/sessions/{opened(client, cat)}"
    assert words in detail(client.patch(photo, json=change))
    assert client.get(photo).json()["revision"] == 1
    query = {key: str(value) for key, value in change.items()}
    answer = client.post(f"{API}/colorize", params={"name": "cat.jpg", **query}, content=cat)
    assert words in detail(answer)


def test_reversible_and_cropped_is_refused(client: TestClient, cat: bytes) -> None:
    photo = f"{API}/sessions/{opened(client, cat)}"
    client.patch(photo, json={"crop": CROP})
    line = detail(client.get(f"{photo}/result?reversible=true"))
    assert line.startswith("crop=")
    assert "cannot be combined with a reversible result" in line
    assert "\n" not in line


def test_border_is_proposed(client: TestClient, examples: Path, cat: bytes) -> None:
    page = Image.new("L", (700, 560), 60)
    page.paste(Image.open(examples / "cat.jpg"), (130, 110))
    file = io.BytesIO()
    page.save(file, "PNG")
    for data, expected in ((file.getvalue(), (130, 110, 581, 410)), (cat, None)):
        answer = client.get(f"{API}/sessions/{opened(client, data)}/border").json()
        if expected is None:
            assert answer == {"crop": None}
            continue
        size, left, top = answer["crop"].split("+")
        width, height = map(int, size.split("x"))
        found = (int(left), int(top), int(left) + width, int(top) + height)
        assert np.abs(np.subtract(found, expected)).max() <= 3
        assert client.patch(f"{API}/sessions/{opened(client, data)}", json=answer).is_success
