from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytestmark = pytest.mark.workshop

torch = pytest.importorskip("torch")

from photochrom.color import metrics  # noqa: E402
from photochrom.color.bins import annealed_mean, gamut_bins  # noqa: E402
from photochrom.color.lab import Array, lab_from_srgb  # noqa: E402
from photochrom.color.vividness import Decoding  # noqa: E402
from photochrom.errors import DataError, ModelError  # noqa: E402
from photochrom.filters.resize import resize  # noqa: E402
from photochrom.models import locate  # noqa: E402
from photochrom.models.session import Session  # noqa: E402
from photochrom.workshop.onnx_export import export  # noqa: E402
from photochrom.workshop.onnx_features import LAYERS  # noqa: E402
from photochrom.workshop.quantization.examples import examples  # noqa: E402
from photochrom.workshop.quantization.graph import measure, plain_floats  # noqa: E402
from photochrom.workshop.quantization.graph import run as run_graph  # noqa: E402
from photochrom.workshop.quantization.preparation import STEPS, equalize  # noqa: E402
from photochrom.workshop.quantization.twin import FIRST, inner_nodes, quantize  # noqa: E402
from photochrom.workshop.training.checkpoint import Progress, save_checkpoint  # noqa: E402
from photochrom.workshop.training.config import config_from_dict  # noqa: E402
from photochrom.workshop.training.networks import build_network  # noqa: E402
from photochrom.workshop.training.networks.unet import HINT_CHANNELS  # noqa: E402
from support import tiny_workshop  # noqa: E402

PHOTOS = str(tiny_workshop.PHOTOS)
MIDDLE = Decoding(0.5, 0.5, 1.3)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model's twin, its ranges found on the example photos."""
    target = tmp_path_factory.mktemp("twin") / "small.onnx"
    distance = quantize("photochrom", target, [PHOTOS], name="small")
    assert 0.05 < distance < 0.9
    return target


@pytest.fixture(scope="module")
def sessions(twin: Path) -> tuple[Session, Session]:
    """The model and its twin."""
    return Session("photochrom", 1), Session(twin, 1)


@pytest.fixture(scope="module")
def copies() -> list[Array]:
    """Crops of the example photos as Lab, (H, W, 3); the ranges were found on whole photos."""
    return [
        lab_from_srgb(resize(np.asarray(crop, np.float32) / 255, 192, 192))
        for crop in tiny_workshop.color_crops(12, 192)
    ]


def feed(height: int, width: int) -> dict[str, Array]:
    random = np.random.default_rng(height)
    coarse = random.uniform(0, 100, (height // 16, width // 16)).astype(np.float32)
    nothing = np.zeros((1, 1, height, width), np.float32)
    return {
        "L": coarse.repeat(16, 0).repeat(16, 1)[None, None],
        "hint_ab": nothing.repeat(2, 1),
        "hint_mask": nothing,
        "gamma": np.array(0.5, np.float32),
        "temperature": np.array(0.4, np.float32),
    }


def run(path: Path, inputs: dict[str, Array]) -> list[Array]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    if "chroma_power" in (tensor.name for tensor in session.get_inputs()):
        inputs = inputs | {"chroma_power": np.array(0, np.float32)}
    return session.run(["ab", "entropy", "logits"], inputs)


def test_the_file_is_small(twin: Path) -> None:
    # one byte a weight and not two, but a graph of more nodes, and the head in fp32
    before = locate("photochrom")[1].stat().st_size
    assert 0.5 < twin.stat().st_size / before < 0.6
    weights = [
        onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(twin).graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert sum(weight.size for weight in weights) > 4_000_000
    assert max(np.abs(weight.astype(int)).max() for weight in weights) == STEPS


def test_the_colors_stay(sessions: tuple[Session, Session], copies: list[Array]) -> None:
    model, small = sessions
    errors, distances = [], []
    for lab in copies:
        truth = resize(lab, 48, 48)[..., 1:]
        ours, theirs = (s.predict(lab[..., 0], MIDDLE).ab * MIDDLE.gain for s in (model, small))
        errors.append([metrics.ab_error(ab, truth) for ab in (ours, theirs)])
        distances.append(metrics.ab_error(ours, theirs))
    before, after = np.mean(errors, axis=0)
    # the promise of docs/quantization.md; and a file that is the model again would be no twin
    assert abs(after / before - 1) < 0.03
    assert 0.05 < np.mean(distances) < 0.9


def hint_moves(sessions: tuple[Session, Session], copies: list[Array]) -> Array:
    """How a hint moves the colours where it lies, (2, photos x 2): the model's and its twin's."""
    moves: list[list[Array]] = []
    for lab, color in zip(copies, ((60, 20), (-40, 30), (10, -50)) * 4, strict=True):
        hint_ab, hint_mask = np.zeros((192, 192, 2), np.float32), np.zeros((192, 192), np.float32)
        hint_ab[88:104, 88:104], hint_mask[88:104, 88:104] = color, 1
        inside = np.s_[22:26, 22:26]  # the same places at the network's stride
        moves.append(
            [
                session.predict(lab[..., 0], MIDDLE, hint_ab, hint_mask).ab[inside].mean((0, 1))
                - session.predict(lab[..., 0], MIDDLE).ab[inside].mean((0, 1))
                for session in sessions
            ]
        )
    return np.array(moves).transpose(1, 0, 2).reshape(2, -1)


def test_hints_work_as_before(sessions: tuple[Session, Session], copies: list[Array]) -> None:
    ours, theirs = hint_moves(sessions, copies)
    assert np.abs(ours).mean() > 1
    assert ours @ theirs / (ours @ ours) == pytest.approx(1, abs=0.03)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99


@pytest.fixture(scope="module")
def hinted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose random decoder sees the hints, asked about the mirror image too."""
    folder = tmp_path_factory.mktemp("hinted")
    table = tiny_workshop.tiny_table(Path("no.tar"), Path("no.tar"))
    network = {"decoder": [32, 24, 16], "decoder_hints": True}
    config = config_from_dict(table | {"network": network}, "the test")
    torch.manual_seed(0)
    built = build_network(config.network, len(gamut_bins()))
    with torch.no_grad():
        for block in built.decoder.blocks:
            block[0].weight[:, -HINT_CHANNELS:] *= 10  # as training does, about
    prior = np.exp(-np.linalg.norm(gamut_bins(), axis=1) / 15)
    progress = Progress(8, (prior / prior.sum()).astype(np.float32), {})
    optimizer = torch.optim.AdamW(built.parameters())
    save_checkpoint(folder / "latest", config, progress, built, built, optimizer)
    target = folder / "hinted.onnx"
    export(folder / "latest", target, name="hinted", licence="CC0-1.0", size=96, mirrored=True)
    return target


@pytest.mark.long
def test_hints_beside_large_values(hinted: Path, copies: list[Array], tmp_path: Path) -> None:
    """The decoder's hints lie beside features a hundred times as large, in one concatenation."""
    target = tmp_path / "int8.onnx"
    quantize(hinted, target, [PHOTOS, PHOTOS])
    ours, theirs = hint_moves((Session(hinted, 1), Session(target, 1)), copies)
    assert np.abs(ours).mean() > 1
    assert ours @ theirs / (ours @ ours) == pytest.approx(1, abs=0.03)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.998


@pytest.mark.long
def test_equal_ranges_change_nothing_else(hinted: Path) -> None:
    contract = Session(hinted).contract
    model = plain_floats(onnx.load(hinted))
    feeds = list(examples([PHOTOS], contract))
    [before] = run_graph(model, ["ab"], feeds[:1])
    inner = inner_nodes(model, contract)
    equalize(model, inner, feeds)
    onnx.checker.check_model(model, full_check=True)
    [after] = run_graph(model, ["ab"], feeds[:1])
    # fp32, bins reach 110 units
    assert np.abs(after[0] - before[0]).max() < 1e-2
    joints = [list(node.input) for node in model.graph.node if node.op_type == "Concat"]
    joints = [names for names in joints if any(name.startswith("where") for name in names)]
    assert len(joints) == 3
    for names in joints:
        tops = measure(model, names, feeds, lambda array: float(np.abs(array).max()))
        skip, hints = (max(tops[name]) for name in names)
        assert hints == pytest.approx(skip, rel=0.01) or hints > skip


def test_what_lies_between_stem_and_head_is_int8(twin: Path, tmp_path: Path) -> None:
    """ONNX Runtime makes one chain of it, without floats in between."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(str(twin), options, providers=["CPUExecutionProvider"])
    found = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    model = onnx.load(locate("photochrom")[1])
    convolutions = sum(node.op_type == "Conv" for node in model.graph.node)
    floats = FIRST + 1 + 3  # the head, and three sums of the decoding
    assert found["Conv"] == floats
    assert found["QLinearConv"] == convolutions - floats
    assert found["QLinearAdd"] == 15  # where EfficientNet-Lite2's blocks end
    assert found["QLinearConcat"] == 6  # three joints of the decoder, each with hints beside
    # into the chain and out of it, and the same around the neck's mean; hints join at three scales
    assert found["QuantizeLinear"] == 2 + 3
    assert found["DequantizeLinear"] == 2 + len(LAYERS)  # the features are floats, too


def test_only_the_name_changes_in_the_contract(twin: Path) -> None:
    before, after = Session("photochrom").contract, Session(twin).contract
    assert after.name == "small"
    for field in ("output", "fit", "stride", "size", "dial"):
        assert getattr(after, field) == getattr(before, field)
    assert np.array_equal(after.bins, before.bins)
    assert np.array_equal(after.log_weights, before.log_weights)
    records = [
        json.loads(onnx.load(path).metadata_props[0].value)
        for path in (twin, locate("photochrom")[1])
    ]
    assert records[0] == records[1] | {"name": "small", "twin_of": "photochrom"}


@pytest.mark.parametrize(("height", "width"), [(64, 96), (320, 256)])
def test_decoding_is_that_of_the_contract(twin: Path, height: int, width: int) -> None:
    ab, entropy, logits = run(twin, feed(height, width))
    contract = Session(twin).contract
    assert ab.shape == (1, 2, height // 4, width // 4)
    expected = annealed_mean(logits, contract.bins, contract.log_weights, 0.5, 0.4)
    # fp32, bins reach 110 units
    assert np.abs(ab - expected).max() < 1e-3
    z = logits.astype(np.float64) - 0.5 * contract.log_weights[None, :, None, None]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    expected = -(p * np.log(p + 1e-30)).sum(1, keepdims=True) / np.log(p.shape[1])
    assert np.abs(entropy - expected).max() < 1e-5
    assert entropy.min() >= 0


def test_plain_floats_are_the_same_network(tmp_path: Path) -> None:
    stored = locate("photochrom")[1]
    model = plain_floats(onnx.load(stored))
    assert all(tensor.data_type != onnx.TensorProto.FLOAT16 for tensor in model.graph.initializer)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, tmp_path / "plain.onnx")
    inputs = feed(64, 64)
    for ours, theirs in zip(run(tmp_path / "plain.onnx", inputs), run(stored, inputs), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_network_that_says_ab(tmp_path: Path) -> None:
    table = tiny_workshop.tiny_table(Path("no.tar"), Path("no.tar"))
    config = config_from_dict(table | {"network": {"architecture": "alpha"}}, "the test")
    network = build_network(config.network, 0)
    optimizer = torch.optim.RMSprop(network.parameters())
    progress = Progress(0, np.zeros(0, np.float32), {})
    save_checkpoint(tmp_path / "latest", config, progress, network, network, optimizer)
    model, target = tmp_path / "alpha.onnx", tmp_path / "new" / "int8.onnx"
    export(tmp_path / "latest", model, name="alpha", licence="CC0-1.0", size=64)
    distance = quantize(model, target, [PHOTOS], photos=3)
    session = Session(target)
    assert session.contract.name == "alpha-int8"
    lightness = feed(64, 64)["L"][0, 0]
    ours, theirs = (s.predict(lightness, MIDDLE).ab for s in (Session(model), session))
    assert 0 < distance < 0.1 * np.abs(ours).mean() + 0.1
    assert 0 < np.abs(ours - theirs).mean() < 0.1 * np.abs(ours).mean()
    operations = Counter(node.op_type for node in onnx.load(target).graph.node)
    assert operations["QuantizeLinear"] >= 5


def test_what_cannot_be_quantized(twin: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.onnx"
    with pytest.raises(ModelError, match=r"small\.onnx: is int8 already"):
        quantize(twin, target, [PHOTOS])
    with pytest.raises(ModelError, match="photochron: no such model"):
        quantize("photochron", target, [PHOTOS])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="empty"):
        quantize("photochrom", target, [str(empty)])
    model = tmp_path / "model.onnx"
    model.write_bytes(locate("photochrom")[1].read_bytes())
    with pytest.raises(ModelError, match=r"model\.onnx: is the model itself"):
        quantize(model, model, [PHOTOS])
    with pytest.raises(ModelError, match=r"cannot be written"):
        quantize(model, empty, [PHOTOS], photos=1)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty", "model.onnx"]
