"""The model's network against a reference graph, side by side in one run.

    python benchmarks/network.py [--model NAME] [--threads 2] [--runs 40]

The reference is a plain fp32 EfficientNet-Lite0 U-net with random weights (decoder 192, 128, 96 to
stride 4, a head of 313 logits, no neck, no decoding), at 256 x 256, exported to ONNX as well.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import timm
import torch
from torch import nn

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.vividness import Decoding
from photochrom.models.session import Session
from photochrom.workshop.training.networks.encoder import pad_statically
from photochrom.workshop.training.networks.unet import Decoder

SIDE = 256


class Reference(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = timm.create_model("tf_efficientnet_lite0", features_only=True)
        pad_statically(self.encoder)
        self.decoder = Decoder(self.encoder.feature_info.channels(), (192, 128, 96))
        self.head = nn.Conv2d(96, 313, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, *skips, deepest = self.encoder(x)
        return self.head(self.decoder(deepest, skips[::-1]))


def reference_session(folder: Path, threads: int) -> onnxruntime.InferenceSession:
    path = folder / "reference.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            Reference().eval(),
            (torch.rand(1, 3, SIDE, SIDE),),
            str(path),
            input_names=["x"],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=40)
    arguments = parser.parse_args()
    ours = Session(arguments.model, arguments.threads)
    lightness = np.random.default_rng(0).uniform(0, 100, (SIDE, SIDE)).astype(np.float32)
    picture = np.repeat(lightness[None, None] / 50 - 1, 3, axis=1)
    decoding = Decoding(1.0, 0.6, 1.0)
    times: dict[str, list[float]] = {"reference": [], ours.name: []}
    with tempfile.TemporaryDirectory() as folder:
        reference = reference_session(Path(folder), arguments.threads)
        for run in range(arguments.runs + 5):
            started = time.perf_counter()
            reference.run(None, {"x": picture})
            middle = time.perf_counter()
            ours.predict(lightness, decoding)
            ended = time.perf_counter()
            if run >= 5:
                times["reference"].append(middle - started)
                times[ours.name].append(ended - middle)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name:20s} median {1000 * seconds:.1f} ms")
    print(f"ratio {medians[ours.name] / medians['reference']:.2f}")


if __name__ == "__main__":
    main()
