"""Repair over HTTP: of an uploaded photo and of one request."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from photochrom.photo import Photo
from photochrom.restoration.detection import DamageLikelihood
from photochrom.server import Settings, create_app

API = "/api/v1"
WIDTH, HEIGHT = 240, 160
ROW = 40
"""Of the scratch: white, three pixels high, over the whole width."""
SCRATCH = {"damaged": True, "points": [[0, ROW], [WIDTH - 1, ROW]], "radius": 3}
SOUND_LEFT = {"damaged": False, "points": [[0, ROW], [100, ROW]], "radius": 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    app = create_app(Settings(folder=folder, workers=2))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> list[Photo]:
    """Let the search find nothing, so that strokes alone say what is damaged; lists the searches.

    What the network finds is the matter of other tests.
    """
    searched: list[Photo] = []

    def search(photo: Photo) -> DamageLikelihood:
        searched.append(photo)
        codes = np.zeros((photo.height, photo.width), np.uint8)
        return DamageLikelihood(photo.width, photo.height, 1, codes)

    monkeypatch.setattr(DamageLikelihood, "of", search)
    return searched


def scratched() -> np.ndarray:
    gray = 90 + 60 * np.linspace(0, 1, WIDTH)[None, :] + np.zeros((HEIGHT, 1))
    gray[ROW - 1 : ROW + 2] = 255
    return gray.round().astype(np.uint8)


def png(pixels: np.ndarray, **how: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **how)
    return file.getvalue()


@pytest.fixture
def photo(client: TestClient) -> Iterator[str]:
    """The address of an uploaded photo with a scratch."""
    answer = client.post(f"{API}/sessions?name=old.png", content=png(scratched()))
    assert answer.json()["look"]["repair"] is None
    here = f"{API}/sessions/{answer.json()['id']}"
    yield here
    client.delete(here)


def picture(answer: Any) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def luma(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., :3].astype(float) @ [0.299, 0.587, 0.114]


def xmp(file: bytes) -> bytes:
    return Photo(file).metadata.xmp or b""


def patched(client: TestClient, photo: str, repair: Any) -> dict[str, Any]:
    answer = client.patch(photo, json={"repair": repair})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["look"])


def detail(answer: Any, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


def test_on_and_off(client: TestClient, photo: str) -> None:
    look = patched(client, photo, {})
    assert look["repair"] == {"sensitivity": 0.5, "levels": False, "strokes": []}
    look = patched(client, photo, {"sensitivity": 0.2, "levels": True, "strokes": [SCRATCH]})
    assert look["repair"] == {"sensitivity": 0.2, "levels": True, "strokes": [SCRATCH]}
    again = client.patch(photo, json={"warmth": 0.5}).json()["look"]
    assert again["repair"] == look["repair"]  # what is not given stays
    assert client.get(photo).json()["look"]["repair"] == look["repair"]
    assert patched(client, photo, None)["repair"] is None


def test_strokes_are_filled_everywhere_but_in_the_original(client: TestClient, photo: str) -> None:
    def shown(**query: Any) -> np.ndarray:
        return picture(client.get(f"{photo}/preview?format=png", params=query))

    before, original = shown(), shown(original=True)
    assert luma(before)[ROW].min() > 200
    patched(client, photo, {"strokes": [SCRATCH]})
    after = shown()
    assert luma(after)[ROW].max() < 160
    assert np.array_equal(shown(original=True), original)
    piece = picture(client.get(f"{photo}/region?x=60&y=30&w=40&h=20&format=png"))
    assert luma(piece)[ROW - 30].max() < 160
    old = f"{photo}/region?x=60&y=30&w=40&h=20&format=png"
    for address in (f"{old}&original=true", f"{old}&revision=1"):
        assert luma(picture(client.get(address)))[ROW - 30].min() > 200, address
    result = client.get(f"{photo}/result")
    assert luma(picture(result))[ROW].max() < 160
    said = b"damage filled: 4.3750% of the pixels; sensitivity 0.5, corrected by hand"
    assert said in xmp(result.content)
    archive = client.get(f"{API}/archive?session={photo.rpartition('/')[2]}")
    assert said in xmp(zipfile.ZipFile(io.BytesIO(archive.content)).read("old.color.png"))
    assert b"damage filled" not in xmp(client.get(f"{photo}/result?revision=1").content)


def test_all_pixels_beside_the_damage_are_kept(client: TestClient, photo: str) -> None:
    """Without colours the result is the photo itself."""
    client.patch(photo, json={"saturation": 0, "repair": {"strokes": [SCRATCH]}})
    result = picture(client.get(f"{photo}/result"))
    shown = picture(client.get(f"{photo}/preview?format=png"))
    sound = np.abs(np.arange(HEIGHT) - ROW) > 3
    assert np.array_equal(result[sound, :, 1], scratched()[sound])
    assert np.array_equal(shown[sound, :, 1], scratched()[sound])
    assert np.abs(result[ROW, :, 1].astype(int) - scratched()[ROW - 6]).max() <= 3


def test_strokes_add_and_take_away_in_their_order(client: TestClient, photo: str) -> None:
    def damage(*strokes: Any, **query: Any) -> tuple[np.ndarray, float, float]:
        patched(client, photo, {"strokes": list(strokes)})
        answer = client.get(f"{photo}/damage", params=query)
        shares = [answer.headers[f"photochrom-{what}"] for what in ("damaged", "filled")]
        return picture(answer), float(shares[0]), float(shares[1])

    drawn, damaged, filled = damage()
    assert (drawn.max(), damaged, filled) == (0, 0, 0)
    drawn, damaged, filled = damage(SCRATCH)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (HEIGHT, WIDTH)
    assert (drawn[ROW - 3 : ROW + 4] == 255).all()
    assert damaged == filled == pytest.approx(7 / HEIGHT, abs=1e-6)
    assert (drawn > 0).mean() == pytest.approx(damaged, abs=1e-6)
    drawn, _, _ = damage(SCRATCH, SOUND_LEFT)
    assert not drawn[:, :100].any()
    assert (drawn[ROW, 125:] == 255).all()
    drawn, _, _ = damage(SOUND_LEFT, SCRATCH)
    assert (drawn[ROW] == 255).all()
    drawn, _, _ = damage(SCRATCH, longest=64)
    assert drawn.shape == (43, 64)
    assert (drawn[ROW * 43 // HEIGHT] == 255).all()


def test_what_is_too_wide_stays_and_is_said(client: TestClient, photo: str) -> None:
    hole = {"damaged": True, "points": [[120, 80]], "radius": 40}
    patched(client, photo, {"strokes": [hole]})
    answer = client.get(f"{photo}/damage")
    assert float(answer.headers["photochrom-damaged"]) > 0.1
    assert float(answer.headers["photochrom-filled"]) < 0.02
    result = client.get(f"{photo}/result")
    assert "stay as they are" in result.headers["photochrom-notes"]
    patched(client, photo, {"strokes": [SCRATCH]})
    assert "photochrom-notes" not in client.get(f"{photo}/result").headers
    assert client.get(photo).json()["notes"] == []


def test_a_wide_brush_fills_what_a_search_would_leave(client: TestClient, photo: str) -> None:
    """Up to 48 pixels wide, because a person means it."""
    speck = {"damaged": True, "points": [[120, 80]], "radius": 20}
    patched(client, photo, {"strokes": [speck]})
    headers = client.get(f"{photo}/damage").headers
    assert headers["photochrom-damaged"] == headers["photochrom-filled"] != "0.00000000"


def test_levels_are_stretched(client: TestClient, photo: str) -> None:
    preview = f"{photo}/preview?format=png"
    flat = picture(client.get(preview))
    patched(client, photo, {"levels": True, "strokes": [SCRATCH]})
    assert luma(picture(client.get(preview))).std() > 1.2 * luma(flat).std()
    assert b"tones stretched" in xmp(client.get(f"{photo}/result").content)


def test_the_search_runs_once(
    client: TestClient, photo: str, nothing_found: list[Photo], folder: Path
) -> None:
    def look_at(repair: Any) -> None:
        patched(client, photo, repair)
        client.get(f"{photo}/preview")
        client.get(f"{photo}/region?x=0&y=0&w=50&h=50")
        client.get(f"{photo}/damage")

    assert not nothing_found
    for number in range(5):
        look_at({"sensitivity": number / 5, "strokes": [SCRATCH]})
    session = client.app.state.photochrom.sessions.get(photo.rpartition("/")[2])  # type: ignore[attr-defined]
    session.drop_caches()
    look_at({"sensitivity": 0.9})
    assert len(nothing_found) == 1
    # the pixels of old repairs are gone from the disk
    files = sorted(path.name for path in session.folder.iterdir())
    kept = [name for name in files if name.startswith("pixels-")]
    assert len(kept) == 2
    assert set(files) - set(kept) == {"likelihood.npy", "upload"}
    assert sum(path.stat().st_size for path in session.folder.iterdir()) <= session.bytes + 200


def test_two_repairs_do_not_mix(client: TestClient, photo: str) -> None:
    region = f"{photo}/region?x=0&y=30&w=50&h=20&format=png"
    patched(client, photo, {"strokes": [SCRATCH]})
    patched(client, photo, {"strokes": []})
    first = [picture(client.get(f"{region}&revision={number}")) for number in (1, 2, 3)]
    second = [picture(client.get(f"{region}&revision={number}")) for number in (3, 2, 1)]
    for one, other in zip(first, reversed(second), strict=True):
        assert np.array_equal(one, other)
    assert luma(first[1])[10].max() < 160 < luma(first[2])[10].min()


def test_other_pages_are_repaired_without_the_strokes(client: TestClient) -> None:
    file = io.BytesIO()
    pages = [Image.fromarray(scratched())] * 2
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    answer = client.post(f"{API}/sessions?name=album.tif", content=file.getvalue())
    here = f"{API}/sessions/{answer.json()['id']}"
    patched(client, here, {"strokes": [SCRATCH]})
    result = Image.open(io.BytesIO(client.get(f"{here}/result").content))
    rows = []
    for page in range(2):
        result.seek(page)
        rows.append(luma(np.asarray(result.convert("RGB")))[ROW])
    assert rows[0].max() < 160
    assert rows[1].min() > 200


def test_what_is_refused(client: TestClient, photo: str) -> None:
    assert detail(client.get(f"{photo}/damage"), 409).startswith("this look has no repair")
    for wrong, words in (
        ({"sensitivity": 1.1}, "less than or equal to 1"),
        ({"sensitivity": "0.5"}, "valid number"),
        ({"levels": 1}, "valid boolean"),
        ({"max_width": 3}, "extra inputs"),
        ({"strokes": [{**SCRATCH, "radius": 0}]}, "greater than 0"),
        ({"strokes": [{**SCRATCH, "points": []}]}, "at least 1 item"),
        ({"strokes": [{**SCRATCH, "points": [[1e12, 0]]}]}, "less than or equal"),
    ):
        assert words in detail(client.patch(photo, json={"repair": wrong})), wrong
    long = {**SCRATCH, "points": [[0, 0]] * 11_000}
    answer = client.patch(photo, json={"repair": {"strokes": [long, long]}})
    assert "22000 points of strokes, but this server takes 20000" in detail(answer, 413)
    assert client.get(photo).json()["revision"] == 1


def test_shots_of_films_have_no_repair(client: TestClient, photo: str) -> None:
    session = client.app.state.photochrom.sessions.get(photo.rpartition("/")[2])  # type: ignore[attr-defined]
    session.of_film = True
    answer = client.patch(photo, json={"repair": {}})
    assert detail(answer) == "repair: cannot be set for a shot of a film; leave it out"
    assert client.patch(photo, json={"repair": None}).status_code == 200


def test_one_request(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(photo: Photo) -> DamageLikelihood:
        codes = np.zeros((photo.height, photo.width), np.uint8)
        codes[ROW - 2 : ROW + 3] = 140  # probably damaged
        return DamageLikelihood(photo.width, photo.height, 1, codes)

    monkeypatch.setattr(DamageLikelihood, "of", search)
    data = png(scratched())

    def colored(**options: Any) -> Any:
        return client.post(f"{API}/colorize?name=old.png", params=options, content=data)

    assert luma(picture(colored()))[ROW].min() > 200
    assert luma(picture(colored(repair=True)))[ROW].max() < 160
    assert luma(picture(colored(repair=True, sensitivity=0)))[ROW].min() > 200
    assert b"tones stretched" in xmp(colored(repair=True, levels=True).content)
    form = client.post(
        f"{API}/colorize",
        files={"photo": ("old.png", data)},
        data={"repair": "true", "sensitivity": "1"},
    )
    assert luma(picture(form))[ROW].max() < 160
    words = "repair=false: but options of a repair are given; set it to true"
    assert detail(colored(levels=True)) == words
