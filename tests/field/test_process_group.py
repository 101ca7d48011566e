"""Processes of a training that fail leave their group, so that none aborts the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import tiny_workshop

pytestmark = pytest.mark.workshop

SCRIPT = """
import os, sys
from pathlib import Path

import torch

from photochrom.workshop.training.config import load_config
from photochrom.workshop.training.loop import Trainer

config, folder, failure = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
rank = int(os.environ["RANK"])
torch.set_num_threads(1)


def fail(*_):
    raise {"error": ValueError, "interrupt": KeyboardInterrupt}[failure]()


try:
    if failure == "interrupt" and rank == 0:
        Trainer._load = fail
    trainer = Trainer(load_config(config), folder)
    if rank == 0:
        trainer._train = fail
    trainer.run()
except BaseException as error:
    left = "left" if not torch.distributed.is_initialized() else "still in it"
    (folder / f"end-{rank}.txt").write_text(f"{type(error).__name__}, {left}")
    if rank == 0:
        sys.exit(3)
    raise
"""


@pytest.mark.parametrize(
    ("failure", "name"), [("error", "ValueError"), ("interrupt", "KeyboardInterrupt")]
)
def test_a_process_that_fails_leaves_its_group(tmp_path: Path, failure: str, name: str) -> None:
    """While it trains, and, interrupted, while it loads: the other ends by an error, no signal."""
    crops = tiny_workshop.color_crops(8)
    train = tiny_workshop.write_shard(tmp_path / "train.tar", crops[4:])
    validation = tiny_workshop.write_shard(tmp_path / "val.tar", crops[:4])
    table = tiny_workshop.tiny_table(train, validation, samples=8, batch=4)
    config = tiny_workshop.write_toml(tmp_path / "run.toml", table)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [str(tmp_path / "script.py"), str(config), str(tmp_path / "run"), failure]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, capture_output=True, env=environment, timeout=240, check=False, text=True
    )
    assert done.returncode == 1
    assert "SIGABRT" not in done.stderr
    ends = {file.name: file.read_text() for file in (tmp_path / "run").glob("end-*.txt")}
    assert ends["end-0.txt"] == f"{name}, left", done.stderr[-2000:]
    if "end-1.txt" in ends:  # else torchrun was faster, and ended it
        assert ends["end-1.txt"].endswith(", left")
