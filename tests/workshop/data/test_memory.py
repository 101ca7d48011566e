from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.color.metrics import colorfulness
from photochrom.errors import DataError
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from support import tiny_workshop

pytestmark = pytest.mark.workshop

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    return tiny_workshop.color_crops(12)


@pytest.fixture(scope="module")
def shard(crops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_workshop.write_shard(tmp_path_factory.mktemp("memory") / "train.tar", crops)


@pytest.fixture(scope="module")
def photos(shard: Path) -> MemoryPhotos:
    return MemoryPhotos.load([shard], CPU)


def whole(photos: MemoryPhotos, mirrored: bool, size: int) -> torch.Tensor:
    """Every photo resized whole to a square, (N, 3, size, size)."""
    count = len(photos)
    return photos.resample(
        torch.arange(count),
        torch.zeros(count, 2),
        photos.sizes.float(),
        torch.full((count,), mirrored),
        size,
    )


def test_every_photo_is_kept_as_it_was(photos, crops) -> None:
    assert len(photos) == 12
    for index, crop in enumerate(crops):
        assert np.array_equal(photos.photo(index).permute(1, 2, 0).numpy(), np.asarray(crop))


@pytest.mark.parametrize("size", [32, 64, 96, 200])
def test_resampling_a_whole_photo_agrees_with_pillow(photos, crops, size: int) -> None:
    ours = whole(photos, False, size).permute(0, 2, 3, 1).numpy() * 255
    for mine, crop in zip(ours, crops, strict=True):
        theirs = np.asarray(crop.resize((size, size), Image.Resampling.BILINEAR), np.float32)
        # Pillow rounds to codes after each of its two passes
        assert np.abs(mine - theirs).mean() < 0.6
        assert np.abs(mine - theirs).max() < 2


def test_padding_keeps_the_aspect_ratio_and_is_white(photos, crops) -> None:
    indices = torch.arange(12)
    squares = photos.squares(indices, 96, Framing("pad", mirror=0.0), Draws(0, range(12)))
    compared = 0
    for square, crop in zip(squares.permute(0, 2, 3, 1).numpy(), crops, strict=True):
        side = max(crop.size)
        if (side - min(crop.size)) % 2:
            continue  # the photo's middle lies between two pixels of Pillow's canvas
        canvas = Image.new("RGB", (side, side), "white")
        canvas.paste(crop, ((side - crop.width) // 2, (side - crop.height) // 2))
        theirs = np.asarray(canvas.resize((96, 96), Image.Resampling.BILINEAR), np.float32)
        assert np.abs(square * 255 - theirs).max() < 2
        compared += 1
    assert compared >= 3


def test_mirrored_is_the_flip(photos) -> None:
    straight, mirrored = whole(photos, False, 64), whole(photos, True, 64)
    torch.testing.assert_close(mirrored, straight.flip(3), atol=1e-5, rtol=0)
    assert (mirrored - straight).abs().mean() > 0.02


def test_a_box_at_its_own_size_is_the_pixels(photos, crops) -> None:
    box = photos.resample(
        torch.tensor([3]),
        torch.tensor([[10.0, 20.0]]),
        torch.tensor([[64.0, 64.0]]),
        torch.tensor([False]),
        64,
    )
    expected = np.asarray(crops[3])[10:74, 20:84].transpose(2, 0, 1) / 255
    np.testing.assert_allclose(box[0].numpy(), expected, atol=1e-5)


def test_crops_are_a_function_of_the_draws(photos) -> None:
    indices = torch.arange(12)

    def draw(seed: int) -> torch.Tensor:
        return photos.squares(indices, 64, Framing(), Draws(seed, range(12)))

    one = draw(3)
    assert one.shape == (12, 3, 64, 64)
    assert one.min() >= 0
    assert one.max() <= 1 + 1e-5
    assert torch.equal(one, draw(3))
    assert (one - draw(4)).abs().mean() > 0.02


def test_crops_lie_inside_the_photo_and_their_range(
    photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def record(self, indices, start, extent, mirrored, size):
        seen.append((indices, start, extent, mirrored))
        return torch.zeros(len(indices), 3, size, size)

    monkeypatch.setattr(MemoryPhotos, "resample", record)
    indices = torch.arange(12).repeat(100)
    framing = Framing("crop", (0.6, 0.9), 1.2)
    photos.squares(indices, 32, framing, Draws(0, range(1200)))
    ((_, start, extent, mirrored),) = seen
    sides = photos.sizes[indices].float()
    assert (start >= 0).all()
    assert (start + extent <= sides + 1e-3).all()
    share = extent.prod(1).sqrt() / sides.amin(1)
    assert share.min() >= 0.6 - 1e-3
    assert share.max() <= 0.9 + 1e-3
    shape = extent[:, 0] / extent[:, 1]
    assert shape.max() <= 1.2 + 1e-3
    assert shape.min() >= 1 / 1.2 - 1e-3
    assert shape.max() > 1.15
    # four deviations of a share of 1200 draws
    assert mirrored.float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_gray_photos_are_left_out(tmp_path: Path, crops) -> None:
    mixed = []
    for crop in crops[:6]:
        mixed += [crop, crop.convert("L").convert("RGB")]
    shard = tiny_workshop.write_shard(tmp_path / "mixed.tar", mixed)
    assert len(MemoryPhotos.load([shard], CPU)) == 12
    colored = MemoryPhotos.load([shard], CPU, min_colorfulness=2.0)
    colorful = [c for c in crops[:6] if colorfulness(np.asarray(c)[::3, ::3]) >= 2.0]
    assert len(colored) == len(colorful) > 0
    for index, crop in enumerate(colorful):
        assert np.array_equal(colored.photo(index).permute(1, 2, 0).numpy(), np.asarray(crop))


def test_no_photos(tmp_path: Path) -> None:
    shard = tiny_workshop.write_tar(tmp_path / "empty.tar", [("a.json", b"{}")])
    with pytest.raises(DataError, match=r"no photos in .*empty\.tar"):
        MemoryPhotos.load([shard], CPU)


def test_pixels_and_sizes_must_agree() -> None:
    with pytest.raises(DataError, match=r"1 photos do not account for 11 pixels"):
        MemoryPhotos(torch.zeros(11, 3, dtype=torch.uint8), torch.tensor([[3, 4]]))


def test_shards_and_photos_by_path(tmp_path: Path, shard: Path, crops) -> None:
    crops[0].save(tmp_path / "one.png")
    crops[1].save(tmp_path / "two.png")
    assert MemoryPhotos.load([tmp_path], CPU).keys == ("one", "two")
    assert MemoryPhotos.load([tmp_path / "two.png"], CPU).keys == ("two",)
    (tmp_path / "train.tar").write_bytes(shard.read_bytes())
    # a picture that lies beside shards is no training set
    assert len(MemoryPhotos.load([tmp_path], CPU)) == 12
