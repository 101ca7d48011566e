"""Compressed bodies of requests: decoded within the limits of size, or refused with 415."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from photochrom.server import content_coding
from support.request_bodies import COLORIZE, SESSIONS, small_photo
from support.served import API, Served, serving

MOST = 1_000_000  # bytes of a photo here


def raw_deflate(data: bytes) -> bytes:
    """Without zlib's header, as some clients send it."""
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "capitals": ("GZip", gzip.compress),
    "members": ("gzip", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
    "deflate": ("deflate", zlib.compress),
    "deflate without a header": ("deflate", raw_deflate),
    "identity": ("identity", bytes),
    "empty": ("", bytes),
    "identity and gzip": ("identity, gzip", gzip.compress),
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(workers=2, upload_bytes=MOST) as running:
        yield running


@pytest.fixture(scope="module")
def photo() -> bytes:
    return small_photo(".png", compression=0)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("coder", CODERS)
def test_a_photo_is_decoded(served: Served, photo: bytes, coder: str) -> None:
    coding, encode = CODERS[coder]
    body = encode(photo)
    plain = served.ask("POST", COLORIZE, photo)
    for sent in (body, pieces(body, 1), pieces(body, 1000)):  # whole, and in chunks
        answer = served.ask("POST", COLORIZE, sent, Content_Encoding=coding)
        assert answer.status == 200, answer.body
        assert answer.body == plain.body


@pytest.mark.parametrize("coder", CODERS)
def test_forms_and_json_are_decoded(served: Served, photo: bytes, coder: str) -> None:
    coding, encode = CODERS[coder]
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
    form = {"Content_Type": "multipart/form-data; boundary=x", "Content_Encoding": coding}
    created = served.ask("POST", SESSIONS, encode(head + photo + b"\r\n--x--\r\n"), **form)
    assert created.status == 201, created.body
    change: dict[str, Any] = {"Content_Type": "application/json", "Content_Encoding": coding}
    body = encode(json.dumps({"warmth": 0.25}).encode())
    changed = served.ask("PATCH", created.headers["Location"], body, **change)
    assert changed.json["look"]["warmth"] == 0.25


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "gzip;q=1", "nonsense"]
)
def test_other_codings_are_refused(served: Served, photo: bytes, coding: str) -> None:
    """RFC 9110, section 15.5.16: 415, and the codings that would do."""
    for path in (COLORIZE, SESSIONS):
        answer = served.ask("POST", path, photo, Content_Encoding=coding)
        assert answer.status == 415
        assert coding in answer.detail
        assert answer.headers["Accept-Encoding"] == "gzip, deflate"
        assert answer.json["type"] == "urn:photochrom:unsupported-content-encoding"
    assert served.ask("GET", f"{API}/about", Content_Encoding=coding).status == 200  # no body


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("fault", ["plain", "cut", "changed", "followed", "one byte"])
def test_a_damaged_body_is_one_line(served: Served, photo: bytes, coding: str, fault: str) -> None:
    _, encode = CODERS[coding]
    body = encode(photo)
    middle = len(body) // 2
    changed = body[:middle] + bytes(8) + body[middle + 8 :]
    faults = {
        "plain": photo,
        "cut": body[:-1],
        "changed": changed,
        "followed": body + b"more",
        "one byte": body[:1],
    }
    answer = served.ask("POST", COLORIZE, faults[fault], Content_Encoding=coding)
    assert answer.status == 400
    assert coding in answer.detail


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_refused_by_its_decoded_size(served: Served, coding: str) -> None:
    """300 MB of zeros in 300 kB: the server stops after the first megabyte."""
    _, encode = CODERS[coding]
    bomb = encode(bytes(300_000_000))
    assert len(bomb) < MOST
    before = served.files
    for path in (COLORIZE, SESSIONS):
        answer = served.ask("POST", path, bomb, Content_Encoding=coding)
        assert answer.status == 413
        assert str(MOST) in answer.detail
    assert served.idle()
    assert served.files == before


def test_a_refused_bomb_was_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 MB hardly more is decoded than the server takes."""
    pieces: list[int] = []
    take = content_coding._Decoder.take

    def counting(decoder: content_coding._Decoder) -> bytes:
        piece = take(decoder)
        pieces.append(len(piece))
        return piece

    monkeypatch.setattr(content_coding._Decoder, "take", counting)
    bomb = gzip.compress(bytes(300_000_000), 1)
    with serving(workers=1, upload_bytes=5_000_000) as running:
        assert running.ask("POST", COLORIZE, bomb, Content_Encoding="gzip").status == 413
    assert 5_000_000 < sum(pieces) < 5_500_000


def test_small_bodies_have_their_own_limit(served: Served, photo: bytes) -> None:
    here = served.put_up(photo, "a.png")
    bomb = gzip.compress(b" " * 3_000_000 + b"{}")
    answer = served.ask(
        "PATCH", here, bomb, Content_Encoding="gzip", Content_Type="application/json"
    )
    assert answer.status == 413
    assert served.ask("DELETE", here).status == 204


def test_a_bomb_does_not_hold_up_others() -> None:
    """Requests are answered while a body is decoded that just fits."""
    with serving(workers=1, upload_bytes=400_000_000) as large:
        body = gzip.compress(bytes(390_000_000), 1)
        with large.connect() as connection:
            head = (
                f"POST {COLORIZE} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            answered = 0
            connection.setblocking(False)
            while True:
                assert large.ask("GET", "/healthz").status == 200
                answered += 1
                try:
                    assert connection.recv(4096).startswith(b"HTTP/1.1 422 ")
                    break
                except BlockingIOError:
                    continue
        assert answered > 2


def test_the_length_of_the_coded_body_does_not_matter(served: Served, photo: bytes) -> None:
    """The decoded body may be longer, or shorter as of noise."""
    noise = np.random.default_rng(0).bytes(1000)
    for body, status in ((gzip.compress(photo), 200), (gzip.compress(noise), 422)):
        assert served.ask("POST", COLORIZE, body, Content_Encoding="gzip").status == status
