from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from photochrom.color.bins import gamut_bins
from photochrom.errors import ModelError
from photochrom.workshop.onnx_export import export
from photochrom.workshop.training.augment import make_batch
from photochrom.workshop.training.checkpoint import Progress, save_checkpoint
from photochrom.workshop.training.config import RunConfig, config_from_dict
from photochrom.workshop.training.loop import Limits, Trainer
from photochrom.workshop.training.networks import build_network
from photochrom.workshop.training.starting_point import read_starting_point
from support import tiny_workshop

pytestmark = pytest.mark.workshop

REMEDY = "; set the table network as that model's was, or name another model"


def tiny_config(folder: Path, **network: object) -> RunConfig:
    table = tiny_workshop.tiny_table(folder / "train.tar", folder / "val.tar", network=network)
    return config_from_dict(table, "tiny")


def new_network(config: RunConfig, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return build_network(config.network, len(gamut_bins()))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with ImageNet's encoder, and batch norms in its decoder as a training has them."""
    folder = tmp_path_factory.mktemp("start")
    config = tiny_config(folder, encoder_weights="package")
    network = new_network(config, 0)
    with torch.no_grad():
        for block in network.decoder.blocks:
            norm = block[1]
            norm.weight.uniform_(0.5, 1.5)
            norm.weight[::3].neg_()
            norm.bias.normal_(0, 0.5)
            norm.running_mean.normal_(0, 0.5)
            norm.running_var.uniform_(0.2, 3)
    network.eval()
    bins = len(gamut_bins())
    progress = Progress(8, np.full(bins, 1 / bins, np.float32), {})
    optimizer = torch.optim.AdamW(network.parameters())
    save_checkpoint(folder / "latest", config, progress, network, network, optimizer)
    return folder / "latest"


@pytest.fixture(scope="module")
def exported(checkpoint: Path) -> Path:
    target = checkpoint.parent / "tiny.onnx"
    export(checkpoint, target, name="tiny", licence="CC0-1.0", size=64)
    return target


@pytest.fixture(scope="module")
def photos(color_batch: Tensor) -> tuple[Tensor, ...]:
    """What the network takes of eight crops, some of them with hints."""
    from photochrom.workshop.data.draws import Draws

    config = tiny_config(Path())
    batch = make_batch(color_batch, config.augment, 4, Draws(0, range(8)))
    return batch.lightness, batch.hint_ab, batch.hint_mask


def refuse(model: Path | str, network: nn.Module) -> str:
    """The one line that says why a network does not begin with a model."""
    with pytest.raises(ModelError) as caught:
        read_starting_point(str(model)).give_to(network, tuple)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_network_computes_what_the_exported_file_does(
    exported: Path, photos: tuple[Tensor, ...], tmp_path: Path
) -> None:
    network = new_network(tiny_config(tmp_path, encoder_weights="none"), 1)
    lengths = network.decoder.blocks[0][0].weight.detach().flatten(1).norm(dim=1)
    read_starting_point(str(exported)).give_to(network, lambda: photos)
    assert network.training
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    one = np.array(1, np.float32)
    expected = [
        session.run(
            ["logits"],
            {
                "L": lightness[None].numpy(),
                "hint_ab": hint_ab[None].numpy(),
                "hint_mask": hint_mask[None].numpy(),
                "gamma": one,
                "temperature": one,
                "chroma_power": one,
            },
        )[0][0]
        for lightness, hint_ab, hint_mask in zip(*photos, strict=True)
    ]
    with torch.no_grad():
        found = network.eval()(*photos)
        # batch norms that normalize by the batch on which they were measured
        trained = network.train()(*photos)
    assert np.std(expected) > 0.1
    # 1e-5 of logits up to 2: both compute in fp32 with the file's weights
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(trained, expected, atol=1e-2)
    weight = network.decoder.blocks[0][0].weight.detach()
    torch.testing.assert_close(weight.flatten(1).norm(dim=1), lengths)


def test_checkpoint_gives_its_averaged_weights(checkpoint: Path, tmp_path: Path) -> None:
    network = new_network(tiny_config(tmp_path), 1)
    read_starting_point(str(checkpoint)).give_to(network, tuple)
    averaged = safetensors.torch.load_file(checkpoint / "ema.safetensors")
    state = network.state_dict()
    counters = {name for name in state if name.endswith("num_batches_tracked")}
    assert all(torch.equal(state[name], averaged[name]) for name in state.keys() - counters)


def test_run_begins_with_the_weights(
    exported: Path, tiny_train: Path, tiny_validation: Path, tmp_path: Path
) -> None:
    still = {"learning_rate": 0.0, "encoder_learning_rate": 0.0}
    table = tiny_workshop.tiny_table(tiny_train, tiny_validation, schedule=still)
    start = read_starting_point(str(exported))
    lines: list[str] = []
    trainer = Trainer(
        config_from_dict(table, "tiny"), tmp_path, Limits(minutes=1e-9), log=lines.append
    )
    trainer.run(start=start)
    assert f"beginning with the weights of {exported}" in lines
    for part in ("model", "ema"):
        saved = safetensors.torch.load_file(trainer.latest / f"{part}.safetensors")
        assert torch.equal(saved["head.weight"], start.tensors["head.weight"])


def test_model_of_another_network_is_refused(
    checkpoint: Path, exported: Path, tmp_path: Path
) -> None:
    wider = new_network(tiny_config(tmp_path, decoder=[16, 16, 24]), 1)
    name = "decoder.blocks.2.0.weight"
    shapes = "is 16 x 40 x 3 x 3, but 24 x 40 x 3 x 3 in this configuration's network"
    weights = checkpoint / "ema.safetensors"
    assert refuse(exported, wider) == f"{exported}: {name} {shapes}{REMEDY}"
    assert refuse(checkpoint, wider) == f"{weights}: {name} {shapes}{REMEDY}"
    plain = new_network(tiny_config(tmp_path, fuse=False), 1)
    lacks = "has neck.embed.bias, which this configuration's network lacks"
    assert refuse(exported, plain) == f"{exported}: {lacks}{REMEDY}"


def test_file_without_weights_to_train_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    network = new_network(tiny_config(tmp_path), 1)
    assert refuse("photochrom-lite", network).endswith(
        "photochrom-lite.onnx: stores its weights as whole numbers, too coarse to train on; "
        "name the model that it was made of"
    )
    assert refuse("fotochrom", network).startswith("fotochrom: no such model; did you mean photo")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no model")
    assert re.match(
        rf"{re.escape(str(damaged))}: cannot be read \(.*\); name ", refuse(damaged, network)
    )
    folder = tmp_path / "latest"
    shutil.copytree(checkpoint, folder)
    (folder / "ema.safetensors").write_bytes(b"no weights")
    assert f"{folder / 'ema.safetensors'}: cannot be read" in refuse(folder, network)
    shutil.rmtree(folder)
    folder.mkdir()
    assert (
        refuse(folder, network)
        == f"{folder}: is no checkpoint; name a folder such as out/NAME/latest"
    )


def test_not_beside_a_checkpoint_to_resume(command, checkpoint: Path) -> None:
    done = command("train", "no.toml", "--start-from", "photochrom", "--resume", checkpoint)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "photochrom: --start-from: is for a new run, and a resumed one has weights of its own; "
        "leave out --start-from or --resume"
    ]
