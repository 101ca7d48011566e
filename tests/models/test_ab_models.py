"""Models that say ab itself, as the paper's networks do, through the whole pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer
from photochrom.color.vividness import Decoding
from photochrom.colorizer import network_size
from photochrom.errors import HintError, ModelError
from photochrom.models.session import Session
from photochrom.options import Hint
from support.linear_model import SLOPES, write_model

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def padded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("ab") / "padded.onnx", "pad")


@pytest.fixture
def photo() -> np.ndarray:
    """Lying, twice as wide as high, with much going on."""
    random = np.random.default_rng(0)
    coarse = random.integers(40, 200, (16, 32), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(16, 0).repeat(16, 1))


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_padding_leaves_no_trace(tmp_path: Path, photo: np.ndarray, stride: int) -> None:
    """A network that looks at no neighbours says the same with and without white beside a photo."""
    pad = Colorizer(write_model(tmp_path / "pad.onnx", "pad", stride))
    stretch = Colorizer(write_model(tmp_path / "stretch.onnx", "stretch", stride))
    for turned in (photo, np.ascontiguousarray(photo.T)):
        one, other = pad.colorize(turned, size=256), stretch.colorize(turned, size=128)
        assert one.ab.shape == other.ab.shape == (*(s // 2 for s in turned.shape), 2)
        assert np.array_equal(one.ab, other.ab)
        assert np.array_equal(one.rgb, other.rgb)
        assert one.rgb.shape == (*turned.shape, 3)


def test_the_network_sees_the_photo_in_white(
    padded: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    colorizer = Colorizer(padded)
    seen = []
    predict = colorizer.session.predict
    monkeypatch.setattr(
        colorizer.session,
        "predict",
        lambda square, how: seen.append(square) or predict(square, how),
    )
    colorizer.colorize(photo)
    (square,) = seen
    assert square.shape == (256, 256)
    assert (square[:64] == 100).all()
    assert (square[-64:] == 100).all()
    assert (square[64:192] < 99).all()


def test_sizes() -> None:
    assert network_size(300, 600, 256, "pad") == (128, 256)
    assert network_size(600, 300, 256, "pad") == (256, 128)
    assert network_size(500, 500, 256, "pad") == (256, 256)
    assert network_size(100, 4000, 256, "pad") == (32, 256)
    assert network_size(300, 600, 256) == (256, 512)


def test_vividness_is_a_gain(padded: Path, photo: np.ndarray) -> None:
    colorizer = Colorizer(padded)
    faithful, middle, vivid = (colorizer.colorize(photo, vividness=v) for v in (0, 0.5, 1))
    np.testing.assert_allclose(middle.ab, 1.5 * faithful.ab, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(vivid.ab, 2 * faithful.ab, rtol=1e-3, atol=1e-2)
    assert faithful.confidence is None


def test_what_such_a_model_cannot(padded: Path, photo: np.ndarray) -> None:
    session = Session(padded)
    lightness = np.full((64, 64), 50, np.float32)
    with pytest.raises(ModelError, match="predicts colours, but no distribution"):
        session.logits(lightness)
    hint, mask = np.zeros((64, 64, 2), np.float32), np.ones((64, 64), np.float32)
    with pytest.raises(HintError, match="takes no hints"):
        session.predict(lightness, Decoding(0, 1, 1), hint, mask)
    with pytest.raises(HintError, match="takes no hints"):
        Colorizer(padded).colorize(photo, hints=[Hint(3, 3, (0, 0))])
    found = session.predict(lightness, Decoding(0, 1, 1), hint, 0 * mask)
    np.testing.assert_allclose(found.ab[0, 0], np.multiply(SLOPES, 50), rtol=1e-5)


def test_on_the_command_line(padded: Path, examples: Path, tmp_path: Path, photochrom) -> None:
    target = tmp_path / "out.jpg"
    done = photochrom("colorize", examples / "harbour.jpg", "--model", padded, "-o", target)
    assert done.returncode == 0, done.stderr
    assert target.is_file()
