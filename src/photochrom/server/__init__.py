"""The HTTP server: an API for programs, and the page that `photochrom app` opens.

    run            a socket, deadlines for slow peers, start and end
    app            create_app(settings): what follows, put together
    security       tokens, Host and Origin headers, limits, what every response says to browsers
    request_body   counts bytes as they arrive, ends work when the client has gone
    deadlines      how long a peer may take
    queue          runs few photos at a time; the rest waits or is refused
    routes/        POST /colorize (keeps nothing), /sessions, /about, /models, /presets,
                   health, metrics
    photo_session  an uploaded photo and its options, until it expires
    requests       options in requests      responses   what routes return
    files          results at full size     screen      previews and regions
    problems       the tree of errors as problem+json
    api_docs       GET /docs: the API for people
    page/          the page

Everything belongs to one app object; there is no global state.
"""

from photochrom.server.app import create_app
from photochrom.server.settings import Settings

__all__ = ["Settings", "create_app"]
