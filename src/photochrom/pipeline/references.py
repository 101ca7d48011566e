"""Colours after references: those of like things in other photos, found by the network's features.

For each cell of the network's grid, the cells of the references are weighted by how similar their
features are, and their mean colour is taken. It replaces the predicted colour where the most
similar cell is similar enough, and changes nothing where no thing is like it: only the weight
decides, so that a thing without its like in any reference keeps its predicted colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.errors import PhotoError, os_reason
from photochrom.filters.resize import resize
from photochrom.filters.upsample import cell_mean, refine
from photochrom.models.session import Prediction, Session
from photochrom.photo import SUFFIXES, PhotoLike, as_photo
from photochrom.pipeline.cache import Cache
from photochrom.pipeline.inference import Member, SmallCopy
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.references import Reference

REDUCED = 256
"""Short side of a reference's copy, pixels."""
LONGEST = 4 * REDUCED
SHARPNESS = 0.05
"""Difference in similarity at which a cell of a reference counts e times less."""
LIKE = 0.45
"""Similarity from which on a thing is like another: half of its colour is then the reference's."""
SLOPE = 0.05
"""Scale of the logistic curve around it."""
MOST_COMPARED = 4
"""References that are compared in detail; of more, those most similar as a whole are."""
_COARSE = 4  # cells of the grid, each way, in one of a comparison as a whole
_CHUNK_SIZE = 2**24  # numbers of similarity in memory at a time
_CACHED = 32
"""References of one network whose features stay in memory, some 5 MB each."""
_CACHED_COARSE = 512
"""The same of references as a whole, half a megabyte each."""


@dataclass(frozen=True)
class ReferenceColors:
    """What references say about a photo, on the coarse grid of a network.

    ab: (h, w, 2), Lab units, the colours of the like things. weight: (h, w), 0..1, how alike they
    are.
    """

    ab: Array
    weight: Array

    def lead(self, prediction: Prediction, lightness: Array) -> Prediction:
        """A prediction with these colours where they have weight.

        prediction: its ab (h, w, 2) is of the small copy. lightness: (h, w), 0..100, of the copy
        whose grid this is; of a blend, the prediction's may be larger.
        """
        stride = len(lightness) // len(self.weight)
        predicted = cell_mean(resize(prediction.ab, *lightness.shape), stride)
        change = self.weight[..., None] * (self.ab - predicted)
        ab = prediction.ab + resize(refine(change, lightness), *prediction.ab.shape[:2])
        confidence = prediction.confidence
        if confidence is not None:
            weight = resize(self.weight[..., None], *confidence.shape)[..., 0]
            confidence = np.maximum(confidence, weight)
        return Prediction(ab, confidence)


def load_reference(photo: PhotoLike) -> Reference:
    """Read a colour photo as a reference.

    Parameters
    ----------
    photo
        A path, an open file, bytes, an array or a `Photo`. A photo that was coloured and corrected
        by hand may be one.

    Returns
    -------
    Reference
        The photo, reduced to a short side of 256 pixels, upright.

    Raises
    ------
    PhotoError
        The photo cannot be read, or is grey.

    Examples
    --------
    >>> from photochrom import load_reference
    >>> load_reference("color.jpg")
    <Reference color.jpg, 385 x 256>
    """
    opened = as_photo(photo)
    reference = _reference_of(opened)
    if reference is None:
        raise PhotoError(
            opened.name, "has no colours that could lead those of another", "name a colour photo"
        )
    return reference


def _reference_of(photo: PhotoLike) -> Reference | None:
    """A photo as a reference; None where it is grey."""
    opened = as_photo(photo)
    height, width = opened.upright_size
    scale = REDUCED / min(height, width)
    rows, columns = (min(LONGEST, max(1, round(side * scale))) for side in (height, width))
    srgb = opened.upright_copy(rows, columns)
    if opened.color_bands < 3 or tone_of(srgb) is Tone.GRAY:
        return None
    return Reference.of_srgb(opened.name, np.rint(srgb * 255).astype(np.uint8))


def load_album(folder: str | Path) -> tuple[Reference, ...]:
    """Read the colour photos of a folder as references: those that were corrected by hand.

    Parameters
    ----------
    folder
        The folder; its subfolders are not read, nor are files that are no photos, and grey photos
        are passed over.

    Returns
    -------
    tuple of Reference
        In the order of their names. Of more than four, each photo is led by the four most like it.

    Raises
    ------
    PhotoError
        There is no such folder, no colour photo in it, or a photo in it cannot be read.

    Examples
    --------
    >>> from photochrom import load_album
    >>> load_album(".")
    (<Reference color.jpg, 385 x 256>,)
    """
    place = Path(folder)
    try:
        files = sorted(
            one
            for one in place.iterdir()
            if one.suffix.lower() in SUFFIXES and not one.name.startswith(".") and one.is_file()
        )
    except OSError as error:
        raise PhotoError(place, os_reason(error), "name a folder of colour photos") from error
    found = [one for one in map(_reference_of, files) if one is not None]
    if not found:
        raise PhotoError(place, "has no colour photo", "put those there that were corrected")
    return tuple(found)


def reference_colors(
    member: Member, copy: SmallCopy, references: Sequence[Reference], size: int | None
) -> ReferenceColors:
    """The colours of like things in references, for one small copy.

    size: of the small copy, as chosen. Raises ModelError for a network without features.
    """
    features = member.features(copy)
    rows, columns, channels = features.shape
    cache = _cache_of(member.session)
    if len(references) > MOST_COMPARED:
        coarse = _coarse(features)
        wholes = [cache.coarse(member, reference, size) for reference in references]
        scores = [float((coarse @ whole.T).max(axis=1).mean()) for whole in wholes]
        chosen = np.argsort(scores)[::-1][:MOST_COMPARED]
        references = [references[index] for index in chosen]
    known = [cache.all(member, reference, size) for reference in references]
    there = np.concatenate([one.features for one in known], dtype=np.float32)
    colors = np.concatenate([one.ab for one in known])
    here = features.reshape(-1, channels)
    ab: Array = np.empty((len(here), 2), np.float32)
    most: Array = np.empty(len(here), np.float32)
    step = max(1, _CHUNK_SIZE // len(there))
    for start in range(0, len(here), step):
        part = slice(start, start + step)
        similarity = here[part] @ there.T
        most[part] = similarity.max(axis=1)
        similarity -= most[part, None]
        similarity /= np.float32(SHARPNESS)
        share = np.exp(similarity, out=similarity)
        ab[part] = share @ colors / share.sum(axis=1, keepdims=True)
    weight = 1 / (1 + np.exp((LIKE - most) / SLOPE))
    return ReferenceColors(
        ab.reshape(rows, columns, 2), weight.reshape(rows, columns).astype(np.float32)
    )


@dataclass(frozen=True)
class _ReferenceFeatures:
    """What a network recognizes in a reference: (N, C), fp16, with the cells' ab (N, 2); of the
    whole, coarse (M, C).
    """

    features: NDArray[np.float16]
    ab: Array
    coarse: Array

    @classmethod
    def of(cls, member: Member, reference: Reference, size: int | None) -> _ReferenceFeatures:
        srgb = reference.srgb.astype(np.float32) / np.float32(255)
        height, width = member.copy_size(reference.height, reference.width, size)
        copy = SmallCopy.of_srgb(resize(srgb, height, width))
        features = member.features(copy)
        ab = cell_mean(lab_from_srgb(copy.srgb)[..., 1:], height // len(features))
        flat = features.reshape(-1, features.shape[2]).astype(np.float16)
        return cls(flat, ab.reshape(-1, 2), _coarse(features))


class _FeatureCache:
    """The features of references for one network, for all photos of an album; thread-safe."""

    def __init__(self) -> None:
        self._coarse, self._all = Cache(_CACHED_COARSE), Cache(_CACHED)

    def coarse(self, member: Member, reference: Reference, size: int | None) -> Array:
        """Features of the whole reference, (M, C)."""
        key = (reference.digest, size)
        return self._coarse.get(key, lambda: self.all(member, reference, size).coarse)

    def all(self, member: Member, reference: Reference, size: int | None) -> _ReferenceFeatures:
        """Features of every cell and of the whole."""
        key = (reference.digest, size)
        return self._all.get(key, lambda: _ReferenceFeatures.of(member, reference, size))


_caches: WeakKeyDictionary[Session, _FeatureCache] = WeakKeyDictionary()
_caches_lock = Lock()


def _cache_of(session: Session) -> _FeatureCache:
    with _caches_lock:
        return _caches.setdefault(session, _FeatureCache())


def _coarse(features: Array) -> Array:
    """Features of larger cells, unit vectors, (M, C)."""
    rows, columns = (max(1, side // _COARSE) for side in features.shape[:2])
    means = resize(features, rows, columns).reshape(-1, features.shape[2])
    return means / (np.linalg.norm(means, axis=1, keepdims=True) + np.float32(1e-6))
