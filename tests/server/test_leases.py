"""How long an uploaded photo stays: leases, and who yields where all places are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.served import Serve, Served

from support.served import API, until


def put_up(server: Served, photo: bytes, lease: float | None = None) -> str:
    """The id of a new session."""
    query = "" if lease is None else f"&lease={lease}"
    answer = server.ask("POST", f"{API}/sessions?name=cat.jpg{query}", photo)
    assert answer.status == 201, answer
    return str(answer.json["id"])


def is_there(server: Served, name: str) -> bool:
    return server.ask("GET", f"{API}/sessions/{name}").status == 200


def renew(server: Served, names: list[str], seconds: float) -> dict[str, float]:
    answer = server.ask("POST", f"{API}/leases", {"sessions": names, "seconds": seconds})
    assert answer.status == 200, answer
    found: dict[str, float] = answer.json["sessions"]
    return found


def age(server: Served, name: str, seconds: float) -> None:
    """Let a session have been idle for so long."""
    session = server.state.sessions.open[name]
    session.touched -= seconds
    session.used_at -= seconds


def test_a_lease_ends_a_session_and_none_keeps_the_documented_hour(
    served: Served, photo: bytes
) -> None:
    leased, plain = put_up(served, photo, lease=60), put_up(served, photo)
    about = [served.ask("GET", f"{API}/sessions/{name}").json for name in (leased, plain)]
    assert [one["expires_in"] for one in about] == [60, 3600]
    for name in (leased, plain):
        age(served, name, 61)
    served.state.sessions.expire()
    assert not is_there(served, leased)
    assert is_there(served, plain)
    age(served, plain, 3601)
    served.state.sessions.expire()
    assert not is_there(served, plain)
    assert served.files == []


def test_a_renewed_lease_lasts_and_a_shortened_one_ends_soon(served: Served, photo: bytes) -> None:
    name = put_up(served, photo, lease=60)
    age(served, name, 59)
    assert renew(served, [name, "gone"], 60) == {name: 60}
    age(served, name, 59)
    served.state.sessions.expire()
    assert renew(served, [name], 45) == {name: 45}  # the page is closed
    age(served, name, 44)
    assert is_there(served, name)  # it was opened again in time
    age(served, name, 46)
    served.state.sessions.expire()
    assert renew(served, [name], 60) == {}


def test_the_server_sweeps_by_itself(serve: Serve, photo: bytes) -> None:
    with serve() as server:
        put_up(server, photo, lease=1)
        assert until(lambda: len(server.state.sessions) == 0, 20)
        assert until(lambda: server.files == [], 20)  # a moment later


def test_a_session_at_work_does_not_expire(served: Served, photo: bytes) -> None:
    name = put_up(served, photo, lease=60)
    session = served.state.sessions.get(name)
    with session.used():
        age(served, name, 100)
        served.state.sessions.expire()
        assert renew(served, [name], 60) == {name: 60}
        age(served, name, 100)
    served.state.sessions.expire()  # it was in use until now
    assert is_there(served, name)
    served.ask("DELETE", f"{API}/sessions/{name}")


@pytest.mark.parametrize("seconds", [0, -3, "soon", 1e9])
def test_a_lease_out_of_range_is_refused(served: Served, photo: bytes, seconds: object) -> None:
    answer = served.ask("POST", f"{API}/leases", {"sessions": [], "seconds": seconds})
    assert answer.status == 422
    assert served.ask("POST", f"{API}/sessions?lease={seconds}", photo).status == 422


def test_no_lease_is_longer_than_the_servers_own_time(serve: Serve, photo: bytes) -> None:
    with serve(session_s=100) as server:
        name = put_up(server, photo, lease=5000)
        assert renew(server, [name], 5000) == {name: 100}


def test_the_longest_idle_yields_to_a_new_photo(serve: Serve, photo: bytes) -> None:
    with serve(sessions=3) as server:
        names = [put_up(server, photo, lease=60) for _ in range(3)]
        assert is_there(server, names[0])  # so names[1] is the oldest
        for name in names:
            age(server, name, 20)
        renew(server, names, 60)  # an open page is no use
        new = put_up(server, photo, lease=60)
        assert not is_there(server, names[1])
        assert all(is_there(server, name) for name in (names[0], names[2], new))
        assert len(server.state.sessions) == 3


def test_programs_sessions_yield_only_after_minutes(serve: Serve, photo: bytes) -> None:
    with serve(sessions=1) as server:
        name = put_up(server, photo)
        age(server, name, 200)
        answer = server.ask("POST", f"{API}/sessions", photo)
        assert answer.status == 429
        age(server, name, 101)
        put_up(server, photo)
        assert not is_there(server, name)


def test_where_all_are_in_use_the_true_reason_is_told(serve: Serve, photo: bytes) -> None:
    with serve(sessions=2) as server:
        names = [put_up(server, photo, lease=60) for _ in range(2)]
        answer = server.ask("POST", f"{API}/sessions", photo)
        assert answer.status == 429
        assert answer.json["type"] == "urn:photochrom:too-many-photos"
        assert "2 photos are open" in answer.detail
        assert "all are in use" in answer.detail
        wait = int(answer.headers["Retry-After"])
        assert 1 <= wait <= 10
        age(server, names[0], wait)
        put_up(server, photo, lease=60)  # the time that was told is true
