"""The server answers every request as its OpenAPI schema describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from support.served_films import open_film

if TYPE_CHECKING:
    from support.served import Served

EXAMPLES = settings(max_examples=25, suppress_health_check=list(HealthCheck))
"""Of each operation, sound ones and as many others."""

SESSION = "/api/v1/sessions/{id}"
FILM = "/api/v1/films/{id}"
PLAIN = [
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/api/v1/about"),
    ("get", "/api/v1/models"),
    ("get", "/api/v1/presets"),
]
"""Routes without parameters, of which none can be wrong."""
TAKING = [
    ("post", "/api/v1/colorize"),
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/leases"),
    ("get", SESSION),
    ("patch", SESSION),
    ("delete", SESSION),
    ("get", f"{SESSION}/preview"),
    ("get", f"{SESSION}/region"),
    ("get", f"{SESSION}/suggestions"),
    ("get", f"{SESSION}/border"),
    ("get", f"{SESSION}/confidence"),
    ("get", f"{SESSION}/damage"),
    ("get", f"{SESSION}/result"),
    ("get", "/api/v1/archive"),
    ("post", "/api/v1/films"),
    ("get", FILM),
    ("delete", FILM),
    ("post", f"{FILM}/shots/{{number}}"),
    ("post", f"{FILM}/preview"),
    ("post", f"{FILM}/render"),
    ("delete", f"{FILM}/render"),
    ("get", f"{FILM}/result"),
]

load_all_checks()
NOT_MEANT = (
    "positive_data_acceptance",  # a place may be sound and yet outside the photo
    "ignored_auth",  # there is no token here
)
MEANT = CHECKS.get_by_names([name for name in CHECKS.get_all_names() if name not in NOT_MEANT])


@pytest.fixture(scope="module")
def api(served: Served) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(served.app.openapi())


@pytest.fixture(scope="module")
def asker() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def film(served: Served, tmp_path: Path) -> Iterator[str]:
    """The id of a film of three small pictures."""
    pytest.importorskip("av", reason="needs the packages of the extra 'video'")
    from support.films import scene, write_film

    path = write_film(tmp_path / "reel.mkv", [scene(number, size=(32, 48)) for number in range(3)])
    here = open_film(served, path)
    yield here.rpartition("/")[2]
    served.ask("DELETE", here)


def test_every_operation_is_here(api: schemathesis.BaseSchema) -> None:
    operations = [operation.ok() for operation in api.get_all_operations()]
    assert sorted(PLAIN + TAKING) == sorted((one.method, one.path) for one in operations)


@pytest.mark.parametrize(("method", "path"), PLAIN + TAKING)
def test_what_is_sound(
    api: schemathesis.BaseSchema,
    served: Served,
    asker: requests.Session,
    photo: bytes,
    request: pytest.FixtureRequest,
    method: str,
    path: str,
) -> None:
    of_film = path.startswith(FILM)
    session = request.getfixturevalue("film") if of_film else served.put_up(photo).split("/")[-1]

    @EXAMPLES
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def hold(case: schemathesis.Case) -> None:
        if "id" in case.path_parameters:
            case.path_parameters["id"] = session
        case.call_and_validate(f"http://127.0.0.1:{served.port}", asker, checks=MEANT)

    hold()


@pytest.mark.parametrize(("method", "path"), TAKING)
def test_what_is_not(
    api: schemathesis.BaseSchema, served: Served, asker: requests.Session, method: str, path: str
) -> None:
    @EXAMPLES
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def hold(case: schemathesis.Case) -> None:
        case.call_and_validate(f"http://127.0.0.1:{served.port}", asker, checks=MEANT)

    hold()
