"""The examples in docs/server.md, executed as they stand, at another address."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def examples_of(repository: Path, served, tmp_path: Path):
    """The blocks of a language, with this server's address; run in a folder with the photos."""
    (tmp_path / "examples").symlink_to(repository / "examples")
    text = (repository / "docs" / "server.md").read_text(encoding="utf-8")

    def blocks(language: str) -> list[str]:
        found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        asking = [block for block in found if f"{ADDRESS}/api" in block]
        assert asking, language
        return [block.replace(ADDRESS, f"http://127.0.0.1:{served.port}") for block in asking]

    return blocks


def is_colored(path: Path, size: tuple[int, int]) -> bool:
    with Image.open(path) as image:
        red, _, blue = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
        return image.size == size and abs(red - blue) > 3


def test_curl(examples_of, tmp_path: Path) -> None:
    [command] = examples_of("sh")
    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True, timeout=60)
    assert is_colored(tmp_path / "cat.color.jpg", (451, 300))


def test_python(examples_of, tmp_path: Path) -> None:
    for program in examples_of("python"):
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    assert is_colored(tmp_path / "cat.color.png", (451, 300))
    assert is_colored(tmp_path / "harbour.color.jpg", (1024, 477))
