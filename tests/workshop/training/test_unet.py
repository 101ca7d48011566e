from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from photochrom.color.bins import gamut_bins
from photochrom.errors import ConfigError
from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks import build_network
from photochrom.workshop.training.networks.unet import spread_hints

pytestmark = pytest.mark.workshop

SMALL = NetworkConfig(encoder_weights="none", decoder=(16, 16, 16))


@pytest.fixture(params=[False, True], ids=["encoder_hints", "decoder_hints"])
def network(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_network(replace(SMALL, decoder_hints=request.param), 7)


def inputs(height: int = 64, width: int = 96) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    lightness = torch.rand(2, 1, height, width, generator=draw) * 100
    hint_ab = torch.randn(2, 2, height, width, generator=draw) * 40
    hint_mask = torch.zeros(2, 1, height, width)
    hint_mask[:, :, 10:20, 30:50] = 1
    return lightness, hint_ab, hint_mask


@pytest.mark.parametrize(("height", "width"), [(64, 96), (32, 32), (160, 64)])
def test_output_is_a_distribution_over_bins_at_the_stride(network, height, width) -> None:
    logits = network(*inputs(height, width))
    assert network.stride == 4
    assert logits.shape == (2, 7, height // 4, width // 4)


def see_hints(network: torch.nn.Module) -> None:
    """The hints' filters start at 0; give them values, as training does."""
    with torch.no_grad():
        network.encoder.conv_stem.weight[:, 1:].normal_(0, 0.3)


@torch.no_grad()
def test_hints_outside_the_mask_have_no_effect(network) -> None:
    see_hints(network.eval())
    lightness, hint_ab, hint_mask = inputs()
    masked = network(lightness, hint_ab * hint_mask, hint_mask)
    assert torch.equal(network(lightness, hint_ab, hint_mask), masked)
    other = torch.where(hint_mask > 0, hint_ab, -3 * hint_ab)
    assert torch.equal(network(lightness, other, hint_mask), masked)


@torch.no_grad()
def test_hints_inside_the_mask_count(network) -> None:
    see_hints(network.eval())
    lightness, hint_ab, hint_mask = inputs()
    base = network(lightness, hint_ab, hint_mask)
    assert (network(lightness, -hint_ab, hint_mask) - base).abs().max() > 1e-4
    assert (network(lightness, 0 * hint_ab, 0 * hint_mask) - base).abs().max() > 1e-4


def test_hints_spread_over_the_plane() -> None:
    hint_ab, hint_mask = torch.zeros(1, 2, 64, 96), torch.zeros(1, 1, 64, 96)
    hint_ab[0, :, 5, 6], hint_mask[0, :, 5, 6] = torch.tensor([0.5, -0.25]), 1
    hint_ab[0, :, 60:, 92:], hint_mask[0, :, 60:, 92:] = torch.tensor([0.1, 0.2])[:, None, None], 1
    fine, middle, coarse = spread_hints(hint_ab, hint_mask, 3)
    assert [level.shape[2:] for level in (fine, middle, coarse)] == [(16, 24), (8, 12), (4, 6)]
    assert fine[0, :, 1, 1].tolist() == pytest.approx([0.5, -0.25, 1.0])
    assert fine[0, :, -1, -1].tolist() == pytest.approx([0.1, 0.2, 1.0])
    assert fine[0, :, 1, 4].tolist()[:2] == pytest.approx([0.5, -0.25], abs=0.1)
    assert fine[0, 2, 1, 1] > fine[0, 2, 1, 3] > fine[0, 2, 8, 12] > 0  # nearness falls


def test_no_hints_spread_as_nothing() -> None:
    nothing = spread_hints(torch.zeros(2, 2, 32, 32), torch.zeros(2, 1, 32, 32), 3)
    assert not any(level.any() for level in nothing)


def test_fusion_is_a_choice() -> None:
    torch.manual_seed(0)
    network = build_network(replace(SMALL, fuse=False), 7)
    assert network.neck.embed is None
    assert network.eval()(*inputs()).shape == (2, 7, 16, 24)


@torch.no_grad()
def test_new_attention_blocks_change_nothing_and_trained_ones_see_the_whole_photo() -> None:
    torch.manual_seed(0)
    network = build_network(replace(SMALL, fuse=False, attention_blocks=2), 7).eval()
    lightness, hint_ab, hint_mask = inputs()
    blocks, neck = list(network.neck)[:-1], network.neck[-1]
    assert len(blocks) == 2
    *_, deepest = network.encoder(torch.cat([lightness / 50 - 1, hint_ab, hint_mask], 1))
    assert torch.equal(network.neck(deepest), neck(deepest))
    for block in blocks:
        block.to_out.weight.normal_(0, 0.1)
    elsewhere = deepest.clone()
    elsewhere[:, ::2, 0, 0] += 1
    assert (network.neck(elsewhere) - network.neck(deepest))[:, :, 1, 2].abs().max() > 1e-5
    assert torch.equal(neck(elsewhere)[:, :, 1, 2], neck(deepest)[:, :, 1, 2])


@torch.no_grad()
def test_a_fourth_width_answers_at_stride_2() -> None:
    torch.manual_seed(0)
    network = build_network(replace(SMALL, decoder=(16, 16, 16, 8), decoder_hints=True), 7).eval()
    assert network.stride == 2
    assert network(*inputs()).shape == (2, 7, 32, 48)


def test_the_decoder_in_half_precision_only_trains(network) -> None:
    network = network.eval()
    with torch.no_grad():
        whole = network(*inputs())
        network.half_decoder = True
        assert torch.equal(network(*inputs()), whole)
        assert network.train()(*inputs()).dtype == torch.bfloat16


def test_gradient_reaches_every_parameter(network) -> None:
    logits = network(*inputs())
    logits.log_softmax(1)[:, 3].mean().backward()
    without = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().max() > 0
    ]
    assert without == []


def test_parameter_count() -> None:
    # counted on the network of configs/lite0.toml: 2,959,136 of the encoder, the rest of neck,
    # decoder and head; checkpoints and exported models depend on it
    network = build_network(NetworkConfig(encoder_weights="none"), len(gamut_bins()))
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_335_813


def test_unknown_architecture() -> None:
    with pytest.raises(ConfigError, match=r"there is no 'vnet'; known: .*unet"):
        build_network(NetworkConfig(architecture="vnet", encoder_weights="none"), 7)


def test_decoder_of_wrong_depth() -> None:
    with pytest.raises(ConfigError, match=r"network\.decoder: needs 3 or 4 widths, but has 2"):
        build_network(NetworkConfig(encoder_weights="none", decoder=(16, 16)), 7)
