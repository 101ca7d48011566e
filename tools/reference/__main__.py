"""Write the references, or with --check say which are out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.reference.cli import cli_page
from tools.reference.http import http_page
from tools.reference.python_api import python_page
from tools.reference.training import training_page

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/cli.md": cli_page,
    "docs/reference/http.md": http_page,
    "docs/reference/python.md": python_page,
    "docs/reference/training.md": training_page,
}


def main() -> None:
    """Entry point of `python -m tools.reference`."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing; exit with 1 if stale.")
    check = parser.parse_args().check
    stale = []
    for name, make in PAGES.items():
        path, text = REPOSITORY / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'out of date; run make reference' if check else 'written'}")
    sys.exit(bool(check and stale))


if __name__ == "__main__":
    main()
