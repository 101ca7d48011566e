from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb
from photochrom.color.metrics import colorfulness
from photochrom.errors import DataError
from photochrom.workshop.data.stats import in_gamut, measure
from photochrom.workshop.data.stats_plot import save_plot
from support import photo_files, tiny_workshop

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos of one source, and two that state none."""
    crops = photo_files.color_photos(8)
    members = []
    for index, crop in enumerate(crops):
        members.append((f"k{index}.webp", tiny_workshop.encode(crop)))
        if index < 6:
            members.append((f"k{index}.json", b'{"source": "examples", "terms": "free"}'))
    return tiny_workshop.write_tar(tmp_path_factory.mktemp("stats") / "s.tar", members)


def test_figures_are_those_of_the_photos(shard: Path) -> None:
    crops = photo_files.color_photos(8)
    figures = measure([str(shard)])
    assert figures.width.tolist() == [crop.width for crop in crops]
    assert figures.height.tolist() == [crop.height for crop in crops]
    expected = [colorfulness(np.asarray(crop)) for crop in crops]
    assert figures.colorfulness == pytest.approx(expected, rel=1e-6)
    for crop, chroma in zip(crops, figures.chroma, strict=True):
        ab = lab_from_srgb(np.asarray(crop, np.float32) / 255)[..., 1:]
        # Every ninth pixel is looked at.
        assert chroma == pytest.approx(float(np.linalg.norm(ab, axis=-1).mean()), rel=0.03)
    assert figures.sources == {"examples": 6, "(not stated)": 2}
    assert figures.terms == {"free": 6, "(not stated)": 2}
    assert figures.unreadable == 0


def test_histogram_of_a_known_color(tmp_path: Path) -> None:
    """sRGB (200, 60, 60) is Lab (46.8, 55.1, 32.3), by skimage.color.rgb2lab: cell (55, 30)."""
    picture = Image.new("RGB", (100, 100), (200, 60, 60))
    picture.paste((128, 128, 128), (0, 0, 100, 50))
    picture.save(tmp_path / "half.png")
    summary = measure([str(tmp_path)]).summary()
    assert sorted(summary["ab"]) == [[0, 0, pytest.approx(0.5)], [55, 30, pytest.approx(0.5)]]
    assert summary["mean_chroma"] == pytest.approx(np.hypot(55.1, 32.3) / 2, abs=0.05)


def test_summary_is_json_and_adds_up(shard: Path) -> None:
    summary = json.loads(json.dumps(measure([str(shard)], jobs=2).summary()))
    assert summary["photos"] == 8
    assert sum(share for _, _, share in summary["ab"]) == pytest.approx(1)
    assert sum(summary["sources"].values()) == pytest.approx(1)
    spread = summary["colorfulness"]
    assert list(spread) == ["p0", "p5", "p25", "p50", "p75", "p95", "p100"]
    assert sorted(spread.values()) == list(spread.values())
    assert 0 < summary["bins_used"] < 1


def test_no_color_falls_outside_the_gamut_cells(shard: Path) -> None:
    figures = measure([str(shard)])
    assert figures.cells[~in_gamut()].sum() < 1e-3


def test_damaged_photos_are_counted(tmp_path: Path) -> None:
    photo_files.write_jpegs(tmp_path, photo_files.color_photos(2))
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    figures = measure([str(tmp_path)])
    assert (len(figures.width), figures.unreadable) == (2, 2)


def test_nothing_to_measure(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"no readable photos there"):
        measure([str(tmp_path)])


def test_plot(tmp_path: Path, shard: Path) -> None:
    figures = measure([str(shard)])
    save_plot(figures, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape == (990, 1320, 3)
    for quarter in (pixels[:495, :660], pixels[:495, 660:], pixels[495:, :660], pixels[495:, 660:]):
        assert (quarter < 200).any(axis=2).mean() > 0.02  # something is drawn in each
    with pytest.raises(DataError, match=r"plot\.photo: cannot be written"):
        save_plot(figures, tmp_path / "plot.photo")
    with pytest.raises(DataError, match=r"cannot be written"):
        save_plot(figures, tmp_path / "nowhere" / "plot.png")
