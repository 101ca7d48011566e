from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from photochrom.color.bins import annealed_mean, chroma_factor, gamut_bins, rebalancing_weights
from photochrom.color.vividness import Decoding, Dial
from photochrom.errors import ModelError
from photochrom.models.session import INPUTS, Session
from photochrom.workshop import onnx_export
from photochrom.workshop.onnx_export import BinsGraph, Parity, export
from photochrom.workshop.onnx_features import add_features, add_outputs, layer_tensors
from photochrom.workshop.training.checkpoint import Progress, load_network, save_checkpoint
from photochrom.workshop.training.config import config_from_dict
from photochrom.workshop.training.networks import build_network
from support.tiny_workshop import traced_once

pytestmark = pytest.mark.workshop

DIAL = Dial((Decoding(1.0, 0.7, 1.0), Decoding(0.25, 0.5, 1.5)))


class Exported(NamedTuple):
    checkpoint: Path
    full: Path
    full_parity: Parity
    half: Path
    half_parity: Parity


def save_untrained(folder: Path, network_table: dict[str, Any]) -> Path:
    """A checkpoint of a network with the pretrained encoder and a random decoder."""
    table = {
        "name": "tiny",
        "data": {"train": ["train.tar"], "validation": ["val.tar"]},
        "network": network_table,
        "loss": {"rebalance": 0.5},
        "schedule": {"stages": [{"samples": 8, "crop": 64, "batch": 4}]},
    }
    config = config_from_dict(table, "tiny")
    centers = gamut_bins()
    torch.manual_seed(0)
    network = build_network(config.network, len(centers))
    with torch.no_grad():
        network.head.weight *= 0.75  # random decoders are more sensitive than trained ones
        network.encoder.conv_stem.weight[:, 1:].normal_(0, 0.1)  # hints start without effect
        for name, parameter in network.named_parameters():
            if name.endswith("to_out.weight"):
                parameter.normal_(0, 0.1)  # attention starts without effect
    prior = np.exp(-np.linalg.norm(centers, axis=1) / 15)
    progress = Progress(8, (prior / prior.sum()).astype(np.float32), {})
    checkpoint = folder / "latest"
    optimizer = torch.optim.AdamW(network.parameters())
    save_checkpoint(checkpoint, config, progress, network, network, optimizer)
    return checkpoint


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A network with the pretrained encoder and a random decoder, exported twice."""
    folder = tmp_path_factory.mktemp("export")
    checkpoint = save_untrained(folder, {"decoder": [32, 24, 16]})
    about = {"name": "tiny", "licence": "CC0-1.0", "size": 96, "dial": DIAL}
    full, half = folder / "full.onnx", folder / "half.onnx"
    with traced_once(onnx_export, "_to_onnx"):
        return Exported(
            checkpoint,
            full,
            export(checkpoint, full, half=False, **about),
            half,
            export(checkpoint, half, half=True, **about),
        )


def feed(
    height: int, width: int, gamma: float, temperature: float, chroma_power: float = 0.0
) -> dict[str, np.ndarray]:
    random = np.random.default_rng(height)
    coarse = random.uniform(0, 100, (height // 16, width // 16)).astype(np.float32)
    hint_mask = np.zeros((1, 1, height, width), np.float32)
    hint_mask[..., 4:12, 4:12] = 1
    hint_ab = np.zeros((1, 2, height, width), np.float32)
    hint_ab[:, 0], hint_ab[:, 1] = 50, -30
    return {
        "L": coarse.repeat(16, 0).repeat(16, 1)[None, None],
        "hint_ab": hint_ab,
        "hint_mask": hint_mask,
        "gamma": np.array(gamma, np.float32),
        "temperature": np.array(temperature, np.float32),
        "chroma_power": np.array(chroma_power, np.float32),
    }


def run(path: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["ab", "entropy", "logits"], inputs)


def test_parity_of_fp32(exported: Exported) -> None:
    # the promise of `photochrom export --full`, Lab units
    assert 0 < exported.full_parity.largest <= 1e-3
    assert exported.full_parity.mean <= exported.full_parity.largest


def test_parity_of_fp16(exported: Exported) -> None:
    # the promise of `photochrom export`, Lab units
    assert exported.half_parity.mean <= 0.1
    assert exported.half_parity.largest <= 1.0
    assert exported.half_parity.largest > exported.full_parity.largest


def test_colors_are_not_trivial(exported: Exported) -> None:
    """The parities would be worth nothing for a network that says the same everywhere."""
    ab, entropy, _ = run(exported.full, feed(96, 128, 1.0, 0.6))
    assert ab.std() > 2
    assert 0.05 < entropy.mean() < 0.98


def test_fp16_halves_the_file(exported: Exported) -> None:
    # small tensors, the graph and the metadata stay
    ratio = exported.half.stat().st_size / exported.full.stat().st_size
    assert 0.5 < ratio < 0.6


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 160), (256, 96), (320, 320)])
def test_free_size_and_pytorch(exported: Exported, height: int, width: int) -> None:
    inputs = feed(height, width, 1.0, 0.6)
    ab, entropy, logits = run(exported.full, inputs)
    cells = (height // 4, width // 4)
    assert ab.shape == (1, 2, *cells)
    assert entropy.shape == (1, 1, *cells)
    assert logits.shape == (1, len(gamut_bins()), *cells)
    network, _, _ = load_network(exported.checkpoint)
    with torch.no_grad():
        expected = network(*(torch.from_numpy(inputs[name]) for name in INPUTS["bins"][:3])).numpy()
    # fp32, sums in another order; logits reach about ten
    assert np.abs(logits - expected).max() < 1e-3


@pytest.mark.parametrize(
    ("gamma", "temperature"), [(1.0, 1.0), (0.0, 0.38), (0.5, 0.6), (1.0, 0.2)]
)
def test_decoding_is_the_annealed_mean(exported: Exported, gamma, temperature) -> None:
    ab, _, logits = run(exported.full, feed(96, 128, gamma, temperature))
    contract = Session(exported.full).contract
    expected = annealed_mean(logits, contract.bins, contract.log_weights, gamma, temperature)
    # metadata keeps six digits of the weights; bins reach 110 units
    assert np.abs(ab - expected).max() < 2e-3


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_chroma_power_multiplies_by_the_chroma_factor(exported: Exported, power: float) -> None:
    ab, _, logits = run(exported.full, feed(96, 128, 0.5, 0.6, power))
    contract = Session(exported.full).contract
    bins, log_weights = contract.bins, contract.log_weights
    mean = annealed_mean(logits, bins, log_weights, 0.5, 0.6)
    factor = chroma_factor(logits, bins, log_weights, 0.5, mean, power)
    assert factor > 1.02  # of an untrained network's blurred distributions
    assert np.abs(ab - factor * mean).max() < 5e-3


def test_dial_moves_the_colors(exported: Exported) -> None:
    (dull, _, _), (vivid, _, _) = (
        run(exported.full, feed(96, 128, gamma, t)) for gamma, t in ((1.0, 1.0), (0.0, 0.3))
    )
    assert np.linalg.norm(vivid, axis=1).mean() > np.linalg.norm(dull, axis=1).mean() + 1


def test_entropy_is_that_of_the_balanced_distribution(exported: Exported) -> None:
    _, entropy, logits = run(exported.full, feed(96, 128, 0.5, 0.3))
    log_weights = Session(exported.full).contract.log_weights
    z = (logits - 0.5 * log_weights[None, :, None, None]).astype(np.float64)
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    expected = -(p * np.log(p + 1e-30)).sum(1, keepdims=True) / np.log(p.shape[1])
    assert np.abs(entropy - expected).max() < 1e-4


def test_contract_and_metadata(exported: Exported) -> None:
    for path in (exported.full, exported.half):
        contract = Session(path).contract
        assert contract.name == "tiny"
        assert (contract.stride, contract.size) == (4, 96)
        assert contract.dial == DIAL
        assert np.array_equal(contract.bins, gamut_bins())
        _, config, progress = load_network(exported.checkpoint)
        expected = np.log(rebalancing_weights(progress.prior, 0.5))
        np.testing.assert_allclose(contract.log_weights, expected, atol=1e-5)
        properties = {item.key: item.value for item in onnx.load(path).metadata_props}
        record = json.loads(properties["photochrom"])
        assert record["samples"] == 8
        assert config_from_dict(record["config"], "metadata") == config


def test_runs_in_a_session(exported: Exported) -> None:
    inputs = feed(96, 128, 1.0, 0.6)
    found = Session(exported.half).predict(
        inputs["L"][0, 0],
        Decoding(1.0, 0.6, 1.0),
        inputs["hint_ab"][0].transpose(1, 2, 0),
        inputs["hint_mask"][0, 0],
    )
    ab, entropy, _ = run(exported.half, inputs)
    assert found.ab.shape == (24, 32, 2)
    np.testing.assert_allclose(found.ab, ab[0].transpose(1, 2, 0), atol=1e-4)
    np.testing.assert_allclose(found.confidence, 1 - entropy[0, 0], atol=1e-5)


def test_hints_reach_the_exported_graph(exported: Exported) -> None:
    inputs = feed(96, 128, 1.0, 0.6)
    with_hint, _, _ = run(exported.full, inputs)
    inputs["hint_mask"] = np.zeros_like(inputs["hint_mask"])
    without, _, _ = run(exported.full, inputs)
    assert np.abs(with_hint - without)[..., :4, :4].max() > 0.1
    inputs["hint_ab"] = -inputs["hint_ab"]
    masked, _, _ = run(exported.full, inputs)
    assert np.array_equal(masked, without)


@pytest.mark.long
def test_attention_and_a_finer_output_export_for_every_size(tmp_path: Path) -> None:
    table = {"decoder": [32, 24, 16, 8], "attention_blocks": 1}
    checkpoint = save_untrained(tmp_path, table)
    target = tmp_path / "fine.onnx"
    parity = export(checkpoint, target, half=False, name="fine", licence="CC0-1.0", size=96)
    assert parity.largest < 0.01
    for height, width in ((64, 64), (96, 160)):
        ab, *_ = run(target, feed(height, width, 0.5, 0.5))
        assert ab.shape == (1, 2, height // 2, width // 2)


def check_mirror_images(ask: Callable[..., np.ndarray]) -> None:
    """ask(L, hint_ab, hint_mask), channels first, gives ab (2, H / 4, W / 4)."""
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 96, 128)).astype(np.float32)
    hint_ab, hint_mask = np.zeros((2, 96, 128), np.float32), np.zeros((1, 96, 128), np.float32)
    hint_ab[0, 8:16, 8:24], hint_ab[1, 8:16, 8:24], hint_mask[:, 8:16, 8:24] = 30, -40, 1
    photo = (lightness, hint_ab, hint_mask)
    there = ask(*photo)
    back = ask(*(plane[..., ::-1].copy() for plane in photo))
    assert np.abs(there - back[..., ::-1]).max() < 1e-3
    assert np.abs(there - there[..., ::-1]).max() > 1  # it does not just make all symmetric


def test_a_mirrored_graph_answers_mirror_images_alike(exported: Exported) -> None:
    """PyTorch's graph, of which the file is made."""
    network, _, _ = load_network(exported.checkpoint)
    centers = gamut_bins()
    graph = BinsGraph(network, centers, np.zeros(len(centers), np.float32), mirrored=True).eval()

    def ask(*photo: np.ndarray) -> np.ndarray:
        planes = (torch.from_numpy(plane)[None] for plane in photo)
        with torch.no_grad():
            return graph(*planes, *torch.tensor([1.0, 0.7, 0.0]))[0][0].numpy()

    check_mirror_images(ask)


@pytest.fixture(scope="module")
def mirrored(exported: Exported) -> Exported:
    path = exported.full.with_name("mirrored.onnx")
    about = {"name": "tiny", "licence": "CC0-1.0", "size": 96, "dial": DIAL}
    parity = export(exported.checkpoint, path, half=False, mirrored=True, **about)
    return exported._replace(full=path, full_parity=parity)


@pytest.mark.long
def test_a_mirrored_file_answers_mirror_images_alike(mirrored: Exported) -> None:
    assert mirrored.full_parity.largest < 1e-3
    session = Session(mirrored.full)

    def ask(lightness: np.ndarray, hint_ab: np.ndarray, hint_mask: np.ndarray) -> np.ndarray:
        hints = (np.ascontiguousarray(hint_ab.transpose(1, 2, 0)), hint_mask[0])
        return session.predict(lightness[0], DIAL.at(0), *hints).ab.transpose(2, 0, 1)

    check_mirror_images(ask)


def test_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"checkpoint\.json: no readable checkpoint"):
        export(tmp_path, tmp_path / "x.onnx", name="x", licence="x", size=96)
    assert not (tmp_path / "x.onnx").exists()


def test_features_of_an_exported_network(exported: Exported, tmp_path: Path) -> None:
    """The same colours, bit for bit, and unit vectors that tell places apart."""
    model = onnx.load(exported.half)
    tensors = layer_tensors(model)
    channels = {name: value.shape[1] for name, value in run_all(exported.half, tensors).items()}
    add_features(model, [np.zeros(channels[name], np.float32) for name in tensors])
    onnx.checker.check_model(model, full_check=True)
    path = tmp_path / "features.onnx"
    onnx.save(model, path)
    inputs = feed(96, 128, 0.5, 0.5)
    for before, after in zip(run(exported.half, inputs), run(path, inputs), strict=True):
        assert np.array_equal(before, after)
    features = Session(path).features(inputs["L"][0, 0])
    assert features.shape == (24, 32, sum(channels.values()))
    assert np.allclose(np.square(features).sum(axis=-1), 1, atol=1e-3)
    similarity = features.reshape(768, -1) @ features.reshape(768, -1).T
    assert similarity.min() < 0.9
    with pytest.raises(ModelError, match="takes no references"):
        Session(exported.half).features(inputs["L"][0, 0])


def run_all(path: Path, tensors: list[str]) -> dict[str, np.ndarray]:
    model = onnx.load(path)
    add_outputs(model, tensors)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return dict(zip(tensors, session.run(tensors, feed(96, 128, 0.5, 0.5)), strict=True))


def test_a_network_without_such_layers_has_no_features() -> None:
    picture = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 8, 8])
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "other", [picture], [])
    with pytest.raises(ModelError, match="has no layer"):
        layer_tensors(onnx.helper.make_model(graph))
