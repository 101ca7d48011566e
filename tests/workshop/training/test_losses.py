from __future__ import annotations

import numpy as np
import pytest
import torch

from photochrom.color.bins import GRID, annealed_mean, gamut_bins, rebalancing_weights
from photochrom.workshop.training.lab import lab_from_srgb
from photochrom.workshop.training.losses import BinEncoder, ColorLoss, count_prior

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def encoder() -> BinEncoder:
    return BinEncoder(gamut_bins(), smoothing=5.0, neighbors=5)


@pytest.fixture(scope="module")
def photo_ab(color_batch: torch.Tensor) -> torch.Tensor:
    return lab_from_srgb(color_batch)[:, 1:]


def brute_force(encoder: BinEncoder, ab: torch.Tensor) -> torch.Tensor:
    """Distance of every pixel from every bin, (pixels, Q), by the definition."""
    points = ab.permute(0, 2, 3, 1).reshape(-1, 2).double()
    return (points[:, None] - encoder.centers.double()[None]).norm(dim=-1)


def test_shares_sum_to_one(encoder, photo_ab) -> None:
    indices, shares = encoder(photo_ab)
    assert indices.shape == shares.shape == (8, 5, 64, 64)
    assert (shares >= 0).all()
    # five fp32 numbers
    torch.testing.assert_close(shares.sum(1), torch.ones(8, 64, 64), atol=1e-5, rtol=0)


def test_five_different_bins(encoder, photo_ab) -> None:
    indices, _ = encoder(photo_ab)
    ordered = indices.sort(1).values
    assert (ordered[:, 1:] > ordered[:, :-1]).all()


def test_nearest_bin_on_whole_units_is_exact(encoder, photo_ab) -> None:
    whole = photo_ab.round()
    indices, _ = encoder(whole)
    distances = brute_force(encoder, whole)
    chosen = distances.gather(1, indices[:, 0].reshape(-1, 1))[:, 0]
    # cdist works in fp32; ties between bins are equally near
    torch.testing.assert_close(chosen, distances.amin(1), atol=1e-3, rtol=0)


def test_nearest_bin_is_off_by_no_more_than_the_table_is_coarse(encoder, photo_ab) -> None:
    indices, _ = encoder(photo_ab)
    distances = brute_force(encoder, photo_ab)
    chosen = distances.gather(1, indices[:, 0].reshape(-1, 1))[:, 0]
    excess = chosen - distances.amin(1)
    # rounding to whole units moves a colour by at most sqrt(0.5), towards one bin and away from
    # the other
    assert excess.max() <= 2 * 0.5**0.5 + 1e-3
    assert (excess < 1e-3).double().mean() > 0.9


def test_shares_are_a_gaussian_of_the_distance(encoder) -> None:
    ab = torch.tensor([[12.0, -3.0]])[..., None, None]
    indices, shares = encoder(ab)
    distances = brute_force(encoder, ab)[0]
    nearest = distances.topk(5, largest=False)
    assert set(indices.flatten().tolist()) == set(nearest.indices.tolist())
    expected = torch.exp(-(distances[indices.flatten()] ** 2) / (2 * 5.0**2))
    expected /= expected.sum()
    torch.testing.assert_close(shares.flatten().double(), expected, atol=1e-5, rtol=0)


def test_decoding_the_encoding_gives_the_color_back(encoder, photo_ab) -> None:
    indices, shares = encoder(photo_ab)
    decoded = (encoder.centers[indices] * shares[..., None]).sum(1).permute(0, 3, 1, 2)
    distance = (decoded - photo_ab).norm(dim=1)
    # five neighbours of a square grid are not symmetric about a colour: within half a cell's
    # side on average, and within a cell's diagonal anywhere
    assert distance.mean() < GRID / 4
    assert distance.max() < GRID * 2**0.5


def test_colors_beyond_the_table_are_clamped(encoder) -> None:
    ab = torch.tensor([[300.0, -300.0]])[..., None, None]
    indices, shares = encoder(ab)
    assert torch.isfinite(shares).all()
    assert (indices < len(encoder.centers)).all()


def test_prior_is_the_share_of_each_bin(encoder, photo_ab) -> None:
    prior = count_prior(encoder, [photo_ab[:4], photo_ab[4:]])
    assert prior.shape == (len(gamut_bins()),)
    assert prior.sum().item() == pytest.approx(1, abs=1e-5)
    expected = torch.zeros(len(prior), dtype=torch.float64)
    indices, shares = encoder(photo_ab)
    for index, share in zip(indices.flatten().tolist(), shares.flatten().tolist(), strict=True):
        expected[index] += share
    # 100,000 additions in fp32
    torch.testing.assert_close(prior.double(), expected / expected.sum(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("mix", [0.0, 0.5, 0.9, 1.0])
def test_rebalancing_weights_have_mean_one_over_the_prior(encoder, photo_ab, mix: float) -> None:
    prior = count_prior(encoder, [photo_ab]).numpy()
    prior = (prior + 1e-6) / (prior + 1e-6).sum()
    weights = rebalancing_weights(prior, mix)
    assert float((weights * prior).sum()) == pytest.approx(1, abs=1e-4)
    if mix == 1.0:
        np.testing.assert_allclose(weights, 1, atol=1e-5)
    else:
        assert weights[prior.argmin()] > weights[prior.argmax()]


def log_distribution(encoder: BinEncoder, ab: torch.Tensor) -> torch.Tensor:
    """Logits whose softmax is the soft encoding, up to 1e-9."""
    indices, shares = encoder(ab)
    n, _, height, width = ab.shape
    shape = (n, len(encoder.centers), height, width)
    return (torch.zeros(shape).scatter(1, indices, shares) + 1e-9).log()


@pytest.fixture(scope="module")
def loss(encoder, photo_ab) -> ColorLoss:
    prior = count_prior(encoder, [photo_ab]).numpy()
    return ColorLoss(encoder, prior, rebalance=0.5, mean_color=0.0)


def test_loss_is_lowest_for_the_right_distribution(encoder, loss, photo_ab) -> None:
    right = log_distribution(encoder, photo_ab)
    lowest = loss(right, photo_ab)["loss"]
    draw = torch.Generator().manual_seed(0)
    for other in (
        torch.zeros_like(right),
        right.flip(0),
        right / 2,
        right * 2,
        right + 0.3 * torch.randn(right.shape, generator=draw),
    ):
        assert loss(other, photo_ab)["loss"] > lowest + 1e-3


def test_gradient_vanishes_at_the_right_distribution(encoder, loss, photo_ab) -> None:
    right = log_distribution(encoder, photo_ab[:1]).requires_grad_()
    loss(right, photo_ab[:1])["loss"].backward()
    wrong = torch.zeros_like(right, requires_grad=True)
    loss(wrong, photo_ab[:1])["loss"].backward()
    # the 1e-9 that keeps the logarithm finite, and fp32
    assert right.grad.abs().max() < 1e-4 * wrong.grad.abs().max()


def test_loss_against_numpy(encoder, loss, photo_ab) -> None:
    draw = torch.Generator().manual_seed(0)
    ab = photo_ab[:1, :, :4, :4]
    logits = torch.randn(1, len(encoder.centers), 4, 4, generator=draw)
    indices, shares = (t.numpy() for t in encoder(ab))
    z = logits.numpy().astype(np.float64)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    total = 0.0
    for y, x in np.ndindex(4, 4):
        bins, share = indices[0, :, y, x], shares[0, :, y, x]
        total -= loss.weights.numpy()[bins[0]] * (share * log_p[0, bins, y, x]).sum()
    assert loss(logits, ab)["loss"].item() == pytest.approx(total / 16, rel=1e-5)


def test_rare_colors_weigh_more(encoder) -> None:
    prior = np.full(len(gamut_bins()), 1e-4, np.float32)
    centers = gamut_bins().tolist()
    gray, red = centers.index([0.0, 0.0]), centers.index([60.0, 40.0])
    prior[gray] = 1 - prior.sum() + prior[gray]
    loss = ColorLoss(encoder, prior, rebalance=0.1, mean_color=0.0)
    logits = torch.zeros(1, len(centers), 1, 1)

    def at(index: int) -> float:
        ab = torch.tensor([centers[index]])[..., None, None]
        return loss(logits, ab)["loss"].item()

    weights = rebalancing_weights(prior, 0.1)
    assert at(red) / at(gray) == pytest.approx(weights[red] / weights[gray], rel=1e-4)
    assert at(red) > 10 * at(gray)


def test_color_term(encoder, photo_ab) -> None:
    prior = count_prior(encoder, [photo_ab]).numpy()
    loss = ColorLoss(encoder, prior, rebalance=0.5, mean_color=0.25)
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(8, len(encoder.centers), 64, 64, generator=draw)
    parts = loss(logits, photo_ab)
    log_weights = np.log(rebalancing_weights(prior, 0.5))
    mean = annealed_mean(logits.numpy(), gamut_bins(), log_weights, 1.0, 1.0)
    off = np.abs(mean - photo_ab.numpy()) / 10
    huber = np.where(off < 1, off**2 / 2, off - 0.5).mean()
    assert parts["mean_color"].item() == pytest.approx(huber, rel=1e-4)
    expected = parts["cross_entropy"] + 0.25 * parts["mean_color"]
    assert parts["loss"].item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("rebalance", [0.5, 1.0])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gradient_is_autograds(encoder, photo_ab, rebalance, layout, monkeypatch) -> None:
    monkeypatch.setattr("photochrom.workshop.training.losses.ROWS_TOGETHER", 300)  # the last: 196
    loss = ColorLoss(encoder, count_prior(encoder, [photo_ab]).numpy(), rebalance, mean_color=0.7)
    ab = photo_ab[:1, :, :32, :31]
    draw = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(1, len(encoder.centers), 32, 31, generator=draw)
    logits = logits.to(memory_format=layout).requires_grad_()
    (ours,) = torch.autograd.grad(2.5 * loss(logits, ab)["loss"], logits)

    indices, shares = encoder(ab)
    log_p = logits.double().log_softmax(1)
    weighted = loss.weights[indices[:, 0]] * (log_p.gather(1, indices) * shares).sum(1)
    faithful = (log_p - loss.weights.log()[:, None, None]).softmax(1)
    mean = torch.einsum("nqhw,qc->nchw", faithful, encoder.centers.double())
    total = 0.7 * torch.nn.functional.huber_loss(mean / 10, ab.double() / 10) - weighted.mean()
    (theirs,) = torch.autograd.grad(2.5 * total, logits)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.abs().max().item())
