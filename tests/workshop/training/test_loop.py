from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from photochrom.color.bins import gamut_bins
from photochrom.errors import ConfigError, DataError, ModelError
from photochrom.workshop.training.checkpoint import load_network, read_record
from photochrom.workshop.training.config import RunConfig, ScheduleConfig, Stage, config_from_dict
from photochrom.workshop.training.loop import Limits, Trainer
from photochrom.workshop.training.schedule import (
    BalancedOrder,
    learning_rate_factor,
    sample_indices,
    stage_at,
)
from support import tiny_workshop

pytestmark = pytest.mark.workshop

TENSORS = ("ema", "model", "moments1", "moments2")
AT_ONCE = Limits(minutes=1e-9)
"""A time limit that every step exceeds: a run stops after one."""


@contextmanager
def kept_signal_handlers() -> Iterator[None]:
    signums = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(signum) for signum in signums]
    yield
    for signum, handler in zip(signums, before, strict=True):
        signal.signal(signum, handler)


@pytest.fixture(autouse=True)
def keep_signal_handlers() -> Iterator[None]:
    """Whatever a run does to them, Ctrl-C ends pytest."""
    with kept_signal_handlers():
        yield


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tensors this small gain nothing from threads, and lose much on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def config(tiny_train: Path, tiny_validation: Path):
    def build(**options: Any) -> RunConfig:
        table = tiny_workshop.tiny_table(tiny_train, tiny_validation, **options)
        return config_from_dict(table, "tiny")

    return build


def tensors(checkpoint: Path) -> dict[str, torch.Tensor]:
    found = {}
    for part in TENSORS:
        for name, tensor in safetensors.torch.load_file(checkpoint / f"{part}.safetensors").items():
            found[f"{part}/{name}"] = tensor
    return found


def losses(folder: Path) -> list[float]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry["loss"] for entry in map(json.loads, lines) if "loss" in entry]


def test_loss_falls_on_a_handful_of_photos(tmp_path: Path, tiny_validation: Path) -> None:
    shard = tiny_workshop.write_shard(tmp_path / "few.tar", tiny_workshop.color_crops(4))
    table = tiny_workshop.tiny_table(
        shard,
        tiny_validation,
        samples=80,
        data={"crop_scale": [1.0, 1.0], "crop_stretch": 1.0},
        network={"encoder_weights": "package"},
        loss={"rebalance": 1.0},
        augment={"hints": 0.0, "robust_gray": 0.0},
        schedule={"learning_rate": 1e-2, "encoder_learning_rate": 1e-3},
    )
    figures = Trainer(config_from_dict(table, "tiny"), tmp_path / "run").run()
    found = losses(tmp_path / "run")
    assert len(found) == 20
    # a network that knows nothing spreads over 261 bins: log 261 = 5.56
    assert found[0] == pytest.approx(5.56, abs=0.3)
    # observed: 5.59 at the first step, 3.96 at the last
    assert sum(found[-3:]) / 3 < 4.5
    assert set(figures) >= {"faithful/psnr_gain", "trained/ab_gain", "middle/colorfulness"}


@pytest.fixture(scope="module")
def finished(tiny_train: Path, tiny_validation: Path, tmp_path_factory) -> Path:
    """The folder of a run of two steps."""
    folder = tmp_path_factory.mktemp("finished")
    table = tiny_workshop.tiny_table(tiny_train, tiny_validation, samples=8)
    with kept_signal_handlers():
        Trainer(config_from_dict(table, "tiny"), folder).run()
    return folder


def test_run_folder_is_complete(finished: Path) -> None:
    assert sorted(path.name for path in finished.iterdir()) == [
        "config.json",
        "latest",
        "metrics.jsonl",
        "sheet-00000008.jpg",
    ]
    assert sorted(path.name for path in (finished / "latest").iterdir()) == [
        "checkpoint.json",
        "ema.safetensors",
        "model.safetensors",
        "moments1.safetensors",
        "moments2.safetensors",
    ]


def test_checkpoint_rebuilds_configuration_and_network(finished: Path) -> None:
    config, progress, record = read_record(finished / "latest")
    stored = json.loads((finished / "config.json").read_text(encoding="utf-8"))
    assert config_from_dict(stored, "config.json") == config
    assert config.name == "tiny"
    assert progress.samples == 8
    assert record["steps"] == 2
    assert progress.prior.shape == (len(gamut_bins()),)
    assert progress.prior.sum() == pytest.approx(1, abs=1e-4)
    network, _, _ = load_network(finished / "latest")
    assert not network.training
    average = safetensors.torch.load_file(finished / "latest" / "ema.safetensors")
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, average[name]), name


def test_earlier_names_in_a_checkpoints_configuration(finished: Path, tmp_path: Path) -> None:
    config, *_ = read_record(finished / "latest")
    record = json.loads((finished / "latest" / "checkpoint.json").read_text(encoding="utf-8"))
    record["config"]["data"]["min_colourfulness"] = record["config"]["data"].pop("min_colorfulness")
    record["config"]["loss"]["neighbours"] = record["config"]["loss"].pop("neighbors")
    (tmp_path / "checkpoint.json").write_text(json.dumps(record), encoding="utf-8")
    assert read_record(tmp_path)[0] == config


def test_moments_are_those_of_every_parameter(finished: Path) -> None:
    network, _, _ = load_network(finished / "latest")
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    for part in ("moments1", "moments2"):
        found = safetensors.torch.load_file(finished / "latest" / f"{part}.safetensors")
        assert {name: tensor.shape for name, tensor in found.items()} == shapes


def test_exact_resume(config, tmp_path: Path) -> None:
    settings = config(
        samples=24,
        augment={"hints": 0.5, "robust_gray": 0.5},
        validation={"every": 12},
    )
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    Trainer(settings, straight).run()
    assert read_record(straight / "latest")[1].samples == 24

    Trainer(settings, stopped, AT_ONCE).run()
    assert read_record(stopped / "latest")[1].samples == 4
    Trainer(settings, stopped, AT_ONCE).run(stopped / "latest")
    assert read_record(stopped / "latest")[1].samples == 8
    early = tensors(stopped / "latest")
    Trainer(settings, stopped).run(stopped / "latest")

    expected, found = tensors(straight / "latest"), tensors(stopped / "latest")
    assert expected.keys() == found.keys()
    different = [name for name in expected if not torch.equal(expected[name], found[name])]
    assert different == []
    assert read_record(straight / "latest")[2] == read_record(stopped / "latest")[2]
    # the four steps after the last stop did something
    assert not torch.equal(early["model/head.weight"], found["model/head.weight"])


def test_frozen_blocks_keep_their_weights_until_they_learn_again(config, tmp_path: Path) -> None:
    frozen, free = config(schedule={"frozen_blocks": 2}), config()
    early = ("encoder.conv_stem.", "encoder.bn1.", "encoder.blocks.0.", "encoder.blocks.1.")

    def changed(trainer: Trainer, resume: Path | None = None) -> set[str]:
        named = dict(trainer.network.named_parameters())
        before = {name: parameter.detach().clone() for name, parameter in named.items()}
        if resume is not None:
            kept = safetensors.torch.load_file(resume / "model.safetensors")
            before = {name: kept[name] for name in named}
        trainer.run(resume)
        return {name for name in named if not torch.equal(named[name], before[name])}

    names = changed(Trainer(frozen, tmp_path, AT_ONCE))
    assert names
    assert not any(name.startswith(early) for name in names)
    names = changed(Trainer(free, tmp_path), tmp_path / "latest")
    assert any(name.startswith("encoder.blocks.0.") for name in names)


def test_more_frozen_blocks_than_the_encoder_has(config, tmp_path: Path) -> None:
    message = r"schedule\.frozen_blocks: is 9, but the network's encoder has 7 groups of blocks"
    with pytest.raises(ConfigError, match=message):
        Trainer(config(schedule={"frozen_blocks": 9}), tmp_path)


def test_photos_on_the_disk_train_like_photos_in_memory(config, tmp_path: Path) -> None:
    data = {"min_colorfulness": 0.0}
    augment = {"hints": 0.5, "robust_gray": 0.5}
    Trainer(config(data=data, augment=augment), tmp_path / "memory").run()
    settings = config(data={**data, "on_demand": True}, augment=augment, validation={"every": 12})
    Trainer(settings, tmp_path / "disk", AT_ONCE).run()
    Trainer(settings, tmp_path / "disk").run(tmp_path / "disk" / "latest")
    expected, found = (tensors(tmp_path / name / "latest") for name in ("memory", "disk"))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_figures_of_two_sets_stand_side_by_side(config, tiny_validation, tmp_path: Path) -> None:
    settings = config(samples=4, data={"far": [str(tiny_validation)]})
    figures = Trainer(settings, tmp_path / "run").run()
    near = {name: value for name, value in figures.items() if not name.startswith("far/")}
    assert near
    assert {f"far/{name}": value for name, value in near.items()} == {
        name: value for name, value in figures.items() if name not in near
    }
    for name in ("sheet", "far-sheet"):
        assert (tmp_path / "run" / f"{name}-00000004.jpg").is_file()


def test_without_a_compiler_a_run_says_so_and_goes_on(config, tmp_path: Path, monkeypatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no C++ compiler\nand more")

    monkeypatch.setattr(torch, "compile", fails)
    lines: list[str] = []
    Trainer(config(schedule={"compile": True}), tmp_path / "eager", AT_ONCE, lines.append).run()
    assert "training without torch.compile, which fails here: no C++ compiler" in lines
    assert read_record(tmp_path / "eager" / "latest")[1].samples == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"on_demand": True}, "min_colorfulness: must be 0"),
        ({"on_demand": True, "stream": True}, "exclude each other"),
        ({"balance": 0.5}, "needs data.on_demand"),
    ],
)
def test_ways_to_read_that_do_not_go_together(config, tmp_path: Path, data, message) -> None:
    with pytest.raises(ConfigError, match=message):
        Trainer(config(data=data), tmp_path / "run")


def test_another_seed_is_another_run(config, finished: Path, tmp_path: Path) -> None:
    Trainer(config(samples=8), tmp_path / "same").run()
    table = config(samples=8).as_dict() | {"seed": 1}
    Trainer(config_from_dict(table, "tiny"), tmp_path / "other").run()
    before = tensors(finished / "latest")
    same, other = tensors(tmp_path / "same" / "latest"), tensors(tmp_path / "other" / "latest")
    assert all(torch.equal(before[name], same[name]) for name in before)
    assert not torch.equal(before["model/head.weight"], other["model/head.weight"])


def test_compact_checkpoint_is_half_as_large_and_resumes(config, finished, tmp_path: Path) -> None:
    settings = config(samples=8)
    Trainer(settings, tmp_path, Limits(minutes=1e-9, compact=True)).run()

    def size(folder: Path) -> int:
        return sum((folder / f"{part}.safetensors").stat().st_size for part in TENSORS)

    # headers and batch norm's counters stay as they are
    assert size(tmp_path / "latest") == pytest.approx(size(finished / "latest") / 2, rel=0.05)
    Trainer(settings, tmp_path).run(tmp_path / "latest")
    assert read_record(tmp_path / "latest")[1].samples == 8


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_termination_ends_a_run_with_a_checkpoint(config, tmp_path: Path, signum: int) -> None:
    lines = []

    def log(line: str) -> None:
        lines.append(line)
        if "/400 samples, " in line:
            signal.raise_signal(signum)

    Trainer(config(samples=400), tmp_path, log=log).run()
    assert read_record(tmp_path / "latest")[1].samples == 4
    assert any("before the schedule's end" in line for line in lines)


def test_a_loss_that_is_not_finite_never_reaches_the_checkpoint(config, tmp_path: Path) -> None:
    settings = config(
        samples=40,
        schedule={"learning_rate": 1e30, "clip_norm": 0.0, "warmup": 0},
        logging={"checkpoint": 4},
    )
    with pytest.raises(DataError, match=r"the loss is not finite after \d+ samples; lower"):
        Trainer(settings, tmp_path).run()
    stored = safetensors.torch.load_file(tmp_path / "latest" / "model.safetensors")
    assert read_record(tmp_path / "latest")[1].samples < 40
    assert all(torch.isfinite(tensor).all() for tensor in stored.values() if tensor.numel())


def test_another_optimiser_does_not_go_on(config, finished: Path, tmp_path: Path) -> None:
    settings = config(samples=16, schedule={"optimizer": "rmsprop"})
    with pytest.raises(ConfigError, match=r"schedule\.optimizer was adamw, but is rmsprop"):
        Trainer(settings, tmp_path).run(finished / "latest")


def test_a_run_in_a_thread_of_its_own(config, tmp_path: Path) -> None:
    """As cluster launchers do it, where no signal handler may be set."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(Trainer(config(samples=4), tmp_path).run).result()
    assert read_record(tmp_path / "latest")[1].samples == 4


def test_signal_handlers_are_given_back(config, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    Trainer(config(samples=4), tmp_path).run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_validation_without_a_sheet(config, tmp_path: Path) -> None:
    Trainer(config(samples=4, validation={"sheet": 0}), tmp_path).run()
    assert read_record(tmp_path / "latest")[1].samples == 4


def test_crop_that_the_network_cannot_take(config, tmp_path: Path) -> None:
    stages = [{"samples": 8, "crop": 72, "batch": 4}]
    with pytest.raises(ConfigError, match=r"crop is 72, but must be a multiple of 32 for unet"):
        Trainer(config(schedule={"stages": stages}), tmp_path)


def test_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"checkpoint\.json: no readable checkpoint"):
        load_network(tmp_path)


@pytest.mark.parametrize("content", [b"", b"damaged" * 100])
def test_damaged_weights(finished: Path, tmp_path: Path, content: bytes) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(finished / "latest", copy)
    (copy / "ema.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=r"ema\.safetensors"):
        load_network(copy)


def test_weights_of_another_network(finished: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other"
    shutil.copytree(finished / "latest", copy)
    record = json.loads((copy / "checkpoint.json").read_text(encoding="utf-8"))
    record["config"]["network"]["decoder"] = [24, 16, 16]
    (copy / "checkpoint.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelError, match=r"ema\.safetensors"):
        load_network(copy)


SCHEDULE = ScheduleConfig(stages=(Stage(100, 64, 10), Stage(60, 96, 20)), warmup=40)


def test_learning_rate_schedule() -> None:
    assert learning_rate_factor(SCHEDULE, 0) == 0
    assert learning_rate_factor(SCHEDULE, 20) == 0.5
    assert learning_rate_factor(SCHEDULE, 40) == 1
    assert learning_rate_factor(SCHEDULE, 100) == pytest.approx(0.5)  # half of the cosine
    assert learning_rate_factor(SCHEDULE, 160) == pytest.approx(0, abs=1e-12)
    assert learning_rate_factor(SCHEDULE, 1000) == pytest.approx(0, abs=1e-12)
    falling = [learning_rate_factor(SCHEDULE, samples) for samples in range(40, 161, 10)]
    assert falling == sorted(falling, reverse=True)


def test_a_constant_rate_ends_along_a_line() -> None:
    schedule = ScheduleConfig(
        stages=(Stage(1000, 64, 10),), decay="constant", decay_samples=100, warmup=0
    )
    assert [learning_rate_factor(schedule, n) for n in (10, 899, 900)] == [1, 1, 1]
    assert learning_rate_factor(schedule, 950) == pytest.approx(0.5)
    assert learning_rate_factor(schedule, 1000) == 0


def test_balanced_order_gives_small_sources_more() -> None:
    sources = ["large"] * 900 + ["small"] * 100
    roots = BalancedOrder(sources, 0.5, seed=3)(0, 4000)
    share = float((roots >= 900).float().mean())
    assert share == pytest.approx(0.25, abs=0.002)  # 10 : 30
    equal = BalancedOrder(sources, 0.0, seed=3)(0, 4000)
    assert float((equal >= 900).float().mean()) == pytest.approx(0.5, abs=0.002)
    large = roots[roots < 900][:750]  # an epoch's share of them
    assert len(set(large.tolist())) == 750


def test_balanced_order_does_not_depend_on_the_batch() -> None:
    order = BalancedOrder(["a"] * 7 + ["b"] * 3, 0.5, seed=1)
    one_by_one = [int(order(first, 1)) for first in range(30)]
    assert BalancedOrder(["a"] * 7 + ["b"] * 3, 0.5, seed=1)(0, 30).tolist() == one_by_one
    assert BalancedOrder(["a"] * 7 + ["b"] * 3, 0.5, seed=2)(0, 30).tolist() != one_by_one


def test_stages_follow_each_other() -> None:
    first, second = SCHEDULE.stages
    assert [stage_at(SCHEDULE, n) for n in (0, 99, 100, 159, 160, 999)] == [
        first,
        first,
        second,
        second,
        None,
        None,
    ]


def test_each_epoch_is_a_permutation() -> None:
    drawn = torch.cat([sample_indices(10, 3, first, 4) for first in range(0, 40, 4)])
    epochs = drawn.view(4, 10)
    for epoch in epochs:
        assert epoch.sort().values.tolist() == list(range(10))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) > 1


def test_indices_do_not_depend_on_the_batch() -> None:
    one_by_one = [int(sample_indices(7, 0, first, 1)) for first in range(30)]
    assert sample_indices(7, 0, 0, 30).tolist() == one_by_one
    assert sample_indices(7, 1, 0, 30).tolist() != one_by_one
