"""Photos in bodies of requests, and answers that are coloured photos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvips

from support.served import API, Answer, Served

COLORIZE, SESSIONS = f"{API}/colorize", f"{API}/sessions"
FORM = "multipart/form-data; boundary=xX"
WEB_FORM = "application/x-www-form-urlencoded"
JPEG = 'name="photo"; filename="a.jpg"'
"""How a form describes the photo."""


def small_photo(suffix: str = ".jpg", **options: Any) -> bytes:
    """A grey photo of 90 x 60 pixels: a bright sky over dark ground, with a little noise."""
    rows = np.linspace(210, 60, 60)[:, None] + np.random.default_rng(0).normal(0, 6, (60, 90))
    image = pyvips.Image.new_from_array(np.clip(rows, 0, 255).astype(np.uint8))
    return bytes(image.write_to_buffer(suffix, **options))


def part(content: bytes, disposition: str, *headers: str) -> bytes:
    head = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *headers])
    return b"--xX\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xX--\r\n"


def check(content: bytes, suffix: str = "jpg") -> None:
    """The answer is the photo in colour, in the format that was asked for."""
    image: Any = pyvips.Image.new_from_buffer(content, "")
    assert (image.width, image.height, image.bands) == (90, 60, 3)
    assert image.get("vips-loader").startswith({"jpg": "jpeg"}.get(suffix, suffix))


def post_form(served: Served, body: bytes, path: str = COLORIZE, kind: str = FORM) -> Answer:
    return served.ask("POST", path, body, Content_Type=kind)
