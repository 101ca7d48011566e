"""Comments in the headers of PGM and PPM files: from a "#" to the end of the line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HEAD = re.compile(rb"P[1-6]((?:\s+|#[^\r\n]*[\r\n])+\d+){2,3}")
"""The magic number, width, height and white, with comments among them."""
_COMMENT = re.compile(rb"#[ \t]?([^\r\n]*)")
_LONGEST = 65_536
"""Bytes of a header that are looked at."""


def read_comments(data: bytes) -> tuple[bytes, ...]:
    """The comments of a file, lines that follow each other as one."""
    head = _HEAD.match(data[:_LONGEST])
    lines = [] if head is None else _COMMENT.findall(head[0])
    return (b"\n".join(lines),) if lines else ()


def with_comments(data: bytes, comments: Iterable[bytes]) -> bytes:
    """A file with comments behind its magic number of two bytes."""
    lines = [line for comment in comments for line in comment.splitlines()]
    return data[:2] + b"\n" + b"".join(b"# " + line + b"\n" for line in lines) + data[2:].lstrip()
