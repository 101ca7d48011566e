"""Other people's models in our pixel path: does anything but their network cost more?

    python benchmarks/models.py MODEL... [--megapixels 2 24] [--runs 5] [--threads 2]

MODEL: names or .onnx files, compared with the default; networks rebuilt with random weights do
(`tests/models/conftest.py`). Three questions, timed in turn within one process:

- the pixel path, all that `colorize` and `save` do but the network: as a share of ours;
- `Session.predict` against ONNX Runtime called directly with the same arrays and threads;
- `Result.adjusted`, and the small copy in its new colours, which a preview shows.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.color.lab import srgb_from_lab
from photochrom.colorizer import Colorizer
from photochrom.models.session import Session
from pixel_path import make


class Timed:
    """A model whose network's share of the time is known."""

    def __init__(self, model: str | None, threads: int) -> None:
        self.colorizer = Colorizer(model, threads=threads)
        self.network = 0.0
        session: Any = self.colorizer.session
        predict = session.predict

        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            predicted = predict(*arguments)
            self.network += time.perf_counter() - started
            return predicted

        session.predict = timed

    def pixel_path(self, photo: Path, out: Path) -> float:
        self.network = 0.0
        started = time.perf_counter()
        self.colorizer.colorize(photo).save(out, overwrite=True)
        return time.perf_counter() - started - self.network


def direct(session: Session, runs: int) -> float:
    """How much longer `predict` takes than ONNX Runtime alone, a factor."""
    rule = session.contract.size_rule
    height, width = rule.input_size(*rule.copy_size(600, 900))
    lightness = np.random.default_rng(0).uniform(0, 100, (height, width)).astype(np.float32)
    decoding = session.contract.dial.at(0.5)
    feed = {session.contract.inputs[role]: np.ascontiguousarray(value, np.float32)
            for role, value in session._feed(lightness, decoding, None, None).items()}  # fmt: skip
    names = [session.contract.outputs[role] for role in ("ab", "entropy")
             if role in session.contract.outputs]  # fmt: skip
    ours, theirs = [], []
    for _ in range(3 * runs):
        started = time.perf_counter()
        session.predict(lightness, decoding)
        middle = time.perf_counter()
        session._session.run(names, feed)
        ours.append(middle - started)
        theirs.append(time.perf_counter() - middle)
    return statistics.median(ours) / statistics.median(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[2, 24])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["VIPS_CONCURRENCY"] = str(arguments.threads)
    timed = [Timed(model, arguments.threads) for model in (None, *arguments.models)]
    print("| megapixels | model | pixel path s | of ours |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in arguments.megapixels:
            photo = make(megapixels, Path(folder))
            out = photo.with_name("out.jpg")
            seconds: list[list[float]] = [[] for _ in timed]
            for run in range(arguments.runs + 1):  # the first is for the caches
                for model, times in zip(timed, seconds, strict=True):
                    took = model.pixel_path(photo, out)
                    if run:
                        times.append(took)
            ours = statistics.median(seconds[0])
            for model, times in zip(timed, seconds, strict=True):
                median = statistics.median(times)
                name = model.colorizer.name
                print(f"| {megapixels:g} | {name} | {median:.3f} | {median / ours:.2f} |")
        result = timed[0].colorizer.colorize(photo)
        spent = []
        for step in range(20):
            started = time.perf_counter()
            changed = result.adjusted(saturation=1 + step / 100)
            srgb_from_lab(np.concatenate([changed.lightness[..., None], changed.ab], axis=2))
            spent.append(time.perf_counter() - started)
    print(f"saturation, and the small copy in colour: {1e3 * statistics.median(spent):.1f} ms")
    for model in timed:
        factor = direct(model.colorizer.session, arguments.runs)
        print(f"{model.colorizer.name}: predict takes {factor:.3f} of ONNX Runtime's own time")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"all models together: at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
