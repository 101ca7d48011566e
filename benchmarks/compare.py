"""All models that fit, on your photos, in one report: `make compare PHOTOS=FOLDER`.

    python benchmarks/compare.py PHOTOS... --report FOLDER [--most-mb 300] [--model FILE ...]
        [--outputs FOLDER] [--no-pull] [--limit N]

PHOTOS: shards or folders of colour photos. Published models of at most so many megabytes are pulled
first (`photochrom models pull`), after their licences are shown; one that cannot be downloaded is
reported and left out. --model: further files; --no-pull: only what is here. --outputs: a folder
that holds a folder of pictures for each method that others ran, named as the photos are. The rest
is `photochrom evaluate`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from photochrom.errors import ModelError
from photochrom.models import coloring_models, verify

COMMAND = [sys.executable, "-m", "photochrom"]


def folders_in(outputs: Path) -> list[Path]:
    """The methods' folders, by name; ends the script where there is none."""
    found = sorted(path for path in outputs.glob("[!.]*") if path.is_dir())
    if not found:
        sys.exit(f"{outputs}: holds no folder of pictures; give each method one, OUTPUTS/METHOD/")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--report", required=True)
    parser.add_argument("--most-mb", type=float, default=300)
    parser.add_argument("--model", nargs="+", default=[])
    parser.add_argument("--outputs", type=Path)
    parser.add_argument("--no-pull", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--yes", action="store_true", help="agree to every licence unasked")
    arguments = parser.parse_args()
    methods = folders_in(arguments.outputs) if arguments.outputs else []
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
    options += [word for folder in methods for word in ("--from-folder", f"{folder.name}={folder}")]
    if arguments.limit:
        options += ["--limit", str(arguments.limit)]
    command = [*COMMAND, "evaluate", *arguments.photos, *options, "--report", arguments.report]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
