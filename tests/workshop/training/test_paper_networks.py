"""Alpha, beta and koala, layer by layer as published."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks import ARCHITECTURES, build_network

pytestmark = pytest.mark.workshop


def convolutions(network: nn.Module) -> list[tuple[int, int, int, int]]:
    return [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0])
        for m in network.modules()
        if isinstance(m, nn.Conv2d)
    ]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def build(name: str, embedding: int = 1000) -> nn.Module:
    return build_network(NetworkConfig(architecture=name, embedding=embedding), 261)


def test_alpha_layer_by_layer() -> None:
    widths = [(1, 8, 2), (8, 8, 1), (8, 16, 1), (16, 16, 2), (16, 32, 1), (32, 32, 2)]
    widths += [(32, 32, 1), (32, 16, 1), (16, 2, 1)]
    assert convolutions(build("alpha")) == [(i, o, 3, s) for i, o, s in widths]
    # (9 i + 1) o for each of them
    assert count(build("alpha")) == sum((9 * i + 1) * o for i, o, _ in widths) == 32_202


def test_beta_layer_by_layer() -> None:
    widths = [(1, 64, 1), (64, 64, 2), (64, 128, 1), (128, 128, 2), (128, 256, 1), (256, 256, 2)]
    widths += [(256, 512, 1), (512, 256, 1), (256, 128, 1), (128, 64, 1), (64, 32, 1), (32, 2, 1)]
    assert convolutions(build("beta")) == [(i, o, 3, s) for i, o, s in widths]
    assert count(build("beta")) == sum((9 * i + 1) * o for i, o, _ in widths)


def test_koala_layer_by_layer() -> None:
    found = convolutions(build("koala", 1001))
    encoder = [(1, 64, 2), (64, 128, 1), (128, 128, 2), (128, 256, 1), (256, 256, 2)]
    encoder += [(256, 512, 1), (512, 512, 1), (512, 256, 1)]
    decoder = [(256, 128, 1), (128, 64, 1), (64, 64, 1), (64, 32, 1), (32, 2, 1)]
    expected = [(i, o, 3, s) for i, o, s in encoder]
    expected += [(256 + 1001, 256, 1, 1)]
    expected += [(i, o, 3, s) for i, o, s in decoder]
    assert found == expected


@pytest.mark.parametrize(("embedding", "parameters"), [(1001, 6_574_050), (1000, 6_573_794)])
def test_koala_parameters(embedding: int, parameters: int) -> None:
    assert count(build("koala", embedding)) == parameters  # as published


@pytest.mark.parametrize("name", ["alpha", "beta", "koala"])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 72)])
def test_as_large_out_as_in(name: str, height: int, width: int) -> None:
    torch.manual_seed(0)
    network = build(name)
    inputs = [torch.rand(2, 1, height, width) * 100]
    if "embedding" in network.inputs:
        inputs.append(torch.randn(2, 1000))
    ab = network(*inputs)
    assert ab.shape == (2, 2, height, width)
    assert ab.abs().max() <= 1
    assert ab.std() > 0


def test_koala_listens_to_its_embedding() -> None:
    torch.manual_seed(0)
    network = build("koala")
    lightness = torch.rand(1, 1, 64, 64) * 100
    one, other = (network(lightness, torch.randn(1, 1000) * 3) for _ in range(2))
    assert (one - other).abs().max() > 1e-4
    # the same embedding is at every position: a constant photo gets a constant inside
    flat = network(torch.full((1, 1, 256, 256), 50.0), torch.randn(1, 1000) * 3)
    inside = flat[0, :, 120:136, 120:136]
    assert (inside - inside[:, :1, :1]).abs().max() < 1e-5


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_network_says_what_it_is(name: str) -> None:
    config = NetworkConfig(architecture=name, encoder_weights="none", decoder=(16, 16, 16))
    network = build_network(config, 261)
    assert set(network.inputs) <= {"lightness", "hint_ab", "hint_mask", "embedding", "gray"}
    assert network.output in ("bins", "ab", "damage")
    assert network.stride in (1, 2, 4)
    assert network.multiple in (8, 16, 32)
