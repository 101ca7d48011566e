"""Synthetic damage, its objective and its figures; a tiny run that learns to find it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402

from photochrom.errors import DataError  # noqa: E402
from photochrom.workshop.data.draws import Draws  # noqa: E402
from photochrom.workshop.training.config import (  # noqa: E402
    DamageConfig,
    NetworkConfig,
    config_from_dict,
)
from photochrom.workshop.training.damage.artefacts import Artefacts, split_of  # noqa: E402
from photochrom.workshop.training.damage.batches import DamageBatch, DamageBatches  # noqa: E402
from photochrom.workshop.training.damage.laying import (  # noqa: E402
    HIDDEN,
    VISIBLE,
    damaged_sample,
    lay,
    undamaged_sample,
)
from photochrom.workshop.training.damage.objective import DamageObjective, dice  # noqa: E402
from photochrom.workshop.training.damage.scores import (  # noqa: E402
    Tally,
    has_large_mark,
    tally,
    threshold_for,
)
from photochrom.workshop.training.damage.shapes import SHAPES  # noqa: E402
from photochrom.workshop.training.loop import Limits, Trainer  # noqa: E402
from photochrom.workshop.training.networks import build_network  # noqa: E402

pytestmark = pytest.mark.workshop

SIDE = 64


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    """Ten bars of a class "lint", each of its own length, on transparent squares."""
    folder = tmp_path / "artefacts"
    (folder / "lint").mkdir(parents=True)
    for number in range(10):
        pixels = np.zeros((40, 40, 4), np.uint8)
        pixels[18:22, 5 : 15 + 2 * number] = 255
        Image.fromarray(pixels).save(folder / "lint" / f"lint-{number:03}.png")
    return folder


def gradient() -> np.ndarray:
    return np.linspace(0.3, 0.7, SIDE, dtype=np.float32)[None].repeat(SIDE, 0)


class TestShapes:
    @pytest.mark.parametrize("kind", sorted(SHAPES))
    @pytest.mark.parametrize("width", [1.0, 6.0])
    def test_they_cover_a_part_of_the_square(self, kind: str, width: float) -> None:
        random = np.random.default_rng(3)
        shares = []
        for _ in range(20):
            opacity = SHAPES[kind](SIDE, width, random)
            assert opacity.shape == (SIDE, SIDE)
            assert opacity.dtype == np.float32
            assert opacity.min() >= 0
            assert opacity.max() <= 1
            shares.append(float(opacity.mean()))
        assert 0 < np.mean(shares) < 0.5

    def test_wider_ones_cover_more(self) -> None:
        def share(width: float) -> float:
            random = np.random.default_rng(1)
            return float(np.mean([SHAPES["hair"](SIDE, width, random).mean() for _ in range(30)]))

        assert share(4) > 2 * share(1)


class TestArtefacts:
    def test_a_fifth_is_held_out(self, artefacts: Path) -> None:
        files = sorted((artefacts / "lint").glob("*.png"))
        trained, held_out = split_of(files, False), split_of(files, True)
        assert len(trained) == 8
        assert len(held_out) == 2
        assert sorted(trained + held_out) == files

    def test_splits_share_no_artefact(self, artefacts: Path) -> None:
        random = np.random.default_rng(0)

        def widths(held_out: bool) -> set[int]:
            split = Artefacts(artefacts, held_out)
            return {split.draw("lint", random).width for _ in range(100)}

        assert widths(False) | widths(True) == {10 + 2 * n for n in range(10)}
        assert not widths(False) & widths(True)

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no folders of PNG files"):
            Artefacts(tmp_path)

    def test_a_file_that_is_no_picture(self, artefacts: Path) -> None:
        for file in (artefacts / "lint").iterdir():
            file.write_bytes(b"nothing")
        with pytest.raises(DataError, match=r"lint-\d+\.png: cannot be read"):
            Artefacts(artefacts).draw("lint", np.random.default_rng(0))


class TestLaying:
    def test_what_is_marked_was_changed(self, artefacts: Path) -> None:
        found = Artefacts(artefacts)
        for seed in range(10):
            gray, random = gradient(), np.random.default_rng(seed)
            assert lay(gray, random, found).shape == gray.shape
            assert np.array_equal(gray, gradient())  # the photo itself is untouched

    def test_damage_that_nobody_sees_is_not_asked_for(self) -> None:
        samples = [damaged_sample(gradient(), np.random.default_rng(seed)) for seed in range(30)]
        assert all(sample.counts[sample.target].all() for sample in samples)
        assert any(sample.target.any() for sample in samples)
        assert any(not sample.counts.all() for sample in samples)
        assert HIDDEN < VISIBLE

    def test_sound_samples_have_nothing_to_mark(self) -> None:
        for seed in range(20):
            sample = undamaged_sample(gradient(), np.random.default_rng(seed))
            assert not sample.target.any()
            assert sample.counts.all()
            assert sample.gray.min() >= 0
            assert sample.gray.max() <= 1


class TestBatches:
    CROPS = torch.rand(6, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))

    def batch(self, samples: range, config: DamageConfig | None = None) -> DamageBatch:
        crops = self.CROPS[samples.start : samples.stop]
        return DamageBatches(config or DamageConfig())(crops, Draws(5, samples))

    def test_a_sample_hangs_on_its_number_alone(self) -> None:
        whole, part = self.batch(range(6)), self.batch(range(2, 5))
        for name in ("gray", "target", "counts", "damaged"):
            assert torch.equal(getattr(whole, name)[2:5], getattr(part, name))

    def test_shares(self) -> None:
        assert not self.batch(range(6), DamageConfig(damaged=0)).target.any()
        assert self.batch(range(6), DamageConfig(damaged=1)).damaged.all()

    def test_shapes(self) -> None:
        batch = self.batch(range(6))
        for plane in (batch.gray, batch.target, batch.counts):
            assert plane.shape == (6, 1, SIDE, SIDE)
            assert plane.dtype == torch.float32
        assert batch.take(("gray",))[0] is batch.gray


def sample_batch() -> DamageBatch:
    """One damaged and one sound sample, each 4 x 4; two pixels of the first do not count."""
    target = torch.zeros(2, 1, 4, 4)
    target[0, 0, 1] = 1
    counts = torch.ones(2, 1, 4, 4)
    counts[0, 0, 3, :2] = 0
    return DamageBatch(torch.zeros(2, 1, 4, 4), target, counts, torch.tensor([True, False]))


class TestObjective:
    def logits(self) -> torch.Tensor:
        return torch.where(sample_batch().target > 0, 3.0, -3.0)

    def loss(self, logits: torch.Tensor, **config: float) -> float:
        return float(DamageObjective(DamageConfig(**config))(logits, sample_batch())["loss"])

    def test_right_answers_cost_less(self) -> None:
        assert self.loss(self.logits()) < self.loss(torch.zeros(2, 1, 4, 4))
        assert self.loss(torch.zeros(2, 1, 4, 4)) < self.loss(-self.logits())

    def test_pixels_that_do_not_count_cost_nothing(self) -> None:
        other = self.logits()
        other[0, 0, 3, :2] = 9
        assert self.loss(other) == pytest.approx(self.loss(self.logits()))

    def test_false_alarms_are_weighed(self) -> None:
        alarm = self.logits()
        alarm[1, 0, 0, 0] = 2
        light, heavy = (
            self.loss(alarm, false_alarm=weight, dice=0) - self.loss(self.logits(), dice=0)
            for weight in (1, 10)
        )
        assert heavy > 9 * light

    def test_without_focus_it_is_cross_entropy(self) -> None:
        batch, logits = sample_batch(), self.logits()
        expected = -(
            batch.target * logits.sigmoid().log() + (1 - batch.target) * (-logits).sigmoid().log()
        )
        wanted = (expected * batch.counts).sum() / batch.counts.sum()
        loss = self.loss(logits, focus=0, false_alarm=1, dice=0)
        assert loss == pytest.approx(float(wanted), rel=1e-5)

    def test_dice(self) -> None:
        target, all_count = torch.tensor([1.0, 1, 0, 0]), torch.ones(4)
        assert float(dice(target, target, all_count)) == 0
        assert float(dice(1 - target, target, all_count)) == pytest.approx(1 - 1 / 5)


class TestScores:
    def test_a_mark_two_pixels_beside_counts(self) -> None:
        damage, near, far = (np.zeros((20, 20), bool) for _ in range(3))
        damage[10, 5:15], near[12, 5:15], far[13, 5:15] = True, True, True
        assert tally(near, damage).f1 == 1
        assert tally(far, damage).f1 == 0

    def test_precision_and_recall(self) -> None:
        damage, marks = np.zeros((20, 40), bool), np.zeros((20, 40), bool)
        damage[5, :], marks[5, :10], marks[15, :10] = True, True, True
        score = tally(marks, damage)
        assert score.precision == 0.5
        assert score.recall == 12 / 40  # the ends of the marks reach two pixels further

    def test_sums_and_nothing(self) -> None:
        assert Tally(1, 2, 3, 4) + Tally(1, 1, 1, 1) == Tally(2, 3, 4, 5)
        nothing = np.zeros((8, 8), bool)
        assert tally(nothing, nothing).f1 == 1

    def test_what_does_not_count(self) -> None:
        marks = np.ones((8, 8), bool)
        assert tally(marks, ~marks, ~marks).marked == 0

    def test_large_marks(self) -> None:
        marks = np.zeros((20, 20), bool)
        marks[:5, :6] = True
        assert not has_large_mark(marks)
        marks[5, 6] = True  # touches at a corner
        assert has_large_mark(marks)

    def test_threshold(self) -> None:
        values = np.linspace(0, 1, 1000, dtype=np.float32)
        threshold = threshold_for(values, 0.01)
        assert (values > threshold).sum() == 10


def untrained() -> torch.nn.Module:
    return build_network(NetworkConfig(architecture="damage", encoder_weights="none"), 0)


class TestNetwork:
    def test_it_answers_every_pixel(self) -> None:
        network = untrained().eval()
        gray = torch.rand(1, 1, 48, 80)
        assert network(gray).shape == gray.shape
        assert sum(p.numel() for p in network.parameters()) * 2 < 3e6  # bytes of fp16

    def test_it_sees_one_pixel(self) -> None:
        torch.manual_seed(0)
        network = untrained().eval()
        gray = torch.full((1, 1, 64, 64), 0.5)
        speck = gray.clone()
        speck[0, 0, 32, 33] = 1
        assert (network(speck) - network(gray))[0, 0, 32, 33].abs() > 1e-4


def tiny_run(train: Path, validation: Path, artefacts: Path) -> dict:
    return {
        "name": "tiny",
        "data": {
            "train": [str(train)],
            "validation": [str(validation)],
            "min_colorfulness": 0,
            "crop_scale": [0.4, 1.0],
        },
        "network": {"architecture": "damage", "encoder_weights": "none"},
        "damage": {"artefacts": str(artefacts)},
        "schedule": {
            "stages": [{"samples": 24, "crop": 64, "batch": 8}],
            "warmup": 0,
        },
        "validation": {"every": 24, "photos": 4, "size": 64, "sheet": 4},
        "logging": {"seconds": 0, "tensorboard": False},
    }


def test_a_run_writes_figures_and_a_sheet_and_repeats(
    tiny_train: Path, tiny_validation: Path, artefacts: Path, tmp_path: Path
) -> None:
    config = config_from_dict(tiny_run(tiny_train, tiny_validation, artefacts), "tiny")
    figures = Trainer(config, tmp_path / "one").run()
    assert set(figures) >= {"precision", "recall", "f1", "sound_pixels_marked", "quiet/f1"}
    assert all(0 <= value <= 100 for value in figures.values())
    assert (tmp_path / "one" / "sheet-00000024.jpg").is_file()
    shorter = replace(
        config, validation=replace(config.validation, every=8), logging=config.logging
    )
    stopped = Trainer(shorter, tmp_path / "two", Limits(minutes=0))
    stopped.run()
    Trainer(config, tmp_path / "two").run(stopped.latest)
    for part in ("model", "ema"):
        one, two = (tmp_path / n / "latest" / f"{part}.safetensors" for n in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_it_learns_one_batch_by_heart() -> None:
    torch.manual_seed(0)
    network = untrained()
    crops = torch.rand(6, 3, 64, 64) * 0.05 + 0.4
    batch = DamageBatches(DamageConfig())(crops, Draws(5, range(6)))
    assert batch.damaged.any()
    assert not batch.damaged.all()
    objective = DamageObjective(DamageConfig())
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = objective(network(batch.gray), batch)["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
