from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from photochrom.workshop.data.draws import Draws
from photochrom.workshop.training.augment import (
    film_lightness,
    jpeg_luma,
    make_batch,
    reveal_hints,
    warp,
)
from photochrom.workshop.training.config import AugmentConfig
from photochrom.workshop.training.lab import lab_from_srgb

pytestmark = pytest.mark.workshop


def seeded(seed: int = 0, samples: int = 8) -> Draws:
    return Draws(seed, range(samples))


@pytest.fixture(scope="module")
def gray(color_batch: torch.Tensor) -> torch.Tensor:
    return lab_from_srgb(color_batch)[:, :1].contiguous() / 100


def test_jpeg_of_tiny_coarseness_is_the_identity(gray) -> None:
    fine = jpeg_luma(gray, torch.full((8, 1, 1, 1), 1e-3))
    # steps of at most 0.12 codes
    assert (fine - gray).abs().max() < 1 / 255


def test_coarser_jpeg_is_further_away(gray) -> None:
    errors = [
        (jpeg_luma(gray, torch.full((8, 1, 1, 1), c)) - gray).square().mean().item()
        for c in (0.1, 0.5, 1.0, 4.0)
    ]
    assert errors == sorted(errors)
    assert errors[-1] > 10 * errors[0]


def test_jpeg_agrees_with_an_encoder(gray) -> None:
    # Pillow's quality 50 is the standard table of annex K unscaled
    codes = (gray * 255).round()
    ours = (jpeg_luma(codes / 255, torch.ones(8, 1, 1, 1)) * 255).clamp(0, 255)
    for one, mine in zip(codes[:, 0].numpy(), ours[:, 0].numpy(), strict=True):
        stream = io.BytesIO()
        Image.fromarray(one.astype(np.uint8)).save(stream, "JPEG", quality=50)
        with Image.open(stream) as image:
            theirs = np.asarray(image, np.float32)
        # both round the same coefficients; their decoder rounds to whole codes, and its integer
        # DCT decides some ties otherwise
        assert np.abs(theirs - mine).mean() < 1.0
        assert np.abs(theirs - one).mean() > 1.5  # the loss itself is larger


def test_jpeg_treats_samples_apart(gray) -> None:
    coarseness = torch.full((8, 1, 1, 1), 1e-3)
    coarseness[3] = 4.0
    changed = (jpeg_luma(gray, coarseness) - gray).abs().amax((1, 2, 3)) > 1 / 255
    assert changed.tolist() == [index == 3 for index in range(8)]


def test_film_lightness_stays_in_range(color_batch) -> None:
    spread = []
    for seed in range(20):
        lightness = film_lightness(color_batch, seeded(seed))
        assert lightness.shape == (8, 1, 64, 64)
        assert lightness.min() >= 0
        assert lightness.max() <= 100
        spread.append((lightness - lab_from_srgb(color_batch)[:, :1]).abs().mean().item())
    assert min(spread) > 1  # it is another grey copy, not L


def test_film_lightness_of_black_and_white() -> None:
    for value in (0.0, 1.0):
        lightness = film_lightness(torch.full((64, 3, 32, 32), value), seeded(samples=64))
        assert torch.isfinite(lightness).all()
        assert lightness.min() >= 0
        assert lightness.max() <= 100


def count_points(mask: torch.Tensor) -> int:
    """Connected parts of a (H, W) mask: at most the number of points."""
    from skimage.measure import label

    return int(label(mask.numpy(), connectivity=2).max())


def test_no_share_no_hints(color_batch) -> None:
    ab = lab_from_srgb(color_batch)[:, 1:]
    hint_ab, hint_mask = reveal_hints(ab, 0.0, 8, seeded())
    assert not hint_ab.any()
    assert not hint_mask.any()


@pytest.mark.parametrize("most", [1, 3, 8])
def test_no_more_points_than_asked_for(color_batch, most: int) -> None:
    ab = lab_from_srgb(color_batch)[:, 1:]
    for seed in range(10):
        _, hint_mask = reveal_hints(ab, 1.0, most, seeded(seed))
        counts = [count_points(mask) for mask in hint_mask[:, 0]]
        assert min(counts) >= 1
        assert max(counts) <= most
        # sides of 1 to 9 pixels
        assert hint_mask.sum((1, 2, 3)).max() <= most * 81


def test_most_points_are_reached(color_batch) -> None:
    ab = lab_from_srgb(color_batch)[:, 1:].repeat(16, 1, 1, 1)
    _, hint_mask = reveal_hints(ab, 1.0, 3, seeded(samples=128))
    counts = {count_points(mask) for mask in hint_mask[:, 0]}
    assert counts == {1, 2, 3}


def test_share_of_samples_with_hints() -> None:
    ab = torch.zeros(2000, 2, 16, 16)
    _, hint_mask = reveal_hints(ab, 0.3, 4, seeded(samples=2000))
    share = hint_mask.amax((1, 2, 3)).mean().item()
    assert share == pytest.approx(0.3, abs=0.04)  # four deviations of a share of 2000 draws


def test_hints_are_the_local_colors(color_batch) -> None:
    ab = lab_from_srgb(color_batch)[:, 1:]
    hint_ab, hint_mask = reveal_hints(ab, 1.0, 1, seeded())
    assert not (hint_ab * (1 - hint_mask)).any()
    assert set(hint_mask.unique().tolist()) == {0.0, 1.0}
    local = F.avg_pool2d(ab, 7, 1, 3, count_include_pad=False)
    for sample in range(len(ab)):
        inside = hint_mask[sample, 0] > 0
        colors = hint_ab[sample][:, inside]
        assert (colors == colors[:, :1]).all()  # one square, one colour
        distance = (local[sample][:, inside] - colors[:, :1]).norm(dim=0)
        assert distance.min() < 1e-4  # the square's own centre has it


def test_batch_without_augmentation_is_the_photo(color_batch) -> None:
    lab = lab_from_srgb(color_batch)
    batch = make_batch(color_batch, AugmentConfig(robust_gray=0, hints=0), 4, seeded())
    assert torch.equal(batch.lightness, lab[:, :1])
    assert not batch.hint_mask.any()
    assert not batch.hint_ab.any()
    expected = lab[:, 1:].reshape(8, 2, 16, 4, 16, 4).mean((3, 5))
    torch.testing.assert_close(batch.target, expected, atol=1e-3, rtol=0)


def test_robust_gray_changes_its_share_of_samples(color_batch) -> None:
    crops = color_batch[:, :, :32, :32].repeat(50, 1, 1, 1)
    batch = make_batch(crops, AugmentConfig(robust_gray=0.35, hints=0), 4, seeded(samples=400))
    plain = lab_from_srgb(crops)[:, :1]
    changed = (batch.lightness != plain).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(0.35, abs=0.1)  # four deviations of a share of 400 draws


def test_other_colors_leave_lightness_alone(color_batch) -> None:
    plain = make_batch(color_batch, AugmentConfig(robust_gray=0, hints=0), 4, seeded())
    config = AugmentConfig(robust_gray=0, hints=0, saturation=(1.5, 1.5))
    vivid = make_batch(color_batch, config, 4, seeded())
    torch.testing.assert_close(vivid.target, 1.5 * plain.target)
    assert torch.equal(vivid.lightness, plain.lightness)


def test_white_balance_tints_every_sample_its_own_way() -> None:
    gray = torch.full((64, 3, 32, 32), 0.5)
    config = AugmentConfig(robust_gray=0, hints=0, white_balance=0.1)
    tints = make_batch(gray, config, 4, seeded(samples=64)).target[:, :, 0, 0]
    # factors of at most e^0.1 on red and blue: the corners are within 7.5 units of grey
    assert 1 < tints.norm(dim=1).median() < 5
    assert tints.norm(dim=1).max() < 7.5
    assert (tints.mean(0).abs() < 0.8).all()


def test_same_seed_same_batch(color_batch) -> None:
    config = AugmentConfig(robust_gray=0.5, hints=0.5)
    one, same, other = (make_batch(color_batch, config, 4, seeded(seed)) for seed in (5, 5, 6))
    for part in ("lightness", "hint_ab", "hint_mask", "target"):
        assert torch.equal(getattr(one, part), getattr(same, part))
    assert not torch.equal(one.lightness, other.lightness)
    assert not torch.equal(one.hint_mask, other.hint_mask)


def test_a_sample_is_the_same_in_any_batch(color_batch) -> None:
    config = AugmentConfig(robust_gray=0.7, hints=0.7, rotation=10, zoom=0.1)
    whole = make_batch(color_batch, config, 4, Draws(3, range(40, 48)))
    for rank in range(2):  # as two processes share it
        part = make_batch(color_batch[rank::2], config, 4, Draws(3, range(40, 48)[rank::2]))
        for name in ("lightness", "hint_ab", "hint_mask", "target"):
            # sums in another order
            torch.testing.assert_close(
                getattr(part, name), getattr(whole, name)[rank::2], atol=2e-3, rtol=0
            )


def test_warp_of_nothing_is_the_identity(color_batch) -> None:
    assert torch.allclose(warp(color_batch, 0.0, 0.0, 0.0, seeded()), color_batch, atol=1e-4)


def test_warp_turns_about_the_center_and_repeats_edges() -> None:
    picture = torch.zeros(8, 1, 65, 65)
    picture[:, :, 32, 32] = 1  # the centre stays
    picture[:, :, 32, 52] = 1  # 20 pixels to the right of it
    turned = warp(picture, 40.0, 0.0, 0.0, seeded())
    ones = warp(torch.ones(8, 1, 65, 65), 40.0, 0.3, 0.3, seeded())
    assert torch.allclose(ones, torch.ones_like(ones), atol=1e-5)
    angles = []
    for one in turned[:, 0]:
        assert one[32, 32] > 0.9
        rest = one.clone()
        rest[30:35, 30:35] = 0
        y, x = divmod(int(rest.argmax()), 65)
        assert abs(((y - 32) ** 2 + (x - 32) ** 2) ** 0.5 - 20) < 1  # turned, not scaled
        angles.append(abs(torch.atan2(torch.tensor(y - 32.0), torch.tensor(x - 32.0)).item()))
    assert max(angles) < 0.75  # 40 degrees are 0.70
    assert max(angles) > 0.2
