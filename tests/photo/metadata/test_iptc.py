import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.photo.metadata.iptc import join_photoshop_block, split_photoshop_block

RECORDS = b"\x1c\x02Z\x00\x07Prizren"


def resource(number, data, name=b""):
    named = bytes([len(name)]) + name
    named += bytes(len(named) % 2)
    size = len(data).to_bytes(4, "big")
    return b"8BIM" + number.to_bytes(2, "big") + named + size + data + bytes(len(data) % 2)


def test_records_and_others():
    path, thumbnail = resource(0x07D0, b"odd", b"path"), resource(0x040C, b"jpeg")
    block = b"Photoshop 3.0\0" + path + resource(0x0404, RECORDS) + thumbnail
    assert split_photoshop_block(block) == (RECORDS, path)
    assert split_photoshop_block(join_photoshop_block(RECORDS, path)) == (RECORDS, path)


def test_nothing_is_nothing():
    assert split_photoshop_block(b"") == (None, None)
    assert join_photoshop_block(None, None) is None


@pytest.mark.parametrize("length", [65_500, 200_000])
def test_long_ones_are_kept_whole(length):
    long = resource(0x07D0, bytes(length))
    assert split_photoshop_block(join_photoshop_block(RECORDS, long)) == (RECORDS, long)
    assert split_photoshop_block(join_photoshop_block(bytes(length), None)) == (bytes(length), None)


@given(st.binary(max_size=200))
def test_noise(noise):
    for block in (noise, b"Photoshop 3.0\0" + noise, resource(0x0404, RECORDS) + noise):
        records, others = split_photoshop_block(block)
        assert records is None or isinstance(records, bytes)
        join_photoshop_block(records, others)
