"""Films: how steady the colours are, which shots are found, and how long a picture takes.

    python benchmarks/video.py --clips FOLDER --photos val.tar [--pictures 60]
    python benchmarks/video.py --shots --photos val.tar
    python benchmarks/video.py --speed CLIP.mp4

The first prints one table over six real clips in colour, made grey, and ten synthetic pans, zooms
and cuts over photos, whose motion is known exactly; that of the clips is estimated by TV-L1 of
scikit-image, which the method itself does not use. Figures, on the grid of the ab maps: mean
difference of ab along motion where lightness agrees within 3; CDC above that of the grey film,
times 1000; mean difference from the true ab; mean chroma; difference from the truth where motion
uncovers something, and in the five pictures after a cut. Names of clips: see `CLIPS`.
"""

from __future__ import annotations

import argparse
import io
import tarfile
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from photochrom._system.threads import limit_threads
from photochrom.color.lab import Array, lab_from_srgb
from photochrom.colorizer import Colorizer
from photochrom.filters.upsample import cell_mean
from photochrom.options import ColorizeOptions
from photochrom.video.coloring import FilmColoring, ShotSettings
from photochrom.video.job import FilmJob, Model
from photochrom.video.network import STEP, FilmNetwork
from photochrom.video.options import VideoOptions
from photochrom.video.shots import Shot
from photochrom.video.source import Film
from photochrom.video.steady import steady
from photochrom.video.survey import Survey, survey
from video_metrics import ColoredSequence, scores

CLIPS = (
    "sam2-01_dog.mp4",
    "sam2-05_default_juggle.mp4",
    "sam2-bedroom.mp4",
    "cockatoo_yuv420.mp4",
    "ps-issue-195-aspect-ratio.mp4",
    "carphone_pristine.mp4",
)
SIZE = 192, 288
"""Of synthetic films."""
RUNNING = 0.2
"""Weight of the new picture in the running mean."""


def photos(path: Path) -> Iterator[Array]:
    """RGB photos 0..1 of at least twice the synthetic films' size."""
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            picture = Image.open(io.BytesIO(file.read())).convert("RGB")
            scale = 1.6 * max(SIZE[0] / picture.height, SIZE[1] / picture.width)
            size = round(picture.width * scale), round(picture.height * scale)
            pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
            yield pixels.astype(np.float32) / np.float32(255)


def moving(photo: Array, count: int, kind: int) -> tuple[list[Array], list[Array | None]]:
    """A pan or zoom over a photo, RGB, and its exact flow to the picture before, pixels."""
    height, width = SIZE
    room = np.subtract(photo.shape[:2], SIZE)
    pictures, flows, last = [], list[Array | None](), None
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    for number in range(count):
        share = number / max(1, count - 1)
        zoom = 1 + 0.35 * share if kind % 3 == 2 else 1.0
        corner = room * (share if kind % 3 == 0 else np.array([0.5, share])) * (kind % 3 != 2)
        corner = corner + (room * 0.3 if kind % 3 == 2 else 0)
        place = np.stack([corner[0] + rows / zoom, corner[1] + columns / zoom], -1)
        pictures.append(interpolated(photo, place))
        if last is None:
            flows.append(None)
        else:
            before = (place - last[0]) * last[1]
            flows.append((before - np.stack([rows, columns], -1)).astype(np.float32))
        last = corner, zoom
    return pictures, flows


def interpolated(photo: Array, place: Any) -> Array:
    top = np.floor(place).astype(int)
    top = np.minimum(top, np.subtract(photo.shape[:2], 2))
    share = (place - top)[..., None].astype(np.float32)
    row, column = top[..., 0], top[..., 1]
    first, second = share[..., 0, :], share[..., 1, :]
    upper = photo[row, column] * (1 - second) + photo[row, column + 1] * second
    lower = photo[row + 1, column] * (1 - second) + photo[row + 1, column + 1] * second
    return upper * (1 - first) + lower * first


def write(path: Path, pictures: list[Array], rate: int = 25) -> None:
    """A lossless film of RGB pictures."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        for picture in pictures:
            codes = np.rint(picture * 255).clip(0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(codes, "rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv444p", dst_colorspace=6)))
        out.mux(stream.encode(None))


class Measurer:
    """Colours films in several ways, and scores each."""

    def __init__(self, count: int) -> None:
        colorizer = Colorizer(threads=1)
        self.model, self.count = Model(colorizer.members, colorizer.name), count

    def ways(
        self, path: Path, flows: list[Array | None] | None
    ) -> tuple[ColoredSequence, dict[str, list[Array]]]:
        """The film's sequence, and ab maps by the way of colouring.

        flows: of the film's pixels, where it is known exactly.
        """
        film = Film(path)
        found = shortened(survey(film, None, None), self.count)
        network = FilmNetwork(self.model.members, self.model.name, film.facts, None)
        settings = [ShotSettings(ColorizeOptions())] * len(found.shots)
        coloring = FilmColoring(film, found, network, settings, 2)
        observations = list(coloring._observations(0, len(found.times)))
        truth = [
            cell_mean(true_ab(frame, network.shape), STEP)
            for (_, frame), _ in zip(film.pictures(), found.times, strict=False)
        ]
        own = [one.ab for one in observations]
        ours = []
        for shot in found.shots:
            part = observations[shot.first : shot.end]
            ours += steady(part, len(part), None)[0]
        lightness = [one.lightness for one in observations]
        if flows is None:
            firsts = {shot.first for shot in found.shots}
            flows = [
                None if number in firsts else estimated(lightness[number - 1], lightness[number])
                for number in range(len(lightness))
            ]
        else:
            flows = [None if flow is None else on_grid(flow, own[0].shape) for flow in flows]
        ways = {
            "frame by frame": own,
            "running mean": running(own, found.shots),
            "ours": ours,
            "truth": truth,
            "grey": [np.zeros_like(ab) for ab in own],
        }
        return ColoredSequence(lightness, truth, flows), ways


def running(maps: list[Array], shots: tuple[Shot, ...]) -> list[Array]:
    firsts, means = {shot.first for shot in shots}, list[Array]()
    for number, ab in enumerate(maps):
        new = number in firsts
        means.append(ab if new else means[-1] + RUNNING * (ab - means[-1]))
    return means


def shortened(found: Survey, count: int) -> Survey:
    """The first pictures of a survey."""
    shots = tuple(
        Shot(shot.first, min(shot.end, count)) for shot in found.shots if shot.first < count
    )
    return Survey(found.stamps[:count], found.times[:count], shots, found.in_color, (), found.grain)


def true_ab(frame: Any, shape: tuple[int, int]) -> Array:
    height, width = shape
    rgb = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
    return lab_from_srgb(rgb.astype(np.float32) / 255)[..., 1:]


def estimated(before: Array, now: Array) -> Array:
    """TV-L1 flow from a picture to the one before it."""
    from skimage.registration import optical_flow_tvl1

    down, right = optical_flow_tvl1(now / 100, before / 100, num_warp=3, num_iter=6)
    return np.stack([down, right], -1).astype(np.float32)


def on_grid(flow: Array, shape: tuple[int, ...]) -> Array:
    """A film's flow on the grid of its maps; the synthetic films are of the small copy's size."""
    small = cell_mean(flow, STEP) / np.float32(STEP)
    assert small.shape == shape
    return small


def synthetic(path: Path, count: int) -> Iterator[tuple[str, list[Array], list[Array | None]]]:
    """Ten films over photos, pans and zooms; every second has a cut."""
    source = photos(path)
    for number in range(10):
        parts = 2 if number % 2 else 1
        pictures, flows = [], list[Array | None]()
        for part in range(parts):
            more = moving(next(source), count // parts, number + part)
            pictures += more[0]
            flows += more[1]
        yield f"synthetic {number + 1}", pictures, flows


def steadiness(clips: Path | None, photos_file: Path | None, count: int) -> None:
    measurer = Measurer(count)
    groups: dict[str, list[dict[str, dict[str, float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if clips is not None:
            for name in CLIPS:
                sequence, ways = measurer.ways(clips / name, None)
                rows = {way: scores(sequence, maps) for way, maps in ways.items()}
                groups.setdefault("real clips", []).append(rows)
                print_rows(name, rows)
        if photos_file is not None:
            for name, pictures, flows in synthetic(photos_file, count):
                film = Path(folder) / "film.mkv"
                write(film, pictures)
                sequence, ways = measurer.ways(film, flows)
                rows = {way: scores(sequence, maps) for way, maps in ways.items()}
                groups.setdefault("synthetic films", []).append(rows)
                print_rows(name, rows)
    for title, results in groups.items():
        mean = {
            way: {
                key: float(np.nanmean([rows[way][key] for rows in results]))
                if not all(np.isnan(rows[way][key]) for rows in results)
                else float("nan")
                for key in results[0][way]
            }
            for way in results[0]
        }
        print_rows(f"mean of {len(results)} {title}", mean)


def print_rows(title: str, rows: dict[str, dict[str, float]]) -> None:
    gray = rows["grey"]["CDC"]
    print(f"\n{title}\n| | warping | CDC above grey | ab error | chroma | hidden | after cut |")
    print("|---|---|---|---|---|---|---|")
    for way, row in rows.items():
        values = {**row, "CDC": row["CDC"] - gray}
        print(f"| {way} | " + " | ".join(f"{value:.3f}" for value in values.values()) + " |")


def transitions(path: Path) -> tuple[list[Array], list[tuple[str, int, int]]]:
    """One film with 40 cuts, 20 dissolves and 10 fades, and 20 flashes that are none of them."""
    random = np.random.default_rng(0)
    source = cycle(photos(path))
    kinds = ["cut"] * 40 + ["dissolve"] * 20 + ["fade"] * 10
    random.shuffle(kinds)
    pictures: list[Array] = moving(next(source), 50, 0)[0]
    marks = []
    for number, kind in enumerate(kinds):
        shot = moving(next(source), int(random.integers(45, 80)), number)[0]
        if number % 4 == 1:  # a flash, and the pulsing of old film
            place, length = len(shot) // 2, int(random.integers(1, 4))
            for index in range(place, place + length):
                shot[index] = 0.3 * shot[index] + 0.7
        pulse = 1 + 0.08 * np.sin(0.9 * np.arange(len(shot)) + number)
        shot = [np.clip(one * gain, 0, 1) for one, gain in zip(shot, pulse, strict=True)]
        length = {"cut": 0, "dissolve": int(random.integers(10, 32)), "fade": 12}[kind]
        first = len(pictures) - (length if kind == "dissolve" else 0)
        if kind == "dissolve":
            for index in range(length):
                share = (index + 1) / (length + 1)
                pictures[first + index] = (1 - share) * pictures[first + index] + share * shot[
                    index
                ]
            pictures += shot[length:]
        elif kind == "fade":
            for index in range(length):
                pictures[first - length + index] *= 1 - (index + 1) / length
                shot[index] = shot[index] * (index / length)
            pictures += shot
        else:
            pictures += shot
        margin = 12 if kind == "fade" else 2 if kind == "dissolve" else 0
        marks.append((kind, first - margin, first + length + margin))
    return pictures, marks


def shot_scores(path: Path) -> None:
    pictures, marks = transitions(path)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "film.mkv", pictures)
        found = survey(Film(Path(folder) / "film.mkv"), None, None)
    starts = [shot.first for shot in found.shots[1:]]
    hit = {kind: [0, 0] for kind in ("cut", "dissolve", "fade")}
    used = set()
    for kind, first, last in marks:
        inside = [start for start in starts if first <= start <= last and start not in used]
        used.update(inside[:1])
        hit[kind][0] += bool(inside)
        hit[kind][1] += 1
    recall, precision = len(used) / len(marks), len(used) / max(1, len(starts))
    print(f"{len(pictures)} pictures, {len(marks)} transitions, 17 flashes")
    print("found: " + ", ".join(f"{kind} {good} of {all_}" for kind, (good, all_) in hit.items()))
    print(f"false: {sorted(set(starts) - used)}")
    missed = [m for m in marks if not any(m[1] <= start <= m[2] for start in starts)]
    print(f"missed: {missed}")
    f1 = 2 * recall * precision / max(1e-9, recall + precision)
    print(f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")


def resized(source: Path, target: Path, size: tuple[int, int], count: int) -> None:
    """The first pictures of a clip at another size, H.264."""
    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": "18", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        pictures = list(zip(range(count), film.decode(video=0), strict=False))
        for number in range(count):
            _, frame = pictures[number % len(pictures)]
            frame = frame.reformat(*size, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def speed(clip: Path, count: int, repeats: int = 3) -> None:
    """The median of some runs, as the command line makes them: one thread for linear algebra."""
    limit_threads(1)
    colorizer = Colorizer(threads=1)
    model = Model(colorizer.members, colorizer.name)
    print("| film | CPU ms a picture | pictures/s on two cores | of which measured by the clock |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in ((640, 480), (1920, 1080)):
            film, target = Path(folder) / f"{size[0]}.mp4", Path(folder) / f"{size[0]}.color.mp4"
            resized(clip, film, size, count)
            options = VideoOptions(recolor=True, overwrite=True)
            runs = []
            for _ in range(repeats):
                began, cpu = time.monotonic(), time.process_time()
                FilmJob(Film(film), model, target, ColorizeOptions(), options).run()
                runs.append((time.process_time() - cpu, time.monotonic() - began))
            used, took = np.median(runs, axis=0) / count
            name = f"{size[0]}x{size[1]}"
            print(f"| {name} | {used * 1e3:.0f} | {2 / used:.1f} | {1 / took:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=Path, metavar="FOLDER")
    parser.add_argument("--photos", type=Path, metavar="FILE.tar")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--shots", action="store_true")
    parser.add_argument("--speed", type=Path, metavar="CLIP")
    arguments = parser.parse_args()
    if arguments.speed is not None:
        speed(arguments.speed, arguments.pictures)
    elif arguments.shots:
        shot_scores(arguments.photos)
    else:
        steadiness(arguments.clips, arguments.photos, arguments.pictures)


if __name__ == "__main__":
    main()
