"""SHA-256 of every pixel that Photochrom makes, to see that a change of the code changed none.

    python benchmarks/pixels.py store pixels.json      # before
    python benchmarks/pixels.py compare pixels.json    # after; exit code 1 where one differs

Colours the eight examples and eight odd files (16 bit, alpha, a profile, pages, orientation 6, a
sepia print, one pixel, WebP) with the three shipped models at three vividnesses, and three
examples with hints, by the command, as a batch, from Python and over HTTP. The digests are those
of the decoded results. They hold for one machine and one set of installed libraries: another
processor rounds a network's sums otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyvips
from PIL import Image, ImageCms

from photochrom import Colorizer, Hint
from server_load import running

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOCHROM = Path(sys.executable).with_name("photochrom")
MODELS = ("photochrom", "photochrom-free", "photochrom-lite")
VIVIDNESSES = (0.0, 0.5, 1.0)
HINTED = ("astronaut.jpg", "cat.jpg", "harbour.jpg")
HINTS = (
    {"x": 60, "y": 60, "ab": [30, 10]},
    {"x": 200, "y": 150, "ab": [-4, -36], "radius": 12},
)


def make_photos(folder: Path) -> None:
    """The examples and the odd files."""
    folder.mkdir()
    for example in sorted(EXAMPLES.glob("*.jpg")):
        shutil.copy(example, folder)
    gray = np.asarray(Image.open(EXAMPLES / "otter.jpg").convert("L"))[:400, :600]
    deep = (gray.astype(np.uint16) << 8) | np.random.default_rng(0).integers(0, 256, gray.shape)
    pyvips.Image.new_from_array(deep.astype(np.uint16)).copy(interpretation="grey16").tiffsave(
        str(folder / "deep.tif")
    )
    alpha = np.broadcast_to(np.linspace(0, 255, gray.shape[1]).astype(np.uint8), gray.shape)
    Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha.copy())]).save(
        folder / "alpha.png"
    )
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(np.repeat(gray[..., None], 3, 2)).save(
        folder / "profile.jpg", quality=95, icc_profile=profile
    )
    pages = [Image.fromarray(page) for page in (gray, gray[::-1].copy())]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(gray).save(folder / "turned.jpg", quality=95, exif=exif)
    toned = gray[..., None] / 255 * np.array([255, 235, 205])
    Image.fromarray(toned.round().astype(np.uint8)).save(folder / "sepia.png")
    Image.fromarray(np.full((1, 1), 120, np.uint8)).save(folder / "pixel.png")
    Image.fromarray(gray).save(folder / "lossless.webp", lossless=True)


def digest(path: Path) -> str:
    """Of the decoded pixels of all pages, their size and depth."""
    several = pyvips.Image.new_from_file(str(path)).get_typeof("n-pages") != 0
    image = pyvips.Image.new_from_file(str(path), **({"n": -1} if several else {}))
    shape = f"{image.width} {image.height} {image.bands} {image.format} "
    return hashlib.sha256(shape.encode() + image.write_to_memory()).hexdigest()


def by_command(photos: Path, work: Path, model: str, vividness: float) -> Iterator[Path]:
    """The results of one command with all photos."""
    copies = work / "command"
    shutil.copytree(photos, copies)
    options = ["--model", model, "--vividness", str(vividness)]
    command: list[str | Path] = [PHOTOCHROM, "colorize", *sorted(copies.iterdir()), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    yield from sorted(copies.glob("*.color.*"))


def as_batch(photos: Path, work: Path, model: str, vividness: float) -> Iterator[Path]:
    """The results of a job over the folder."""
    target = work / "batch"
    options = ["--model", model, "--vividness", str(vividness), "--jobs", "1"]
    command: list[str | Path] = [PHOTOCHROM, "colorize", photos, "-o", target, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    suffixes = {photo.suffix for photo in photos.iterdir()}
    yield from sorted(path for path in target.rglob("*") if path.suffix in suffixes)


def from_python(photos: Path, work: Path, model: str, vividness: float) -> Iterator[Path]:
    """The results that Python saves, of several pages the first."""
    colorizer = Colorizer(model)
    for photo in sorted(photos.iterdir()):
        target = work / photo.name
        colorizer.colorize(photo, vividness=vividness).save(target)
        yield target


def over_http(photos: Path, work: Path, model: str, vividness: float) -> Iterator[Path]:
    """The results of POST /colorize."""
    with running() as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for photo in sorted(photos.iterdir()):
            options = f"name={photo.name}&model={model}&vividness={vividness}"
            yield _posted(connection, options, photo, work)


def _posted(connection: http.client.HTTPConnection, options: str, photo: Path, work: Path) -> Path:
    connection.request("POST", f"/api/v1/colorize?{options}", photo.read_bytes())
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{photo.name}: {answer.status} {content.decode()}")
    target = work / photo.name
    target.write_bytes(content)
    return target


def with_hints(photos: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Three examples with hints, by the command, from Python and over HTTP."""
    hints = work / "hints.json"
    hints.write_text(json.dumps({"hints": HINTS}))
    colorizer = Colorizer()
    given = [
        Hint(60, 60, ab=(30, 10)),
        Hint(200, 150, ab=(-4, -36), radius=12),
    ]
    with running() as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for name in HINTED:
            target = work / f"command-{name}"
            subprocess.run(
                [PHOTOCHROM, "colorize", photos / name, "-o", target, "--hints", hints],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            yield "command", target
            target = work / f"python-{name}"
            colorizer.colorize(photos / name, hints=given).save(target)
            yield "python", target
            text = quote(hints.read_text())
            yield "http", _posted(connection, f"name={name}&hints={text}", photos / name, work)


WAYS = {
    "command": by_command,
    "batch": as_batch,
    "python": from_python,
    "http": over_http,
}


def digests() -> dict[str, str]:
    """Digests by way, model, vividness and file name."""
    digests_by_name: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        make_photos(photos)
        for model in MODELS:
            for vividness in VIVIDNESSES:
                for way, make in WAYS.items():
                    work = Path(folder) / f"{model}-{vividness}-{way}"
                    work.mkdir()
                    for result in make(photos, work, model, vividness):
                        digests_by_name[f"{way} {model} {vividness} {result.name}"] = digest(result)
                    shutil.rmtree(work)
        work = Path(folder) / "hints"
        work.mkdir()
        for way, result in with_hints(photos, work):
            digests_by_name[f"hints {way} {result.name}"] = digest(result)
    return digests_by_name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["store", "compare"])
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    digests_by_name = digests()
    if arguments.action == "store":
        arguments.file.write_text(json.dumps(digests_by_name, indent=0) + "\n")
        print(f"{len(digests_by_name)} digests in {arguments.file}")
        return
    stored = json.loads(arguments.file.read_text())
    different = [
        key
        for key in stored.keys() | digests_by_name.keys()
        if stored.get(key) != digests_by_name.get(key)
    ]
    for key in sorted(different):
        print(f"different: {key}")
    print(f"{len(stored) - len(different)} of {len(stored)} pictures are the same, to the bit")
    raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
