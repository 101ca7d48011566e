"""The requests of benchmarks/server_hostile.py, family by family."""

from __future__ import annotations

import json
import random
import struct
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from faults import EXAMPLES, made_files, mutated

API = "/api/v1"
COLORIZE = f"{API}/colorize?size=64"
TOKEN = "correct-horse-battery-staple"
CHUNKED = b"Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Target:
    """What is aimed at: a photo, the path of one that is open, and the cap on connections."""

    photo: bytes
    session: str
    connections: int
    chance: random.Random

    @property
    def id(self) -> str:
        return self.session.rpartition("/")[2]


@dataclass(frozen=True)
class Hostile:
    """One request.

    sent: all of it, or its beginning. drip: sent again and again, every `pause` seconds.
    leave: close after so many seconds without reading. unread: read nothing, ever.
    """

    sent: bytes
    drip: bytes = b""
    pause: float = 0.2
    leave: float | None = None
    unread: bool = False


def head(method: str, path: str, *lines: bytes, host: bytes = b"localhost") -> bytes:
    first = f"{method} {path} HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: " + host, b"Connection: close", *lines, b"", b""])


def request(path: str, *lines: bytes, method: str = "GET") -> Hostile:
    return Hostile(head(method, path, *lines))


def posted(body: bytes, *lines: bytes, path: str = COLORIZE, method: str = "POST") -> Hostile:
    return Hostile(head(method, path, b"Content-Length: %d" % len(body), *lines) + body)


def patched(target: Target, body: bytes) -> Hostile:
    return posted(body, b"Content-Type: application/json", path=target.session, method="PATCH")


# What is no HTTP, or no HTTP that two parties read alike.


def damaged_heads(_: Target) -> list[Hostile]:
    whole = [
        b"\r\n\r\n", b"\n", b"\0" * 100, b"GET\r\n\r\n", b"GET /\r\n\r\n", b"A" * 300_000,
        b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/3\r\n\r\n", b"GET / HTTP/1.1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes.fromhex("1603010200010001fc0303") + bytes(100),
        b"\x80\x2e\x01\x00\x02" + bytes(60), b"SSH-2.0-OpenSSH_9.0\r\n", b"EHLO localhost\r\n",
        b"*1\r\n$4\r\nPING\r\n", b"\x04\x01\x00\x50",
    ]  # fmt: skip
    lines = [
        b": a", b"Name : a", b"Name: a\0b", b"Name\0: a", b"Na me: a", b"Name", b"\x7f: a", b" a",
        b"Name: a\rb", b"Name: " + b"a" * 200_000, b"N" * 200_000 + b": a",
        b"\r\n".join([b"N: a"] * 30_000), b"Content-Length: -5", b"Content-Length: +5",
        b"Content-Length: ", b"Content-Length: 5x", b"Content-Length: 0x5", b"Content-Length: 5, 6",
        b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: " + b"9" * 19,
        b"Content-Length: " + b"9" * 30, b"Content-Length: 5.0", "Content-Length: ５".encode(),
        b"Content-Length: 99999999999",
    ]  # fmt: skip
    return [Hostile(sent) for sent in whole] + [
        request(COLORIZE, line, method=method) for line in lines for method in ("POST", "GET")
    ]


def smuggled(_: Target) -> list[Hostile]:
    kinds = [
        b"Content-Length: 5\r\n" + CHUNKED, CHUNKED + b"\r\nContent-Length: 5",
        CHUNKED + b", chunked", b"Transfer-Encoding: gzip, chunked", CHUNKED + b", identity",
        b"Transfer-Encoding: identity", b"Transfer-Encoding: x", b"Transfer-Encoding : chunked",
        b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: \0chunked", b"Transfer-Encoding: ",
        CHUNKED + b"\r\nTransfer-Encoding: identity",
        b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5",
    ]  # fmt: skip
    hidden = head("GET", f"{API}/models")
    bodies = [b"0\r\n\r\n" + hidden, b"5\r\nabcde\r\n0\r\n\r\n" + hidden]
    return [Hostile(head("POST", COLORIZE, kind) + body) for kind in kinds for body in bodies]


def chunks(_: Target) -> list[Hostile]:
    bad = [
        b"zz\r\nabc", b"-1\r\nabc", b"3\r\nabcdef\r\n", b"3abc\r\n", b"\r\n\r\n", b"0x3\r\nabc\r\n",
        b"f" * 21 + b"\r\na", b"3;" + b"e" * 100_000 + b"\r\nabc\r\n", b"3\nabc\n0\n\n",
        b"1\r\na\r\n" * 100 + b"0\r\n" + b"T: a\r\n" * 50_000,
    ]  # fmt: skip
    starts = [head("POST", path, CHUNKED) for path in (COLORIZE, f"{API}/nothing")]
    endless = b"10000\r\n" + bytes(65536) + b"\r\n"
    return [Hostile(start + body) for start in starts for body in bad] + [
        Hostile(start, endless, pause=0) for start in starts for _ in range(4)
    ]


def mutated_requests(target: Target) -> list[Hostile]:
    sound = [
        posted(target.photo).sent,
        patched(target, b'{"vividness": 0.5, "hints": [{"x": 5, "y": 5, "ab": [1, 2]}]}').sent,
        head("GET", f"{target.session}/region?x=0&y=0&w=50&h=50&format=webp"),
    ]
    chance = target.chance
    return [Hostile(mutated(chance.choice(sound), chance)) for _ in range(200)]


def methods(_: Target) -> list[Hostile]:
    names = [
        "PUT", "TRACE", "CONNECT", "PROPFIND", "COLORISE", "get", "G" * 1000, "DELETE", "OPTIONS",
        "PATCH",
    ]  # fmt: skip
    paths = ["/", f"{API}/about", COLORIZE, f"{API}/sessions", "/page/page.css", "*"]
    return [request(path, method=name) for name in names for path in paths]


def targets(_: Target) -> list[Hostile]:
    ways = [
        "../settings.py", "../../settings.py", "%2e%2e/settings.py", "..%2fsettings.py", "~root",
        "%2e%2e%2fsettings.py", "..%5csettings.py", "..\\settings.py", "%252e%252e/settings.py",
        "....//settings.py", "/etc/passwd", "%2fetc%2fpasswd", "%00", "index.html%00.js", "%ff%fe",
        "a" * 300, "a/" * 5000, "C:/Windows/win.ini", "%c0%ae%c0%ae/settings.py", "..;/settings.py",
        "file:///etc/passwd",
    ]  # fmt: skip
    paths = [
        f"{start}/{way}" for start in ("/page", "", API, f"{API}/sessions") for way in ways
    ] + [
        "/page", "/page/", "//", "?", "#", "a" * 100_000, "/" + "%41" * 20_000,
        "http://evil/api/v1/models", "localhost/api/v1/models", f"//evil{API}/models",
        f"{API}//models", f"{API}/../../api/v1/models",
    ]  # fmt: skip
    return [request(path) for path in paths]


# Bodies that are not photos.


def png_of(width: int, height: int, data: bytes = bytes(1000)) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    first = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + first + pixels + chunk(b"IEND", b"")


def tiff_of(width: int, height: int, compression: int, data: bytes, loop: bool = False) -> bytes:
    """One strip; loop: the next page is this one."""
    tags = [(256, width), (257, height), (258, 8), (259, compression), (262, 1), (273, 8)]
    tags += [(278, height), (279, len(data))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = 8 + len(data)
    count, following = struct.pack("<H", len(tags)), struct.pack("<I", start if loop else 0)
    return b"II*\0" + struct.pack("<I", start) + data + count + entries + following


def webp_of(width: int, height: int) -> bytes:
    data = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(101)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bombs(_: Target) -> list[Hostile]:
    big = 2**31 - 1
    sizes = [(big, big), (60_000, 60_000), (big, 1), (1, big), (0, 0), (20_000, 20_000)]
    nothing = zlib.compress(bytes(30_000_000), 9)
    photos = [
        *(png_of(*size) for size in sizes), png_of(100_000, 600, bytes(60_000_600)),
        *(tiff_of(big, big, kind, nothing) for kind in (1, 5, 8, 50_000)), webp_of(16_384, 16_384),
        tiff_of(30_000, 30_000, 8, nothing), tiff_of(0, 0, 1, b""),
        b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0" + bytes(100),
        b"P5 99999999 99999999 255\n" + bytes(100), b"P2 9 9 9999999999\n1", b"P5 1 1 0\n\0",
        b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0" + bytes(100),
        b"\x1f\x8b\x08\0" + bytes(6) + nothing[2:], nothing,
        b"BM" + bytes(4) + struct.pack("<III", 0, 54, 40) * 9,
    ]  # fmt: skip
    return [posted(photo, path=path) for photo in photos for path in (COLORIZE, f"{API}/sessions")]


def garbage(target: Target) -> list[Hostile]:
    bodies = [
        b"", b"\0", b"x", b"<html><script>alert(1)</script></html>", b"%PDF-1.7\n", b"{}",
        b"PK\3\4" + bytes(60), b"\x7fELF" + bytes(200), b"#!/bin/sh\nid\n", b"%!PS\n(id) system\n",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>', b"/etc/passwd\n",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        b"push graphic-context\nimage over 0,0 0,0 'https://evil/'\n", b"P5 2 2 255\n", b"GIF89a",
        b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0" + b"\xff" * 100,
        target.chance.randbytes(100_000), b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    ]  # fmt: skip
    kinds = [b"image/png", b"application/json", b"\xff/\xff;;" + b"a" * 1000]
    return [posted(body, b"Content-Type: " + kind) for body in bodies for kind in kinds]


def cut_photos(_: Target) -> list[Hostile]:
    with tempfile.TemporaryDirectory() as name:
        photos = list(made_files(Path(name)).values())
    photos += [path.read_bytes() for path in sorted(EXAMPLES.glob("*.jpg"))[:3]]
    photos.append(tiff_of(8, 8, 1, bytes(range(64)), loop=True) * 10)
    cuts = [photo[: len(photo) * tenth // 10] for photo in photos for tenth in (1, 4, 7, 9)]
    cuts += [photo + b"<script>" * 99 for photo in photos[:4]]
    return [posted(cut, path=f"{COLORIZE}&recolor=true") for cut in cuts] + [
        posted(cut, path=f"{API}/sessions") for cut in cuts[::3]
    ]


def forms(_: Target) -> list[Hostile]:
    def part(disposition: str, data: bytes = b"x") -> bytes:
        headers = f"--b\r\nContent-Disposition: form-data{disposition}\r\n\r\n".encode()
        return headers + data + b"\r\n"

    end, photo = b"--b--\r\n", '; name="photo"; filename="a.jpg"'
    odd = [
        "", "; name", "; name=", '; name="', '; name="photo"', "; name=photo", "; filename=a",
        '; name="\0"', '; name="photo"; filename=""', "; name=photo; filename*=utf-8''%ff",
        f'; name="{"a" * 9000}"',
    ]  # fmt: skip
    bodies = [part(one) + end for one in odd] + [
        b"", end, b"--b", b"--c\r\n", b"--b\r\n: a\r\n\r\n", b"--b\r\n" + b"Name: a\r\n" * 20_000,
        b"--b\r\nName: " + b"a" * 300_000, part(photo), part(photo) * 2 + end,
        part('; name="a"') * 3000 + end, part('; name="hints"', b"[" * 1_500_000) + end,
        part(photo) + part('; name="size"', b"NaN") + end, part(photo, part(photo)) + end,
        part(photo) + part('; name="evil"') + end,
        part(photo) + part('; name="hints"', b'{"hints": 1}') + end,
    ]  # fmt: skip
    kinds = [b"; boundary=b", b'; boundary="b"; charset=utf-7', b"; boundary=b; charset=\xff"]
    bare = [b"", b";", b"; boundary", b"; boundary=", b"; boundary=\xff", b"; boundary=\0"]
    bare.append(b"; boundary=" + b"b" * 9000)
    form = b"Content-Type: multipart/form-data"
    return [posted(body, form + kind) for body in bodies for kind in kinds] + [
        posted(part(photo) + end, form + kind) for kind in bare
    ]


def names(target: Target) -> list[Hostile]:
    """Of files; these are served, under a name that is one."""
    given = [
        "../../a.jpg", "..\\..\\a.jpg", "/etc/passwd", "a\r\nSet-Cookie: b", "a\0.jpg", "a" * 490,
        "\u202egpj.exe", '"; filename="b', "con", ".", "..", " ", "写真.jpg", "%0d%0aX: y", "a;b=c",
        "\x1b[2J",
    ]  # fmt: skip
    return [posted(target.photo, path=f"{COLORIZE}&name={quote(name)}") for name in given]


# Options that are invalid.

NUMBERS = [
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" + b"0" * 400, b"9" * 5000,
    b"1e308", b"[1]", b"{}", b'"\\ud800"', b'"\\u0000"', b'"0x10"',
]  # fmt: skip


def options(target: Target) -> list[Hostile]:
    keys = ["vividness", "size", "variant", "seed", "saturation", "warmth", "smooth", "hints"]
    bodies = [b'{"%s": %s}' % (key.encode(), value) for key in keys for value in NUMBERS]
    hint = b'{"hints": [{"x": %s, "y": 1, "radius": %s, "ab": [%s, 1]}]}'
    for place in range(3):
        for value in NUMBERS:
            bodies.append(hint % tuple(value if place == here else b"1" for here in range(3)))
    many = b", ".join([b'{"x": 1, "y": 1, "ab": [1, 1]}'] * 50_000)
    bodies += [
        b"", b"null", b"[]", b'"a"', b"\xff\xfe{}", b"[" * 500_000, b'{"a":' * 200_000,
        b"{" + b'"a": 1,' * 9999, b'{"hints": [' + many[: 501 * 32 - 2] + b"]}",
        b'{"hints": [' + many + b"]}", b'{"' + b"a" * 500_000 + b'": 1}', rb'{"\ud800": 1}',
        b'{"size": 64, "size": -1}', b'{"__proto__": {}}', b'{"hints": [{"x": 1, "y": 1}]}',
    ]  # fmt: skip
    return [patched(target, body) for body in bodies]


def questions(target: Target) -> list[Hostile]:
    odd = [
        "-1", "1e9", "NaN", "inf", "99999999999999999999", "0x10", "%20", "x", "1;2", "%00",
        "%EF%BC%91x", "-1e9", "[1]", "../a", "--",
    ]  # fmt: skip
    parameters = {
        "preview": ["longest", "revision", "format", "variant", "original"],
        "region": ["x=0&y=0&w", "x=0&y=0&h", "x=0&y=0&w=1&h=1&width", "x=a&y=0&h=1&w"],
        "suggestions": ["y=-9&x", "x=1&y=1&count"],
        "result": ["format", "quality", "profile", "mark"],
        "confidence": ["legend", "revision"],
    }
    asks = [
        f"{what}?{name}={value}"
        for what, names in parameters.items()
        for name in names
        for value in odd
    ] + ["region", "region?x=1000000&y=0&w=1&h=1", "result?format=png&format=exe"]
    return [request(f"{target.session}/{ask}") for ask in asks]


def hints(target: Target) -> list[Hostile]:
    one = '{{"hints": [{{"x": {}, "y": 1, "color": {}}}]}}'
    texts = [
        "",
        "null",
        "[]",
        "{}",
        '{"hints": 1}',
        '{"hints": [1]}',
        '{"hints": [{}]}',
        "[" * 20_000,
    ]
    texts += [one.format(value.decode(), '"#ffffff"') for value in NUMBERS]
    texts += [one.format(1, color) for color in ('"red"', "1", "null", '"#ggg"', '"#ffffff\\n"')]
    return [posted(target.photo, path=f"{COLORIZE}&hints={quote(text)}") for text in texts]


def sessions(target: Target) -> list[Hostile]:
    own = target.id
    ids = [
        "x", "A" * 22, "A" * 5000, "..", "%2e%2e", "..%2f..%2fetc", "%00", "*", "0", "%ff",
        own[:-1], own.swapcase(), own + "%00", own + "%20", own + "/.",
    ]  # fmt: skip
    paths = [f"{API}/sessions/{one}{rest}" for one in ids for rest in ("", "/preview", "/result")]
    return [
        *(request(path) for path in paths),
        *(request(f"{API}/sessions/{one}", method="DELETE") for one in ids),
        *(request(f"{API}/archive?session={own}&session={one}") for one in ids),
        request(f"{API}/archive"),
    ]


def models(target: Target) -> list[Hostile]:
    given = [
        "/etc/passwd", "../x.onnx", "/x.onnx", "http://evil/x.onnx", "file:///x.onnx", "C:\\x.onnx",
        "\\\\evil\\x.onnx", "nothing", "photochrom:1e308+photochrom-lite:1e308", "+" * 150,
        "\0", "~", "photochrom:nan+photochrom-lite", "photochrom:-1+photochrom-lite",
        "photochrom+/etc/passwd", "photochrom:0+photochrom-lite", "a" * 10_000, "ddcolor-tiny",
        "__class__", "photochrom.onnx", "photochrom" + "+photochrom" * 15, "../../../../dev/stdin",
    ]  # fmt: skip
    return [patched(target, json.dumps({"model": name}).encode()) for name in given] + [
        posted(target.photo, path=f"{COLORIZE}&model={quote(name)}") for name in given
    ]


# Those who should not ask.


def elsewhere(target: Target) -> list[Hostile]:
    hosts = [
        b"evil", b"localhost.evil", b"127.0.0.1.nip.io", b"", b"localhost@evil", b"[::1", b"\xff",
        b"0.0.0.0", b"a" * 9000,
    ]  # fmt: skip
    origins = [
        b"null", b"http://evil", b"http://localhost.evil", b"http://[", b"file://", b"", b"\xff",
        b"//", b"a b", b"http://localhost:1", b"https://127.0.0.1.nip.io", b"chrome-extension://a",
        b"http://localhost\\@evil", b"http://[::1]:x",
    ]  # fmt: skip
    asks = [
        ("GET", f"{API}/models"),
        ("POST", f"{API}/sessions"),
        ("DELETE", target.session),
        ("POST", COLORIZE),
    ]
    lines = [b"Origin: " + origin for origin in origins]
    lines += [b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Site: same-site"]
    return [Hostile(head(*ask, host=host)) for host in hosts for ask in asks] + [
        request(path, line, method=method) for line in lines for method, path in asks
    ]


def tokens(_: Target) -> list[Hostile]:
    wanted = TOKEN.encode()
    given = [
        b"", b"Bearer", b"Bearer ", b"Basic " + wanted, b"Bearer " + wanted[:-1], wanted,
        b"Bearer " + wanted + b"x", b"Bearer " + wanted.upper(), b"Bearer \xff", b"Bearer null",
        b"Bearer " + b"a" * 50_000, b"Bearer *", *(b"Bearer %d" % number for number in range(30)),
    ]  # fmt: skip
    lines = [b"Authorization: " + one for one in given]
    lines += [b"Cookie: token=" + wanted, b"X-Token: " + wanted]
    asks = [("GET", f"{API}/models"), ("GET", "/metrics"), ("POST", COLORIZE)]
    others = [f"{API}/models?token={TOKEN}", f"{API}/../v1/models", "//api/v1/models"]
    return [request(path, line, method=method) for line in lines for method, path in asks] + [
        request(path) for path in others
    ]


# Those who are slow, or go away.


def slow_heads(_: Target) -> list[Hostile]:
    starts = [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"\x16"]
    return [Hostile(start, drip) for start in starts for drip in (b"", b"a", b"X: a\r\n")] * 2


def slow_bodies(target: Target) -> list[Hostile]:
    length, form = b"Content-Length: 900000", b"Content-Type: multipart/form-data; boundary=b"
    starts = [
        *(head("POST", path, length) for path in (COLORIZE, f"{API}/sessions", f"{API}/nothing")),
        head("PATCH", target.session, b"Content-Length: 1000"),
        head("POST", COLORIZE, length, form) + b'--b\r\nContent-Disposition: form-data; name="',
    ]
    chunked = head("POST", COLORIZE, CHUNKED)
    return [Hostile(start, drip) for start in starts for drip in (b"", b"a", b"a" * 100)] + [
        Hostile(chunked, drip) for drip in (b"", b"1\r\na\r\n")
    ]


def unread(target: Target) -> list[Hostile]:
    """With this and that amount left in the server beside what its kernel takes, some 2.5 MB."""
    one = head("GET", f"{API}/openapi.json").replace(b"Connection: close\r\n", b"")
    pipelined = [Hostile(one * count, unread=True) for count in range(30, 74)]
    picture = head("GET", f"{target.session}/region?x=0&y=0&w=1024&h=477&format=png")
    return pipelined + [Hostile(picture, unread=True) for _ in range(4)]


def idle(target: Target) -> list[Hostile]:
    return [Hostile(b"") for _ in range(3 * target.connections)]


def gone(target: Target) -> list[Hostile]:
    upload, own = posted(target.photo).sent, target.id
    shares = [upload[: int(len(upload) * share)] for share in (0.05, 0.3, 0.6, 0.99, 1)]
    pictures = ("preview?longest=900", "result", "result?format=png")
    looks = [head("GET", f"{target.session}/{what}") for what in pictures]
    looks.append(head("GET", f"{API}/archive?session={own}"))
    pauses = (0, 0.01, 0.05, 0.15, 0.4)
    return [Hostile(sent, leave=pause) for sent in shares + looks for pause in pauses]
