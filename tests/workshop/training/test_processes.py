"""Runs that are killed, streamed, or shared by several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from photochrom.errors import ConfigError
from photochrom.workshop.training.checkpoint import find_checkpoint, read_record
from photochrom.workshop.training.config import config_from_dict
from photochrom.workshop.training.loop import Limits, Trainer
from photochrom.workshop.training.processes import share_statistics
from support import tiny_workshop

pytestmark = pytest.mark.workshop

WORKER = Path(__file__).with_name("one_step.py")


def losses(folder: Path) -> dict[int, float]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [e["samples"] for e in entries] == sorted(e["samples"] for e in entries)
    return {entry["samples"]: entry["loss"] for entry in entries if "loss" in entry}


def shards_of_four(folder: Path) -> Path:
    crops = tiny_workshop.color_crops(16)
    for index in range(4):
        tiny_workshop.write_tar(
            folder / f"train-{index}.tar",
            [
                (f"p{index}-{place}.webp", tiny_workshop.encode(crop))
                for place, crop in enumerate(crops[4 * index : 4 * index + 4])
            ],
        )
    return folder


def table(train: Path, validation: Path, **sections: Any) -> dict[str, Any]:
    return tiny_workshop.tiny_table(
        train,
        validation,
        samples=96,
        augment={"hints": 0.5, "robust_gray": 0.5},
        **{"validation": {"every": 64}, "logging": {"checkpoint": 16}, **sections},
    )


def start(config: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from photochrom.cli.main import main; main()"]
    command += ["train", str(config), "-o", str(folder), "--threads", "1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "stream",
    [
        # test_loop resumes it to the bit too, though in one process
        pytest.param(False, marks=pytest.mark.long, id="memory"),
        pytest.param(True, id="stream"),
    ],
)
def test_killed_and_resumed_is_the_same_run(
    stream: bool, tiny_validation: Path, tmp_path: Path
) -> None:
    """SIGKILL at whatever step the run is in; the next run repeats its losses to the bit."""
    shards = shards_of_four(tmp_path)
    settings = table(shards, tiny_validation, data={"stream": stream, "shuffle_buffer": 6})
    path = tiny_workshop.write_toml(tmp_path / "run.toml", settings)
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert start(path, straight).wait() == 0

    process = start(path, killed)
    record = killed / "metrics.jsonl"
    while process.poll() is None:
        seen = record.read_text(encoding="utf-8").count("\n") if record.exists() else 0
        if seen >= 7:  # past the checkpoint at 16 samples, mostly between two checkpoints
            process.kill()
        time.sleep(0.005)
    assert process.returncode == -signal.SIGKILL
    assert read_record(find_checkpoint(killed / "latest"))[1].samples < 96
    assert start(path, killed).wait() == 0

    assert losses(killed) == losses(straight)
    assert list(losses(straight)) == list(range(4, 97, 4))
    for part in ("model", "ema", "moments1", "moments2"):
        ours = safetensors.torch.load_file(killed / "latest" / f"{part}.safetensors")
        theirs = safetensors.torch.load_file(straight / "latest" / f"{part}.safetensors")
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs), part


def test_sigterm_writes_a_checkpoint_and_stops(tiny_validation: Path, tmp_path: Path) -> None:
    settings = table(shards_of_four(tmp_path), tiny_validation)
    settings["schedule"]["stages"][0]["samples"] = 100_000
    path = tiny_workshop.write_toml(tmp_path / "run.toml", settings)
    process = start(path, tmp_path / "run")
    record = tmp_path / "run" / "metrics.jsonl"
    while not record.exists() or record.read_text(encoding="utf-8").count("\n") < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    assert process.wait(60) == 0
    samples = read_record(tmp_path / "run" / "latest")[1].samples
    assert samples == max(losses(tmp_path / "run"))


def test_a_checkpoint_left_between_two_names_is_found(tmp_path: Path) -> None:
    old = tmp_path / "latest.old"
    old.mkdir()
    (old / "checkpoint.json").write_text("{}", encoding="utf-8")
    assert find_checkpoint(tmp_path / "latest") == tmp_path / "latest"
    assert (tmp_path / "latest" / "checkpoint.json").exists()
    assert not old.exists()
    assert find_checkpoint(tmp_path / "other") is None


def test_a_stream_of_other_processes_is_refused(tiny_validation: Path, tmp_path: Path) -> None:
    settings = table(shards_of_four(tmp_path), tiny_validation, data={"stream": True})
    config = config_from_dict(settings, "run")
    Trainer(config, tmp_path / "run", Limits(minutes=1e-9)).run()
    path = tmp_path / "run" / "latest" / "checkpoint.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["places"] == [[0, 4]]
    record["places"] *= 2
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"stream over 2 processes, not 1; resume with 2"):
        Trainer(config, tmp_path / "run").run(tmp_path / "run" / "latest")


def run_worker(config: Path, folder: Path, processes: int) -> dict[str, torch.Tensor]:
    command = [sys.executable]
    if processes > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += [str(WORKER), str(config), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, capture_output=True, env=environment, timeout=240, check=False, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return safetensors.torch.load_file(folder / "found.safetensors")


def test_two_processes_are_one_with_the_doubled_batch(
    tiny_train: Path, tiny_validation: Path, tmp_path: Path
) -> None:
    """Koala, float64, gloo: gradients and validation figures of torchrun's two processes."""
    settings = tiny_workshop.tiny_table(
        tiny_train,
        tiny_validation,
        samples=8,
        batch=8,
        data={"fit": "pad"},
        network={"architecture": "koala"},
        embedder={"model": "tf_efficientnet_lite2", "weights": "package"},
        augment={"robust_gray": 0.5, "hints": 0.0},
        schedule={"precision": "64-true", "clip_norm": 0.0, "optimizer": "adam"},
        validation={"photos": 3},
    )
    path = tiny_workshop.write_toml(tmp_path / "koala.toml", settings)
    one = run_worker(path, tmp_path / "one", 1)
    two = run_worker(path, tmp_path / "two", 2)
    assert one.keys() == two.keys()
    gradients = [name for name in one if name.startswith("gradient/")]
    assert len(gradients) == 28  # 14 convolutions, weight and bias
    for name in one:
        largest = one[name].abs().max()
        assert largest > 0, name
        # sums in another order, nothing else: float64 leaves ten digits
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=float(largest) * 1e-9)


@pytest.mark.parametrize(
    ("world", "device", "shared"), [(2, "cuda", True), (2, "cpu", False), (1, "cuda", False)]
)
def test_batch_norm_is_shared_over_gpus(world: int, device: str, shared: bool) -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    network[1].running_mean += 3
    fabric = SimpleNamespace(world_size=world, device=torch.device(device))
    found = share_statistics(network, fabric)
    assert isinstance(found[1], nn.SyncBatchNorm) is shared
    assert torch.equal(found[1].running_mean, torch.full((4,), 3.0))
