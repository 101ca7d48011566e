"""Folders of small grey photos, and jobs on them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "cat.jpg"
SMALL = ("--size", "64")
"""Options with which a photo takes the network a moment."""


def save_gray_photos(folder: Path, *names: str, size: tuple[int, int] = (150, 100)) -> Path:
    """Save the same small grey photo under each of the names; returns the folder."""
    with Image.open(EXAMPLE) as photo:
        small = photo.resize(size)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        small.save(path)
    return folder


def files_in(folder: Path) -> list[str]:
    """Relative paths of all files below a folder, hidden ones too."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture that can be decoded whole."""
    with Image.open(path) as picture:
        picture.load()
        return picture.size
