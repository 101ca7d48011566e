from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.download import DownloadPolicy, _retry_after
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.shards import stored_photos
from photochrom.workshop.data.unsplash import fetch_unsplash, listed_photos, sized_address
from support import photo_files

pytestmark = pytest.mark.workshop

RECIPE = Recipe(size=96, min_side=64, shard_size=4)
QUICK = DownloadPolicy(connections=4, tries=3, timeout=20, first_pause=0.01)
COLUMNS = [
    "photo_id",
    "photo_url",
    "photo_image_url",
    "photo_width",
    "photo_description",
    "photographer_username",
    "photographer_first_name",
    "photographer_last_name",
]


class Server(ThreadingHTTPServer):
    """Serves photos under names that say how it misbehaves; records the times of requests."""

    daemon_threads = True

    def __init__(self, photos: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.photos = photos
        self.times: dict[str, list[float]] = defaultdict(list)
        self.agents: set[str] = set()
        self.queries: dict[str, dict[str, list[str]]] = {}
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.delay = 0.0
        self.refusal = 0.0, 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def tries(self) -> Counter[str]:
        return Counter({name: len(times) for name, times in self.times.items()})


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.removeprefix("/")
        server = self.server
        with server.lock:
            server.times[name].append(time.monotonic())
            server.agents.add(self.headers["User-Agent"])
            server.queries[name] = parse_qs(parts.query)
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            first = len(server.times[name]) == 1
            third = len(server.times[name]) > 2
        time.sleep(server.delay)
        with server.lock:  # before the answer: whoever has it may ask again at once
            server.at_once -= 1
        self.answer(*name.split("-"), first=first, third=third)

    def answer(self, kind: str, number: str, *, first: bool, third: bool) -> None:
        body = self.server.photos[int(number)]
        if kind == "busy" and first:
            begun = time.monotonic()
            self.reply(429, b"later", {"Retry-After": "1"})
            self.server.refusal = begun, time.monotonic()
        elif kind == "failing" and not third:
            self.reply(500, b"oops")
        elif kind == "broken":
            self.reply(503, b"oops")
        elif kind == "slow":
            time.sleep(1.5)
            self.reply(200, body)
        elif kind == "torn" and first:
            self.reply(200, body[: len(body) // 2], {"Content-Length": str(len(body))})
        elif kind == "half" and first:  # a whole answer that holds half an image
            self.reply(200, body[: len(body) // 2])
        elif kind == "lost":
            self.reply(404, b"gone")
        elif kind == "page":
            self.reply(200, b"<html>log in</html>", {"Content-Type": "text/html; charset=utf-8"})
        elif kind == "moved":
            self.reply(302, b"", {"Location": f"/good-{number}"})
        elif kind == "astray":
            self.reply(302, b"", {"Location": "file:///etc/passwd"})
        else:
            self.reply(200, body)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        headers = {"Content-Type": "image/jpeg", "Content-Length": str(len(body))} | (headers or {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Quiet(Server):
    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what these tests are about."""


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [photo_files.jpeg(photo) for photo in photo_files.color_photos(14)]


@pytest.fixture
def server(photos) -> Iterator[Server]:
    with Quiet(photos) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def write_table(path: Path, server: Server, names: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for index, name in enumerate(names):
            writer.writerow(
                {
                    "photo_id": f"id_{index}-x",
                    "photo_url": f"https://unsplash.com/photos/id_{index}-x",
                    "photo_image_url": name if "://" in name else f"{server.url}/{name}",
                    "photo_width": "4000",
                    "photo_description": 'a "quoted"\nword',
                    "photographer_username": f"user{index}",
                    "photographer_first_name": "Ann",
                    "photographer_last_name": f"Bee{index}",
                }
            )
    return path


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_photos_and_credits_arrive(tmp_path: Path, server: Server) -> None:
    table = write_table(tmp_path / "photos.tsv", server, [f"good-{i}" for i in range(6)])
    tally = fetch_unsplash([table], tmp_path / "set", RECIPE, width=480, terms="free", policy=QUICK)
    assert (tally.kept, tally.total) == (6, 6)
    assert server.queries["good-0"] == {"w": ["480"], "q": ["90"], "fm": ["jpg"]}
    assert all(agent.startswith("photochrom/") for agent in server.agents)
    stored = list(stored_photos([tmp_path / "set"]))
    assert [photo.key for photo in stored] == [f"id_{i}-x" for i in range(6)]
    for index, (photo, row) in enumerate(zip(stored, rows(tmp_path / "set"), strict=True)):
        assert min(Image.open(io.BytesIO(photo.encoded)).size) == 96
        for table_of in (photo.record, row):
            assert table_of["author"] == f"Ann Bee{index} (@user{index})"
            assert table_of["origin"] == f"https://unsplash.com/photos/id_{index}-x"
            assert "Unsplash" in table_of["licence"]
            assert (table_of["source"], table_of["terms"]) == ("unsplash", "free")
        assert row["shard"] == f"train-{index // 4:06d}"


def test_misbehaving_server(tmp_path: Path, server: Server) -> None:
    names = [
        "good-0",
        "failing-1",
        "torn-2",
        "half-3",
        "moved-4",
        "broken-6",
        "lost-7",
        "page-8",
        "astray-9",
        "ftp://example.com/photo.jpg",
        "file:///etc/passwd",
        "http://",
        "good-10",
    ]
    table = write_table(tmp_path / "photos.tsv", server, names)
    tally = fetch_unsplash([table], tmp_path / "set", RECIPE, policy=QUICK)
    listed = rows(tmp_path / "set")
    stored = {row["file"].rpartition("/")[2] for row in listed if not row["reason"]}
    assert stored == {"good-0", "failing-1", "torn-2", "half-3", "moved-4", "good-10"}
    assert dict(tally.dropped) == {"unavailable": 7}
    details = {row["file"].rpartition("/")[2]: row["detail"] for row in listed if row["reason"]}
    assert details["broken-6"] == "gave up after 3 tries: HTTP 503"
    assert details["lost-7"] == "HTTP 404"
    assert details["page-8"] == "not an image but text/html"
    assert "UnsupportedProtocol" in details["astray-9"]
    assert details["passwd"] == details["photo.jpg"] == "not an http or https address"
    assert all(row["author"] for row in listed)
    assert server.tries() == {
        "good-0": 1,
        "failing-1": 3,
        "torn-2": 2,
        "half-3": 2,
        "moved-4": 1,
        "good-4": 1,
        "broken-6": 3,
        "lost-7": 1,
        "page-8": 1,
        "astray-9": 1,
        "good-10": 1,
    }


def test_an_answer_that_takes_too_long(tmp_path: Path, server: Server) -> None:
    policy = DownloadPolicy(connections=4, tries=3, timeout=1.0, first_pause=0.01)
    table = write_table(tmp_path / "photos.tsv", server, ["good-0", "good-1", "slow-5"])
    fetch_unsplash([table], tmp_path / "set", RECIPE, policy=policy)
    details = {row["file"].rpartition("/")[2]: row["detail"] for row in rows(tmp_path / "set")}
    assert details["slow-5"] == "gave up after 3 tries: no answer in 1 s"
    assert server.tries()["slow-5"] == 3


def test_retry_after_holds_all_downloads(tmp_path: Path, server: Server) -> None:
    names = ["busy-0", *(f"good-{i}" for i in range(1, 12))]
    table = write_table(tmp_path / "photos.tsv", server, names)
    policy = DownloadPolicy(connections=2, tries=3, timeout=5, first_pause=0.01)
    tally = fetch_unsplash([table], tmp_path / "set", RECIPE, policy=policy)
    assert tally.kept == 12
    first, again = server.times["busy-0"]
    begun, refused = server.refusal
    assert again - first >= 1.0
    during = [t for name in names[1:] for t in server.times[name] if refused < t < begun + 0.95]
    assert len(during) <= 2  # those that were requested before the answer came


def test_only_so_many_at_once(tmp_path: Path, server: Server) -> None:
    server.delay = 0.03
    table = write_table(tmp_path / "photos.tsv", server, [f"good-{i}" for i in range(12)])
    policy = DownloadPolicy(connections=3, tries=1, timeout=5)
    fetch_unsplash([table], tmp_path / "set", RECIPE, policy=policy)
    assert server.most_at_once == 3


def test_limit_pieces_and_repeated_photos(tmp_path: Path, server: Server) -> None:
    write_table(tmp_path / "photos.tsv000", server, ["good-0", "good-1"])
    write_table(tmp_path / "photos.tsv001", server, ["good-0", "good-1", "good-2", "good-3"])
    listed = list(listed_photos([tmp_path / "photos.tsv"]))
    assert [photo.key for photo in listed] == [f"id_{i}-x" for i in range(4)]
    fetch_unsplash([tmp_path / "photos.tsv"], tmp_path / "set", RECIPE, limit=3, policy=QUICK)
    assert [row["key"] for row in rows(tmp_path / "set")] == ["id_0-x", "id_1-x", "id_2-x"]


FETCH = """
import sys
from pathlib import Path
from photochrom.workshop.data.download import DownloadPolicy
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.unsplash import fetch_unsplash
recipe = Recipe(size=96, min_side=64, shard_size=4)
fetch_unsplash([Path(sys.argv[1])], Path(sys.argv[2]), recipe, policy=DownloadPolicy(connections=1))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
def test_killed_run_goes_on_without_asking_again(tmp_path: Path, server: Server) -> None:
    table = write_table(tmp_path / "photos.tsv", server, [f"good-{i}" for i in range(14)])
    fetch_unsplash([table], tmp_path / "whole", RECIPE, policy=QUICK)
    server.times.clear()
    server.delay = 0.05
    out = tmp_path / "set"
    command = [sys.executable, "-c", FETCH, str(table), str(out)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 30
        while not (out / ".unfinished" / "000000.csv").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert not (out / "manifest.csv").exists()
    server.delay = 0.0
    fetch_unsplash([table], out, RECIPE, policy=QUICK)
    for path in (tmp_path / "whole").iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes()
    assert [server.tries()[f"good-{i}"] for i in range(4)] == [1] * 4
    assert max(server.tries().values()) <= 2


def test_tables_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"photos\.tsv: no such table"):
        list(listed_photos([tmp_path / "photos.tsv"]))
    wrong = tmp_path / "keywords.tsv"
    wrong.write_text("photo_id\tkeyword\nabc\tsea\n")
    with pytest.raises(DataError, match=r"keywords\.tsv: no column photo_image_url"):
        list(listed_photos([wrong]))
    wrong.write_text("photo_id\tphoto_image_url\n../up\thttp://example.com\n")
    with pytest.raises(DataError, match=r"line 2: '\.\./up' is no photo_id"):
        list(listed_photos([wrong]))
    wrong.write_bytes(b"photo_id\tphoto_image_url\n\xff\xfe\tx\n")
    with pytest.raises(DataError, match=r"not a readable table"):
        list(listed_photos([wrong]))


def test_address_keeps_what_it_asks_for() -> None:
    address = sized_address("https://images.example/photo-1?ixid=a%2Fb&w=9", 640)
    assert address == "https://images.example/photo-1?ixid=a%2Fb&w=640&q=90&fm=jpg"


def test_a_policy_without_connections_is_refused() -> None:
    with pytest.raises(ConfigError, match="connections"):
        DownloadPolicy(connections=0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("999999", 3600), ("soon", 0), ("", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert _retry_after(value) == seconds
