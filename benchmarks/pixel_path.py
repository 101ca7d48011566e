"""The pixel path against libvips' own sRGB to Lab and back, at several sizes: time and memory.

    python benchmarks/pixel_path.py [--megapixels 10 24 100] [--runs 3] [--threads 2]
        [--tiff] [--huge 600]

For each size a grey photo with grain is made from the example photographs: a JPEG up to 24
megapixels, beyond that a TIFF of 16 bit. Three ways, in turn, in fresh processes, the work timed
inside: libvips decodes and encodes ("copy"); it goes to Lab in floats and back in between
("lab"), with a tint, because deflate takes twice as long over three different channels; Photochrom
colours it ("colour"), whose network is timed apart and taken off. The result is RGB in all three.
--tiff: TIFFs only, for the cost of a pixel at different sizes. --huge: one TIFF of so many
megapixels is coloured once, for its memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from end_to_end import make_photo

WORK = """
import json, os, resource, sys, time
photo, out, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["VIPS_CONCURRENCY"] = str(threads)
HOW = dict(Q=95, subsample_mode="off") if out.endswith("jpg") else dict(
    compression="deflate", predictor="horizontal")
network = 0.0
{prepare}
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started - network
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"seconds": seconds, "megabytes": peak}}))
"""
OPEN = "image = pyvips.Image.new_from_file(photo, access='sequential')\n"
COPY = WORK.format(
    prepare="import pyvips",
    work=OPEN
    + "image = image.colourspace('rgb16' if image.format == 'ushort' else 'srgb')\n"
    + "image.write_to_file(out, **HOW)",
)
LAB = WORK.format(
    prepare="import pyvips",
    work=OPEN
    + "kind = 'rgb16' if image.format == 'ushort' else 'srgb'\n"
    + "lab = image.colourspace(kind).colourspace('lab') + [0, 6, 9]\n"
    + "image = lab.copy(interpretation='lab').colourspace(kind)\n"
    + "image.write_to_file(out, **HOW)",
)
COLOR = WORK.format(
    prepare="""from photochrom import Colorizer
colorizer = Colorizer(threads=threads)
def timed(predict):
    def run(*arguments):
        global network
        begun = time.perf_counter()
        predicted = predict(*arguments)
        network += time.perf_counter() - begun
        return predicted
    return run
colorizer.session.predict = timed(colorizer.session.predict)""",
    work="colorizer.colorize(photo).save(out)",
)


def make(megapixels: float, folder: Path, tiff: bool = False) -> Path:
    import pyvips

    base = folder / "base.jpg"
    if not base.exists():
        make_photo(base)
    path = folder / f"{megapixels:g}.{'jpg' if megapixels <= 24 and not tiff else 'tif'}"
    image = pyvips.Image.new_from_file(str(base))
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    if scale > 1:
        across = int(scale) + 1
        image = image.replicate(across, across)
    width, height = (round(side * scale) for side in (6000, 4000))
    image = image.crop(0, 0, width, height)
    if path.suffix == ".tif":
        grain = pyvips.Image.gaussnoise(width, height, sigma=128, mean=128)
        image = (image * 256 + grain).cast("ushort").copy(interpretation="grey16")
        image.write_to_file(str(path), compression="deflate", predictor="horizontal", bigtiff=True)
    else:
        image.write_to_file(str(path), Q=93)
    return path


def measure(code: str, photo: Path, threads: int) -> dict[str, float]:
    out = photo.with_name(f"out{photo.suffix}")
    out.unlink(missing_ok=True)
    command = [sys.executable, "-c", code, str(photo), str(out), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    out.unlink()
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[10, 24, 100])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tiff", action="store_true")
    parser.add_argument("--huge", type=float)
    arguments = parser.parse_args()
    ways = {"copy": COPY, "lab": LAB, "color": COLOR}
    print("| megapixels | copy s | lab s | colour less network s | of lab | ns a pixel | peak MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for megapixels in arguments.megapixels:
            photo = make(megapixels, Path(name), arguments.tiff)
            rows: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            for run in range(arguments.runs + 1):  # the first warms the disk's cache
                for way, code in ways.items():
                    figures = measure(code, photo, arguments.threads)
                    if run:
                        rows[way].append(figures)
            seconds = {
                way: statistics.median(f["seconds"] for f in timings)
                for way, timings in rows.items()
            }
            peak = max(figures["megabytes"] for figures in rows["color"])
            print(
                f"| {megapixels:g} {photo.suffix[1:]} | {seconds['copy']:.2f} "
                f"| {seconds['lab']:.2f} | {seconds['color']:.2f} "
                f"| {seconds['color'] / seconds['lab']:.2f} "
                f"| {1e3 * seconds['color'] / megapixels:.0f} | {peak:.0f} |",
                flush=True,
            )
        if arguments.huge:
            figures = measure(COLOR, make(arguments.huge, Path(name)), arguments.threads)
            print(
                f"\n{arguments.huge:g} megapixels, 16-bit TIFF: {figures['seconds']:.0f} s, "
                f"peak {figures['megabytes']:.0f} MB"
            )


if __name__ == "__main__":
    main()
