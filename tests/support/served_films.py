"""Films on a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.served import API, Served, until

PATIENCE_S = 120


def open_film(server: Served, path: Path, query: str = "") -> str:
    """Upload a film and wait for its shots; returns its path on the server."""
    answer = server.ask("POST", f"{API}/films?name={path.name}{query}", path.read_bytes())
    assert answer.status == 201, answer
    here = f"{API}/films/{answer.json['id']}"
    assert answer.headers["Location"] == here
    wait_for(server, here, "ready")
    return here


def wait_for(server: Served, here: str, state: str) -> dict[str, Any]:
    """The film once it is in a state."""
    found: dict[str, Any] = {}

    def is_there() -> bool:
        found.update(server.ask("GET", here).json)
        return found["state"] == state or found["state"] == "failed"

    assert until(is_there, PATIENCE_S), found
    assert found["state"] == state, found
    return found
