from __future__ import annotations

from pathlib import Path

import pytest

from support import tiny_workshop

pytestmark = pytest.mark.workshop

OFFLINE = ("--model", "tf_efficientnet_lite2", "--weights", "package")


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    return tiny_workshop.write_shard(tmp_path / "train.tar", tiny_workshop.color_crops(3))


def test_writes_beside_the_shard_and_passes_over_what_is_there(shard: Path, photochrom) -> None:
    command = ("data", "embed", shard, *OFFLINE, "--size", "64", "--threads", "1")
    first, second = photochrom(*command), photochrom(*command)
    target = shard.with_name("train.tf_efficientnet_lite2.embeddings.safetensors")
    assert first.stdout.decode().splitlines() == [f"{target}: 3 photos"]
    assert second.stdout.decode().splitlines() == [f"{target}: there already"]
    assert (first.returncode, second.returncode) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--fit", "squeeze", *OFFLINE), 2, "--fit squeeze: must be one of crop, pad"),
        (("--weights", "none.pth"), 1, "none.pth: no such weights of inception_resnet_v2; connect"),
        (("--model", "no_such_network", "--weights", "hub"), 2, "no classifier 'no_such_network'"),
    ],
)
def test_one_line_for_what_is_wrong(
    shard: Path, command, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = command("data", "embed", shard, *arguments)
    assert done.returncode == code
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("photochrom: ")
    assert message in line
    assert not list(shard.parent.glob("*.safetensors*"))


def test_a_shard_that_is_not_there(tmp_path: Path, command) -> None:
    done = command("data", "embed", tmp_path / "none.tar", *OFFLINE)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "none.tar" in line
