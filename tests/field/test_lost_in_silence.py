"""Damaged files of every kind: no black or flat area without an error or a warning."""

import os

import pytest

from support.damaged_files import SOUND, flat, lost_in_silence, pixels_of, search, sound


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_have_no_flat_areas(name):
    """Else nothing could be found; and what is found is found: a flat area is one."""
    pixels, _ = pixels_of(sound(name))
    assert flat(pixels).mean() < 0.01
    pixels[100:102] = pixels[100, 0]
    assert flat(pixels)[100:102].all()


def test_an_area_that_is_lost_is_found(monkeypatch):
    from photochrom.photo import holes

    data = bytearray(sound("none strips.tif"))
    data[40_960:49_152] = bytes(8192)
    assert lost_in_silence("none strips.tif", bytes(data)) is None
    monkeypatch.setattr(holes, "_empty_blocks", lambda *_: [])
    assert lost_in_silence("none strips.tif", bytes(data)).startswith("22 of 300 rows of 400")


@pytest.mark.slow
def test_nothing_is_lost_in_silence():
    files, findings = search(8, seed=0, workers=1)
    assert findings == []
    assert files >= 64


@pytest.mark.long
def test_nothing_is_lost_in_silence_for_ten_minutes():
    """PHOTOCHROM_FUZZ_SEED chooses other damages, PHOTOCHROM_FUZZ_SECONDS how long."""
    seed = int(os.environ.get("PHOTOCHROM_FUZZ_SEED", "1"))
    seconds = float(os.environ.get("PHOTOCHROM_FUZZ_SECONDS", "600"))
    _, findings = search(seconds, seed, workers=2)
    assert findings == []
