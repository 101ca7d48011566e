"""A reference: a colour photo whose colours lead those of like things in another photo."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Reference:
    """A colour photo, reduced to the size in which it is compared; `load_reference` makes one.

    Parameters
    ----------
    name
        The photo's name, for errors.
    height, width
        Of the reduced copy, upright, pixels.
    data
        Its sRGB, height x width x 3 bytes.

    Examples
    --------
    >>> from photochrom import colorize, load_reference
    >>> uniform = load_reference("reference.jpg")
    >>> colorize("photo.jpg", references=[uniform])
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    name: str
    height: int
    width: int
    data: bytes

    def __repr__(self) -> str:
        return f"<Reference {self.name}, {self.width} x {self.height}>"

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """A short digest of the pixels."""
        size = f"{self.height} {self.width} ".encode()
        return hashlib.sha256(size + self.data).hexdigest()[:16]

    @property
    def srgb(self) -> NDArray[np.uint8]:
        """The reduced copy, (height, width, 3), sRGB."""
        return np.frombuffer(self.data, np.uint8).reshape(self.height, self.width, 3)

    @classmethod
    def of_srgb(cls, name: str, srgb: NDArray[np.uint8]) -> Self:
        """A reference from a reduced copy, (height, width, 3), sRGB."""
        height, width, _ = srgb.shape
        return cls(name, height, width, np.ascontiguousarray(srgb).tobytes())

    def as_dict(self) -> dict[str, Any]:
        """All of it in plain values, for the ledger of a job."""
        packed = base64.b64encode(zlib.compress(self.data)).decode()
        return {"name": self.name, "height": self.height, "width": self.width, "data": packed}

    @classmethod
    def of_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        return cls(**record | {"data": zlib.decompress(base64.b64decode(record["data"]))})
