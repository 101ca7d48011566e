"""The vividness dial in the browser's engine is that of `photochrom.color.vividness`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from photochrom.color.vividness import PLAIN_GAIN, UNFITTED, Decoding, Dial
from photochrom.errors import ConfigError

pytestmark = pytest.mark.browser

UNEVEN = Dial(
    (
        Decoding(1.0, 0.9, 1.0),
        Decoding(0.9, 0.5, 1.0, 0.4),
        Decoding(0.3, 0.45, 1.2),
        Decoding(0.0, 0.4, 1.7),
    )
)


@pytest.mark.parametrize("dial", [UNFITTED, PLAIN_GAIN, UNEVEN, Dial((Decoding(0.5, 0.6, 1.1),))])
@pytest.mark.parametrize("vividness", [0, 0.2, 1 / 3, 0.5, 0.77, 1])
def test_a_decoding_is_that_of_python(engine: Any, dial: Dial, vividness: float) -> None:
    body = "({ decodingAt }, stops, vividness) => decodingAt(stops, vividness)"
    stops = dial.as_lists()
    if dial != UNEVEN:
        stops = [stop[:3] for stop in stops]  # as files of earlier versions have them

    decoding = engine.run("vividness.js", body, stops, vividness)

    wanted = asdict(dial.at(vividness))
    wanted["chromaPower"] = wanted.pop("chroma_power")
    assert decoding == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("vividness", [-0.01, 1.5])
def test_a_vividness_outside_the_dial_is_refused(engine: Any, vividness: float) -> None:
    body = """({ decodingAt }, stops, vividness) => {
      try { return decodingAt(stops, vividness); } catch (error) { return error.message; }
    }"""

    said = engine.run("vividness.js", body, UNFITTED.as_lists(), vividness)

    with pytest.raises(ConfigError) as refused:
        UNFITTED.at(vividness)
    assert said == str(refused.value)
