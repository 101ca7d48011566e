"""The HTTP API: what it answers is what the library makes."""

from __future__ import annotations

import io
import json
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from photochrom import Colorizer, Hint, restore_original
from photochrom.errors import Fields
from photochrom.photo import Photo
from photochrom.server import Settings, create_app
from photochrom.strokes import Stroke

API = "/api/v1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("server")
    app = create_app(Settings(folder=folder, workers=2, sessions=12))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client
    assert list(folder.iterdir()) == []  # gone at the end


@pytest.fixture(scope="module")
def cat(examples: Path) -> bytes:
    return (examples / "cat.jpg").read_bytes()


@pytest.fixture
def session(client: TestClient, cat: bytes) -> Iterator[dict[str, Any]]:
    answer = client.post(f"{API}/sessions?name=cat.jpg", content=cat)
    assert answer.status_code == 201
    body = answer.json()
    assert answer.headers["Location"] == f"{API}/sessions/{body['id']}"
    yield body
    assert client.delete(f"{API}/sessions/{body['id']}").status_code in (204, 404)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def problem(answer: Any, status: int, kind: str) -> str:
    """The one line of a refusal; everything else about it is checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (f"urn:photochrom:{kind}", status)
    fields = Fields(*(body[name] for name in Fields._fields))
    assert set(body) == {"type", "title", "status", "detail", *Fields._fields}
    assert body["detail"] == fields.line
    assert "\n" not in body["detail"]
    assert "/tmp" not in body["detail"]
    return body["detail"]


def test_colorize_gives_the_file_that_the_library_writes(
    client: TestClient, cat: bytes, colorizer: Colorizer
) -> None:
    answer = client.post(f"{API}/colorize?name=cat.jpg", content=cat)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cat.color.jpg"'
    assert answer.content == colorizer.colorize(Photo(cat)).encode(".jpg")


def test_colorize_takes_a_form_with_options(
    client: TestClient, cat: bytes, colorizer: Colorizer
) -> None:
    hints = {"hints": [{"x": 100, "y": 60, "color": "#a05030"}]}
    fields = {"format": "png", "vividness": "0.8", "saturation": "1.2", "hints": json.dumps(hints)}
    answer = client.post(
        f"{API}/colorize", files={"photo": ("läuft 1.jpg", cat, "image/jpeg")}, data=fields
    )
    assert answer.status_code == 200, answer.text
    assert "l%C3%A4uft%201.color.png" in answer.headers["Content-Disposition"]
    wanted = colorizer.colorize(
        Photo(cat), vividness=0.8, hints=[Hint.from_srgb(100, 60, "#a05030")]
    )
    assert np.array_equal(pixels(answer.content), wanted.adjusted(saturation=1.2).rgb)


def test_a_reversible_result_gives_the_photo_back(client: TestClient, cat: bytes) -> None:
    answer = client.post(f"{API}/colorize?name=cat.jpg&reversible=true", content=cat)
    assert answer.status_code == 200, answer.text
    assert restore_original(answer.content) == cat
    grey = io.BytesIO()
    Image.open(io.BytesIO(cat)).save(grey, "PNG")
    refused = client.post(
        f"{API}/colorize?name=cat.png&format=jpg&reversible=true", content=grey.getvalue()
    )
    detail = problem(refused, 422, "photo-error")
    assert "cat.png: cannot be coloured reversibly: it is a PNG file, no JPEG" in detail
    assert "leave reversible=true out" in detail


def test_a_neutral_jpeg_is_colored_reversibly_and_colors_are_refused(
    client: TestClient, cat: bytes
) -> None:
    neutral, spot = io.BytesIO(), io.BytesIO()
    image = Image.open(io.BytesIO(cat)).convert("RGB")
    image.save(neutral, "JPEG")
    image.paste((200, 90, 30), (0, 0, 20, 20))
    image.save(spot, "JPEG")
    url = f"{API}/colorize?name=a.jpg&reversible=true&recolor=true"
    answer = client.post(url, content=neutral.getvalue())
    assert answer.status_code == 200, answer.text
    assert restore_original(answer.content) == neutral.getvalue()
    detail = problem(client.post(url, content=spot.getvalue()), 422, "photo-error")
    assert "a.jpg: cannot be coloured reversibly: it has colour in its data" in detail


def test_a_deep_tiff_with_pages_keeps_what_it_has(
    client: TestClient, examples: Path, tmp_path: Path
) -> None:
    import tifffile

    gray = np.asarray(Image.open(examples / "cat.jpg")).astype(np.uint16) * 257
    path = tmp_path / "scan.tif"
    with tifffile.TiffWriter(path, shaped=False) as writer:
        for page in (gray, gray[::-1]):
            writer.write(page, description="box 7", resolution=(600, 600), metadata=None)
    answer = client.post(f"{API}/colorize?name=scan.tif&profile=keep", content=path.read_bytes())
    assert answer.headers["Content-Type"] == "image/tiff"
    with tifffile.TiffFile(io.BytesIO(answer.content)) as tiff:
        assert len(tiff.pages) == 2
        first = tiff.pages[0]
        assert (first.dtype, first.shape) == (np.uint16, (300, 451, 3))
        assert first.tags["ImageDescription"].value == "box 7"
        assert first.tags["XResolution"].value == (600, 1)
    lossy = client.post(f"{API}/colorize?format=png&name=scan.tif", content=path.read_bytes())
    assert "pages do not fit" in problem(lossy, 422, "photo-error")


def test_what_a_format_cannot_hold_is_said(client: TestClient, cat: bytes) -> None:
    deep = Image.fromarray(np.asarray(Image.open(io.BytesIO(cat))).astype(np.uint16) * 257)
    held = io.BytesIO()
    deep.save(held, "PNG")
    answer = client.post(f"{API}/colorize?format=jpg", content=held.getvalue())
    assert answer.headers["Photochrom-Losses"] == "16-bit depth"


@pytest.mark.parametrize(
    ("query", "status", "kind", "words"),
    [
        ("vividness=1.5", 422, "config-error", "vividness"),
        ("vividnes=1", 422, "config-error", "vividnes"),
        ("size=5", 422, "config-error", "size=5: must lie in"),
        ("format=doc", 422, "photo-error", "cannot write this format"),
        ("model=nobody", 422, "model-error", "no model of that name"),
        ("model=../x.onnx", 422, "model-error", "no model of that name"),
        ("hints=[", 422, "hint-error", "not valid JSON"),
        ('hints={"hints":[{"x":9999,"y":0,"ab":[0,0]}]}', 422, "hint-error", "451 pixels wide"),
    ],
)
def test_wrong_options_are_one_line(
    client: TestClient, cat: bytes, query: str, status: int, kind: str, words: str
) -> None:
    answer = client.post(f"{API}/colorize?{query}", content=cat)
    assert words in problem(answer, status, kind)


def test_a_photo_in_color_is_refused_unless_asked(client: TestClient, examples: Path) -> None:
    data = (examples / "color" / "harbour.jpg").read_bytes()
    refused = client.post(f"{API}/colorize?name=harbour.jpg", content=data)
    assert problem(refused, 409, "in-color-error") == (
        "harbour.jpg: is in colour already; add recolor=true to colour it anew"
    )
    fields = {name: refused.json()[name] for name in Fields._fields}
    assert fields == {
        "subject": "harbour.jpg",
        "problem": "is in colour already",
        "remedy": "add recolor=true to colour it anew",
    }
    assert client.post(f"{API}/colorize?recolor=true", content=data).status_code == 200


def test_no_photo_is_one_line(client: TestClient) -> None:
    answer = client.post(f"{API}/colorize?name=letter.txt", content=b"Dear grandmother")
    assert problem(answer, 422, "photo-error").startswith("letter.txt:")
    assert "empty" in problem(client.post(f"{API}/sessions", content=b""), 422, "photo-error")
    form = client.post(f"{API}/sessions", files={"picture": b"x"})
    assert "no file named 'photo'" in problem(form, 400, "bad-request")


@pytest.mark.parametrize(
    "change",
    [
        {"vividness": True},
        {"saturation": "1"},
        {"size": "128"},
        {"turn": True},
        {"hints": [{"x": True, "y": 4, "color": "#ff0000"}]},
        {"strokes": [{"effect": "erase", "points": [["1", 2]], "radius": 3}]},
    ],
)
def test_texts_and_truth_values_are_no_numbers(
    client: TestClient, session: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = client.patch(f"{API}/sessions/{session['id']}", json=change)
    assert next(iter(change)) in problem(answer, 422, "config-error")


def test_a_session_shows_and_changes(
    client: TestClient, session: dict[str, Any], colorizer: Colorizer, cat: bytes
) -> None:
    here = f"{API}/sessions/{session['id']}"
    assert (session["width"], session["height"], session["revision"]) == (451, 300, 1)
    assert session["name"] == "cat.jpg"
    hint = {"x": 100.0, "y": 60.0, "ab": [40.0, 30.0], "radius": None, "reach": None}
    changed = client.patch(here, json={"hints": [hint], "saturation": 1.5, "size": 128}).json()
    assert changed["revision"] == 2
    assert changed["look"]["hints"] == [hint]
    assert changed["look"]["vividness"] == 0.5  # what is not given stays
    photo = Photo(cat)
    wanted = colorizer.colorize(photo, hints=[Hint(100, 60, (40, 30))], size=128)
    wanted = wanted.adjusted(saturation=1.5)
    shown = client.get(f"{here}/preview?format=png&longest=2000")
    assert np.array_equal(pixels(shown.content), wanted.rgb)
    before = client.get(f"{here}/preview?format=png&revision=1").content
    assert np.array_equal(pixels(before), colorizer.colorize(photo).rgb)
    piece = client.get(f"{here}/region?x=-20&y=100&w=90&h=50&format=png").content
    assert np.array_equal(pixels(piece), wanted.rgb[100:150, :70])
    small = client.get(f"{here}/region?x=0&y=0&w=400&h=200&width=100&format=png").content
    assert pixels(small).shape == (50, 100, 3)
    gray = client.get(f"{here}/preview?original=true&format=png").content
    assert np.array_equal(pixels(gray)[..., 0], np.asarray(Image.open(io.BytesIO(cat))))
    result = client.get(f"{here}/result?format=png")
    assert result.headers["Content-Disposition"] == 'attachment; filename="cat.color.png"'
    assert np.array_equal(pixels(result.content), wanted.rgb)
    default = client.patch(here, json={"size": None, "hints": [], "saturation": 1}).json()
    assert default["look"]["size"] is None


def test_previews_are_of_the_kinds_that_browsers_show(
    client: TestClient, session: dict[str, Any]
) -> None:
    here = f"{API}/sessions/{session['id']}"
    for kind in ("jpeg", "webp", "png"):
        answer = client.get(f"{here}/preview?longest=200&format={kind}")
        assert answer.headers["Content-Type"] == f"image/{kind}"
        assert Image.open(io.BytesIO(answer.content)).size == (200, 133)
    assert client.get(f"{here}/preview").headers["Content-Type"] == "image/jpeg"


def test_suggestions_tell_colors_of_that_place(client: TestClient, session: dict[str, Any]) -> None:
    found = client.get(f"{API}/sessions/{session['id']}/suggestions?x=225&y=150&count=3").json()
    assert len(found["suggestions"]) <= 3
    assert found["neutral"]["ab"] == [0, 0]
    for color in (found["current"], found["neutral"], *found["suggestions"]):
        assert len(color["color"]) == 7
    codes = np.array(list(bytes.fromhex(found["neutral"]["color"][1:])))
    assert np.ptp(codes) == 0
    assert abs(found["lightness"] - codes[0] / 255 * 100) < 8
    outside = client.get(f"{API}/sessions/{session['id']}/suggestions?x=9999&y=1")
    assert "451 pixels wide" in problem(outside, 422, "hint-error")


def test_variants_and_confidence(client: TestClient, session: dict[str, Any]) -> None:
    here = f"{API}/sessions/{session['id']}"
    shown = [client.get(f"{here}/preview?format=png&variant={n}&seed=2").content for n in (0, 1, 2)]
    apart = [np.abs(pixels(shown[0]) - pixels(one)).mean() for one in shown[1:]]
    assert min(apart) > 2  # codes; measured 7 and 12
    assert client.get(here).json()["revision"] == 1  # looking changes nothing
    chosen = client.patch(here, json={"variant": 2, "seed": 2}).json()
    assert client.get(f"{here}/preview?format=png").content == shown[2]
    assert chosen["look"]["variant"] == 2
    plain = client.get(f"{here}/confidence")
    assert plain.headers["Content-Type"] == "image/png"
    legend = Image.open(io.BytesIO(client.get(f"{here}/confidence?legend=true").content))
    assert legend.size[0] == 451
    assert legend.size[1] > 300


def test_another_model(client: TestClient, session: dict[str, Any], cat: bytes) -> None:
    models = client.get(f"{API}/models").json()
    assert models["default"] == "photochrom"
    assert {"photochrom", "photochrom-free", "photochrom-lite"} <= {
        model["name"] for model in models["models"]
    }
    here = f"{API}/sessions/{session['id']}"
    changed = client.patch(here, json={"model": "photochrom-lite"}).json()
    assert changed["look"]["model"] == "photochrom-lite"
    found = pixels(client.get(f"{here}/preview?format=png").content)
    wanted = Colorizer("photochrom-lite").colorize(Photo(cat)).rgb
    assert np.abs(found - wanted).mean() < 0.2  # int8 sums depend on the number of threads
    blend = client.patch(here, json={"model": "photochrom:0.5+photochrom-free:0.5"}).json()
    assert blend["can"] == {
        "hints": True, "suggestions": False, "variants": False, "confidence": True,
        "references": True, "strokes": True, "frame": True, "model": True,
    }  # fmt: skip
    assert client.get(f"{here}/preview").status_code == 200
    many = client.patch(here, json={"model": "+".join(["photochrom"] * 5)})
    assert "at most 4" in problem(many, 422, "config-error")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"vividness": 2}, "config-error"),
        ({"color": 1}, "config-error"),
        ({"hints": [{"x": 1, "y": 1}]}, "config-error"),
        ({"hints": [{"x": 1, "y": 1, "ab": [0, 0], "color": "#ffffff"}]}, "config-error"),
        ({"hints": [{"x": 451, "y": 1, "ab": [0, 0]}]}, "hint-error"),
        ({"size": 31}, "config-error"),
        ({"model": "/etc/passwd"}, "model-error"),
    ],
)
def test_a_wrong_change_changes_nothing(
    client: TestClient, session: dict[str, Any], body: dict[str, Any], kind: str
) -> None:
    here = f"{API}/sessions/{session['id']}"
    problem(client.patch(here, json=body), 422, kind)
    assert client.get(here).json() == session


def test_too_many_hints(client: TestClient, session: dict[str, Any]) -> None:
    hints = [{"x": 1, "y": 1, "ab": [0, 0]}] * 501
    answer = client.patch(f"{API}/sessions/{session['id']}", json={"hints": hints})
    assert "takes 500" in problem(answer, 413, "hint-error")


def test_old_revisions_are_forgotten(client: TestClient, session: dict[str, Any]) -> None:
    here = f"{API}/sessions/{session['id']}"
    for number in range(205):
        client.patch(here, json={"warmth": number / 1000})
    assert client.get(f"{here}/preview?revision=206&longest=64").status_code == 200
    assert client.get(f"{here}/preview?revision=7&longest=64").status_code == 200
    problem(client.get(f"{here}/preview?revision=6"), 404, "no-such-revision")


def test_an_archive_holds_all_with_names_of_their_own(client: TestClient, cat: bytes) -> None:
    names = ["cat.jpg", "CAT.jpg", "../../evil.jpg"]
    ids = []
    for name in names:
        body = client.post(f"{API}/sessions", params={"name": name}, content=cat).json()
        ids.append(body["id"])
    query = "&".join(f"session={one}" for one in ids)
    answer = client.get(f"{API}/archive?{query}&format=png")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["cat.color.png", "CAT.color-2.png", "evil.color.png"]
        single = client.get(f"{API}/sessions/{ids[0]}/result?format=png").content
        assert archive.read("cat.color.png") == single
    for one in ids:
        client.delete(f"{API}/sessions/{one}")
    problem(client.get(f"{API}/archive?session={ids[0]}"), 404, "not-found")


def test_a_forgotten_session_is_gone_from_the_disk(
    client: TestClient, cat: bytes, tmp_path: Path
) -> None:
    body = client.post(f"{API}/sessions", content=cat).json()
    here = f"{API}/sessions/{body['id']}"
    client.get(f"{here}/region?x=0&y=0&w=10&h=10")
    assert client.delete(here).status_code == 204
    problem(client.get(here), 404, "not-found")
    problem(client.get(f"{here}/preview"), 404, "not-found")
    problem(client.delete(here), 404, "not-found")


def test_a_photo_that_breaks_further_down_leaves_nothing(
    client: TestClient, examples: Path, cat: bytes
) -> None:
    whole = (examples / "color" / "harbour.jpg").read_bytes()
    refused = client.post(f"{API}/sessions?name=torn.jpg", content=whole[: len(whole) // 3])
    assert problem(refused, 422, "photo-error").startswith("torn.jpg")
    again = client.post(f"{API}/sessions", content=cat)
    assert again.status_code == 201
    assert client.get("/metrics").status_code == 200
    client.delete(f"{API}/sessions/{again.json()['id']}")


def test_a_session_takes_a_reach_and_strokes(
    client: TestClient, session: dict[str, Any], colorizer: Colorizer, cat: bytes
) -> None:
    here = f"{API}/sessions/{session['id']}"
    hint = {"x": 100.0, "y": 60.0, "ab": [40.0, 30.0], "radius": 5.0, "reach": 90.0}
    points = [[200.0, 100.0], [300.0, 120.0]]
    strokes = [
        {"effect": "saturation", "points": points, "radius": 30.0, "value": 0.2},
        {"effect": "erase", "points": points[:1], "radius": 12.5, "value": None},
    ]
    changed = client.patch(here, json={"hints": [hint], "strokes": strokes}).json()
    assert changed["look"]["hints"] == [hint]
    assert changed["look"]["strokes"] == strokes
    wanted = colorizer.colorize(
        Photo(cat),
        hints=[Hint(100, 60, (40, 30), 5, reach=90)],
        strokes=[Stroke("saturation", points, 30, 0.2), Stroke("erase", points[:1], 12.5)],
    ).rgb
    shown = client.get(f"{here}/preview?format=png&longest=2000")
    assert np.array_equal(pixels(shown.content), wanted)
    file = client.get(f"{here}/result?format=png")
    assert np.array_equal(pixels(file.content), wanted)
    local = {"hints": [hint], "strokes": strokes}
    once = client.post(
        f"{API}/colorize",
        files={"photo": ("cat.jpg", cat)},
        data={"hints": json.dumps(local), "format": "png"},
    )
    assert np.array_equal(pixels(once.content), wanted)
    wrong = client.patch(here, json={"strokes": [strokes[0] | {"value": None}]})
    assert "value" in problem(wrong, 422, "hint-error")
    many = [strokes[0] | {"effect": "vividness", "value": n / 20} for n in range(9)]
    refused = client.patch(here, json={"strokes": many})
    assert "9 values of vividness" in problem(refused, 413, "hint-error")
    assert client.patch(here, json={"strokes": []}).json()["look"]["strokes"] == []


def test_only_formats_whose_packages_are_there_are_listed(
    client: TestClient, examples: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import pillow_heif

    heic = tmp_path / "phone.heic"
    pillow_heif.from_pillow(Image.open(examples / "cat.jpg").convert("RGB")).save(heic)
    about = client.get(f"{API}/about").json()
    assert {".heic", ".heif", ".jp2", ".ppm"} <= set(about["reads"])
    assert "heic" in about["formats"]
    assert "heic" in about["lossy"]
    opened = client.post(f"{API}/sessions?name=phone.heic", content=heic.read_bytes())
    assert opened.status_code == 201
    client.delete(f"{API}/sessions/{opened.json()['id']}")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    about = client.get(f"{API}/about").json()
    assert not {".heic", ".heif"} & set(about["reads"])
    assert "heic" not in about["formats"] + about["lossy"]
    assert {".jp2", ".ppm"} <= set(about["reads"])
    refused = client.post(f"{API}/sessions?name=phone.heic", content=heic.read_bytes())
    detail = problem(refused, 501, "missing-extra-error")
    assert detail == (
        "HEIC files: need a package that this server does not have; "
        "save the photo as JPEG, PNG or TIFF"
    )


def test_the_app_brings_what_phones_make(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    app = project["project"]["optional-dependencies"]["app"]
    assert any(one.startswith("pillow-heif") for one in app)


def test_sessions_are_bounded(client: TestClient, cat: bytes) -> None:
    ids = []
    for _ in range(12):
        answer = client.post(f"{API}/sessions", content=cat)
        if answer.status_code == 201:
            ids.append(answer.json()["id"])
    answer = client.post(f"{API}/sessions", content=cat)
    assert "are open" in problem(answer, 429, "too-many-photos")
    assert int(answer.headers["Retry-After"]) > 0
    for one in ids:
        client.delete(f"{API}/sessions/{one}")
    assert client.post(f"{API}/colorize", content=cat).status_code == 200


def test_about_health_and_metrics(client: TestClient, cat: bytes) -> None:
    about = client.get(f"{API}/about").json()
    assert about["limits"]["hints"] == 500
    assert {"jpg", "png", "tif", "webp"} <= set(about["formats"])
    assert set(about["lossy"]) == {"jpg", "webp", "avif", "heic"}
    assert about["options"]["vividness"] == {"minimum": 0, "maximum": 1, "default": 0.5}
    assert about["options"]["saturation"] == {"minimum": 0, "maximum": 3, "default": 1}
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    name = "photochrom_photos_total"
    before = measure(client, name)
    client.post(f"{API}/colorize", content=cat)
    client.get("/no/such/place")
    assert measure(client, name) == before + 1
    text = client.get("/metrics").text
    assert 'route="/api/v1/colorize",status="200"' in text
    assert "/no/such/place" not in text  # what a client makes up is no label


def measure(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for path in ("/", "/page/nothing", f"{API}/about", "/nowhere", f"{API}/sessions/x"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "no-" in headers["Cache-Control"]


def test_openapi_tells_all_routes(client: TestClient) -> None:
    schema = client.get(f"{API}/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for path in ("/colorize", "/sessions", "/sessions/{id}", "/sessions/{id}/region", "/archive"):
        assert f"{API}{path}" in schema["paths"]
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert operation["description"]
