"""Photos as a network sees them, to find out which values it computes with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from photochrom.colorizer import network_size
from photochrom.models import Contract
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.sources import photos_from
from photochrom.workshop.quantization.graph import Feed
from photochrom.workshop.training.augment import reveal_hints
from photochrom.workshop.training.lab import lab_from_srgb
from photochrom.workshop.training.validation import network_copy

HINT_POINTS = 8
"""At most so many hints a photo."""
VIVID = ((110.0, 0.0), (0.0, 110.0), (-110.0, 0.0), (0.0, -110.0))
"""Hints as far out as any sRGB colour, ab in Lab units."""


def examples(sources: Sequence[str], contract: Contract) -> Iterator[Feed]:
    """Every photo at the model's input size; every other one with hints.

    sources: colour photos as in `photochrom.workshop.data.sources.photos_from`, whose errors it
    raises.
    Hints have the photo's own colours and, in turn, colours as vivid as a person may set.
    """
    decoding = contract.dial.at(ColorizeOptions.vividness)
    for index, (_, rgb) in enumerate(photos_from(sources)):
        height, width = network_size(rgb.shape[0], rgb.shape[1], contract.size, contract.fit)
        small = Photo(rgb).small_copy(height, width)
        pixels = torch.from_numpy((small * 255).round().clip(0, 255).astype(np.uint8))
        copy = network_copy(pixels.permute(2, 0, 1), contract.size, contract.fit)
        lab = lab_from_srgb(copy.rgb)
        feed = {"L": lab[:, :1].numpy()}
        if contract.output == "bins":
            feed["hint_ab"], feed["hint_mask"] = (hint.numpy() for hint in _hints(lab, index))
            for name in ("gamma", "temperature", "chroma_power"):
                if name in contract.inputs:
                    feed[name] = np.array(getattr(decoding, name), np.float32)
        yield feed


def _hints(lab: Tensor, index: int) -> tuple[Tensor, Tensor]:
    """Hints for a photo by its number: without, its own colours, without, vivid colours."""
    hint_ab, hint_mask = reveal_hints(lab[:, 1:], index % 2, HINT_POINTS, Draws(0, [index]))
    if index % 4 == 3:
        hint_ab = hint_mask * _quarters(hint_mask.shape[2], hint_mask.shape[3], index // 4)
    return hint_ab, hint_mask


def _quarters(height: int, width: int, turn: int) -> Tensor:
    """A field, (1, 2, height, width), with another vivid colour in each quarter."""
    field = torch.empty(1, 2, height, width)
    for quarter in range(4):
        rows = slice(0, height // 2) if quarter < 2 else slice(height // 2, height)
        columns = slice(0, width // 2) if quarter % 2 else slice(width // 2, width)
        color = torch.tensor(VIVID[(quarter + turn) % len(VIVID)])
        field[:, :, rows, columns] = color[None, :, None, None]
    return field
