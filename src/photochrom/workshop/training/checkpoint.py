"""Checkpoints: safetensors and JSON, enough to rebuild the network and to resume exactly.

CHECKPOINT/
  checkpoint.json       configuration, samples seen, bins' prior, figures, places in a stream
  ema.safetensors       averaged weights: what is evaluated and exported
  model.safetensors     weights as trained
  moments1.safetensors  the optimiser's first moments (RMSprop has none)
  moments2.safetensors  and second moments

There are no states of generators: every random choice is a function of the seed and of the samples
seen.
"""

from __future__ import annotations

import contextlib
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

from photochrom._system.atomic import remove_parts, temporary_folder_beside
from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array
from photochrom.errors import ModelError, last_line
from photochrom.workshop.data.stream import Place
from photochrom.workshop.training.config import RunConfig, config_from_dict
from photochrom.workshop.training.networks import build_network


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    samples: seen so far. prior: (Q,), the bins' shares in the training photos; empty for networks
    without bins.
    figures: the last validation's.
    places: where each process stands in its stream of photos.
    embedder: digest of the embedder's weights, empty where there is none.
    """

    samples: int
    prior: Array
    figures: dict[str, float]
    places: tuple[Place, ...] = ()
    embedder: str = ""


MOMENTS = {"exp_avg": "moments1", "exp_avg_sq": "moments2", "square_avg": "moments2"}
"""The file for each tensor that an optimiser keeps for a parameter."""


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
    weights = torch.float16 if compact else None
    moments = torch.bfloat16 if compact else None
    names = _names_in_order(network, optimizer)
    state = optimizer.state_dict()["state"]
    steps = {i: float(entry["step"]) for i, entry in state.items()}
    parts: dict[str, tuple[dict[str, Tensor], torch.dtype | None]] = {
        "ema": (average.state_dict(), weights),
        "model": (network.state_dict(), weights),
    }
    for key, part in MOMENTS.items():
        tensors_of_key = {n: state[i][key] for i, n in enumerate(names) if key in state.get(i, {})}
        if tensors_of_key:
            parts[part] = (tensors_of_key, moments)
    record = {
        "config": config.as_dict(),
        "samples": progress.samples,
        "steps": max(steps.values(), default=0.0),
        "prior": [float(share) for share in progress.prior],
        "figures": progress.figures,
        "places": [[place.epoch, place.position] for place in progress.places],
        "embedder": progress.embedder,
    }
    remove_parts(folder)
    with temporary_folder_beside(folder) as fresh:
        for name, (tensors, dtype) in parts.items():
            safetensors.torch.save_file(_cast(tensors, dtype), fresh / f"{name}.safetensors")
        (fresh / "checkpoint.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
        old = _old(folder)
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.replace(old)
        fresh.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _old(folder: Path) -> Path:
    """Where a checkpoint waits while its successor takes its name."""
    return folder.with_name(folder.name + ".old")


def find_checkpoint(folder: Path) -> Path | None:
    """The checkpoint at `folder`, None without one; restores one that a kill left half-renamed."""
    if not folder.is_dir() and _old(folder).is_dir():
        with contextlib.suppress(OSError):  # another process was faster
            _old(folder).replace(folder)
    return folder if folder.is_dir() else None


def _names_in_order(network: nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """The parameters' names in the order in which the optimiser counts them."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return [names[id(p)] for group in optimizer.param_groups for p in group["params"]]


def _cast(tensors: dict[str, Tensor], dtype: torch.dtype | None) -> dict[str, Tensor]:
    return {
        name: (t.to(dtype) if dtype and t.is_floating_point() else t).detach().cpu().contiguous()
        for name, t in tensors.items()
    }


def read_record(folder: Path) -> tuple[RunConfig, Progress, dict[str, Any]]:
    """A checkpoint's configuration, progress and raw JSON; raises ModelError without one."""
    path = folder / "checkpoint.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(path, f"no readable checkpoint ({error})") from error
    prior = np.asarray(record["prior"], np.float32)
    progress = Progress(
        record["samples"],
        prior,
        record["figures"],
        tuple(Place(*place) for place in record.get("places", ())),
        record.get("embedder", ""),
    )
    record["config"] = _renamed(record["config"])
    return config_from_dict(record["config"], str(path)), progress, record


_RENAMED = {
    "mean_colour": "mean_color",
    "min_colourfulness": "min_colorfulness",
    "neighbours": "neighbors",
    "robust_grey": "robust_gray",
}
"""Keys of the configurations in earlier checkpoints, and what they are called now."""


def _renamed(table: dict[str, Any]) -> dict[str, Any]:
    return {
        _RENAMED.get(key, key): _renamed(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }


def load_weights(folder: Path, part: str, network: nn.Module) -> None:
    """Load "ema" or "model" into a network, strictly."""
    path = folder / f"{part}.safetensors"
    try:
        network.load_state_dict(safetensors.torch.load_file(path))
    except (OSError, RuntimeError, safetensors.SafetensorError) as error:
        reason = last_line(error).strip()
        raise ModelError(path, f"not this network's weights ({reason})") from error


def load_optimizer(
    folder: Path, network: nn.Module, optimizer: torch.optim.Optimizer, steps: float
) -> None:
    """Restore the optimiser's moments; raises ModelError where they are not there."""
    names = _names_in_order(network, optimizer)
    keys = [key for key in MOMENTS if key in _moments_of(optimizer)]
    files = {key: folder / f"{MOMENTS[key]}.safetensors" for key in keys}
    try:
        tensors = {key: safetensors.torch.load_file(path) for key, path in files.items()}
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelError(
            folder,
            f"no moments of {type(optimizer).__name__} ({error})",
            "resume with the optimiser of the checkpoint",
        ) from error
    kinds = {name: parameter.dtype for name, parameter in network.named_parameters()}
    state = optimizer.state_dict()
    state["state"] = {
        i: {"step": torch.tensor(steps)} | {key: tensors[key][name].to(kinds[name]) for key in keys}
        for i, name in enumerate(names)
        if name in tensors[keys[-1]]
    }
    optimizer.load_state_dict(state)


def _moments_of(optimizer: torch.optim.Optimizer) -> tuple[str, ...]:
    if isinstance(optimizer, torch.optim.RMSprop):
        return ("square_avg",)
    return ("exp_avg", "exp_avg_sq")


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
