"""A model against its int8 twin, in turn, in one run: size and time.

    python benchmarks/quantized.py MODEL TWIN [--size 256] [--runs 40]

Times are of one thread and of its processor time, which other programs on the machine disturb less
than the clock's. The ratio is the median over rounds, behind it the quartiles; in a round both run
once.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from photochrom.models import locate
from photochrom.models.session import Session

WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("twin")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--runs", type=int, default=40)
    arguments = parser.parse_args()
    model, twin = (locate(name)[1] for name in (arguments.model, arguments.twin))
    sessions = {"model": Session(model, 1), "twin, int8": Session(twin, 1)}
    side = arguments.size
    lightness = np.random.default_rng(0).uniform(0, 100, (side, side)).astype(np.float32)
    decoding = sessions["model"].contract.dial.at(0.5)
    rounds = []
    for _ in range(WARM_UP + arguments.runs):
        times = []
        for session in sessions.values():
            started = time.thread_time()
            session.predict(lightness, decoding)
            times.append(time.thread_time() - started)
        rounds.append(times)
    table = np.array(rounds[WARM_UP:])
    print(f"{side} x {side}, one thread, {arguments.runs} rounds")
    for own, name in enumerate(sessions):
        line = f"{name:24s} median {1000 * np.median(table[:, own]):6.1f} ms"
        if own:
            low, ratio, high = np.quantile(table[:, own] / table[:, 0], (0.25, 0.5, 0.75))
            line += f"; {ratio:.3f} ({low:.3f}..{high:.3f}) of the model"
        print(line)
    before, after = model.stat().st_size, twin.stat().st_size
    print(f"bytes: model {before}, twin {after} ({after / before:.2f})")


if __name__ == "__main__":
    main()
