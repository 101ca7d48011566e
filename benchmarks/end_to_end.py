"""A 24-megapixel JPEG through the pipeline, against libvips decoding and encoding the same file.

    python benchmarks/end_to_end.py [--runs 5] [--threads 2] [--photo FILE] [--reversible]

Without --photo, a 6000 x 4000 grey photo with grain is made from the example photographs. Both ways
write JPEG at quality 95 without chroma subsampling, in turn, in fresh processes (peak memory is
per process), the work timed inside; the ratio is that of the medians. --reversible: Photochrom
keeps the photo's own luma.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"

WORK = """
import json, os, resource, sys, time
photo, out, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["VIPS_CONCURRENCY"] = str(threads)
{prepare}
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"seconds": seconds, "megabytes": peak}}))
"""

COPY = WORK.format(
    prepare="import pyvips",
    work="image = pyvips.Image.new_from_file(photo, access='sequential').colourspace('srgb')\n"
    "image.write_to_file(out, Q=95, subsample_mode='off')",
)
COLOR = WORK.format(
    prepare="os.environ['OPENBLAS_NUM_THREADS'] = '1'  # as the command does\n"
    "from photochrom import Colorizer, SaveOptions, colorize_file\n"
    "colorizer = Colorizer(threads=threads)",
    work="colorize_file(photo, out, save=SaveOptions(reversible=REVERSIBLE), colorizer=colorizer)",
)


def make_photo(path: Path, width: int = 6000, height: int = 4000) -> None:
    """A grey JPEG with grain, of this size."""
    import pyvips

    files = sorted(EXAMPLES.glob("*.jpg"))
    tiles = []
    for file in files:
        image = pyvips.Image.new_from_file(str(file))
        scale = max(750 / image.width, 500 / image.height)
        tiles.append(image.resize(scale).crop(0, 0, 750, 500))
    across, down = -(-width // 750), -(-height // 500)
    count = max(64, across * down)
    mosaic = pyvips.Image.arrayjoin(
        [tiles[i % len(tiles)] for i in range(count)], across=max(8, across)
    )
    grain = pyvips.Image.gaussnoise(mosaic.width, mosaic.height, sigma=8, mean=0)
    mosaic, grain = (image.crop(0, 0, width, height) for image in (mosaic, grain))
    photo = (mosaic + grain).cast("uchar").copy(interpretation="b-w")
    photo.write_to_file(str(path), Q=93)


def measure(code: str, photo: Path, folder: Path, threads: int) -> dict[str, float]:
    out = folder / "out.jpg"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-c", code, str(photo), str(out), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--reversible", action="store_true")
    arguments = parser.parse_args()
    color = COLOR.replace("REVERSIBLE", str(arguments.reversible))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = arguments.photo or folder / "photo.jpg"
        if arguments.photo is None:
            make_photo(photo)
        rows: dict[str, list[dict[str, float]]] = {"libvips": [], "photochrom": []}
        for run in range(arguments.runs + 1):  # the first warms the disk's cache
            for way, code in (("libvips", COPY), ("photochrom", color)):
                figures = measure(code, photo, folder, arguments.threads)
                if run:
                    rows[way].append(figures)
        size = photo.stat().st_size / 1e6
    print(f"{size:.1f} MB JPEG, {arguments.threads} threads, {arguments.runs} runs each")
    medians = {}
    for way, measured in rows.items():
        medians[way] = statistics.median(f["seconds"] for f in measured)
        peak = max(f["megabytes"] for f in measured)
        print(f"{way:12s} median {medians[way]:.3f} s, peak {peak:.0f} MB")
    print(f"ratio {medians['photochrom'] / medians['libvips']:.2f}")


if __name__ == "__main__":
    main()
