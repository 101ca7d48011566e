from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from photochrom.workshop.data.fingerprint import HashIndex, perceptual_hash
from support import photo_files

pytestmark = pytest.mark.workshop


def hash_of(photo: Image.Image) -> int:
    return perceptual_hash(np.asarray(photo))


def test_small_changes_leave_the_hash_near_and_other_photos_are_far() -> None:
    photos = photo_files.color_photos(10)
    hashes = [hash_of(photo) for photo in photos]
    for photo, value in zip(photos, hashes, strict=True):
        smaller = photo.resize((photo.width * 2 // 3, photo.height * 2 // 3))
        brighter = ImageEnhance.Brightness(photo).enhance(1.1)
        for changed in (smaller, brighter):
            assert (hash_of(changed) ^ value).bit_count() <= 4
    distances = [(a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 10


@pytest.mark.parametrize("distance", [0, 1, 4, 7])
def test_search_finds_what_comparing_with_all_finds(distance: int) -> None:
    draw = random.Random(distance)
    hashes = [draw.getrandbits(64) for _ in range(200)]
    index = HashIndex(distance)
    for number, value in enumerate(hashes):
        index.add(value, str(number))
    found = 0
    for value in hashes:
        changed = value
        for bit in draw.sample(range(64), draw.randint(0, distance + 2)):
            changed ^= 1 << bit
        nearest = min(range(200), key=lambda n: (hashes[n] ^ changed).bit_count())
        near = (hashes[nearest] ^ changed).bit_count() <= distance
        assert index.find(changed) == (str(nearest) if near else None)
        found += near
    assert 0 < found < 200


def test_first_of_equal_hashes_is_found() -> None:
    index = HashIndex(2)
    index.add(5, "first")
    index.add(5, "second")
    assert index.find(5) == "first"
