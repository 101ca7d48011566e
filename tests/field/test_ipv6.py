"""Servers that listen on IPv6, and the spellings of their addresses in Host and Origin."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from photochrom.errors import ConfigError
from photochrom.server import Settings
from photochrom.server.host_names import canonical_name, is_same_host
from photochrom.server.run import address_of, listen
from support.served import Served, serving

MODELS = "/api/v1/models"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(host="::1", workers=1) as running:
        yield running


@needs_ipv6
@pytest.mark.parametrize("host", ["::1", "[::1]", "::"])
def test_the_printed_address_has_brackets_and_opens(script: Path, host: str) -> None:
    given = ["serve", "--host", host, "--port", "0", "--root-path", "/photos/", "--insecure"]
    process = subprocess.Popen([script, *given], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\[::1\]:\d+/photos/(?= )", line)
        assert found, line
        transport = httpx2.HTTPTransport(retries=5)
        with httpx2.Client(transport=transport, timeout=30) as client:
            assert "<title>Photochrom</title>" in client.get(found[0]).text
            assert client.get(found[0] + "healthz").json() == {"status": "ok"}
            if host == "::":  # both versions of the protocol
                url = found[0].replace("[::1]", "127.0.0.1")
                assert client.get(url + "healthz").json() == {"status": "ok"}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@needs_ipv6
def test_names_of_the_loopback_are_known_and_no_others(served: Served) -> None:
    for host in ("[::1]:{}", "[::1]", "[0:0:0:0:0:0:0:1]:{}", "[0000::0001]", "localhost:{}"):
        assert served.ask("GET", MODELS, Host=host.format(served.port)).status == 200, host
    for host in ("[::2]:8", "[::1", "[::1].evil.example", "[::1]evil", "[::1]:8:9", "[]", "[::g]"):
        answer = served.ask("GET", MODELS, Host=host)
        assert answer.status == 421, host
        assert answer.detail


@needs_ipv6
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://[::1]:{}", 200),
        ("https://[::1]:{}", 200),  # behind a proxy that ends TLS
        ("http://[0:0::1]:{}", 200),
        ("http://[::1]:9", 403),
        ("http://[::1]", 403),  # port 80
        ("http://[::2]:{}", 403),
        ("http://[::1", 403),
        ("http://user@[::1]:{}", 403),
        ("ftp://[::1]:{}", 403),
        ("null", 403),
    ],
)
def test_origins(served: Served, origin: str, status: int) -> None:
    given = origin.format(served.port)
    answer = served.ask("GET", MODELS, Host=f"[::1]:{served.port}", Origin=given)
    assert answer.status == status


def test_allowed_hosts_are_compared_in_one_spelling() -> None:
    """A name may be given with a port, in capitals, or as IPv6 without brackets."""
    names = Settings(hosts=("Photos.Example:8443", "FE80:0:0::1", "[2001:DB8::0:1]")).names
    assert names == ("photos.example", "[fe80::1]", "[2001:db8::1]")


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("https://photos.example", "photos.example", True),
        ("https://photos.example", "photos.example:443", True),
        ("http://photos.example:80", "photos.example", True),
        ("https://photos.example", "photos.example:80", False),
        ("https://photos.example:8443", "photos.example", False),
        ("https://other.example", "photos.example", False),
        ("https://", "", False),
    ],
)
def test_a_default_port_may_be_named_or_not(origin: str, host: str, same: bool) -> None:
    assert is_same_host(origin, host) == same


def test_canonical_names() -> None:
    assert canonical_name("[::FFFF:1.2.3.4]:80") == "[::ffff:102:304]"
    assert canonical_name("LOCALHOST:8000") == "localhost"


def test_hosts_that_are_names() -> None:
    """localhost is IPv4 first; a name or address that is not here is one line about the host."""
    with listen(Settings(host="localhost", port=0)) as listening:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address_of(listening))
    for host in ("no.such.host.invalid", "2001:db8::1"):
        with pytest.raises(ConfigError, match="choose another host") as error:
            listen(Settings(host=host, port=0, insecure=True))
        assert "\n" not in str(error.value)
