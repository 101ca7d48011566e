"""How much colour survives the guided upsampling, given exact ab on the network's coarse grid.

    python benchmarks/upsampling.py FOLDER_OF_COLOR_PHOTOS [--size 256]

Rows: bicubic enlargement, the guided filter alone, and the pipeline's way. Figures: PSNR of the
photo rebuilt from its own L, mean ab error, and the ab error at the strongest 5 % of L's edges.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.color import metrics
from photochrom.color.lab import lab_from_srgb, srgb_from_lab
from photochrom.colorizer import network_size
from photochrom.filters.resize import resize
from photochrom.filters.upsample import linear_chroma, refine
from photochrom.photo.strips import StripPlan
from photochrom.pipeline.full_size import colored_strips

STRIDE = 4


def bicubic(ab: np.ndarray, height: int, width: int) -> np.ndarray:
    bands = [
        np.asarray(Image.fromarray(ab[..., c]).resize((width, height), Image.Resampling.BICUBIC))
        for c in range(2)
    ]
    return np.stack(bands, axis=-1)


def pipeline(ab: np.ndarray, lightness: np.ndarray, gray: np.ndarray) -> np.ndarray:
    return streamed(refine(ab, lightness), lightness, gray)


def guided_only(ab: np.ndarray, lightness: np.ndarray, gray: np.ndarray) -> np.ndarray:
    repeated = resize(ab, *lightness.shape)
    return streamed(repeated, lightness, gray)


def streamed(fine: np.ndarray, lightness: np.ndarray, gray: np.ndarray) -> np.ndarray:
    height, width = gray.shape[:2]
    chroma = linear_chroma(fine, lightness)
    plan = StripPlan.of(width, height)
    strips = colored_strips(lambda top, rows: gray[top : top + rows], plan, chroma)
    return np.concatenate(list(strips))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    scores: dict[str, list[list[float]]] = {}
    for file in sorted(arguments.folder.glob("*.jpg")):
        real = np.asarray(Image.open(file).convert("RGB"))
        lab = lab_from_srgb(real.astype(np.float32) / 255)
        height, width = real.shape[:2]
        rows, columns = network_size(height, width, arguments.size)
        small = lab_from_srgb(resize(real.astype(np.float32) / np.float32(255), rows, columns))
        cells = resize(lab[..., 1:], rows // STRIDE, columns // STRIDE)
        gray = srgb_from_lab(lab * np.array([1, 0, 0], np.float32))
        gray = np.rint(gray[..., :1] * 255).astype(np.uint8)
        enlarged = np.concatenate([lab[..., :1], bicubic(cells, height, width)], axis=-1)
        pictures = {
            "bicubic": np.rint(srgb_from_lab(enlarged) * 255).astype(np.uint8),
            "guided filter alone": guided_only(cells, small[..., 0], gray),
            "pipeline": pipeline(cells, small[..., 0], gray),
        }
        gradient = np.hypot(*np.gradient(lab[..., 0]))
        edges = gradient > np.quantile(gradient, 0.95)
        for name, picture in pictures.items():
            ab = lab_from_srgb(picture.astype(np.float32) / 255)[..., 1:]
            scores.setdefault(name, []).append(
                [
                    metrics.psnr(picture, real),
                    metrics.ab_error(ab, lab[..., 1:]),
                    metrics.ab_error(ab[edges], lab[edges][:, 1:]),
                ]
            )
    print(f"{len(next(iter(scores.values())))} photos, small copy {arguments.size}")
    print("| | PSNR dB | ab error | ab error at edges |\n|---|---|---|---|")
    for name, values in scores.items():
        psnr, ab, edge = np.mean(values, axis=0)
        print(f"| {name} | {psnr:.2f} | {ab:.2f} | {edge:.2f} |")


if __name__ == "__main__":
    main()
