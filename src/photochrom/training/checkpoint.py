"""Checkpoints: safetensors and JSON, enough to rebuild the network and to resume exactly.

CHECKPOINT/
  checkpoint.json       configuration, samples seen, bins' prior, figures
  ema.safetensors       averaged weights: what is evaluated and exported
  model.safetensors     weights as trained
  moments1.safetensors  the optimiser's first and
  moments2.safetensors  second moments
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from photochrom.bins import gamut_bins
from photochrom.color import Array
from photochrom.errors import ModelError
from photochrom.training.config import RunConfig, config_from_dict
from photochrom.training.networks import build_network


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    samples: seen so far. prior: (Q,), the bins' shares in the training photos.
    figures: the last validation's.
    """

    samples: int
    prior: Array
    figures: dict[str, float]


def save_checkpoint(
    folder: Path,
    config: RunConfig,
    progress: Progress,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    compact: bool = False,
) -> None:
    """Write a checkpoint, whole or not at all.

    compact: halve the files (fp16 weights, bf16 moments); resuming from them is not exact.
    """
    weights = torch.float16 if compact else torch.float32
    moments = torch.bfloat16 if compact else torch.float32
    names = _names_in_order(network, optimizer)
    state = optimizer.state_dict()["state"]
    first = {name: state[i]["exp_avg"] for i, name in enumerate(names) if i in state}
    second = {name: state[i]["exp_avg_sq"] for i, name in enumerate(names) if i in state}
    steps = {i: float(entry["step"]) for i, entry in state.items()}
    parts = {
        "ema": (average.state_dict(), weights),
        "model": (network.state_dict(), weights),
        "moments1": (first, moments),
        "moments2": (second, moments),
    }
    record = {
        "config": config.as_dict(),
        "samples": progress.samples,
        "steps": max(steps.values(), default=0.0),
        "prior": [float(share) for share in progress.prior],
        "figures": progress.figures,
    }
    fresh = folder.with_name(folder.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, (tensors, kind) in parts.items():
        safetensors.torch.save_file(_cast(tensors, kind), fresh / f"{name}.safetensors")
    (fresh / "checkpoint.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    fresh.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _names_in_order(network: nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """The parameters' names in the order in which the optimiser counts them."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return [names[id(p)] for group in optimizer.param_groups for p in group["params"]]


def _cast(tensors: dict[str, Tensor], kind: torch.dtype) -> dict[str, Tensor]:
    return {
        name: (t.to(kind) if t.is_floating_point() else t).detach().cpu().contiguous()
        for name, t in tensors.items()
    }


def read_record(folder: Path) -> tuple[RunConfig, Progress, dict[str, Any]]:
    """A checkpoint's configuration, progress and raw JSON; raises ModelError without one."""
    path = folder / "checkpoint.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(f"{path}: no readable checkpoint ({error})") from error
    prior = np.asarray(record["prior"], np.float32)
    progress = Progress(record["samples"], prior, record["figures"])
    return config_from_dict(record["config"], str(path)), progress, record


def load_weights(folder: Path, part: str, network: nn.Module) -> None:
    """Load "ema" or "model" into a network, strictly."""
    path = folder / f"{part}.safetensors"
    try:
        network.load_state_dict(safetensors.torch.load_file(path))
    except (OSError, RuntimeError, safetensors.SafetensorError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(f"{path}: not this network's weights ({reason})") from error


def load_optimizer(
    folder: Path, network: nn.Module, optimizer: torch.optim.Optimizer, steps: float
) -> None:
    """Restore the optimiser's moments."""
    first = safetensors.torch.load_file(folder / "moments1.safetensors")
    second = safetensors.torch.load_file(folder / "moments2.safetensors")
    state = optimizer.state_dict()
    state["state"] = {
        i: {
            "step": torch.tensor(steps),
            "exp_avg": first[name].float(),
            "exp_avg_sq": second[name].float(),
        }
        for i, name in enumerate(_names_in_order(network, optimizer))
        if name in first
    }
    optimizer.load_state_dict(state)


def load_network(folder: Path) -> tuple[nn.Module, RunConfig, Progress]:
    """Rebuild the averaged network of a checkpoint, in evaluation mode.

    Returns the network, its configuration and its progress. Raises ModelError without one.
    """
    config, progress, record = read_record(folder)
    record["config"]["network"]["encoder_weights"] = "none"  # the checkpoint has them
    fresh = config_from_dict(record["config"], str(folder))
    network = build_network(fresh.network, len(gamut_bins()))
    load_weights(folder, "ema", network)
    return network.eval(), config, progress
