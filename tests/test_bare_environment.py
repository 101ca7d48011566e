"""The runtime in a fresh environment that has none of the workshop's packages."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WORKSHOP = ("torch", "timm", "PIL", "skimage")
LARGEST_MEGABYTES = 253


def call(*command, **options):
    command = [str(part) for part in command]
    return subprocess.run(command, capture_output=True, timeout=600, check=False, **options)


@pytest.fixture(scope="module")
def programs(repository, tmp_path_factory):
    """The folder of programs of a fresh environment that holds Photochrom alone."""
    home = tmp_path_factory.mktemp("bare") / "venv"
    made = call(sys.executable, "-m", "venv", home)
    assert made.returncode == 0, made.stderr.decode()
    folder = home / ("Scripts" if sys.platform == "win32" else "bin")
    installed = call(folder / "python", "-m", "pip", "install", "--quiet", repository)
    assert installed.returncode == 0, installed.stderr.decode()
    return folder


def test_the_workshop_is_absent(programs):
    for package in WORKSHOP:
        done = call(programs / "python", "-c", f"import {package}")
        assert f"No module named '{package}'" in done.stderr.decode()


def test_a_photo_is_colored(programs, examples, colorizer, tmp_path):
    import numpy as np
    from PIL import Image

    target = tmp_path / "cat.png"
    done = call(programs / "photochrom", "colorize", examples / "cat.jpg", "-o", target)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(target) as image:
        found = np.asarray(image).astype(int)
    wanted = colorizer.colorize(examples / "cat.jpg").rgb
    # Another release of a library may round otherwise, but the colours are the same.
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 1


def test_training_names_the_install_command(programs, tmp_path):
    (tmp_path / "x.toml").write_text("")
    done = call(programs / "photochrom", "train", "x.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().count("\n") == 1
    assert "pip install 'photochrom[train]'" in done.stderr.decode()


def test_the_page_names_the_install_command(programs):
    done = call(programs / "photochrom", "app", "--no-browser")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().count("\n") == 1
    assert "pip install 'photochrom[app]'" in done.stderr.decode()


def test_the_environment_is_small(programs):
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(call(programs / "python", "-c", code).stdout.decode().strip())
    installers = ("pip", "setuptools")
    size = sum(
        path.lstat().st_size
        for path in packages.rglob("*")
        if path.is_file() and not path.relative_to(packages).parts[0].startswith(installers)
    )
    assert 20e6 < size <= LARGEST_MEGABYTES * 1e6
