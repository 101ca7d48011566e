"""`photochrom inspect` as a person runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.workshop

torch = pytest.importorskip("torch")

from photochrom.workshop.training.checkpoint import Progress, save_checkpoint  # noqa: E402
from photochrom.workshop.training.config import config_from_dict  # noqa: E402
from photochrom.workshop.training.networks import build_network  # noqa: E402
from support import tiny_workshop  # noqa: E402

CAT = tiny_workshop.PHOTOS / "cat.jpg"
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def alpha(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of an untrained alpha."""
    target = tmp_path_factory.mktemp("run") / "latest"
    table = tiny_workshop.tiny_table(Path("no.tar"), Path("no.tar"))
    config = config_from_dict(table | {"network": {"architecture": "alpha"}}, "the test")
    network = build_network(config.network, 0)
    optimizer = torch.optim.RMSprop(network.parameters())
    progress = Progress(0, np.zeros(0, np.float32), {})
    save_checkpoint(target, config, progress, network, network, optimizer)
    return target


def only_line(result: subprocess.CompletedProcess[bytes]) -> str:
    (line,) = result.stderr.decode().splitlines()
    return line


def test_pictures_of_a_place(photochrom: Run, alpha: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "seen"
    command = ("inspect", CAT, "-o", folder, "--model", alpha, "--at", 200, 100, "--threads", 1)
    done = photochrom(*command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == str(folder / "index.html")
    assert done.stderr == b""
    assert len(list(folder.glob("*.png"))) == 10
    again = photochrom(*command)
    assert again.returncode == 1
    assert only_line(again).endswith("exists already; add --overwrite to replace its pictures")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "name a training checkpoint, like out/koala/latest"),
        (("--model", "nowhere"), 1, "nowhere: no checkpoint there"),
        (("--model", CAT), 1, "cat.jpg: is a file, but only a training checkpoint"),
    ],
)
def test_wrong_model_is_one_line(command: Run, tmp_path: Path, arguments, code, words) -> None:
    done = command("inspect", CAT, "-o", tmp_path / "seen", *arguments)
    assert done.returncode == code
    assert words in only_line(done)
    assert list(tmp_path.iterdir()) == []
