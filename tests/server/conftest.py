"""Fixtures of the server's tests: a real server on a real socket, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.served import API, SHORT, Answer, Serve, Served, serving, until

__all__ = ["API", "SHORT", "Answer", "Serve", "Served", "until"]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Start a server with settings, with short deadlines; it ends with the context."""
    return serving


@pytest.fixture(scope="module")
def served(serve: Serve) -> Iterator[Served]:
    """A server that takes small photos only; shared, so leave nothing behind."""
    with serve(upload_bytes=1_000_000, workers=2, waiting=8) as running:
        yield running


@pytest.fixture(scope="session")
def photo(examples: Path) -> bytes:
    """A grey JPEG of 451 x 300."""
    return (examples / "cat.jpg").read_bytes()
