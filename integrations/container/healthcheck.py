"""Ask the server of this container whether it would take a photo now; ends with 0 or 1.

Its port and its names are the server's own settings, from the environment; /readyz needs no token.
"""

from __future__ import annotations

import http.client
import sys
from contextlib import closing

from photochrom.errors import PhotochromError
from photochrom.server.settings import Settings

_SECONDS = 5.0


def fault() -> str | None:
    """What is wrong with the server, or None."""
    try:
        settings = Settings.load()
    except PhotochromError as error:
        return str(error)
    headers = {"Host": settings.hosts[0]} if settings.hosts else {}
    with closing(http.client.HTTPConnection("localhost", settings.port, _SECONDS)) as server:
        try:
            server.request("GET", "/readyz", headers=headers)
            answer = server.getresponse()
        except (OSError, http.client.HTTPException) as error:
            return f"port {settings.port} does not answer ({error})"
    return None if answer.status == http.HTTPStatus.OK else f"/readyz answers {answer.status}"


if __name__ == "__main__":
    if line := fault():
        sys.exit(f"photochrom: {line}")
