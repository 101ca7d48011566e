"""Give an exported U-Net its features as outputs, centred on photos: references need them.

    python benchmarks/fit_features.py MODEL PHOTOS... --output MODEL.onnx [--limit 300]

Colours stay bit for bit as they were. PHOTOS: shards or folders of photos, as for training.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import onnx

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import lab_from_srgb
from photochrom.colorizer import network_size
from photochrom.filters.resize import resize
from photochrom.models.session import Session, session_options
from photochrom.workshop.data.sources import photos_from
from photochrom.workshop.onnx_export import save_model
from photochrom.workshop.onnx_features import add_features, add_outputs, layer_tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=300, help="of the photos")
    arguments = parser.parse_args()
    model = onnx.load(arguments.model)
    tensors = layer_tensors(model)
    if any(output.name in tensors for output in model.graph.output):
        parser.error(f"{arguments.model}: has features already; name the file without them")
    watched = onnx.load(arguments.model)
    add_outputs(watched, tensors)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), session_options(None))
    contract = Session(arguments.model).contract
    sums = [np.float64(0)] * len(tensors)
    photos = itertools.islice(photos_from(arguments.photos), arguments.limit)
    seen = 0
    for _, photo in photos:
        seen += 1
        height, width = network_size(photo.shape[0], photo.shape[1], contract.size)
        srgb = resize(photo.astype(np.float32) / np.float32(255), height, width)
        lightness = np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])[None, None]
        feed = {
            "L": lightness,
            "hint_ab": np.zeros((1, 2, height, width), np.float32),
            "hint_mask": np.zeros((1, 1, height, width), np.float32),
            "gamma": np.array(1, np.float32),
            "temperature": np.array(1, np.float32),
        }
        if "chroma_power" in contract.inputs:
            feed["chroma_power"] = np.array(0, np.float32)
        for index, layer in enumerate(session.run(tensors, feed)):
            sums[index] = sums[index] + layer[0].mean(axis=(1, 2), dtype=np.float64)
    add_features(model, [np.asarray(total / seen, np.float32) for total in sums])
    onnx.checker.check_model(model, full_check=True)
    save_model(model, arguments.output)
    print(f"{arguments.output}: features centred on {seen} photos")


if __name__ == "__main__":
    main()
