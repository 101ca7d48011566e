"""Colours after a reference, on pairs of photos of one scene: one grey, the other as the reference.

    python benchmarks/reference.py CLONES [--split test] [--limit N] [--sheet sheet.jpg]

CLONES: a folder with clones (also bare or without a work tree) of the repositories that
reference_pairs.csv names, as OWNER+NAME or OWNER+NAME/repo. A pair's photos are files, frames of
clips (clip.mp4@SECONDS) or files of a folder by number (FOLDER#NUMBER). Constants of
`pipeline.references` were chosen on the split "constants".

Prints the mean ab error of the finished picture, at most 1024 pixels long: without a reference,
with the pair's, with one of another scene, and with all references of the other rows and its own
among them, as of an album.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips

from photochrom import Colorizer, Reference, load_reference
from photochrom.color.lab import Array, lab_from_srgb

PAIRS = Path(__file__).with_name("reference_pairs.csv")
LONGEST = 1024


@dataclass(frozen=True)
class Pair:
    name: str
    kind: str
    scene: str
    target: Array
    """sRGB codes, (H, W, 3)."""
    reference: Reference


def read_pairs(clones: Path, split: str | None, limit: int | None) -> list[Pair]:
    with PAIRS.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if split in (None, row["split"])]
    pairs = []
    for row in rows[:limit]:
        clone = clones / row["repository"].replace("/", "+")
        clone = clone / "repo" if (clone / "repo").is_dir() else clone
        target, reference = (picture(clone, row[key]) for key in ("target", "reference"))
        scene = row["name"].rpartition("-")[0]
        pairs.append(Pair(row["name"], row["kind"], scene, target, load_reference(reference)))
    return pairs


def picture(clone: Path, place: str) -> Array:
    """A photo of a clone, sRGB codes, at most LONGEST pixels long."""
    path, at, seconds = place.partition("@")
    folder, number_sign, number = path.partition("#")
    if number_sign:
        names = git(clone, "ls-tree", "--name-only", "HEAD", f"{folder}/").decode().split("\n")
        path = sorted(name for name in names if name)[int(number)]
    data = git(clone, "cat-file", "blob", f"HEAD:{path}")
    image = frame(data, float(seconds)) if at else pyvips.Image.new_from_buffer(data, "").autorot()
    image = image.colourspace("srgb")
    image = image.extract_band(0, n=3) if image.bands > 3 else image
    if max(image.width, image.height) > LONGEST:
        image = image.resize(LONGEST / max(image.width, image.height))
    codes: Array = image.numpy()
    return codes


def frame(data: bytes, seconds: float) -> pyvips.Image:
    import av

    with av.open(io.BytesIO(data)) as clip:
        for one in clip.decode(video=0):
            if one.time is not None and one.time >= seconds:
                return pyvips.Image.new_from_array(one.to_ndarray(format="rgb24"))
    raise ValueError(f"the clip ends before {seconds} s")


def git(clone: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def other_scene(pairs: Sequence[Pair], index: int) -> Pair:
    """A pair of another scene: the first from half-way round the list."""
    start = index + len(pairs) // 2
    turned = [pairs[(start + step) % len(pairs)] for step in range(len(pairs))]
    return next(pair for pair in turned if pair.scene != pairs[index].scene)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--split", choices=["constants", "test"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model")
    parser.add_argument("--sheet", type=Path, help="also draw reference, without, with, real")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.clones, arguments.split, arguments.limit)
    colorizer = Colorizer(arguments.model)
    album = [pair.reference for pair in pairs]
    errors: dict[str, list[float]] = {"without": [], "own": [], "other": [], "album": []}
    shown = []
    for index, pair in enumerate(pairs):
        real = lab_from_srgb(pair.target.astype(np.float32) / 255)
        image = pyvips.Image.new_from_array(pair.target).copy(interpretation="srgb")
        gray = image.colourspace("b-w").numpy()
        ways = {
            "without": [],
            "own": [pair.reference],
            "other": [other_scene(pairs, index).reference],
            "album": album,
        }
        row = [pair.reference.srgb]
        for way, references in ways.items():
            made = colorizer.colorize(gray, references=references).rgb
            lab = lab_from_srgb(made.astype(np.float32) / 255)
            errors[way].append(float(np.linalg.norm(lab[..., 1:] - real[..., 1:], axis=-1).mean()))
            if way in ("without", "own"):
                row.append(made)
        shown.append([*row, pair.target])
    table(pairs, errors)
    if arguments.sheet:
        small = [
            pyvips.Image.new_from_array(np.ascontiguousarray(one)).thumbnail_image(320, height=240)
            for row in shown
            for one in row
        ]
        pyvips.Image.arrayjoin(small, across=4).write_to_file(str(arguments.sheet))


def table(pairs: Sequence[Pair], errors: dict[str, list[float]]) -> None:
    print("| | pairs | ab error without | with its reference | of another scene | of the album |")
    print("|---|---|---|---|---|---|")
    kinds = sorted({pair.kind for pair in pairs})
    for kind in (*kinds, "all"):
        chosen = [kind in ("all", pair.kind) for pair in pairs]
        means = {way: float(np.mean(np.array(those)[chosen])) for way, those in errors.items()}
        changes = [
            f"{means[way]:.2f} ({100 * (means[way] / means['without'] - 1):+.0f} %)"
            for way in ("own", "other", "album")
        ]
        cells = (kind, str(sum(chosen)), f"{means['without']:.2f}", *changes)
        print("| " + " | ".join(cells) + " |")
    ratios = np.array(errors["other"]) / np.array(errors["without"])
    print(f"\nof another scene, largest ratio for one photo: {ratios.max():.2f}")


if __name__ == "__main__":
    main()
