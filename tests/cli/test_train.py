"""The workshop's commands, as a person runs them: train, resume, export, colorize, evaluate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import tiny_workshop

pytestmark = pytest.mark.workshop

SCRIPT = Path(sys.executable).parent / "photochrom"
EXAMPLES = tiny_workshop.PHOTOS.parent


def photochrom(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workplace")
    crops = tiny_workshop.color_crops(12)
    train = tiny_workshop.write_shard(folder / "train.tar", crops[:8])
    validation = tiny_workshop.write_shard(folder / "val.tar", crops[8:])
    table = tiny_workshop.tiny_table(train, validation, samples=16)
    tiny_workshop.write_toml(folder / "tiny.toml", table)
    return folder


@pytest.fixture(scope="module")
def trained(workplace: Path) -> Path:
    """A run that was stopped after its first step and then run to the end by the same command."""
    command = ("train", "tiny.toml", "--threads", 1)
    stop = ("--set", "schedule.stages=[{samples = 8, crop = 64, batch = 4}]")
    first = photochrom(*command, *stop, folder=workplace)
    assert first.returncode == 0, first.stderr
    checkpoint = workplace / "out" / "tiny" / "latest"
    record = json.loads((checkpoint / "checkpoint.json").read_text(encoding="utf-8"))
    assert record["samples"] == 8
    second = photochrom(*command, folder=workplace)
    assert second.returncode == 0, second.stderr
    assert second.stdout.splitlines()[-1] == "checkpoint: out/tiny/latest"
    assert "faithful/psnr_gain" in second.stdout
    return checkpoint


@pytest.fixture(scope="module")
def model(workplace: Path, trained: Path, command) -> Path:
    target = workplace / "tiny.onnx"
    done = command(
        "export", trained, target, "--name", "tiny", "--licence", "CC0-1.0", cwd=workplace
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "ab against PyTorch: mean" in done.stdout.decode()
    assert "SHA-256" in done.stdout.decode()
    return target


def test_same_command_resumes(workplace: Path, trained: Path) -> None:
    record = json.loads((trained / "checkpoint.json").read_text(encoding="utf-8"))
    assert record["samples"] == 16
    assert record["steps"] == 4
    lines = (workplace / "out" / "tiny" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    validated = [entry["samples"] for entry in map(json.loads, lines) if "loss" not in entry]
    assert validated == [8, 16]


def test_trained_model_colors_a_photo(workplace: Path, model: Path, command) -> None:
    target = workplace / "cat.color.jpg"
    done = command("colorize", EXAMPLES / "cat.jpg", "-o", target, "--model", model, cwd=workplace)
    assert done.returncode == 0, done.stderr
    with Image.open(EXAMPLES / "cat.jpg") as gray, Image.open(target) as colored:
        assert colored.size == gray.size
        assert colored.mode == "RGB"
        luma = np.asarray(gray.convert("L"), np.float32)
        ours = np.asarray(colored.convert("L"), np.float32)
    # lightness is kept; luma and L disagree on colours, and JPEG adds its noise
    assert np.abs(luma - ours).mean() < 6


def test_trained_model_is_evaluated(workplace: Path, model: Path, command) -> None:
    about = ("--model", model, "--limit", "2", "--json", "--report", "report")
    done = command("evaluate", EXAMPLES / "color", *about, cwd=workplace)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["photos"] == 2
    assert [row["name"] for row in figures["rows"]] == ["grey", "best constant", "tiny 0.5"]
    report = workplace / "report"
    assert json.loads((report / "figures.json").read_text(encoding="utf-8")) == figures
    assert "| grey |" in (report / "figures.md").read_text(encoding="utf-8")


def only_line(result: subprocess.CompletedProcess[bytes]) -> str:
    (line,) = result.stderr.decode().splitlines()
    return line


def test_wrong_key_is_one_line_and_exit_code_2(workplace: Path, command) -> None:
    wrong = workplace / "wrong.toml"
    text = (workplace / "tiny.toml").read_text(encoding="utf-8").replace("warmup", "warm_up")
    wrong.write_text(text, encoding="utf-8")
    done = command("train", "wrong.toml", cwd=workplace)
    assert done.returncode == 2
    assert only_line(done) == (
        "photochrom: wrong.toml: unknown key schedule.warm_up; did you mean schedule.warmup?"
    )


def test_missing_shard_is_one_line_and_exit_code_1(workplace: Path, command) -> None:
    done = command(
        "train", "tiny.toml", "-o", "other", "--set", "data.train=['no.tar']", cwd=workplace
    )
    assert done.returncode == 1
    assert only_line(done).startswith("photochrom: no.tar: no such shard or folder")


def test_missing_checkpoint_is_one_line_and_exit_code_1(workplace: Path, command) -> None:
    done = command("export", "nowhere", "x.onnx", "--name", "x", cwd=workplace)
    assert done.returncode == 1
    assert "checkpoint.json: no readable checkpoint" in only_line(done)
