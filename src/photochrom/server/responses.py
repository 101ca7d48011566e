"""The JSON answers of the routes of sessions."""

from __future__ import annotations

from pydantic import BaseModel

from photochrom.server.models import abilities
from photochrom.server.photo_session import PhotoSession
from photochrom.server.requests import OptionsResponse


class Abilities(BaseModel):
    """What can be done with a photo beside colouring; with a shot of a film less."""

    hints: bool
    suggestions: bool
    variants: bool
    confidence: bool
    references: bool
    strokes: bool
    frame: bool
    """Crop and turn."""
    model: bool
    """Another model, and another size of its copy."""


class SessionResponse(BaseModel):
    """A photo that is open; sizes are those of the upright photo."""

    id: str
    name: str
    width: int
    height: int
    pages: int
    format: str
    bits: int
    in_color: bool
    notes: list[str]
    expires_in: float
    revision: int
    look: OptionsResponse
    can: Abilities


class Color(BaseModel):
    """One colour, as Lab's a and b and as sRGB at the place's lightness."""

    ab: tuple[float, float]
    color: str


class LikelyColor(Color):
    """A colour and how likely it is."""

    probability: float | None


class SuggestionsResponse(BaseModel):
    """Likely colours of a place, most likely first."""

    x: float
    y: float
    lightness: float
    current: Color
    neutral: Color
    suggestions: list[LikelyColor]


class BorderResponse(BaseModel):
    """What is inside a photo's border, WxH+X+Y; null where no border is found."""

    crop: str | None


class LeasesResponse(BaseModel):
    """Sessions and films that are there, by id, and the seconds after which each ends without a
    request.
    """

    sessions: dict[str, float]
    films: dict[str, float]


def body_of(session: PhotoSession) -> SessionResponse:
    """A session and its latest look; raises PhotoError where its pixels are damaged."""
    photo, look = session.photo, session.look()
    height, width = photo.upright_size
    workspace = session.workspace(look.model)
    workspace.read()  # before its notes are
    return SessionResponse(
        id=session.id,
        name=photo.name,
        width=width,
        height=height,
        pages=session.pages,
        format=photo.suffix[1:],
        bits=photo.bits,
        in_color=workspace.in_color,
        notes=list(photo.notes),
        expires_in=session.lifetime_s,
        revision=session.revision,
        look=OptionsResponse.of(look),
        can=_abilities(session, look.model),
    )


def _abilities(session: PhotoSession, model: str) -> Abilities:
    of_model = abilities(session.colorizer(model))
    whole = not session.of_film
    of_model["variants"] &= whole
    of_model["references"] &= whole
    return Abilities(**of_model, strokes=whole, frame=whole, model=whole)
