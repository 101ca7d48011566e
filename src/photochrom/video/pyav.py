"""PyAV, the package that reads and writes films; only this module and its users import it."""

from __future__ import annotations

from types import ModuleType

from photochrom.errors import MissingExtraError

EXTRA = "video"


def load_av() -> ModuleType:
    """The module `av`, quiet; raises MissingExtraError where it is not installed."""
    try:
        import av
        import av.logging
    except ModuleNotFoundError as error:
        raise MissingExtraError("video", EXTRA) from error
    av.logging.set_level(None)
    return av
