"""A reference: a colour photo whose colours lead those of like things in another photo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

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
    >>> uniform = load_reference("color.jpg")
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
        """A reference from a reduced copy.

        Parameters
        ----------
        name
            The photo's name, for errors.
        srgb
            (height, width, 3), sRGB codes.

        Returns
        -------
        Reference
            The copy, as it is.

        Examples
        --------
        >>> import numpy as np
        >>> from photochrom import Reference
        >>> Reference.of_srgb("red", np.full((192, 256, 3), (200, 30, 40), np.uint8))
        <Reference red, 256 x 192>
        """
        height, width, _ = srgb.shape
        return cls(name, height, width, np.ascontiguousarray(srgb).tobytes())
