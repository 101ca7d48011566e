"""One training step and its validation, for tests of several processes.

python one_step.py CONFIG FOLDER writes FOLDER/found.safetensors: gradients and figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import safetensors.torch
import torch

from photochrom.workshop.training.config import load_config
from photochrom.workshop.training.loop import Trainer


def main() -> None:
    torch.set_num_threads(1)
    config, folder = Path(sys.argv[1]), Path(sys.argv[2])
    trainer = Trainer(load_config(config), folder)
    figures = trainer.run()
    if trainer.fabric.is_global_zero:
        found = {
            f"gradient/{name}": parameter.grad.contiguous()
            for name, parameter in trainer.network.named_parameters()
        }
        found |= {
            f"figure/{name}": torch.tensor([value], dtype=torch.float64)
            for name, value in figures.items()
        }
        safetensors.torch.save_file(found, folder / "found.safetensors")


if __name__ == "__main__":
    main()
