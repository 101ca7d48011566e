"""Films on the server: shots as photos, previews, colouring that stops and goes on, refusals."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import pyvips

pytest.importorskip("av", reason="needs the packages of the extra 'video'")

import av

from photochrom.errors import VideoError
from photochrom.server.films import store
from photochrom.server.films.session import FilmSession
from photochrom.server.films.work import StoppableFilm
from photochrom.video.source import Film
from support.films import (
    lumas_of,
    packets_of,
    scene,
    stamps_of,
    write_film,
    write_sound,
)
from support.served import API, until
from support.served_films import PATIENCE_S, open_film, wait_for

if TYPE_CHECKING:
    from support.served import Serve, Served

LENGTH = 16
"""Pictures of each of the three shots."""
RED = {"x": 48, "y": 32, "color": "#b02020"}


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of three shots with sound."""
    pictures = [scene(number, seed) for seed in range(3) for number in range(LENGTH)]
    return write_film(tmp_path_factory.mktemp("reel") / "reel.mkv", pictures, audio=1.9)


@pytest.fixture
def film(served: Served, reel: Path) -> Iterator[str]:
    here = open_film(served, reel)
    yield here
    served.ask("DELETE", here)


def stopped_after(server: Served, here: str, pictures: int, how: dict[str, Any]) -> dict[str, Any]:
    """Begin to colour and stop once so many pictures are done; the film then."""
    assert server.ask("POST", f"{here}/render", how).status == 202

    def enough() -> bool:
        return bool(server.ask("GET", here).json["progress"]["done"] >= pictures)

    assert until(enough, PATIENCE_S)
    assert server.ask("DELETE", f"{here}/render").status == 202
    return wait_for(server, here, "ready")


def saved(server: Served, here: str, path: Path) -> Path:
    answer = server.ask("GET", f"{here}/result")
    assert answer.status == 200
    path.write_bytes(answer.body)
    return path


def mean_chroma(path: Path) -> list[float]:
    """Of each picture."""
    with av.open(str(path)) as opened:
        rgb = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(video=0)]
    return [float(np.ptp(one, axis=-1).mean()) for one in rgb]


def test_shots_have_times_and_key_pictures(served: Served, film: str) -> None:
    about = served.ask("GET", film).json
    assert (about["pictures"], about["seconds"], about["in_color"]) == (48, 1.92, False)
    assert [shot["start"] for shot in about["shots"]] == [0, 0.64, 1.28]
    assert all(shot["start"] <= shot["key"] < shot["end"] for shot in about["shots"])
    assert about["result"] is None
    assert served.ask("GET", f"{film}/result").status == 409


def test_a_shot_is_a_photo_with_fewer_options(served: Served, film: str, reel: Path) -> None:
    answer = served.ask("POST", f"{film}/shots/1", b"")
    assert answer.status == 201
    about, here = answer.json, answer.headers["Location"]
    assert (about["width"], about["height"], about["name"]) == (96, 64, "reel 0.00.png")
    able = {name for name, can in about["can"].items() if can}
    assert able == {"hints", "suggestions", "confidence"}
    gray = served.ask("GET", f"{here}/region?x=0&y=0&w=96&h=64&original=true&format=png").body
    shown = pyvips.Image.new_from_buffer(gray, "").numpy()[..., 0].astype(int)
    codes = (lumas_of(reel)[LENGTH + LENGTH // 2].astype(float) - 16) / 219 * 255
    assert np.abs(shown - codes.clip(0, 255)).max() <= 1
    assert served.ask("PATCH", here, {"hints": [RED], "vividness": 0.9}).status == 200
    refused = {"model": "photochrom-lite", "size": 96, "variant": 1, "turn": 90}
    refused |= {
        "crop": "10x10+0+0",
        "strokes": [{"effect": "erase", "points": [[1, 1]], "radius": 2}],
    }
    for name, value in refused.items():
        answer = served.ask("PATCH", here, {name: value})
        assert answer.status == 422, name
        assert "cannot be set for a shot of a film" in answer.detail
    assert served.ask("POST", f"{film}/shots/3", b"").status == 404


def test_preview_is_a_film_that_browsers_play(served: Served, film: str, tmp_path: Path) -> None:
    answer = served.ask("POST", f"{film}/preview", {"shot": 2, "saturation": 0})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
    gray = tmp_path / "gray.mp4"
    gray.write_bytes(answer.body)
    red = tmp_path / "red.mp4"
    red.write_bytes(served.ask("POST", f"{film}/preview", {"shot": 2, "hints": [RED]}).body)
    with av.open(str(red)) as opened:
        stream = opened.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (96, 64)
    assert len(stamps_of(red)) == LENGTH
    assert max(mean_chroma(gray)) < 3
    assert min(mean_chroma(red)) > 10


def test_preview_of_a_large_film_is_small(served: Served, tmp_path: Path) -> None:
    pictures = [scene(number, size=(720, 1280)) for number in range(3)]
    here = open_film(served, write_film(tmp_path / "large.mkv", pictures, "yuv422p10le"))
    hint = {"x": 1270, "y": 710, "color": "#b02020"}  # outside the smaller picture
    answer = served.ask("POST", f"{here}/preview", {"shot": 0, "hints": [hint]})
    assert answer.status == 200
    with av.open(io.BytesIO(answer.body)) as opened:
        stream = opened.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.pix_fmt) == (960, 540, "yuv420p")
    served.ask("DELETE", here)


def test_colouring_stops_goes_on_and_keeps_luma_and_sound(
    served: Served, film: str, reel: Path, tmp_path: Path
) -> None:
    how = {"lossless": True, "shots": [{"shot": 1, "hints": [RED]}]}
    stopped = stopped_after(served, film, LENGTH + 1, how)
    assert LENGTH < stopped["progress"]["done"] < 3 * LENGTH
    assert stopped["result"] is None
    served.ask("POST", f"{film}/render", how)
    about = wait_for(served, film, "finished")
    assert about["result"]["name"] == "reel.color.mkv"
    assert about["result"]["pictures"] == 3 * LENGTH
    assert about["result"]["resumed"] in (LENGTH, 2 * LENGTH)
    assert about["result"]["notes"] == []
    result = saved(served, film, tmp_path / "result.mkv")
    assert stamps_of(result) == stamps_of(reel)
    assert packets_of(result) == packets_of(reel)
    for found, wanted in zip(lumas_of(result), lumas_of(reel), strict=True):
        assert np.array_equal(found, wanted)
    with_hint = mean_chroma(result)[LENGTH : 2 * LENGTH]
    # only the shot whose colours change is coloured again
    served.ask("POST", f"{film}/render", {"lossless": True})
    about = wait_for(served, film, "finished")
    assert about["result"]["resumed"] == 2 * LENGTH
    without = mean_chroma(saved(served, film, tmp_path / "again.mkv"))[LENGTH : 2 * LENGTH]
    assert np.mean(with_hint) > np.mean(without) + 3


def test_result_is_named_and_sent_in_ranges(served: Served, film: str) -> None:
    served.ask("POST", f"{film}/render", {})
    size = wait_for(served, film, "finished")["result"]["bytes"]
    answer = served.ask("GET", f"{film}/result", Range="bytes=0-99")
    assert (answer.status, len(answer.body)) == (206, 100)
    assert answer.headers["Content-Range"] == f"bytes 0-99/{size}"
    assert 'filename="reel.color.mp4"' in answer.headers["Content-Disposition"]


def test_one_film_is_coloured_at_a_time(served: Served, film: str, reel: Path) -> None:
    other = open_film(served, reel)
    for here in (film, other):
        served.ask("POST", f"{here}/render", {})
    assert served.ask("POST", f"{film}/render", {}).status == 409
    assert served.ask("GET", other).json["waits"]
    assert served.ask("DELETE", f"{other}/render").json["state"] == "ready"
    served.ask("DELETE", f"{film}/render")
    wait_for(served, film, "ready")
    served.ask("DELETE", other)


def test_settings_that_do_not_fit_are_refused(served: Served, film: str) -> None:
    outside = {"shot": 0, "hints": [{"x": 96, "y": 0, "color": "#b02020"}]}
    for path, body, status in (
        ("preview", outside, 422),
        ("preview", {"shot": 3}, 404),
        ("render", {"shots": [outside]}, 422),
        ("render", {"shots": [{"shot": 3}]}, 404),
        ("render", {"container": "avi"}, 422),
    ):
        assert served.ask("POST", f"{film}/{path}", body).status == status, body
    assert served.ask("GET", film).json["state"] == "ready"


def test_a_removed_film_leaves_nothing_behind(serve: Serve, reel: Path) -> None:
    with serve() as server:
        here = open_film(server, reel)
        served_before = len(server.files)
        assert served_before == 1
        server.ask("POST", f"{here}/render", {})
        assert server.ask("DELETE", here).status == 204
        assert until(lambda: not server.files, PATIENCE_S)
        assert server.ask("GET", here).status == 404


def test_a_lease_ends_a_film_and_its_colouring(serve: Serve, reel: Path) -> None:
    with serve() as server:
        leased, plain = open_film(server, reel, "&lease=60"), open_film(server, reel)
        names = [here.rpartition("/")[2] for here in (leased, plain)]
        answer = server.ask("POST", f"{API}/leases", {"films": [names[0], "none"], "seconds": 30})
        assert answer.json == {"sessions": {}, "films": {names[0]: 30}}
        for here in (leased, plain):
            server.ask("POST", f"{here}/render", {})
            server.state.films.get(here.rpartition("/")[2]).touched -= 4000
        server.state.films.expire()
        assert server.ask("GET", leased).status == 404
        assert server.ask("GET", plain).status == 200  # its client has no lease, and waits
        server.ask("DELETE", plain)
        assert until(lambda: not server.files, PATIENCE_S)


def test_what_is_no_film_is_refused(served: Served, tmp_path: Path, photo: bytes) -> None:
    sound = tmp_path / "sound.mkv"
    with av.open(str(sound), "w") as out:
        write_sound(out, out.add_stream("aac", rate=44100), 0.2)
    for body in (photo, b"Dear grandmother", sound.read_bytes()):
        answer = served.ask("POST", f"{API}/films?name=reel.mp4", body)
        assert answer.status == 422, body[:20]
        assert answer.detail.startswith("reel.mp4: ")
        assert str(served.state.folder) not in answer.detail
    assert served.ask("POST", f"{API}/films", b"").status == 400
    assert len(served.state.films) == 0


def test_a_list_of_other_files_is_no_film(reel: Path) -> None:
    listing = reel.with_name("upload")
    listing.write_text(f"ffconcat version 1.0\nfile {reel.name}\n")
    assert Film(listing).facts.codec == "ffv1"  # the engine itself would read the other file
    with pytest.raises(VideoError, match="no film that can be read"):
        StoppableFilm(listing, "reel.mp4")


def test_a_film_that_is_too_large_is_refused(serve: Serve, reel: Path) -> None:
    size = reel.stat().st_size
    with serve(film_bytes=size - 1, upload_bytes=100) as server:
        path = f"{API}/films?name=reel.mkv"
        assert server.ask("POST", path, reel.read_bytes()).status == 413
        answer = server.ask("POST", path, iter([reel.read_bytes()]))  # without a length
        assert answer.status == 413
        assert until(lambda: not server.files, 10)
    with serve(film_bytes=size, upload_bytes=100, pixels=96 * 64 - 1) as server:
        assert "more than this server takes" in server.ask("POST", path, reel.read_bytes()).detail


def test_more_films_than_there_is_room_for_are_refused(serve: Serve, reel: Path) -> None:
    with serve(films=1) as server:
        here = open_film(server, reel)
        answer = server.ask("POST", f"{API}/films", reel.read_bytes())
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0
        server.ask("DELETE", here)
        open_film(server, reel)


def test_without_pyav_films_are_refused(
    served: Served, reel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.ask("GET", f"{API}/about").json["films"] is True
    monkeypatch.setattr(store, "find_spec", lambda name: None)
    assert served.ask("GET", f"{API}/about").json["films"] is False
    answer = served.ask("POST", f"{API}/films", reel.read_bytes())
    assert answer.status == 501
    assert "photochrom[video]" in answer.detail


def test_a_preview_that_nobody_waits_for_is_stopped(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [scene(number, size=(360, 640)) for number in range(100)]
    here = open_film(served, write_film(tmp_path / "long.mkv", pictures))
    session, ends = served.state.films.get(here.rpartition("/")[2]), list[str]()

    def watched(*arguments: Any) -> Path:
        try:
            return FilmSession.preview(session, *arguments)
        except Exception as error:
            ends.append(type(error).__name__)
            raise

    monkeypatch.setattr(session, "preview", watched)
    body = b'{"shot": 0}'
    head = (
        f"POST {here}/preview HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with served.connect() as connection:
        connection.sendall(head.encode() + body)
        assert until(lambda: any(file.name == "clip.mkv" for file in served.files), PATIENCE_S)
    assert served.idle(PATIENCE_S)
    assert ends == ["StoppedError"]
    assert not any(file.name in ("clip.mkv", "preview.mp4") for file in served.files)
    served.ask("DELETE", here)
