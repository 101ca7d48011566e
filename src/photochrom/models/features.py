"""Features: the layers of a network by which like things are found in another photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from photochrom.color.lab import Array
from photochrom.filters.resize import resize
from photochrom.models.contract import FeatureLayer


def joined_features(layers: Sequence[FeatureLayer], tensors: Sequence[Array]) -> Array:
    """One unit vector for each place, (h, w, C), from a network's layers.

    tensors: (1, C, H / s, W / s) of each layer. Each is enlarged to the finest, centred and
    normalized, so that the dot product of two places is the weighted mean of the layers' cosine
    similarities.
    """
    maps = [np.ascontiguousarray(tensor[0].transpose(1, 2, 0)) for tensor in tensors]
    rows, columns = max((one.shape[0], one.shape[1]) for one in maps)
    total = sum(layer.share for layer in layers)
    parts = []
    for layer, values in zip(layers, maps, strict=True):
        centered = resize(values, rows, columns) - layer.center
        length = np.linalg.norm(centered, axis=-1, keepdims=True) + np.float32(1e-6)
        parts.append(centered / length * np.float32((layer.share / total) ** 0.5))
    return np.concatenate(parts, axis=-1, dtype=np.float32)
