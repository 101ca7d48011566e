"""The HTTP server: an API for programs, and the page that `photochrom app` opens.

    running     a socket, deadlines for slow peers, start and end
    app         create_app(settings): what follows, put together
    guard       who may ask, how much they may send, what every answer says to browsers
    connection  bytes counted as they come, work ended when nobody waits
    queue       few photos at a time, the rest waits or is told to come back
    colorize    POST /colorize: a photo in, a picture out; keeps nothing
    sittings    /sessions: a photo put up once, then looked at and changed
    sessions    where these photos lie until they expire
    status      /about, /models, health, metrics
    wishes      how a photo shall look and be written; said: what is answered of it
    problems    the tree of errors as problem+json
    page/       the page

Everything belongs to one app object; there is no global state.
"""

from photochrom.server.app import create_app
from photochrom.server.settings import Settings

__all__ = ["Settings", "create_app"]
