"""One process or many: Fabric, set up from the environment that torchrun gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import nn

from photochrom.errors import ConfigError


def build_fabric(precision: str) -> Fabric:
    """One device, or data-parallel processes where torchrun started this one.

    precision: Fabric's name, "32-true", "bf16-mixed", ...
    """
    kind = cast(Any, precision)
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Fabric(devices=1, precision=kind)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    return Fabric(strategy="ddp", devices=local, num_nodes=world // local, precision=kind)


def leave_group(fabric: Fabric) -> None:
    """End the communication of processes that are all done.

    Whoever ended while another still sends would take that one down with it.
    """
    if fabric.world_size > 1 and torch.distributed.is_initialized():
        fabric.barrier()
        torch.distributed.destroy_process_group()


@contextmanager
def leaving_on_failure(fabric: Fabric) -> Iterator[None]:
    """Leave the group where the block fails or is interrupted.

    The others are not waited for, since they may be waiting for this process: they notice that its
    connections close. A group of NCCL's is left to the end of the process, because leaving waits
    for what was begun on the GPU, which never ends without the others.
    """
    try:
        yield
    except BaseException:
        if (
            fabric.world_size > 1
            and torch.distributed.is_initialized()
            and torch.distributed.get_backend() != "nccl"
        ):
            torch.distributed.destroy_process_group()
        raise


def share_statistics(network: nn.Module, fabric: Fabric) -> nn.Module:
    """Batch norm over all processes, where they have GPUs; elsewhere each norms its own share."""
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return network


def check_agreement(fabric: Fabric, samples: int) -> None:
    """Refuse to begin where the processes would not begin at the same place.

    samples: seen so far by this one. Raises ConfigError on all of them.
    """
    if fabric.world_size == 1:
        return
    gathered = fabric.all_gather(torch.tensor(samples, device=fabric.device))
    places = cast(torch.Tensor, gathered).flatten().tolist()
    if len(set(places)) > 1:
        raise ConfigError(
            None,
            f"the processes would begin after {', '.join(map(str, places))} samples",
            "let all of them see the same run folder",
        )


def everywhere(fabric: Fabric, flag: bool) -> bool:
    """Whether any process raised a flag: they stop together or not at all."""
    if fabric.world_size == 1:
        return flag
    raised = fabric.all_reduce(torch.tensor(float(flag), device=fabric.device), reduce_op="sum")
    return float(cast(torch.Tensor, raised)) > 0
