"""Embeddings computed once: the same loss as computing them for every batch."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.training.config import EmbedderConfig, RunConfig, config_from_dict
from photochrom.workshop.training.embedder import Embedder, load_embedder
from photochrom.workshop.training.embeddings import CachedEmbeddings, embed_shards, embeddings_path
from photochrom.workshop.training.loop import Limits, Trainer
from support import tiny_workshop

pytestmark = pytest.mark.workshop

LITE2 = EmbedderConfig("tf_efficientnet_lite2", "package")
CACHED = replace(LITE2, cache="beside")
SIZE = 64


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder(LITE2)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """Two shards of different photos, with their embeddings beside them."""
    folder = tmp_path_factory.mktemp("embedded")
    crops = tiny_workshop.color_crops(12)
    for index, part in enumerate((crops[:8], crops[8:])):
        members = [
            (f"s{index}-{place}.webp", tiny_workshop.encode(crop))
            for place, crop in enumerate(part)
        ]
        tiny_workshop.write_tar(folder / f"train-{index}.tar", members)
    embed_shards([str(folder)], embedder, "beside", Framing("pad"), SIZE)
    return folder


def koala(shards: Path, cache: str, **data: Any) -> RunConfig:
    table = tiny_workshop.tiny_table(
        shards,
        shards / "train-1.tar",
        samples=8,
        batch=8,
        data={"fit": "pad", "mirror": 0.0, "min_colorfulness": 0.0, **data},
        network={"architecture": "koala"},
        embedder={"model": LITE2.model, "weights": LITE2.weights, "cache": cache},
        augment={"hints": 0.0, "robust_gray": 0.0},
    )
    return config_from_dict(table, "koala")


def one_loss(config: RunConfig, folder: Path) -> float:
    trainer = Trainer(config, folder)
    with torch.no_grad():
        batch = trainer.training_set.feed().batch(0, 8, SIZE)
        output = trainer.network(*batch.take(trainer.network.inputs))
    return float((output - batch.target / 128).square().mean())


def test_the_same_loss_as_live_embeddings(shards: Path, tmp_path: Path) -> None:
    live = one_loss(koala(shards, ""), tmp_path / "live")
    cached = one_loss(koala(shards, "beside"), tmp_path / "cached")
    # ONNX Runtime's sums against PyTorch's
    assert cached == pytest.approx(live, rel=1e-4)
    augmented = one_loss(koala(shards, "beside", mirror=1.0), tmp_path / "mirrored")
    assert augmented != pytest.approx(live, rel=1e-4)


def test_rows_are_the_photos(shards: Path, embedder: Embedder) -> None:
    cached = CachedEmbeddings([str(shards)], CACHED, embedder, "pad")
    assert cached.table.shape == (12, 1000)
    photos = MemoryPhotos.load([shards / "train-1.tar"], torch.device("cpu"))
    assert photos.keys == ("s1-0", "s1-1", "s1-2", "s1-3")
    one_by_one = torch.cat([cached([key]) for key in photos.keys])
    assert torch.equal(one_by_one, cached(photos.keys))
    assert torch.equal(cached(["s1-3", "s0-0"])[1], cached.table[0])
    assert (one_by_one[0] - one_by_one[1]).abs().max() > 0.1


def test_a_shard_that_has_its_embeddings_is_passed_over(
    shards: Path, embedder: Embedder, tmp_path: Path
) -> None:
    for path in shards.iterdir():
        shutil.copy(path, tmp_path)
    lines: list[str] = []
    embed_shards([str(tmp_path)], embedder, "beside", Framing("pad"), SIZE, lines.append)
    assert all(line.endswith("there already") for line in lines)
    # a damaged file is made again
    path = Path(embeddings_path(str(tmp_path / "train-0.tar"), embedder.name, "beside"))
    before = safetensors.torch.load(path.read_bytes())["embeddings"]
    path.write_bytes(path.read_bytes()[:-100])
    lines.clear()
    embed_shards([str(tmp_path)], embedder, "beside", Framing("pad"), SIZE, lines.append)
    assert [line.endswith("8 photos") for line in lines] == [True, False]
    assert torch.equal(safetensors.torch.load_file(path)["embeddings"], before)


def test_embeddings_in_a_folder_of_their_own(
    shards: Path, embedder: Embedder, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    embed_shards([str(shards / "train-1.tar")], embedder, str(folder), Framing("pad"), SIZE)
    assert [path.name for path in folder.iterdir()] == [
        "train-1.tf_efficientnet_lite2.embeddings.safetensors"
    ]
    with safetensors.safe_open(next(folder.iterdir()), "pt") as file:
        assert file.metadata()["fit"] == "pad"
    cached = CachedEmbeddings(
        [str(shards / "train-1.tar")], replace(CACHED, cache=str(folder)), embedder, "pad"
    )
    with pytest.raises(DataError, match=r"s0-0: this photo has no embedding"):
        cached(["s0-0"])


def test_what_does_not_fit_is_said_with_the_command(
    shards: Path, embedder: Embedder, tmp_path: Path
) -> None:
    with pytest.raises(
        DataError, match=r"made with fit pad, but this run has crop; embed the shards"
    ):
        CachedEmbeddings([str(shards)], CACHED, embedder, "crop")
    with pytest.raises(DataError, match=r"no readable embeddings; embed the shards"):
        CachedEmbeddings([str(shards)], replace(CACHED, cache=str(tmp_path)), embedder, "pad")
    other = load_embedder(LITE2)
    with torch.no_grad():
        next(other.classifier.parameters())[0] += 1
    with pytest.raises(DataError, match=r"made with digest"):
        CachedEmbeddings([str(shards)], CACHED, other, "pad")


def test_one_key_for_two_photos(shards: Path, embedder: Embedder, tmp_path: Path) -> None:
    for name in ("a", "b"):
        for suffix in (".tar", ".tf_efficientnet_lite2.embeddings.safetensors"):
            shutil.copy(shards / f"train-1{suffix}", tmp_path / f"{name}{suffix}")
    with pytest.raises(DataError, match=r"b\.tar: a photo's key, s1-0, is used twice"):
        CachedEmbeddings([str(tmp_path)], CACHED, embedder, "pad")


def test_a_shard_that_changed_is_embedded_again(
    shards: Path, embedder: Embedder, tmp_path: Path
) -> None:
    shutil.copy(shards / "train-1.tar", tmp_path / "train.tar")
    lines: list[str] = []
    embed_shards([str(tmp_path)], embedder, "beside", Framing("pad"), SIZE, lines.append)
    shutil.copy(shards / "train-0.tar", tmp_path / "train.tar")
    embed_shards([str(tmp_path)], embedder, "beside", Framing("pad"), SIZE, lines.append)
    assert [line.split(": ")[1] for line in lines] == ["4 photos", "8 photos"]


def test_two_shards_of_one_name(shards: Path, embedder: Embedder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(shards / "train-0.tar", other / "train-0.tar")
    both = [str(shards / "train-0.tar"), str(other / "train-0.tar")]
    with pytest.raises(DataError, match="another shard has this name"):
        embed_shards(both, embedder, str(tmp_path / "out"), Framing("pad"), SIZE)


def test_another_embedder_does_not_go_on(shards: Path, tmp_path: Path) -> None:
    config = koala(shards, "")
    Trainer(config, tmp_path, Limits(minutes=1e-9)).run()
    table = config.as_dict()
    table["embedder"]["model"] = "tf_efficientnet_lite0"
    with pytest.raises(ConfigError, match="embedder has other weights than the checkpoint's"):
        Trainer(config_from_dict(table, "koala"), tmp_path).run(tmp_path / "latest")
