import numpy as np
import onnxruntime
import pytest
from PIL import Image

from photochrom.color.bins import annealed_mean, gamut_bins
from photochrom.color.vividness import Decoding
from photochrom.errors import ModelError
from photochrom.models import MULTIPLE, describe, loading, locate
from photochrom.models.session import Session


@pytest.fixture(scope="module")
def session():
    return Session()


@pytest.fixture(scope="module")
def lightness(examples, lab_of):
    """Small copies of two photos, 192 x 288."""
    small = [Image.open(examples / f"{n}.jpg").resize((288, 192)) for n in ("students", "harbour")]
    return [np.ascontiguousarray(lab_of(np.asarray(image))[..., 0]) for image in small]


def test_contract(session):
    contract = session.contract
    assert contract.name == session.name == describe(None).name
    assert contract.stride in (1, 2, 4, 8, 16)
    assert 32 <= contract.size <= 2048
    assert np.array_equal(contract.bins, gamut_bins())
    assert contract.log_weights.shape == (len(contract.bins),)
    assert len(contract.dial.stops) >= 1
    for stop in contract.dial.stops:
        assert stop.temperature > 0
        assert stop.gain > 0


@pytest.mark.parametrize("shape", [(32, 32), (64, 160), (192, 288)])
def test_shapes(session, shape):
    stride = session.contract.stride
    found = session.predict(np.full(shape, 50, np.float32), session.contract.dial.at(0.5))
    grid = (shape[0] // stride, shape[1] // stride)
    assert found.ab.shape == (*grid, 2)
    assert found.confidence.shape == grid
    # The mean of bin centres cannot leave their hull; the entropy is a share.
    assert np.abs(found.ab).max() <= np.abs(session.contract.bins).max()
    assert found.confidence.min() >= -1e-5
    assert found.confidence.max() <= 1 + 1e-5


def test_multiple_is_that_of_the_docstring():
    assert MULTIPLE == 32


@pytest.mark.parametrize(
    "decoding", [Decoding(1, 1, 1), Decoding(0.5, 0.6, 1), Decoding(0, 0.3, 1)]
)
def test_the_graph_decodes_as_the_bins_module_does(session, lightness, decoding):
    contract = session.contract
    graph = onnxruntime.InferenceSession(locate(None)[1], providers=["CPUExecutionProvider"])
    feed = {
        "L": lightness[0][None, None],
        "hint_ab": np.zeros((1, 2, 192, 288), np.float32),
        "hint_mask": np.zeros((1, 1, 192, 288), np.float32),
        "gamma": np.asarray(decoding.gamma, np.float32),
        "temperature": np.asarray(decoding.temperature, np.float32),
    }
    if "chroma_power" in contract.inputs:
        feed["chroma_power"] = np.asarray(0, np.float32)
    (logits,) = graph.run(["logits"], feed)
    wanted = annealed_mean(
        logits, contract.bins, contract.log_weights, decoding.gamma, decoding.temperature
    )
    found = session.predict(lightness[0], decoding).ab
    # float32 softmax over some 260 bins of up to 110 units, divided by temperatures down to 0.3.
    assert np.abs(found - wanted[0].transpose(1, 2, 0)).max() < 0.05


def test_a_hint_draws_the_color_near_it(session, lightness):
    """Hints of four colours at four places of two photos: on average the colour comes nearer."""
    decoding, stride, side = session.contract.dial.at(0.5), session.contract.stride, 12
    gains = []
    for picture in lightness:
        before = session.predict(picture, decoding).ab
        for y, x in ((60, 60), (100, 152), (148, 220), (40, 200)):
            for color in np.float32([(40, 30), (-30, 20), (10, -40), (-20, -20)]):
                hint_ab = np.zeros((*picture.shape, 2), np.float32)
                mask = np.zeros(picture.shape, np.float32)
                hint_ab[y : y + side, x : x + side] = color
                mask[y : y + side, x : x + side] = 1
                after = session.predict(picture, decoding, hint_ab, mask).ab
                near = np.s_[y // stride : (y + side) // stride, x // stride : (x + side) // stride]
                distances = [
                    np.linalg.norm(ab[near] - color, axis=-1).mean() for ab in (before, after)
                ]
                gains.append(distances[0] - distances[1])
    # Measured 1.9 on a checkpoint that had seen few hints; a trained one does far better.
    assert np.mean(gains) > 0.5


def test_a_hint_outside_the_mask_is_not_read(session, lightness):
    decoding = session.contract.dial.at(0.5)
    shape = lightness[0].shape
    plain = session.predict(lightness[0], decoding)
    noise = np.full((*shape, 2), 60, np.float32)
    hidden = session.predict(lightness[0], decoding, noise, np.zeros(shape, np.float32))
    assert np.array_equal(hidden.ab, plain.ab)


def test_a_provider_that_is_not_here():
    with pytest.raises(ModelError, match="MadeUpExecutionProvider") as error:
        Session(providers=["MadeUpExecutionProvider", "CPUExecutionProvider"])
    assert "CPUExecutionProvider" in str(error.value)  # what is present
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_model(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"mine\.onnx: not a model") as error:
        Session(path)
    assert "\n" not in str(error.value)


@pytest.mark.workshop
def test_another_programs_model(tmp_path):
    import onnx

    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "identity",
        [value("x", onnx.TensorProto.FLOAT, [1])],
        [value("y", onnx.TensorProto.FLOAT, [1])],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    path = tmp_path / "identity.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    with pytest.raises(ModelError, match="set kind to"):
        Session(path)


def test_a_model_that_is_loaded_ahead_is_taken_once():
    loading.load_ahead(None, 1, "cpu", None)
    [(ahead, weight)] = loading.load(None, 1, None, "cpu", None)
    assert (ahead.name, weight) == (describe(None).name, 1)
    [(again, _)] = loading.load(None, 1, None, "cpu", None)
    assert again is not ahead


def test_an_error_of_loading_ahead_is_that_of_loading(tmp_path):
    missing = tmp_path / "none.onnx"
    loading.load_ahead(missing, None, "cpu", None)
    with pytest.raises(ModelError, match=r"none\.onnx"):
        loading.load(missing, None, None, "cpu", None)
