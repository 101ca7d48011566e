"""Lay the documentation out for the site: pages and what they link to, in a folder of their own.

The tree stays as it is in the repository, so that links between pages need no change; links to
files that are no part of the documentation (code, configurations) lead to copies.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "out" / "docs"
CONFIGURATION = REPOSITORY / "docs" / "zensical.toml"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def pages() -> list[Path]:
    """Every page of the documentation, those at the repository's root among them."""
    return sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])


def linked(page: Path) -> set[Path]:
    """The files of the repository that a page links to or shows."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    local = [target for target in targets if ":" not in target]
    return {path for target in local if (path := (page.parent / target).resolve()).is_file()}


def main() -> None:
    """Entry point of `python -m tools.site`."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    files = set(pages())
    while more := {path for page in files if page.suffix == ".md" for path in linked(page)} - files:
        files |= more
    for file in files:
        copy = SOURCE / "pages" / file.relative_to(REPOSITORY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    shutil.copyfile(CONFIGURATION, SOURCE / CONFIGURATION.name)
    print(f"{SOURCE}: {len(files)} files")


if __name__ == "__main__":
    main()
