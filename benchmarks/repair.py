"""How well damage is found and mended: false alarms, F1, PSNR inside damage, colours, time.

    python benchmarks/repair.py detector PHOTOS... [--artefacts DIR] [--model ONNX] [--limit 512]
    python benchmarks/repair.py detector PHOTOS... --tune
    python benchmarks/repair.py filling PHOTOS... [--limit 128]
    python benchmarks/repair.py colors PHOTOS... [--limit 64]
    python benchmarks/repair.py marks PICTURES... --sheet marks.png
    python benchmarks/repair.py picture PICTURES... --sheet docs/repair.jpg
    python benchmarks/repair.py speed

PHOTOS are shards. DIR is a clone of the artefacts (docs/training.md, "Finding damage"): its
`synthetic` cut-outs that were held out in training, and its `scans`, polygons that people drew
around the dust on ten empty scans.

detector: three sets: the photos as they are; squares of them with damage that training never saw;
the photos, twice as large, with a window of a scan's polygons. Marks are those that the command
mends. Beside the network stands a top-hat and black-hat filter at two thresholds, the one with the
best F1 on the second set and the one that marks as few sound pixels as the network. --tune searches
for the logit, and for those of `photochrom.restoration.detection`, on the photos of even number.
filling: PSNR inside known damage, mended with the found mask and with the true one, beside OpenCV's
two methods (it needs opencv-python-headless). colors: the error of ab on sound, damaged, and
damaged and repaired photos. marks, picture: contact sheets; the second of photos under held-out
damage. speed: a scan of 24 megapixels from file to file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import black_tophat, white_tophat

import photochrom
from damaged_photos import Gray, HeldOut, Scans, as_gray, gray_of
from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import lab_from_srgb
from photochrom.models.paths import SHIPPED
from photochrom.photo import Photo
from photochrom.restoration.detection import LEAST, LIKELY, DamageLikelihood, codes_of
from photochrom.workshop.contact_sheet import save_sheet
from photochrom.workshop.data.memory import MemoryPhotos
from photochrom.workshop.training.damage.laying import Sample
from photochrom.workshop.training.damage.scores import (
    Mask,
    Tally,
    has_large_mark,
    tally,
    threshold_for,
)
from photochrom.workshop.training.damage.validation import MULTIPLE, QUIET_SHARE, in_red

HAT = (13, 13)
"""Rows and columns of the top-hat filter: it finds what is narrower."""
HAT_THRESHOLDS = (0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
LOGITS = np.arange(0, 15, 0.125)
LIKELY_LOGITS = (-4.0, -2.0, -1.0, 0.0, 2.0)
LEAST_PIXELS = (3, 8, 16)
QUIET_PHOTOS = 0.03
"""Share of the undamaged photos that may have a mark of more than 30 pixels."""

REPAIR = """
import sys
from photochrom.files import repair_file
repair_file(*sys.argv[1:])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["VmHWM"].split()[0])
"""
"""A program that repairs a file and prints its largest resident memory, kB."""

Detector = Callable[[Gray], Gray]
"""From a grey picture (H, W), display codes 0..1, to how surely each pixel is damaged."""
Marker = Callable[[Gray], Mask]
"""From what a detector says to marks."""


@dataclass(frozen=True)
class Answers:
    """A detector's answers to the photos of each set, in their order; damage with the truth."""

    sound: list[Gray]
    synthetic: list[tuple[Gray, Sample]]
    scanned: list[tuple[Gray, Sample]]

    def every_second(self, first: int) -> Answers:
        return Answers(self.sound[first::2], self.synthetic[first::2], self.scanned[first::2])


@dataclass(frozen=True)
class Figures:
    """Shares of sound pixels and photos that are marked, and tallies of the damaged sets."""

    pixels: float
    photos: float
    synthetic: Tally
    scanned: Tally


def network(path: Path) -> Detector:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def find(gray: Gray) -> Gray:
        height, width = gray.shape
        padded = np.pad(gray, ((0, -height % MULTIPLE), (0, -width % MULTIPLE)), "edge")
        answer = session.run(["damage"], {"gray": padded[None, None]})[0][0, 0]
        return codes_of(answer[:height, :width])

    return find


def of_sensitivity(sensitivity: float) -> Marker:
    def marks(codes: Gray) -> Mask:
        height, width = codes.shape
        return DamageLikelihood(width, height, 1, codes).mask(sensitivity).rows(0, height)

    return marks


def marker(logit: float, likely: float = LIKELY, least: int = LEAST) -> Marker:
    def marks(codes: Gray) -> Mask:
        height, width = codes.shape
        found = DamageLikelihood(width, height, 1, codes).above(logit, likely, least)
        return found.rows(0, height)

    return marks


def top_hat(gray: Gray) -> Gray:
    """How much lighter or darker a pixel is than what is as wide as the filter around it."""
    return np.maximum(white_tophat(gray, HAT), black_tophat(gray, HAT))


def above(threshold: float) -> Marker:
    return lambda answer: answer > threshold


def answers(find: Detector, photos: MemoryPhotos, artefacts: Path, limit: int) -> Answers:
    held_out, annotated = HeldOut(artefacts), Scans(artefacts)
    found = Answers([], [], [])
    for index in range(min(limit, len(photos))):
        photo = gray_of(photos.photo(index))
        found.sound.append(find(photo))
        square, scanned = held_out.square(photos, index), annotated.lay(photo, index)
        found.synthetic.append((find(square.gray), square))
        found.scanned.append((find(scanned.gray), scanned))
    return found


def total(found: list[tuple[Gray, Sample]], marks: Marker) -> Tally:
    scores = (tally(marks(one), sample.target, sample.counts) for one, sample in found)
    return sum(scores, Tally())


def alarms(found: Answers, marks: Marker) -> tuple[float, float]:
    marked = [marks(one) for one in found.sound]
    pixels = sum(int(mark.sum()) for mark in marked) / sum(mark.size for mark in marked)
    return pixels, sum(map(has_large_mark, marked)) / len(marked)


def figures(found: Answers, marks: Marker) -> Figures:
    return Figures(
        *alarms(found, marks), total(found.synthetic, marks), total(found.scanned, marks)
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


def tune(found: Answers) -> None:
    """Print, for each way to join pixels, the lowest logit that leaves sound photos alone."""
    even = found.every_second(0)
    print(HEADER)
    for likely, least in product(LIKELY_LOGITS, LEAST_PIXELS):
        at = bisect_left(LOGITS, True, key=partial(is_quiet, even, likely, least))
        logit = float(LOGITS[min(at, len(LOGITS) - 1)])
        shown = figures(even, marker(logit, likely, least))
        print(row(f"{logit:g}, {likely:g}, {least}", shown), flush=True)


def is_quiet(found: Answers, likely: float, least: int, logit: float) -> bool:
    pixels, photos = alarms(found, marker(logit, likely, least))
    return pixels <= QUIET_SHARE and photos <= QUIET_PHOTOS


def detector(arguments: argparse.Namespace) -> None:
    photos = MemoryPhotos.load(arguments.photos, torch.device("cpu"))
    ours = answers(network(arguments.model), photos, arguments.artefacts, arguments.limit)
    if arguments.tune:
        tune(ours)
        return
    print(HEADER)
    shown = figures(ours, of_sensitivity(0.5))
    print(row("network", shown))
    print(row("network, odd photos", figures(ours.every_second(1), of_sensitivity(0.5))))
    for sensitivity in (0.75, 1.0):
        print(
            row(f"network, sensitivity {sensitivity:g}", figures(ours, of_sensitivity(sensitivity)))
        )
    hats = answers(top_hat, photos, arguments.artefacts, arguments.limit)
    best = max(HAT_THRESHOLDS, key=lambda threshold: total(hats.synthetic, above(threshold)).f1)
    print(row(f"top-hat, best F1 ({best:g})", figures(hats, above(best))))
    every = np.concatenate([one.ravel() for one in hats.sound])
    as_quiet = threshold_for(every, max(shown.pixels, 1e-6))
    print(row(f"top-hat, as quiet ({as_quiet:.2g})", figures(hats, above(as_quiet))))


def codes(gray: Gray) -> NDArray[np.uint8]:
    return (gray.clip(0, 1) * 255).round().astype(np.uint8)


def middle_square(gray: Gray) -> Gray:
    side = min(gray.shape)
    top, left = ((length - side) // 2 for length in gray.shape)
    return np.ascontiguousarray(gray[top : top + side, left : left + side])


def mended(damaged: NDArray[np.uint8], mask: Mask | None) -> NDArray[np.uint8]:
    """As the package mends it; mask None: with the damage that it finds."""
    given = None if mask is None else np.where(mask, np.uint8(255), np.uint8(0))
    repaired = photochrom.repair(Photo(damaged), mask=given, max_width=48)
    wrong = (repaired.photo.strips()(0, len(damaged))[..., 0] != damaged) & ~repaired.mended.rows(
        0, len(damaged)
    )
    assert not wrong.any()
    return repaired.photo.strips()(0, len(damaged))[..., 0]


def opencv(method: str, damaged: NDArray[np.uint8], mask: Mask) -> NDArray[np.uint8]:
    """By opencv-python-headless, which nothing else needs."""
    cv2 = import_module("cv2")
    filled: NDArray[np.uint8] = cv2.inpaint(
        damaged, mask.astype(np.uint8), 5, getattr(cv2, f"INPAINT_{method}")
    )
    return filled


FILLERS: dict[str, Callable[[NDArray[np.uint8], Mask], NDArray[np.uint8]]] = {
    "damaged": lambda damaged, _: damaged,
    "mended, found mask": lambda damaged, _: mended(damaged, None),
    "mended, true mask": mended,
    "OpenCV Telea, true mask": partial(opencv, "TELEA"),
    "OpenCV Navier-Stokes, true mask": partial(opencv, "NS"),
}


def filling(arguments: argparse.Namespace) -> None:
    photos = MemoryPhotos.load(arguments.photos, torch.device("cpu"))
    held_out = HeldOut(arguments.artefacts)
    errors = {name: [0.0, 0] for name in FILLERS}
    for index in range(min(arguments.limit, len(photos))):
        gray = middle_square(gray_of(photos.photo(index)))
        sample = held_out.whole(gray, index)
        damaged = codes(sample.gray)
        touched = damaged != codes(gray)
        for name, fill in FILLERS.items():
            wrong = (fill(damaged, touched) / 255 - gray)[sample.target]
            errors[name][0] += float((wrong**2).sum())
            errors[name][1] += wrong.size
    print("| | PSNR inside the damage, dB |\n|---|---|")
    for name, (squares, count) in errors.items():
        print(f"| {name} | {10 * np.log10(count / squares):.2f} |")


def ab_error(rgb: NDArray[np.uint8], true: NDArray[np.uint8]) -> float:
    ab, wanted = (
        lab_from_srgb(picture.astype(np.float32) / 255)[..., 1:] for picture in (rgb, true)
    )
    return float(np.linalg.norm(ab - wanted, axis=-1).mean())


def colors(arguments: argparse.Namespace) -> None:
    photos = MemoryPhotos.load(arguments.photos, torch.device("cpu"))
    held_out = HeldOut(arguments.artefacts)
    losses: dict[str, list[float]] = {"sound": [], "damaged": [], "repaired": []}
    for index in range(min(arguments.limit, len(photos))):
        photo = photos.photo(index)
        side = min(photo.shape[1:])
        top, left = ((length - side) // 2 for length in photo.shape[1:])
        true = photo[:, top : top + side, left : left + side].permute(1, 2, 0).numpy()
        gray = middle_square(gray_of(photo))
        damaged = codes(held_out.whole(gray, index).gray)
        for name, source in (
            ("sound", Photo(codes(gray))),
            ("damaged", Photo(damaged)),
            ("repaired", photochrom.repair(Photo(damaged)).photo),
        ):
            result = photochrom.colorize(source)
            losses[name].append(ab_error(result.rgb, true))
    means = {name: float(np.mean(values)) for name, values in losses.items()}
    print("| photos | mean error of ab |\n|---|---|")
    for name, value in means.items():
        print(f"| {name} | {value:.3f} |")
    lost = means["damaged"] - means["sound"]
    print(f"repaired photos lose {(means['repaired'] - means['sound']) / lost:.2f} of that")


def marks(arguments: argparse.Namespace) -> None:
    rows = []
    for path in arguments.photos:
        gray = as_gray(Image.open(path))
        found = photochrom.find_damage(Photo(codes(gray)), arguments.sensitivity)
        marked = found.rows(0, len(gray))
        print(f"{path}: {gray.shape[1]}x{gray.shape[0]}, {marked.mean():.3%} marked")
        rows.append([in_red(gray, np.zeros_like(marked)), in_red(gray, marked)])
    save_sheet(rows, arguments.sheet, arguments.height)


def picture(arguments: argparse.Namespace) -> None:
    """A photo with held-out damage, what two sensitivities mark, and the photo mended with more."""
    held_out = HeldOut(arguments.artefacts)
    rows = []
    for number, path in enumerate(arguments.photos):
        sample = held_out.whole(middle_square(as_gray(Image.open(path))), number)
        damaged = codes(sample.gray)
        usual, more = (photochrom.repair(Photo(damaged), sensitivity=s) for s in (0.5, 1.0))
        nothing = np.zeros(damaged.shape, bool)
        filled = more.photo.strips()(0, len(damaged))[..., 0].astype(np.float32) / np.float32(255)
        found = [one.damage.rows(0, len(damaged)) for one in (usual, more)]
        rows.append(
            [
                *(in_red(sample.gray, marked) for marked in (nothing, *found)),
                in_red(filled, nothing),
            ]
        )
    save_sheet(rows, arguments.sheet, arguments.height)


def speed(_arguments: argparse.Namespace) -> None:
    """A scan of 6000 x 4000 pixels with scratches, JPEG and PNG, each in a process of its own."""
    random = np.random.default_rng(0)
    ramp = np.linspace(60, 190, 4000)[:, None] + random.normal(0, 4, (4000, 6000))
    scan = Image.fromarray(ramp.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(scan)
    for _ in range(40):
        x, y = random.uniform(0, 6000), random.uniform(0, 4000)
        ends = np.cumsum(random.normal(0, 120, (8, 2)), 0) + np.array([x, y])
        draw.line([(float(x), float(y)) for x, y in ends], fill=235, width=4)
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("jpg", "png"):
            source = Path(folder) / f"scan.{suffix}"
            scan.save(source)
            runs = [_measured(source, Path(folder) / f"{n}.{suffix}") for n in range(3)]
            seconds, peak = (min(values) for values in zip(*runs, strict=True))
            print(f"{suffix}: {seconds:.2f} s, {peak:.0f} MB")


def _measured(source: Path, target: Path) -> tuple[float, float]:
    """Seconds of a process, and its largest resident memory in MB."""
    begun = time.perf_counter()
    command = (sys.executable, "-c", REPAIR, str(source), str(target))
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - begun, float(told) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "detector": detector,
        "filling": filling,
        "colors": colors,
        "marks": marks,
        "picture": picture,
        "speed": speed,
    }
    parser.add_argument("part", choices=parts)
    parser.add_argument("photos", nargs="*")
    parser.add_argument("--artefacts", type=Path, default=Path("out/FilmDamageSimulator"))
    parser.add_argument("--model", type=Path, default=SHIPPED / "damage.onnx")
    parser.add_argument("--limit", type=int, default=512, help="photos")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--sensitivity", type=float, default=0.5, help="of marks")
    parser.add_argument("--sheet", type=Path, default=Path("marks.png"))
    parser.add_argument("--height", type=int, default=480, help="of a picture on the sheet")
    arguments = parser.parse_args()
    parts[arguments.part](arguments)


if __name__ == "__main__":
    main()
