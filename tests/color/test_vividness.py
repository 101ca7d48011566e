from dataclasses import astuple

import pytest

from photochrom.color.vividness import UNFITTED, Decoding, Dial
from photochrom.errors import ConfigError

DIAL = Dial((Decoding(1.0, 0.8, 1.0), Decoding(0.5, 0.4, 1.2), Decoding(0.0, 0.2, 2.0, 0.5)))


@pytest.mark.parametrize(
    ("vividness", "wanted"),
    [
        (0, (1.0, 0.8, 1.0, 0.0)),
        (0.25, (0.75, 0.6, 1.1, 0.0)),
        (0.5, (0.5, 0.4, 1.2, 0.0)),
        (0.75, (0.25, 0.3, 1.6, 0.25)),
        (1, (0.0, 0.2, 2.0, 0.5)),
    ],
)
def test_lines_between_stops(vividness, wanted):
    found = DIAL.at(vividness)
    assert astuple(found) == pytest.approx(wanted)


def test_one_stop_holds_everywhere():
    dial = Dial((Decoding(1.0, 0.5, 1.3),))
    assert dial.at(0) == dial.at(0.7) == dial.at(1) == Decoding(1.0, 0.5, 1.3)


@pytest.mark.parametrize("vividness", [-0.01, 1.01, float("nan"), float("inf")])
def test_outside_is_an_error_with_the_number(vividness):
    with pytest.raises(ConfigError, match=rf"vividness={vividness}.*0\.\.1"):
        DIAL.at(vividness)


@pytest.mark.parametrize("dial", [DIAL, UNFITTED])
def test_lists_round_trip(dial):
    assert Dial.from_lists(dial.as_lists()) == dial


def test_a_stop_of_three_numbers_restores_no_chroma():
    stop = Decoding(1.0, 0.8, 1.0)
    assert Dial.from_lists([[1.0, 0.8, 1.0]]).stops == (stop,)
    assert stop.chroma_power == 0
