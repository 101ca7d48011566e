"""The documentation: every link leads somewhere, every page is in the index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import pyvips

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {target}#{anchor}"


def test_every_page_is_in_the_index() -> None:
    index = REPOSITORY / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
    assert {page for page in PAGES if page.parent != REPOSITORY} - linked == {index}


def block_of(heading: str) -> str:
    """The indented lines of a section of the README."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def test_readmes_python_runs(tmp_path: Path) -> None:
    photo = pyvips.Image.new_from_file(str(REPOSITORY / "examples" / "cat.jpg"))
    photo.resize(2).write_to_file(str(tmp_path / "photo.tif"))
    (tmp_path / "example.py").write_text(block_of("Python"), encoding="utf-8")
    command = [sys.executable, "example.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "photo.color.tif").is_file()
    assert (tmp_path / "photo.color-2.tif").is_file()


@pytest.mark.workshop
def test_readme_trains_exports_and_colors_in_any_folder(tmp_path: Path) -> None:
    block = block_of("Training your own")
    commands = re.sub(r"\\\n", "", re.sub(r" +#.*", "", block)).splitlines()
    assert [command.split()[:2] for command in commands] == [
        ["pip", "install"],
        ["photochrom", "data"],
        ["photochrom", "train"],
        ["photochrom", "export"],
        ["photochrom", "colorize"],
    ]
    for name in ("configs", "examples"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    shutil.copy(REPOSITORY / "examples" / "cat.jpg", tmp_path / "photo.jpg")
    commands[1] = commands[1].replace("~/photos", "examples/color")
    commands[2] += " --minutes 0.1 --set loss.prior_photos=8"  # not two hours
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands[1:]:
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "photo.color.jpg").is_file()
