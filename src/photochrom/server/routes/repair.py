"""/sessions/{id}/damage: what a repair takes for damage, as a picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from photochrom.server.pictures import picture
from photochrom.server.problems import RefusedError, described
from photochrom.server.routes.of_session import Id, Revision, image_answers, work_on
from photochrom.server.screen import SHORTEST_WHOLE
from photochrom.server.state import API, Shared

router = APIRouter(prefix=API, tags=["sessions"])

_LONGEST = 4096
_USUAL = 1280
_SHARE = {"schema": {"type": "number"}}

DAMAGED, FILLED = "Photochrom-Damaged", "Photochrom-Filled"
_ANSWERS = {**image_answers("image/png"), **described(409)}
_ANSWERS[200] |= {
    "headers": {
        DAMAGED: {"description": "Damaged pixels as a share of all.", **_SHARE},
        FILLED: {"description": "Those that are thin enough to be filled.", **_SHARE},
    }
}


@router.get("/sessions/{id}/damage", response_class=Response, responses=_ANSWERS)
async def damage(
    id: Id,
    shared: Shared,
    revision: Revision = None,
    longest: Annotated[int, Query(ge=SHORTEST_WHOLE, le=_LONGEST)] = _USUAL,
) -> Response:
    """What the repair of a look takes for damage: the whole photo upright, grey, damage white.

    A pixel of a reduced picture is white where any pixel under it is damaged. Two headers have the
    damaged pixels and the filled ones as shares of all. 409 where the look has no repair.
    """
    session = shared.sessions.get(id)
    repair = session.look(revision).repair
    if repair is None:
        raise RefusedError(
            409,
            "conflict",
            "this look has no repair",
            f'PATCH {API}/sessions/{{id}} {{"repair": {{}}}}',
        )

    def drawn() -> Response:
        repaired = session.repaired(repair)
        answer = picture(repaired.damage_picture(longest)[..., None], "png")
        answer.headers[DAMAGED] = f"{repaired.damage.share:.8f}"
        answer.headers[FILLED] = f"{repaired.mended.share:.8f}"
        return answer

    return await work_on(shared, session, drawn)
