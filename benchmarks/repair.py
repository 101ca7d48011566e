"""How well damage is found on photos: false alarms, precision and recall, time.

    python benchmarks/repair.py detector PHOTOS... [--artefacts DIR] [--model ONNX] [--limit 512]
        [--damaged 512]
    python benchmarks/repair.py detector PHOTOS... --thresholds
    python benchmarks/repair.py marks PICTURES... --sheet marks.png
    python benchmarks/repair.py speed

DIR is a clone of the artefacts (docs/training.md, "Finding damage"): its `synthetic` cut-outs that
were held out in training, and its `scans`, polygons that people drew around the dust on ten
empty scans. Three sets: the photos as they are; squares of them with damage that training never
saw; the photos, twice as large, with a window of a scan's polygons. Beside the network stands a
top-hat and black-hat filter at two thresholds, the one with the best F1 on the second set and the
one that marks as few sound pixels as the network. --thresholds shows the network at several: the
shipped one was chosen on the photos of even number.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import black_tophat, white_tophat

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.models.paths import SHIPPED
from photochrom.workshop.contact_sheet import save_sheet
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.training.config import DamageConfig
from photochrom.workshop.training.damage import scans
from photochrom.workshop.training.damage.batches import DamageBatches
from photochrom.workshop.training.damage.laying import Sample, sample_of
from photochrom.workshop.training.damage.scores import Tally, has_large_mark, tally, threshold_for
from photochrom.workshop.training.damage.validation import (
    LUMA,
    MULTIPLE,
    QUIET_SHARE,
    in_red,
)

Gray = NDArray[np.float32]
Detector = Callable[[Gray], Gray]
"""From a grey picture (H, W), display codes 0..1, to how surely each pixel is damaged."""

SEED = 20_000
"""Of the damage; no training run has it."""
FRAMING = Framing("crop", (0.2, 1.0), 1.15, 0.5)
SIDE = 192
HAT = (13, 13)
"""Rows and columns of the top-hat filter: it finds what is narrower."""
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
HAT_THRESHOLDS = (0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)


Damaged = list[tuple[Gray, Sample]]
"""A detector's answers to damaged pictures, with what is to be marked there."""


@dataclass(frozen=True)
class Answers:
    """A detector's answers to the photos of each set, in their order."""

    sound: list[Gray]
    synthetic: Damaged
    scanned: Damaged

    def every_second(self, first: int) -> Answers:
        return Answers(self.sound[first::2], self.synthetic[first::2], self.scanned[first::2])


@dataclass(frozen=True)
class Figures:
    """Shares of sound pixels and photos that are marked, and tallies of the damaged sets."""

    pixels: float
    photos: float
    synthetic: Tally
    scanned: Tally


def network(path: Path, threads: int = 0) -> Detector:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])

    def find(gray: Gray) -> Gray:
        height, width = gray.shape
        padded = np.pad(gray, ((0, -height % MULTIPLE), (0, -width % MULTIPLE)), "reflect")
        answer = session.run(["damage"], {"gray": padded[None, None]})[0][0, 0]
        return answer[:height, :width]

    return find


def top_hat(gray: Gray) -> Gray:
    """How much lighter or darker a pixel is than what is as wide as the filter around it."""
    return np.maximum(white_tophat(gray, HAT), black_tophat(gray, HAT))


def as_gray(codes: Image.Image) -> Gray:
    return np.asarray(codes.convert("L"), np.float32) / np.float32(255)


def gray_of(photo: torch.Tensor) -> Gray:
    weights = torch.tensor(LUMA)
    return torch.einsum("c,chw->hw", weights, photo.float() / 255).numpy()


def synthetic(photos: MemoryPhotos, index: int, damaged: DamageBatches) -> Sample:
    draws = Draws(SEED, [index])
    squares = photos.squares(torch.tensor([index]), SIDE, FRAMING, draws)
    batch = damaged(squares, draws)
    gray, target, counts = (
        plane[0, 0].numpy() for plane in (batch.gray, batch.target, batch.counts)
    )
    return Sample(gray, target > 0, counts > 0)


class Scans:
    """The polygons of the annotated scans."""

    def __init__(self, folder: Path) -> None:
        self.scans = [
            [
                np.array([(point["x"], point["y"]) for point in piece["points"]], np.float64)
                for piece in json.loads(path.read_text(encoding="utf-8")).values()
            ]
            for path in sorted(folder.glob("*.json"))
        ]

    def lay(self, photo: Gray, index: int) -> Sample:
        """A photo, twice as large, under a window of a scan around one of its pieces."""
        random = np.random.default_rng([SEED, index])
        size = (2 * photo.shape[1], 2 * photo.shape[0])
        enlarged = Image.fromarray((photo * 255).round().astype(np.uint8)).resize(
            size, Image.Resampling.LANCZOS
        )
        gray = as_gray(enlarged)
        pieces = self.scans[index % len(self.scans)]
        middle = pieces[random.integers(len(pieces))].mean(0)
        corner = middle - random.uniform(0.2, 0.8, 2) * size
        page = Image.new("L", size)
        draw = ImageDraw.Draw(page)
        for piece in pieces:
            place = piece - corner
            if (place.max(0) > 0).all() and (place.min(0) < size).all():
                fill = round(255 * random.uniform(0.6, 1))
                draw.polygon([tuple(point) for point in place.tolist()], fill)
        opacity = scans.blur(as_gray(page), 0.7)
        noise = random.standard_normal(gray.shape, np.float32) * np.float32(0.012)
        gray = np.clip(gray + noise, 0, 1)
        change = opacity * (np.float32(random.uniform(0.85, 1)) - gray)
        return sample_of(gray, change, scans.stored(gray + change, random), 0.012)


def answers(
    find: Detector, photos: MemoryPhotos, artefacts: Path, limit: int, most_damaged: int
) -> Answers:
    config = DamageConfig(artefacts=str(artefacts / "synthetic"), damaged=1.0)
    damaged, annotated = DamageBatches(config, held_out=True), Scans(artefacts / "scans")
    found = Answers([], [], [])
    for index in range(min(limit, len(photos))):
        photo = gray_of(photos.photo(index))
        found.sound.append(find(photo))
        if index < most_damaged:
            square, scanned = synthetic(photos, index, damaged), annotated.lay(photo, index)
            found.synthetic.append((find(square.gray), square))
            found.scanned.append((find(scanned.gray), scanned))
    return found


def total(found: Damaged, threshold: float) -> Tally:
    scores = (tally(p > threshold, sample.target, sample.counts) for p, sample in found)
    return sum(scores, Tally())


def figures(found: Answers, threshold: float) -> Figures:
    marks = [probability > threshold for probability in found.sound]
    return Figures(
        sum(int(mark.sum()) for mark in marks) / sum(mark.size for mark in marks),
        sum(map(has_large_mark, marks)) / len(marks),
        total(found.synthetic, threshold),
        total(found.scanned, threshold),
    )


def row(name: str, shown: Figures) -> str:
    def three(score: Tally) -> str:
        return f"{score.precision:.2f} / {score.recall:.2f} / **{score.f1:.3f}**"

    return (
        f"| {name} | {shown.pixels:.4%} | {shown.photos:.1%} | {three(shown.synthetic)} "
        f"| {three(shown.scanned)} |"
    )


HEADER = """\
| detector | sound pixels marked | photos with a mark > 30 px | synthetic: precision / recall / F1 \
| scans: precision / recall / F1 |
|---|---|---|---|---|"""


def detector(arguments: argparse.Namespace) -> None:
    photos = MemoryPhotos.load(arguments.photos, torch.device("cpu"))

    def ask(find: Detector) -> Answers:
        return answers(find, photos, arguments.artefacts, arguments.limit, arguments.damaged)

    def quiet(found: Answers, share: float) -> float:
        return threshold_for(np.concatenate([one.ravel() for one in found.sound]), share)

    ours = ask(network(arguments.model))
    print(HEADER)
    if arguments.thresholds:
        even = ours.every_second(0)
        for threshold in (*THRESHOLDS, quiet(even, QUIET_SHARE)):
            print(row(f"network, {threshold:.4g}, even photos", figures(even, threshold)))
        return
    shown = figures(ours, 0.5)
    print(row("network", shown))
    print(row("network, odd photos", figures(ours.every_second(1), 0.5)))
    hats = ask(top_hat)
    best = max(HAT_THRESHOLDS, key=lambda threshold: total(hats.synthetic, threshold).f1)
    print(row(f"top-hat, best F1 ({best:g})", figures(hats, best)))
    as_quiet = quiet(hats, max(shown.pixels, 1e-6))
    print(row(f"top-hat, as quiet ({as_quiet:.2g})", figures(hats, as_quiet)))


def marks(arguments: argparse.Namespace) -> None:
    find = network(arguments.model)
    rows = []
    for path in arguments.photos:
        gray = as_gray(Image.open(path))
        marked = find(gray) > arguments.threshold
        print(f"{path}: {gray.shape[1]}x{gray.shape[0]}, {marked.mean():.3%} marked")
        rows.append([in_red(gray, np.zeros_like(marked)), in_red(gray, marked)])
    save_sheet(rows, arguments.sheet, arguments.height, 3 * arguments.height)


def speed(arguments: argparse.Namespace) -> None:
    gray = np.random.default_rng(0).random((2048, 3072), np.float32)
    print(f"{arguments.model.name}: {arguments.model.stat().st_size / 1e6:.2f} MB")
    for threads in (1, 2):
        find = network(arguments.model, threads)
        find(gray[:512, :512])
        times, processor = [], []
        for _ in range(4):
            begun, worked = time.perf_counter(), time.process_time()
            find(gray)
            times.append(time.perf_counter() - begun)
            processor.append(time.process_time() - worked)
        wall, used = (1e9 * min(values) / gray.size for values in (times, processor))
        print(
            f"{threads} threads: {wall:.0f} ns a pixel ({used:.0f} ns of processor time), "
            f"24 megapixels in {24e-3 * wall:.1f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=["detector", "marks", "speed"])
    parser.add_argument("photos", nargs="*")
    parser.add_argument("--artefacts", type=Path, default=Path("out/FilmDamageSimulator"))
    parser.add_argument("--model", type=Path, default=SHIPPED / "damage.onnx")
    parser.add_argument("--limit", type=int, default=512, help="photos")
    parser.add_argument("--damaged", type=int, default=512, help="of them that are damaged")
    parser.add_argument("--thresholds", action="store_true")
    parser.add_argument("--threshold", type=float, default=0.5, help="of marks")
    parser.add_argument("--sheet", type=Path, default=Path("marks.png"))
    parser.add_argument("--height", type=int, default=480, help="of a picture on the sheet")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    {"detector": detector, "marks": marks, "speed": speed}[arguments.part](arguments)


if __name__ == "__main__":
    main()
