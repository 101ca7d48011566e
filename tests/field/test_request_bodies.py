"""Photos as HTTP clients send them: curl, requests, httpx, axios, Node's fetch, browsers.

Requests of clients that a machine may lack are replayed byte by byte, with shorter boundaries.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx2
import pytest
import requests

from support.chromium import chromium
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
from support.served import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def photo() -> bytes:
    return small_photo()


@pytest.fixture(scope="module")
def file(photo: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "hill.jpg"
    path.write_bytes(photo)
    return path


@pytest.fixture(scope="module")
def url(served: Served) -> str:
    return f"http://127.0.0.1:{served.port}{COLORIZE}"


NAMES = {
    # how the part is described: the name of the answer
    'name="photo"; filename="cat.jpg"': "cat.color.jpg",
    "name=photo; filename=cat.jpg": "cat.color.jpg",
    'filename="cat.jpg"; name="photo"': "cat.color.jpg",
    'name="photo"': "photo.color.jpg",  # requests: files={"photo": (None, data)}; curl: photo=<FILE
    'name="photo"; filename=""': "photo.color.jpg",
    'name="photo"; filename="no suffix"': "no suffix.color.jpg",
    "name=\"photo\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.jpg": "naïve €.color.jpg",
    'name="photo"; filename="x.jpg"; filename*=utf-8\'de\'%C3%9F.jpg': "ß.color.jpg",
    'name="photo"; filename="naïve;=.jpg"': "naïve;=.color.jpg",
    'name="photo"; filename="a%22b%22.jpg"': 'a"b".color.jpg',  # browsers, requests, httpx
    'name="photo"; filename="a\\"b\\".jpg"': 'a"b".color.jpg',  # curl before 7.81
    'name="photo"; filename="C:\\\\fakepath\\\\cat.jpg"': "cat.color.jpg",
    'name="photo"; filename="../../etc/cat.jpg"': "cat.color.jpg",
    'name="photo"; filename="a%0D%0Ab.jpg"': "ab.color.jpg",
}


@pytest.mark.parametrize("disposition", NAMES)
def test_names_of_files(served: Served, photo: bytes, disposition: str) -> None:
    answer = post_form(served, form(part(photo, disposition)))
    assert answer.status == 200, answer.body
    check(answer.body)
    session = post_form(served, form(part(photo, disposition)), SESSIONS)
    name = NAMES[disposition].replace(".color", "").removesuffix(".jpg")
    assert session.json["name"].removesuffix(".jpg") == name
    wanted = f"filename*=UTF-8''{quote(NAMES[disposition])}".encode().lower()
    plain = f'filename="{NAMES[disposition]}"'.encode().lower()
    given = answer.headers["Content-Disposition"].encode("latin-1").lower()
    assert wanted in given or plain in given


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (WEB_FORM, "damaged"),  # curl --data @FILE: without NUL and line ends
        (WEB_FORM, "fields"),  # requests: data={"photo": ...}
        (f"{WEB_FORM};charset=utf-8", "vividness=0.5"),
        (WEB_FORM, "photo=@cat.jpg"),
        ("application/json", "base64"),  # axios.post(url, {photo: ...})
        ("text/plain;charset=UTF-8", "data:image/jpeg;base64,/9j/4AAQSkZJRg=="),
        ("multipart/mixed; boundary=xX", "form"),
        ("multipart/related; boundary=xX", "form"),
    ],
)
@pytest.mark.parametrize("path", [COLORIZE, SESSIONS])
def test_another_body_is_one_line_with_the_right_command(
    served: Served, photo: bytes, kind: str, body: str, path: str
) -> None:
    bodies = {
        "damaged": photo.translate(None, b"\0\r\n"),
        "fields": urlencode({"photo": photo}).encode(),
        "base64": json.dumps({"photo": base64.b64encode(photo).decode()}).encode(),
        "form": form(part(photo, 'name="photo"; filename="a.jpg"')),
    }
    answer = served.ask("POST", path, bodies.get(body, body.encode()), Content_Type=kind)
    assert answer.status == 415
    assert kind.partition(";")[0] in answer.detail
    assert "--form photo=@FILE" in answer.detail
    assert "--data-binary @FILE" in answer.detail
    assert "multipart/form-data" in answer.headers["Accept"]


WRONG: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no file": (lambda _: form(part(b"0.5", 'name="vividness"')), "--form photo=@FILE"),
    "another name": (lambda p: form(part(p, 'name="image"; filename="a.jpg"')), "named 'image'"),
    "a path": (lambda _: form(part(b"cat.jpg", 'name="photo"')), "'cat.jpg', and not a file"),
    "no choice": (lambda _: form(part(b"", 'name="photo"; filename=""')), "is empty"),
    "an empty file": (lambda _: form(part(b"", JPEG)), "is empty"),
    "two photos": (lambda p: form(part(p, JPEG), part(p, JPEG)), "one photo in a request"),
    "two files": (
        lambda p: form(part(p, 'name="b"; filename="b.jpg"'), part(p, JPEG)),
        "one photo in a request",
    ),
    "no name": (lambda p: form(part(p, 'filename="a.jpg"')), "has no name"),
    "no disposition": (lambda p: b"--xX\r\nX: y\r\n\r\n" + p + b"\r\n--xX--\r\n", "has no name"),
    "base64": (
        lambda p: form(part(base64.b64encode(p), JPEG, "Content-Transfer-Encoding: base64")),
        "base64; send plain bytes",
    ),
    "no end": (lambda p: part(p, JPEG), "before its last boundary"),
    "other boundary": (lambda p: part(p, JPEG).replace(b"--xX", b"--Y"), "boundary"),
    "no part": (lambda _: b"--xX--\r\n", "no file named 'photo'"),
    "nothing": (lambda _: b"", "before its last boundary"),
    "a long field": (
        lambda p: form(part(p, JPEG), part(b"x" * (2**20 + 1), 'name="hints"')),
        "'hints' has more than",
    ),
    "many fields": (
        lambda p: form(*(part(b"x", f'name="f{n}"') for n in range(41))),
        "more than 40 parts",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("path", [COLORIZE, SESSIONS])
def test_a_wrong_form_is_one_line(served: Served, photo: bytes, fault: str, path: str) -> None:
    make, words = WRONG[fault]
    answer = post_form(served, make(photo), path)
    assert answer.status == 400
    assert words in answer.detail
    assert "\n" not in answer.detail
    assert served.idle()


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=ä", f"; boundary={'x' * 300}"])
def test_a_content_type_written_by_hand(served: Served, photo: bytes, boundary: str) -> None:
    kind = f"multipart/form-data{boundary}"
    answer = post_form(served, form(part(photo, JPEG)), kind=kind)
    assert answer.status == 400
    assert "boundary" in answer.detail


@pytest.mark.parametrize(
    "preamble", [b"\r\n", b"This is a message in MIME format.\r\n", b"--\r\n-- xX\r\n\r\n"]
)
def test_preamble_and_epilogue_do_not_count(served: Served, photo: bytes, preamble: bytes) -> None:
    body = preamble + form(part(photo, JPEG)) + b"\r\nEpilogue"
    assert post_form(served, body).status == 200
    pieces = iter([body[n : n + 1] for n in range(60)] + [body[60:]])
    answer = served.ask("POST", COLORIZE, pieces, Content_Type=FORM)
    assert answer.status == 200, answer.body


def test_a_long_preamble_is_refused(served: Served) -> None:
    answer = post_form(served, b"x" * 900_000)
    assert answer.status == 400
    assert "its boundary does not occur" in answer.detail


def test_options_stand_beside_the_file(served: Served, photo: bytes) -> None:
    """Before or after it, as text or as a file; empty ones are those that a person left alone."""
    hints = json.dumps({"hints": [{"x": 5, "y": 5, "color": "#8a5a3c"}]}).encode()
    body = form(
        part(b"png", 'name="format"'),
        part(b"", 'name="vividness"'),
        part(b"UTF-8", 'name="_charset_"'),
        part(photo, JPEG),
        part(hints, 'name="hints"; filename="hints.json"', "Content-Type: application/json"),
        part(b"0.5", 'name="warmth"', "Content-Type: text/plain; charset=utf-8"),
        part("ä.jpg".encode(), 'name="name"'),
    )
    answer = post_form(served, body)
    assert answer.status == 200, answer.body
    check(answer.body, "png")
    plain = post_form(served, form(part(photo, JPEG), part(b"png", 'name="format"')))
    assert plain.body != answer.body  # warmer, and with a hint


def test_the_field_name_names_a_part_without_one(served: Served, photo: bytes) -> None:
    body = form(part(photo, 'name="photo"'), part(b"aunt.jpg", 'name="name"'))
    assert post_form(served, body, SESSIONS).json["name"] == "aunt.jpg"
    answer = post_form(served, body)
    assert 'filename="aunt.color.jpg"' in answer.headers["Content-Disposition"]


def test_a_session_refuses_options_that_it_would_ignore(served: Served, photo: bytes) -> None:
    body = form(part(photo, JPEG), part(b"0.5", 'name="vividness"'))
    answer = post_form(served, body, SESSIONS)
    assert answer.status == 422
    assert "vividness" in answer.detail
    assert "PATCH" in answer.detail
    assert not served.files or served.idle()


def test_json_without_its_type_is_one_line(served: Served, photo: bytes) -> None:
    """curl --data says that it is a web form."""
    here = served.put_up(photo)
    answer = served.ask("PATCH", here, b'{"warmth": 0.2}', Content_Type=WEB_FORM)
    assert answer.status == 422
    assert "Content-Type: application/json" in answer.detail


def test_upload_by_put_is_one_line(served: Served, photo: bytes) -> None:
    """curl --upload-file uses PUT, and adds the file's name where the address ends in a slash."""
    answer = served.ask("PUT", COLORIZE, photo)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert "--request POST" in answer.detail
    answer = served.ask("PUT", f"{COLORIZE}/hill.jpg", photo)
    assert answer.status == 404
    assert "/docs" in answer.detail


# Clients that are Python packages


def test_requests(url: str, file: Path, photo: bytes) -> None:
    answers = [
        requests.post(
            url,
            files={"photo": ('naïve "q".jpg', photo, "image/jpg")},
            data={"mark": True, "recolor": "on"},
            timeout=60,
        ),
        requests.post(url, files={"photo": (None, photo)}, timeout=60),
        requests.post(url, data=iter([photo[:100], photo[100:]]), timeout=60),
        requests.post(url, data=photo, headers={"Content-Type": "image/jpg"}, timeout=60),
    ]
    with file.open("rb") as opened:
        answers.append(requests.post(url, files={"photo": opened}, timeout=60))
    with file.open("rb") as opened:
        answers.append(requests.post(url, data=opened, timeout=60))
    for answer in answers:
        assert answer.status_code == 200, answer.text
        check(answer.content)
    assert requests.post(url, data={"photo": photo}, timeout=60).status_code == 415


def test_httpx(url: str, file: Path, photo: bytes) -> None:
    answers = [
        httpx2.post(url, files={"photo": photo}, data={"mark": True}, timeout=60),
        httpx2.post(url, content=photo, params={"name": "ß.jpg"}, timeout=60),
        httpx2.post(url, content=iter([photo[:100], photo[100:]]), timeout=60),
    ]
    with file.open("rb") as opened:
        answers.append(httpx2.post(url, files={"photo": opened}, timeout=60))
    for answer in answers:
        assert answer.status_code == 200, answer.text
        check(answer.content)
    assert httpx2.post(url, data={"vividness": "0.5"}, timeout=60).status_code == 415


# Requests of axios 1.21, with form-data, and of Node's fetch

_AXIOS = (
    b"POST /api/v1/colorize HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\n"
    b"Content-Type: %s\r\nUser-Agent: axios/1.21.1\r\n%s"
    b"Accept-Encoding: gzip, compress, deflate, br\r\nHost: 127.0.0.1:8000\r\n"
    b"Connection: close\r\n\r\n%s"
)
_FETCH = (
    b"POST /api/v1/colorize HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nconnection: close\r\n"
    b"content-type: %s\r\naccept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\n"
    b"user-agent: node\r\naccept-encoding: gzip, deflate\r\n%s\r\n%s"
)
_NODE_FORM = "Content-Type: image/jpeg"


def test_node_form_data_without_a_name(served: Served, photo: bytes) -> None:
    """form.append("photo", buffer) sends no file's name."""
    body = form(part(photo, 'name="photo"', "Content-Type: application/octet-stream"))
    length = b"Content-Length: %d\r\n" % len(body)
    for template in (_AXIOS, _FETCH):
        head, _, content = served.raw(template % (FORM.encode(), length, body)).partition(
            b"\r\n\r\n"
        )
        assert head.startswith(b"HTTP/1.1 200 "), content
        check(content)


# curl itself, where it is installed

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(url: str, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes]:
    """Status and body."""
    command = ["curl", "--silent", "--show-error", "--write-out", "%{http_code}", *arguments, url]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=True)
    return int(done.stdout[-3:]), done.stdout[:-3]


@needs_curl
@pytest.mark.parametrize(
    "arguments",
    [
        "-F photo=@{}",
        "-F photo=<{}",
        "-F photo=@{};type=image/jpg -F mark=yes -F vividness=0.7",
        "-F photo=@{};filename=a\"b'c;d.jpg",
        "-F photo=@- -F format=jpg",
        "--data-binary @{}",
        "-X POST -T {}",
        "-X POST -T -",
        "-H Expect:100-continue --data-binary @{}",
        "-H Transfer-Encoding:chunked -F photo=@{}",
        "-H Content-Type: --data-binary @{}",
        "--http1.0 --data-binary @{}",
    ],
)
def test_curl(url: str, file: Path, photo: bytes, arguments: str) -> None:
    given = [one.format(file) for one in arguments.split(" ")]
    status, content = curl(url, *given, stdin=photo)
    assert status == 200, content
    check(content)


@needs_curl
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ("-d @{}", 415, "--data-binary @FILE"),
        ("-F photo={}", 400, "photo=@FILE"),
        ("-F file=@{}", 400, "photo=@FILE"),
        ("-F photo=@{} -F photo=@{}", 400, "one photo in a request"),
        ("-T {}", 405, "--request POST"),
        ("-X POST", 422, "--form photo=@FILE"),
        ("-H Content-Type:multipart/form-data --data-binary @{}", 400, "boundary"),
    ],
)
def test_curl_meant_otherwise(
    url: str, file: Path, arguments: str, status: int, words: str
) -> None:
    got, content = curl(url, *(one.format(file) for one in arguments.split(" ")))
    problem = json.loads(content)
    assert (got, problem["status"]) == (status, status), problem
    assert words in problem["detail"]


# A browser

SEND = """async ([url, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const file = new File([bytes], 'naïve "q".jpg', { type: "image/jpeg" });
  const form = (fill) => { const form = new FormData(); fill(form); return form; };
  const bodies = {
    file,
    blob: new Blob([bytes]),
    "blob of the wrong type": new Blob([bytes], { type: "image/jpg" }),
    buffer: bytes.buffer,
    form: form((one) => { one.append("photo", file); one.append("mark", "on"); }),
    "form of a blob": form((one) => one.append("photo", new Blob([bytes]))),
    "form without a choice": form((one) => {
      one.append("photo", new File([], "", { type: "application/octet-stream" }));
    }),
    text: "data:image/jpeg;base64," + data,
    parameters: new URLSearchParams({ vividness: "0.5" }),
  };
  const results = {};
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await fetch(url, { method: "POST", body });
    const problem = answer.ok ? null : (await answer.json()).detail;
    const picture = answer.ok ? await createImageBitmap(await answer.blob()) : null;
    results[name] = [answer.status, picture?.width ?? problem];
  }
  return results;
}"""


@pytest.mark.browser
def test_a_browser(served: Served, photo: bytes) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{served.port}/docs")
        results = page.evaluate(SEND, [COLORIZE, base64.b64encode(photo).decode()])
    wrong = {name: results.pop(name) for name in ("form without a choice", "text", "parameters")}
    assert all(result == [200, 90] for result in results.values()), results
    assert {name: result[0] for name, result in wrong.items()} == {
        "form without a choice": 400,
        "text": 415,
        "parameters": 415,
    }
    assert "is empty" in wrong["form without a choice"][1]
    assert "--form photo=@FILE" in wrong["text"][1]
