"""Requests that nobody with good intentions sends: answered or cut off, never fatal.

After each test the server must be ready, with nothing lying about; after all of them a photo must
come out as before the first.
"""

from __future__ import annotations

import gc
import io
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.errors import ConfigError
from photochrom.models.session import Session
from photochrom.server import Settings

if TYPE_CHECKING:
    from support.served import Answer, Serve, Served

API = "/api/v1"
COLORIZE = f"{API}/colorize?size=64"
STALL_S = 2  # as in conftest
LONGEST_S = 60
"""For what happens at once, on a machine that does much else."""
UPLOAD_BYTES = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def _same_at_the_end(served: Served, photo: bytes) -> Iterator[None]:
    before = colored(served, photo)
    yield
    assert colored(served, photo) == before


@pytest.fixture(autouse=True)
def _nothing_left(served: Served) -> Iterator[None]:
    yield
    assert served.idle()
    assert served.ask("GET", "/readyz").status == 200
    for session in list(served.state.sessions.open):
        served.ask("DELETE", f"{API}/sessions/{session}")
    assert wait_for_no_files(served)


class Gate(threading.Event):
    """Networks wait until it is set; `begun` counts their runs."""

    begun = 0


@pytest.fixture
def network_gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The networks wait until it is set."""
    gate, run = Gate(), Session._run

    def waiting(*arguments: Any) -> Any:
        gate.begun += 1
        gate.wait(2 * LONGEST_S)
        return run(*arguments)

    monkeypatch.setattr(Session, "_run", waiting)
    yield gate
    gate.set()


def wait_for_no_files(served: Served) -> bool:
    end = time.monotonic() + LONGEST_S
    while served.server.server_state.tasks or served.files:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def colored(served: Served, photo: bytes) -> bytes:
    answer = served.ask("POST", COLORIZE, photo)
    assert answer.status == 200, answer
    return answer.body


def head(method: str, path: str, *lines: bytes) -> bytes:
    return b"\r\n".join(
        [f"{method} {path} HTTP/1.1".encode(), b"Host: localhost", *lines, b"", b""]
    )


def post(*lines: bytes, path: str = COLORIZE) -> bytes:
    return head("POST", path, *lines)


def statuses(received: bytes) -> list[int]:
    """Of all answers on a connection."""
    return [int(code) for code in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", received, re.MULTILINE)]


def gray_png(height: int, width: int) -> bytes:
    y, x = np.mgrid[:height, :width]
    picture = (127 * (1 + np.sin(x / 40) * np.cos(y / 31))).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


# What is no HTTP, or no HTTP that two parties read alike.

CLOSE = b"Connection: close"
CHUNKED = b"Transfer-Encoding: chunked"
DAMAGED = {
    "nothing said": b"\r\n\r\n",
    "http 0.9": b"GET /\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": bytes.fromhex("1603010200010001fc0303") + bytes(100),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": head("GET", "/healthz", b"Host: evil"),
    "negative length": post(b"Content-Length: -5") + b"abc",
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6") + b"abcdef",
    "signed length": post(b"Content-Length: +5") + b"abcde",
    "empty length": post(b"Content-Length: "),
    "length of thirty digits": post(b"Content-Length: " + b"9" * 30),
    "length of nineteen digits": post(b"Content-Length: " + b"9" * 19),
    "length and chunked": post(b"Content-Length: 5", CHUNKED) + b"0\r\n\r\n",
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "identity": post(b"Transfer-Encoding: identity") + b"0\r\n\r\n",
    "chunk of no size": post(CHUNKED) + b"zz\r\nabc",
    "chunk of negative size": post(CHUNKED) + b"-1\r\nabc",
    "chunk without an end": post(CHUNKED) + b"3\r\nabcdef\r\n",
    "space before a colon": head("GET", "/healthz", b"Name : a"),
    "NUL in a header": head("GET", "/healthz", b"Name: a\0b"),
    "header without a name": head("GET", "/healthz", b": a"),
    "a line without an end": b"A" * 200_000,
    "a header too long": head("GET", "/healthz", b"Name: " + b"a" * 200_000),
    "too many headers": head("GET", "/healthz", *[b"Name: a"] * 20_000),
    "an address too long": head("GET", "/" + "a" * 200_000),
    "bytes in an address": b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


OTHER_STATUS = {"http 2": 421, "length of nineteen digits": 413}
"""All others are answered by 400. A preface of HTTP/2 is read as a request to no host."""
SURELY_READ = 65536
"""Bytes. Of a longer head the server may close with a part unread; who still sends is then reset,
and may miss the answer."""


def refused(served: Served, sent: bytes, status: int) -> None:
    """Sent at once, it is answered once; what is longer may also be cut off unanswered."""
    answered = statuses(served.raw(sent))  # which returns when the server has closed
    assert answered == [status] or (len(sent) > SURELY_READ and answered == [])


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_head_is_refused_at_once(served: Served, name: str) -> None:
    started = time.monotonic()
    refused(served, DAMAGED[name], OTHER_STATUS.get(name, 400))
    assert time.monotonic() - started < 15


STRANGE = {
    "an absolute address": ("GET", "http://evil/api/v1/models", 404),
    "asterisk": ("OPTIONS", "*", 404),
    "connect": ("CONNECT", "evil:80", 404),
    "trace": ("TRACE", "/", 405),
    "a method of one's own": ("COLORISE", COLORIZE, 405),
    "delete of all": ("DELETE", f"{API}/sessions", 405),
    "two slashes": ("GET", "//api/v1/models", 404),
}


@pytest.mark.parametrize(("method", "path", "status"), STRANGE.values(), ids=STRANGE)
def test_strange_methods_and_targets(served: Served, method: str, path: str, status: int) -> None:
    assert statuses(served.raw(head(method, path, CLOSE))) == [status]


def test_no_upgrade(served: Served) -> None:
    upgrade = [b"Connection: Upgrade, close", b"Upgrade: websocket", b"Sec-WebSocket-Key: abc"]
    assert statuses(served.raw(head("GET", f"{API}/about", *upgrade))) == [200]


def test_a_request_hidden_behind_two_lengths_is_not_answered(served: Served) -> None:
    hidden = head("GET", "/healthz", CLOSE)
    sent = post(b"Content-Length: 5", CHUNKED) + b"0\r\n\r\n" + hidden
    assert len(statuses(served.raw(sent))) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/page/../../settings.py",
        "/page/%2e%2e/settings.py",
        "/page/..%2f..%2fsettings.py",
        "/page/..%5csettings.py",
        "/page/%2fetc%2fpasswd",
        "/page//etc/passwd",
        "/page/%00",
        "/page/" + "a" * 300,
        "/page/" + "a/" * 3000,
        "/page/%ff%fe",
        "/page/",
        f"{API}/sessions/..%2f..%2fetc%2fpasswd",
        f"{API}/sessions/%00",
        f"{API}/sessions/%2e%2e/preview",
    ],
)
def test_no_way_out_of_the_page(served: Served, path: str) -> None:
    assert served.ask("GET", path).status == 404


# Who asks.


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8000", "127.0.0.1.nip.io"]
)
def test_a_name_made_to_point_here(served: Served, host: str) -> None:
    assert served.ask("GET", f"{API}/models", Host=host).status == 421
    assert served.ask("GET", "/", Host=host).status == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://[",
        "http://localhost.evil",
        "file://",
        "",
        "\xff",
        "a b",
    ],
)
def test_another_site(served: Served, photo: bytes, origin: str) -> None:
    for method, path, body in (("POST", f"{API}/sessions", photo), ("GET", f"{API}/models", None)):
        assert served.ask(method, path, body, Origin=origin).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_by_its_browsers_word(served: Served, photo: bytes, site: str) -> None:
    assert served.ask("POST", f"{API}/sessions", photo, Sec_Fetch_Site=site).status == 403
    assert served.ask("GET", f"{API}/models", Sec_Fetch_Site=site).status == 403


def test_a_token_is_not_guessed(serve: Serve, photo: bytes) -> None:
    wanted = "correct-horse"
    with serve(token=wanted) as served:
        given = ["", "Bearer", "Bearer ", f"Basic {wanted}", f"Bearer {wanted[:-1]}"]
        given += [
            f"Bearer {wanted}x",
            f"Bearer {wanted.upper()}",
            f"bearer\t{wanted}",
            "Bearer \xff",
        ]
        given += [f"Bearer {'a' * 60_000}", wanted]
        for authorization in given:
            for path in (f"{API}/models", f"{API}/openapi.json", "/metrics"):
                answer = served.ask("GET", path, Authorization=authorization)
                assert answer.status == 401
                assert wanted not in answer.body.decode()
            answer = served.ask("POST", f"{API}/colorize", photo, Authorization=authorization)
            assert answer.status == 401
        assert served.ask("GET", f"{API}/models", Authorization=f"Bearer {wanted}").status == 200
        assert served.ask("GET", f"{API}/about").status == 200


def test_an_empty_token_is_none() -> None:
    with pytest.raises(ConfigError):
        Settings.load(host="0.0.0.0", token="").check()


# What they want.

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "no text": b"\xff\xfe",
    "too deep": b"[" * 100_000,
    "too deep an object": b'{"a":' * 100_000,
    "digits": b"1" * 5000,
    "not a number": b'{"vividness": NaN}',
    "infinity": b'{"warmth": Infinity}',
    "1e999": b'{"saturation": 1e999}',
    "a size of digits": b'{"size": 1' + b"0" * 400 + b"}",
    "a surrogate": rb'{"model": "\ud800"}',
    "a key of a surrogate": rb'{"\ud800": 1}',
    "NUL": rb'{"model": "\u0000"}',
    "twice": b'{"size": 64, "size": -1}',
    "another key": b'{"token": "x"}',
    "a long key": b'{"' + b"a" * 100_000 + b'": 1}',
    "a long name": json.dumps({"model": "a" * 100_000}).encode(),
    "a path": b'{"model": "/etc/passwd"}',
    "a file": b'{"model": "../x.onnx"}',
    "an address": b'{"model": "http://evil.example/x.onnx"}',
    "a blend of a path": b'{"model": "photochrom+/etc/passwd"}',
    "heavy": b'{"model": "photochrom:1e308+photochrom-lite:1e308"}',
    "weightless": b'{"model": "photochrom:nan+photochrom-lite"}',
    "no model": b'{"model": ""}',
    "a blend of nothing": b'{"model": "+"}',
    "one model many times": json.dumps({"model": "+".join(["photochrom"] * 18)}).encode(),
    "hint at infinity": b'{"hints": [{"x": 1e999, "y": 1, "ab": [1, 1]}]}',
    "hint at no number": b'{"hints": [{"x": NaN, "y": 1, "ab": [1, 1]}]}',
    "hint far out": b'{"hints": [{"x": 1e8, "y": 1, "ab": [1, 1]}]}',
    "hint of digits": b'{"hints": [{"x": 1' + b"0" * 400 + b', "y": 1, "ab": [1, 1]}]}',
    "hint of no colour": b'{"hints": [{"x": 1, "y": 1}]}',
    "hint of two colours": b'{"hints": [{"x": 1, "y": 1, "ab": [1, 1], "color": "#ffffff"}]}',
    "hint of a wide radius": b'{"hints": [{"x": 1, "y": 1, "ab": [1, 1], "radius": Infinity}]}',
    "hint in words": b'{"hints": [{"x": "1e999", "y": true, "ab": "ab"}]}',
    "too many hints": json.dumps({"hints": [{"x": 1, "y": 1, "ab": [1, 1]}] * 501}).encode(),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_wish_that_is_none(served: Served, photo: bytes, body: bytes) -> None:
    session = served.put_up(photo)
    answer = served.ask("PATCH", session, body, Content_Type="application/json")
    assert answer.status in (400, 413, 422)
    assert len(answer.detail) < 500
    assert served.ask("GET", session).json["revision"] == 1


def test_a_wish_too_long_is_not_read(served: Served, photo: bytes) -> None:
    session = served.put_up(photo)
    body = json.dumps({"hints": [{"x": 1, "y": 1, "ab": [1, 1]}] * 30_000}).encode()
    assert len(body) < UPLOAD_BYTES  # not by the limit of photos
    assert served.ask("PATCH", session, body, Content_Type="application/json").status == 413
    pieces = iter([body])  # sent in chunks, its length untold
    assert served.ask("PATCH", session, pieces, Content_Type="application/json").status == 413


@pytest.mark.parametrize(
    "query",
    [
        "preview?longest=1e9",
        "preview?longest=-1",
        "preview?longest=NaN",
        "preview?longest=64&longest=x",
        "preview?revision=0",
        "preview?revision=99999999999999999999999999",
        "preview?format=../../etc/passwd",
        "preview?variant=99",
        "preview?seed=-1",
        "region?x=-1e9&y=0&w=1&h=1",
        "region?x=0&y=0&w=0&h=0",
        "region?x=1000000&y=1000000&w=1000000&h=1000000",
        "region?x=-1000000&y=-1000000&w=1&h=1",
        "region?x=NaN&y=0&w=1&h=1",
        "region",
        "suggestions?x=1e308&y=1e308",
        "suggestions?x=inf&y=nan",
        "suggestions?x=1&y=1&count=1000000",
        "result?format=exe",
        "result?format=../../a.jpg",
        "result?quality=0",
        "result?profile=/etc/passwd",
        "result?format=" + "a" * 30_000,
        "confidence?legend=maybe",
        "confidence?revision=2",
    ],
)
def test_a_question_out_of_range(served: Served, photo: bytes, query: str) -> None:
    session = served.put_up(photo)
    answer = served.ask("GET", f"{session}/{query}")
    assert answer.status in (404, 422)
    assert len(answer.detail) < 500


@pytest.mark.parametrize("name", ["x", "a" * 22, "a" * 5000, "%2e%2e", "..%2fupload", "%00", "*"])
def test_a_session_that_is_none(served: Served, name: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert served.ask(method, f"{API}/sessions/{name}", body).status in (404, 422)
    assert served.ask("GET", f"{API}/archive?session={name}").status in (404, 422)


# Photos that are none.


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    first = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", first) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def damaged_photos() -> dict[str, bytes]:
    made = {
        "noise": np.random.default_rng(0).bytes(5000),
        "text": b"Dear grandmother\n" * 100,
        "page": b"<html><script>alert(1)</script>",
        "vector": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "gzip": b"\x1f\x8b\x08\x00" + bytes(2000),
        "huge png": png_of(2**31 - 1, 2**31 - 1),
        "large png": png_of(60_000, 60_000),
        "nothing": b"",
    }
    color = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8))
    for kind in ("PNG", "JPEG", "TIFF", "WEBP", "GIF"):
        stream = io.BytesIO()
        color.save(stream, kind)
        for tenths in (1, 3, 6):
            made[f"{kind} cut at {tenths}"] = stream.getvalue()[: stream.tell() * tenths // 10]
    return made


PHOTOS = damaged_photos()


@pytest.mark.parametrize("path", [f"{API}/sessions", f"{API}/colorize?recolor=true"])
@pytest.mark.parametrize("data", PHOTOS.values(), ids=PHOTOS)
def test_a_photo_that_is_none(served: Served, photo: bytes, data: bytes, path: str) -> None:
    answer = served.ask("POST", path, data)
    if answer.status not in (200, 201):  # what is left of some can be coloured
        assert answer.status == 422
        assert str(served.state.folder) not in answer.detail
    served.ask("DELETE", served.put_up(photo))
    assert served.ask("GET", "/metrics").status == 200


def part(disposition: bytes, data: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data" + disposition + b"\r\n\r\n" + data + b"\r\n"


FORMS: dict[str, tuple[bytes, bytes]] = {
    "no boundary": (b"", b"x"),
    "a boundary too long": (b"; boundary=" + b"b" * 5000, b"x"),
    "bytes for a boundary": (b"; boundary=b\xff", b"--b\r\n"),
    "no end": (b"; boundary=b", b"--b\r\n"),
    "no name": (b"; boundary=b", part(b"", b"x") + b"--b--\r\n"),
    "no filename": (b"; boundary=b", part(b'; name="photo"', b"x") + b"--b--\r\n"),
    "many parts": (b"; boundary=b", part(b'; name="a"', b"x") * 3000 + b"--b--\r\n"),
    "many headers": (b"; boundary=b", b"--b\r\n" + b"Name: a\r\n" * 20_000),
    "a header too long": (b"; boundary=b", b"--b\r\nName: " + b"a" * 200_000),
    "a field too long": (b"; boundary=b", part(b'; name="hints"', b"[" * 500_000) + b"--b--\r\n"),
    "two photos": (b"; boundary=b", part(b'; name="photo"; filename="a"', b"x") * 2 + b"--b--\r\n"),
    "a form in a form": (
        b"; boundary=b",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        b"--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
    ),
    "an option of its own": (
        b"; boundary=b",
        part(b'; name="photo"; filename="a"', b"x") + part(b'; name="\0"', b"1") + b"--b--\r\n",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_none(served: Served, name: str) -> None:
    kind, body = FORMS[name]
    length = b"Content-Length: %d" % len(body)
    sent = post(CLOSE, b"Content-Type: multipart/form-data" + kind, length) + body
    refused(served, sent, 422 if name == "an option of its own" else 400)


@pytest.mark.parametrize(
    "name", ["../../a.jpg", "..\\..\\a.jpg", "/etc/passwd", "a%0d%0aX-A: b.jpg"]
)
def test_a_name_is_a_name(served: Served, photo: bytes, name: str) -> None:
    disposition = f'; name="photo"; filename="{name}"'.encode()
    body = part(disposition, photo) + b"--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    answer = served.ask("POST", COLORIZE, body, Content_Type=kind)
    assert answer.status == 200
    assert "X-A" not in answer.headers
    disposition = answer.headers["Content-Disposition"]
    assert not set("/\\\r\n") & set(disposition)


def test_pages_that_do_not_fit_are_refused_before_the_work(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(Session, "_run", lambda *_: asked.append(1))
    stream = io.BytesIO()
    pages = np.zeros((60, 8, 8), np.uint8) + np.arange(8, dtype=np.uint8) * 30
    tifffile.imwrite(stream, pages, photometric="minisblack")
    assert served.ask("POST", f"{API}/colorize?format=jpg", stream.getvalue()).status == 422
    assert not asked


def test_a_long_piece_fits_its_format(served: Served) -> None:
    session = served.put_up(gray_png(4, 66_000))
    for kind in ("jpeg", "webp", "png"):
        answer = served.ask("GET", f"{session}/region?x=0&y=0&w=66000&h=4&format={kind}")
        assert answer.status == 200
        with Image.open(io.BytesIO(answer.body)) as picture:
            assert picture.width > 1000


def test_errors_do_not_tell_where_files_lie(served: Served) -> None:
    session = served.put_up(gray_png(12, 20_000))
    answer = served.ask("GET", f"{session}/result?format=webp")  # which holds 16383 at most
    assert answer.status == 422
    assert str(served.state.folder) not in answer.detail
    assert "/" not in answer.detail


@pytest.mark.parametrize(
    "range", ["bytes=999999999-", "bytes=5-1", "lines=1-2", "bytes=0-0,2-3,5-6"]
)
def test_pieces_of_a_result_leave_nothing(served: Served, photo: bytes, range: str) -> None:
    session = served.put_up(photo)
    before = served.files
    assert served.ask("GET", f"{session}/result", Range=range).status in (200, 206, 400, 416)
    end = time.monotonic() + LONGEST_S
    while served.files != before and time.monotonic() < end:
        time.sleep(0.02)
    assert served.files == before


# Those who are slow, or go away.


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n"),
        (head("GET", "/healthz") + b"GET /", b"a"),
        (post(b"Content-Length: 900000"), b""),
        (post(b"Content-Length: 900000"), b"a"),
        (post(CHUNKED), b"1\r\na\r\n"),
        (head("POST", f"{API}/nothing", b"Content-Length: 900000"), b"a"),
    ],
    ids=["nothing", "a head", "a second head", "no body", "a body", "chunks", "a refused body"],
)
def test_slow_senders_are_cut_off(served: Served, first: bytes, then: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(first)
        connection.settimeout(0.1)
        started, closed = time.monotonic(), False
        while not closed and time.monotonic() - started < LONGEST_S:
            try:
                connection.sendall(then)
                closed = connection.recv(65536) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
    assert closed


def test_who_does_not_read_is_cut_off(served: Served) -> None:
    connections = served.server.server_state.connections
    with served.connect(receive_buffer=4096) as connection:
        name = connection.getsockname()
        end = time.monotonic() + LONGEST_S
        while not (found := [c for c in list(connections) if c.client == name]):
            assert time.monotonic() < end
            time.sleep(0.01)  # it is accepted in another thread
        [mine] = found
        for _ in range(3000):  # until some of the answers are left with the server, a few kilobytes
            connection.sendall(head("GET", f"{API}/openapi.json"))
            time.sleep(0.002)
            if mine.transport.get_write_buffer_size():
                break
        assert mine.transport.get_write_buffer_size()
        end = time.monotonic() + 2 * LONGEST_S  # 15 of them are those of an idle connection
        while mine in connections and time.monotonic() < end:
            time.sleep(0.1)
        assert mine not in connections


def test_one_connection_too_many(serve: Serve, photo: bytes) -> None:
    with serve(connections=4) as served:
        idle = [served.connect() for _ in range(10)]
        try:
            refused: set[socket.socket] = set()
            end = time.monotonic() + LONGEST_S
            while len(refused) < 6 and time.monotonic() < end:
                for connection in set(idle) - refused:
                    connection.settimeout(0.1)
                    with suppress(TimeoutError):
                        if statuses(connection.recv(65536)) == [503]:
                            refused.add(connection)
            assert len(refused) == 6
            for connection in set(idle) - refused:
                connection.settimeout(0.1)
                with pytest.raises(TimeoutError):  # open, and silent
                    connection.recv(65536)
        finally:
            for connection in idle:
                connection.close()
        end = time.monotonic() + LONGEST_S
        while served.server.server_state.connections and time.monotonic() < end:
            time.sleep(0.02)
        assert served.ask("POST", COLORIZE, photo).status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_told_so(served: Served, chunked: bool) -> None:
    for _ in range(5):
        body = bytes(3 * UPLOAD_BYTES)
        sent: Any = iter([body]) if chunked else body
        answer: Answer = served.ask("POST", COLORIZE, sent)
        assert answer.status == 413


def test_a_body_without_end_is_cut_off(served: Served) -> None:
    def send(connection: socket.socket) -> None:
        connection.sendall(post(CHUNKED))
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")

    with served.connect() as connection, pytest.raises(ConnectionError):
        send(connection)
    assert wait_for_no_files(served)


def test_a_question_with_a_body_without_end(served: Served) -> None:
    session = served.put_up(gray_png(1200, 1200))
    served.ask("PATCH", session, {"size": 448})  # so that it takes a while
    with served.connect() as connection:
        connection.sendall(head("GET", f"{session}/preview", CLOSE, CHUNKED))
        try:
            for _ in range(3 * UPLOAD_BYTES // 65536):
                connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
            received = connection.recv(65536)
        except ConnectionError:
            received = b""
    assert statuses(received) in ([200], [413], [])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_gone_during_an_upload(served: Served, photo: bytes, share: float) -> None:
    with served.connect() as connection:
        connection.sendall(
            post(b"Content-Length: %d" % len(photo)) + photo[: int(share * len(photo))]
        )
    assert wait_for_no_files(served)


def test_nobody_is_worked_for_who_is_gone(serve: Serve, photo: bytes, network_gate: Gate) -> None:
    """Whoever waits, and goes away, leaves the queue; what is worked on ends."""
    with serve(workers=1, waiting=4) as served:
        large = gray_png(1500, 1500)
        for _ in range(5):
            with served.connect() as connection:
                length = b"Content-Length: %d" % len(large)
                connection.sendall(post(length, path=f"{API}/colorize?size=512") + large)
        end, calm = time.monotonic() + LONGEST_S, 0
        queue, state = served.state.queue, served.server.server_state
        while calm < 25 and time.monotonic() < end:  # requests may arrive after their senders left
            calm = 0 if state.tasks or queue.waiting else calm + 1
            time.sleep(0.02)
        assert queue.waiting == 0
        assert network_gate.begun <= 1  # of the one that was begun before its sender left
        network_gate.set()
        assert served.ask("POST", COLORIZE, photo).status == 200
        assert network_gate.begun <= 2


def test_gone_during_a_download(served: Served, photo: bytes) -> None:
    session = served.put_up(photo)
    before, name = served.files, session.rpartition("/")[2]
    for path in (f"{session}/result", f"{API}/archive?session={name}&session={name}"):
        for pause in (0.02, 0.2):
            with served.connect() as connection:
                connection.sendall(head("GET", path))
                time.sleep(pause)
    assert served.idle()
    end = time.monotonic() + LONGEST_S
    while served.files != before and time.monotonic() < end:
        time.sleep(0.02)
    assert served.files == before


# What one client does to the others.


def test_a_photo_removed_while_it_is_looked_at(serve: Serve) -> None:
    with serve(workers=1, upload_bytes=10_000_000) as served:
        for pause in (0.01, 0.1, 0.3):
            session = served.put_up(gray_png(900, 900))
            paths = [f"{session}/{what}" for what in ("preview", "result", "confidence")]
            paths += [f"{session}/region?x=0&y=0&w=900&h=900", session]
            with ThreadPoolExecutor(len(paths)) as pool:
                answers = [pool.submit(served.ask, "GET", path) for path in paths]
                time.sleep(pause)
                assert served.ask("DELETE", session).status == 204
            assert {answer.result().status for answer in answers} <= {200, 404}
            assert wait_for_no_files(served)


def test_others_are_answered_while_a_photo_is_computed(
    served: Served, network_gate: threading.Event
) -> None:
    session = served.put_up(gray_png(1500, 1500))
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(served.ask, "GET", f"{session}/preview") for _ in range(2)]
        end = time.monotonic() + LONGEST_S
        while served.state.queue.running < 2 and time.monotonic() < end:
            time.sleep(0.02)
        for _ in range(20):
            assert served.ask("GET", "/healthz").status == 200
        assert served.state.queue.running == 2
        network_gate.set()
        assert [answer.result().status for answer in asked] == [200, 200]


def networks_loaded() -> int:
    """In the whole process; not by isinstance, which wakes what other packages left about."""
    gc.collect()
    return sum(type(thing) is Session for thing in gc.get_objects())


def test_blends_do_not_stay_in_memory(served: Served, photo: bytes) -> None:
    session = served.put_up(photo)
    before = networks_loaded()
    for number in range(8):
        model = f"photochrom:0.{50 + number}+photochrom-lite"
        assert served.ask("PATCH", session, {"model": model}).status == 200
    assert networks_loaded() - before <= 2  # of the models that were not there yet


def test_a_long_thin_photo_at_the_largest_size(served: Served) -> None:
    session = served.put_up(gray_png(16, 8000))
    wanted = served.ask("PATCH", session, {"size": 1024})  # 1024 x 8192 of them, enlarged 64 times
    if wanted.status == 200:
        started = time.process_time()  # of the server too, whatever else the machine does
        assert served.ask("GET", f"{session}/preview").status == 200
        assert time.process_time() - started < 15
    else:
        assert wanted.status == 422
