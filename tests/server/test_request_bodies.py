"""Bodies of requests as HTTP clients send them; tests/field has those that were once refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.request_bodies import (
    COLORIZE,
    FORM,
    JPEG,
    SESSIONS,
    WEB_FORM,
    check,
    form,
    part,
    post_form,
    small_photo,
)

if TYPE_CHECKING:
    from support.served import Serve, Served


@pytest.fixture(scope="module")
def photo() -> bytes:
    return small_photo()


@pytest.mark.parametrize(
    "header",
    [
        (),
        ("Content-Type: image/jpeg",),
        ("Content-Type: image/jpg",),
        ("Content-Type: application/octet-stream",),
        ("Content-Type: text/plain; charset=x",),
        ("Content-Type: image/jpeg", "Content-Transfer-Encoding: binary"),
        ("Content-Length: 1",),
    ],
    ids=str,
)
def test_headers_of_a_part(served: Served, photo: bytes, header: tuple[str, ...]) -> None:
    answer = post_form(served, form(part(photo, 'name="photo"; filename="a.jpg"', *header)))
    assert answer.status == 200, answer.body
    check(answer.body)


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "image/jpeg",
        "image/jpg",
        "image/tiff",
        "application/octet-stream",
        "binary/octet-stream",
        WEB_FORM,  # curl --data-binary, wget --post-file, axios with a Buffer or a stream
        f"{WEB_FORM};charset=utf-8",
        "application/json",
        "text/plain;charset=UTF-8",
    ],
)
def test_a_raw_body_is_the_photo_whatever_its_type(served: Served, photo: bytes, kind: str) -> None:
    for path in (f"{COLORIZE}?name=cat.jpg", f"{SESSIONS}?name=cat.jpg"):
        headers = {"Content_Type": kind} if kind else {}
        answer = served.ask("POST", path, photo, **headers)
        assert answer.status in (200, 201), answer.body
        chunked = served.ask("POST", path, iter([photo[:1], photo[1:9], photo[9:]]), **headers)
        assert chunked.status == answer.status, chunked.body
    assert answer.json["name"] == "cat.jpg"


@pytest.mark.parametrize(
    "kind",
    ['multipart/form-data; boundary="x: X"', "Multipart/Form-Data;charset=utf-8;Boundary=xX"],
)
def test_other_spellings_of_the_content_type(served: Served, photo: bytes, kind: str) -> None:
    body = form(part(photo, JPEG))
    if "x: X" in kind:
        body = body.replace(b"--xX", b"--x: X")
    answer = post_form(served, body, kind=kind)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        *((value, True) for value in ("true", "1", "on", "yes", "True", "YES")),
        *((value, False) for value in ("false", "0", "off", "no", "False")),
    ],
)
def test_booleans(served: Served, photo: bytes, value: str, marked: bool) -> None:
    body = form(part(photo, JPEG), part(value.encode(), 'name="mark"'))
    in_form = post_form(served, body)
    in_address = served.ask("POST", f"{COLORIZE}?mark={value}", photo)
    for answer in (in_form, in_address):
        assert answer.status == 200, answer.body
        assert (b"DigitalSourceType" in answer.body) == marked


def test_a_wrong_option_is_one_line(served: Served, photo: bytes) -> None:
    for name, value in (("vividness", "much"), ("mark", "maybe"), ("colour", "1")):
        answer = post_form(served, form(part(photo, JPEG), part(value.encode(), f'name="{name}"')))
        assert answer.status == 422
        assert name in answer.detail


_AXIOS = (
    b"POST /api/v1/colorize HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\n"
    b"Content-Type: %s\r\nUser-Agent: axios/1.21.1\r\n%s"
    b"Accept-Encoding: gzip, compress, deflate, br\r\nHost: 127.0.0.1:8000\r\n"
    b"Connection: close\r\n\r\n%s"
)


@pytest.mark.parametrize("client", ["axios buffer", "axios stream", "axios FormData"])
def test_axios(served: Served, photo: bytes, client: str) -> None:
    if client == "axios FormData":
        name = 'name="photo"; filename="naïve %22q%22.jpg"'
        body = form(part(photo, name, "Content-Type: image/jpeg"), part(b"true", 'name="recolor"'))
        sent = _AXIOS % (FORM.encode(), b"Content-Length: %d\r\n" % len(body), body)
    elif client == "axios stream":
        chunks = b"%x\r\n" % len(photo) + photo + b"\r\n0\r\n\r\n"
        sent = _AXIOS % (WEB_FORM.encode(), b"Transfer-Encoding: chunked\r\n", chunks)
    else:
        length = b"Content-Length: %d\r\n" % len(photo)
        sent = _AXIOS % (WEB_FORM.encode(), length, photo)
    head, _, content = served.raw(sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), content
    check(content)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_waits_for_the_go_ahead(serve: Serve, tmp_path: Path) -> None:
    """Expect: 100-continue: what is refused by its head alone is never sent."""
    with serve(workers=1, upload_bytes=1_000_000) as small:
        large = tmp_path / "large.jpg"
        large.write_bytes(bytes(5_000_000))
        refused = f"http://127.0.0.1:{small.port}{COLORIZE}"
        arguments = ["--write-out", "%{size_upload} %{http_code}", "--data-binary", f"@{large}"]
        command = ["curl", "-s", "-o", str(tmp_path / "answer"), "-H", "Expect: 100-continue"]
        done = subprocess.run(
            [*command, *arguments, refused], capture_output=True, timeout=60, check=False
        )
    assert done.stdout == b"0 413"
    assert "too-large" in (tmp_path / "answer").read_text()
