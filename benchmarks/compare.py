"""All models that fit, on your photos, in one report: `make compare PHOTOS=FOLDER`.

    python benchmarks/compare.py PHOTOS... --report FOLDER [--most-mb 300] [--model FILE ...]
        [--no-pull] [--limit N]

PHOTOS: shards or folders of colour photos. Published models of at most so many megabytes are pulled
first (`photochrom models pull`), after their licences are shown; one that cannot be downloaded is
reported and left out. --model: further files; --no-pull: only what is here. The rest is `photochrom
evaluate`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from photochrom.errors import ModelError
from photochrom.models import coloring_models, verify

COMMAND = [sys.executable, "-m", "photochrom"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--report", required=True)
    parser.add_argument("--most-mb", type=float, default=300)
    parser.add_argument("--model", nargs="+", default=[])
    parser.add_argument("--no-pull", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--yes", action="store_true", help="agree to every licence unasked")
    arguments = parser.parse_args()
    chosen = []
    for model in coloring_models():
        if not model.present and not arguments.no_pull and model.bytes <= 1e6 * arguments.most_mb:
            pull = [*COMMAND, "models", "pull", model.name, *(["--yes"] if arguments.yes else [])]
            if subprocess.run(pull, check=False).returncode:
                continue
        try:
            verify(model)
        except ModelError as error:
            print(error, file=sys.stderr)
        else:
            chosen.append(model.name)
    options = [word for name in (*chosen, *arguments.model) for word in ("--model", name)]
    if arguments.limit:
        options += ["--limit", str(arguments.limit)]
    command = [*COMMAND, "evaluate", *arguments.photos, *options, "--report", arguments.report]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
