"""Presets in requests: their options, and those given beside them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from photochrom.options import ColorizeOptions
from photochrom.presets import Preset, load_preset, readable_presets, save_preset
from photochrom.server import Settings, create_app

API = "/api/v1"
LOOK = ("vividness", "size", "saturation", "warmth", "tint", "smooth")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_app(Settings(workers=2))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(scope="module")
def cat(examples: Path) -> bytes:
    return (examples / "cat.jpg").read_bytes()


@pytest.fixture
def session(client: TestClient, cat: bytes) -> Iterator[str]:
    here = client.post(f"{API}/sessions?name=cat.jpg", content=cat).headers["Location"]
    yield here
    client.delete(here)


def own_preset() -> Preset:
    preset = Preset(name="mine", colorize=ColorizeOptions(vividness=0.9, size=128, tint=0.1))
    save_preset(preset)
    return preset


def test_list_has_every_preset_with_all_options(client: TestClient) -> None:
    own_preset()
    listed = client.get(f"{API}/presets").json()["presets"]
    assert listed == [preset.record() for preset in readable_presets()[0]]
    assert [one["name"] for one in listed if not one["shipped"]] == ["mine"]


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0", "token": "sesame"}, {"hosts": ("photos.example",)}],
    ids=["other machines", "a proxy"],
)
def test_where_others_come_the_owners_presets_are_not_offered(settings: dict[str, object]) -> None:
    own_preset()
    app = create_app(Settings(**settings))
    headers = {"Authorization": "Bearer sesame"}
    with TestClient(app, base_url="http://photos.example", headers=headers) as client:
        listed = client.get(f"{API}/presets").json()["presets"]
        assert {one["shipped"] for one in listed} == {True}
        answer = client.post(f"{API}/colorize?preset=mine", content=b"\xff\xd8")
        assert answer.json()["subject"] == "preset 'mine'"
        assert answer.status_code == 422


def test_broken_file_hides_no_other_preset(client: TestClient, tmp_path: Path) -> None:
    own_preset()
    (tmp_path / "presets/broken.toml").write_text("vividness = ")
    names = [one["name"] for one in client.get(f"{API}/presets").json()["presets"]]
    assert "mine" in names
    assert "broken" not in names


def test_look_takes_all_options_of_a_preset(client: TestClient, session: str) -> None:
    preset = own_preset()
    client.patch(session, json={"warmth": 0.5, "hints": [{"x": 9, "y": 9, "ab": [0, 0]}]})
    look = client.patch(session, json={"preset": "mine"}).json()["look"]
    assert {name: look[name] for name in LOOK} == preset.record()["colorize"]  # no warmth any more
    assert len(look["hints"]) == 1
    look = client.patch(session, json={"preset": "mine", "tint": 0.4, "size": None}).json()["look"]
    assert (look["vividness"], look["tint"], look["size"]) == (0.9, 0.4, None)


def test_unknown_preset_changes_nothing(client: TestClient, session: str) -> None:
    before = client.get(session).json()
    answer = client.patch(session, json={"preset": "portrat", "warmth": 0.5})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(
        "preset 'portrat': does not exist; did you mean portrait? known: album, "
    )
    after = client.get(session).json()
    assert (after["revision"], after["look"]) == (before["revision"], before["look"])


def test_colorize_takes_the_options_of_colour_and_of_saving(client: TestClient, cat: bytes) -> None:
    album = load_preset("album").values
    given = {name: album[name] for name in ("vividness", "warmth", "smooth", "quality")}
    by_preset, spelled = (
        client.post(f"{API}/colorize", params=options, content=cat)
        for options in ({"preset": "album"}, given)
    )
    assert by_preset.status_code == 200
    assert by_preset.content == spelled.content


def test_options_beside_a_preset_count_more_in_the_form_too(client: TestClient, cat: bytes) -> None:
    answer = client.post(
        f"{API}/colorize",
        params={"preset": "vivid"},
        data={"saturation": "0"},
        files={"photo": ("cat.jpg", cat)},
    )
    picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
    assert np.ptp(picture, axis=2).max() <= 2  # grey, but for JPEG's rounding
