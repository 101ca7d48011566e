"""Pictures, chroma and luma for tests of grey JPEGs that are coloured reversibly."""

import io
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image


def picture(height, width, seed=0):
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 4 + 2, width // 4 + 2)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def planes(gray, seed=1):
    height, width = gray.chroma_size
    return tuple(
        np.clip(128 + (picture(height, width, seed + i).astype(int) - 128) // 3, 0, 255).astype(
            np.uint8
        )
        for i in (0, 1)
    )


def luma_of(data):
    """Y as the decoder has it before it makes RGB."""
    image = Image.open(io.BytesIO(data))
    assert image.mode in ("L", "RGB")
    if image.mode == "RGB":
        image.draft("YCbCr", image.size)
        assert image.mode == "YCbCr"
        return np.asarray(image)[..., 0]
    return np.asarray(image)


def drawn_damage(data: Any, sound: bytes) -> bytes:
    """A file with bytes changed, cut out or cut off up to four times; nothing may be left of it.

    data: hypothesis' `st.data()`.
    """
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        action = data.draw(st.sampled_from(["change", "remove", "end"]))
        if action == "change":
            damaged[place] = data.draw(st.integers(0, 255))
        elif action == "remove":
            del damaged[place : place + data.draw(st.integers(1, 9))]
        else:
            del damaged[max(place, 2) :]
        if not damaged:
            break
    return bytes(damaged)
