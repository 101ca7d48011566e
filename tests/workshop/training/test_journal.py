from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from photochrom.workshop.training.config import LoggingConfig
from photochrom.workshop.training.journal import Journal

pytestmark = pytest.mark.workshop

EVERY_STEP = LoggingConfig(seconds=0.0, tensorboard=False)


def entries(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_lines_say_rate_and_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("photochrom.workshop.training.journal.time.monotonic", lambda: now[0])
    lines: list[str] = []
    journal = Journal(tmp_path, LoggingConfig(seconds=5, tensorboard=False), 40_000, lines.append)
    journal.begin(0)
    for samples in range(100, 1001, 100):
        now[0] += 1
        journal.step(samples, 0.5, {"loss": 0.25})
    # 100 photos a second; 39,500 and 39,000 samples left
    assert lines == [
        "500/40000 samples, 100.0 photos/s, 0:06:35 left, rate x0.500: loss 0.2500",
        "1000/40000 samples, 100.0 photos/s, 0:06:30 left, rate x0.500: loss 0.2500",
    ]
    assert [entry["samples"] for entry in entries(tmp_path)] == [500, 1000]
    assert entries(tmp_path)[0] == {
        "samples": 500,
        "samples_per_second": 100.0,
        "rate_factor": 0.5,
        "loss": 0.25,
    }


def test_what_came_after_the_checkpoint_is_struck_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path, EVERY_STEP, 100, lambda _line: None)
    journal.begin(0)
    for samples in (10, 20, 30):
        journal.step(samples, 1.0, {"loss": samples})
    with (tmp_path / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"samples": 40, "lo')  # as a kill leaves it
    journal.begin(20)
    journal.step(30, 1.0, {"loss": 33})
    assert [(e["samples"], e["loss"]) for e in entries(tmp_path)] == [(10, 10), (20, 20), (30, 33)]


def test_tensorboard_has_the_scalars_and_the_sheet(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jpg"
    Image.fromarray(np.full((8, 12, 3), 128, np.uint8)).save(sheet)
    journal = Journal(tmp_path, LoggingConfig(seconds=0.0), 100, lambda _line: None)
    journal.begin(0)
    journal.step(10, 1.0, {"loss": 0.5})
    journal.validation(10, {"faithful/psnr_gain": 1.25}, [sheet])
    journal.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert events.Scalars("loss")[0].value == 0.5
    assert events.Scalars("loss")[0].step == 10
    assert events.Scalars("faithful/psnr_gain")[0].value == 1.25
    assert (events.Images("sheet")[0].width, events.Images("sheet")[0].height) == (12, 8)


def test_a_process_that_does_not_write(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run", EVERY_STEP, 100, lambda _line: None, writes=False)
    journal.begin(0)
    journal.step(10, 1.0, {"loss": 0.5})
    journal.validation(10, {"psnr": 1.0}, [tmp_path / "none.jpg"])
    journal.close()
    assert not (tmp_path / "run").exists()
