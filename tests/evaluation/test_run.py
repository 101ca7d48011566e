from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000

import tiny_workshop
from photochrom import metrics
from photochrom.color import lab_from_srgb
from photochrom.colorizer import Colorizer
from photochrom.errors import DataError
from photochrom.evaluation.report import markdown
from photochrom.evaluation.run import BEST_CONSTANT, evaluate_photos, read_kinds

pytestmark = pytest.mark.workshop

COLOUR = str(tiny_workshop.PHOTOS)


class Recolor:
    """Stands where a Colorizer does, and gives back pictures that are known beforehand."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self.session = SimpleNamespace(name="known")
        self.pictures = iter(pictures)
        self.seen: list[np.ndarray] = []

    def colorize(self, grey: np.ndarray, *, vividness: float, size: int | None) -> Any:
        self.seen.append(grey)
        return SimpleNamespace(rgb=next(self.pictures))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation") / "sheet.jpg"


@pytest.fixture(scope="module")
def figures(sheet: Path) -> dict[str, Any]:
    return evaluate_photos([COLOUR], Colorizer(threads=2), [0.0, 0.5, 1.0], sheet=sheet)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    files = sorted(Path(COLOUR).glob("*.jpg"))
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def row(figures: dict[str, Any], name: str, subset: str = "all") -> dict[str, float]:
    (found,) = [row for row in figures["rows"] if row["name"] == name]
    return found[subset]


def test_rows(figures, photos) -> None:
    assert figures["photos"] == len(photos) == 8
    assert figures["model"] == Colorizer().session.name
    assert [row["name"] for row in figures["rows"]] == [
        "grey",
        "best constant",
        "vividness 0",
        "vividness 0.5",
        "vividness 1",
    ]
    for found in figures["rows"]:
        for subset in ("all", "odd"):
            assert all(np.isfinite(value) for value in found[subset].values())


@pytest.mark.parametrize("subset", ["all", "odd"])
def test_grey_gains_nothing_over_grey(figures, subset: str) -> None:
    grey = row(figures, "grey", subset)
    assert grey["psnr_gain"] == 0
    assert grey["ab_gain_percent"] == 0
    assert grey["colourfulness_ratio"] == 0
    assert grey["seconds"] == 0


def test_grey_against_its_definition(figures, photos) -> None:
    errors, differences = [], []
    for photo in photos:
        lab = lab_from_srgb(photo.astype(np.float32) / 255)
        flat = lab.copy()
        flat[..., 1:] = 0
        errors.append(np.linalg.norm(lab[..., 1:], axis=-1).mean())
        differences.append(deltaE_ciede2000(lab, flat).mean())
    # the grey's lightness is rounded to eight bits
    assert row(figures, "grey")["ab_error"] == pytest.approx(np.mean(errors), abs=0.05)
    assert row(figures, "grey")["ciede2000"] == pytest.approx(np.mean(differences), abs=0.2)


def test_best_constant_against_its_definition(figures, photos) -> None:
    errors = []
    for photo in photos:
        ab = lab_from_srgb(photo.astype(np.float32) / 255)[..., 1:]
        errors.append(np.linalg.norm(ab - BEST_CONSTANT, axis=-1).mean())
    # chroma is reduced where black and white leave no room for the constant
    assert row(figures, "best constant")["ab_error"] == pytest.approx(np.mean(errors), abs=0.5)


def test_vividness_makes_photos_more_colourful(figures) -> None:
    ratios = [
        row(figures, f"vividness {value}")["colourfulness_ratio"] for value in ("0", "0.5", "1")
    ]
    assert ratios == sorted(ratios)
    assert 0.1 < ratios[0] < ratios[-1] < 2


def test_figures_are_sane(figures) -> None:
    for found in figures["rows"]:
        # real photos coloured by guessing: CIEDE2000 of 2 is barely seen, 30 is another colour
        assert 2 < found["all"]["ciede2000"] < 30
        assert 10 < found["all"]["psnr"] < 40
    assert row(figures, "vividness 0.5")["seconds"] > 0


def test_real_photos_are_perfect(photos) -> None:
    known = Recolor(photos)
    figures = evaluate_photos([COLOUR], known, [0.5])  # type: ignore[arg-type]
    for subset in ("all", "odd"):
        perfect = row(figures, "vividness 0.5", subset)
        assert perfect["psnr"] == 99  # what `metrics.psnr` says of equal images
        assert perfect["ab_error"] == 0
        assert perfect["ab_gain_percent"] == 100
        assert perfect["ciede2000"] == pytest.approx(0, abs=1e-3)
        assert perfect["colourfulness_ratio"] == 1
    for grey, photo in zip(known.seen, photos, strict=True):
        lightness = lab_from_srgb(photo.astype(np.float32) / 255)[..., 0]
        seen = lab_from_srgb(np.repeat(grey[..., None], 3, 2).astype(np.float32) / 255)[..., 0]
        # half a code is at most 0.25 L
        assert np.abs(seen - lightness).max() < 0.3


def test_means_and_odd_photos(photos) -> None:
    darker = [(photo * 0.9).astype(np.uint8) for photo in photos]
    figures = evaluate_photos([COLOUR], Recolor(darker), [0.5])  # type: ignore[arg-type]
    values = [metrics.psnr(d, photo) for d, photo in zip(darker, photos, strict=True)]
    grey = row(figures, "grey")["psnr"]
    found = row(figures, "vividness 0.5")
    # three digits are kept
    assert found["psnr"] == pytest.approx(np.mean(values), abs=1e-3)
    assert found["psnr_gain"] == pytest.approx(np.mean(values) - grey, abs=2e-3)
    odd = row(figures, "vividness 0.5", "odd")["psnr"]
    assert odd == pytest.approx(np.mean(values[1::2]), abs=1e-3)


def test_shards_and_limit(tmp_path: Path) -> None:
    crops = tiny_workshop.colour_crops(5)
    shard = tiny_workshop.write_shard(tmp_path / "val.tar", crops)
    pictures = [np.asarray(crop) for crop in crops]
    figures = evaluate_photos([str(shard)], Recolor(pictures), [1.0], limit=3)  # type: ignore[arg-type]
    assert figures["photos"] == 3
    assert row(figures, "vividness 1")["psnr"] == 99
    one = evaluate_photos([str(tmp_path)], Recolor(pictures), [1.0], limit=1)  # type: ignore[arg-type]
    assert "odd" not in one["rows"][0]
    assert len(markdown(one).splitlines()) == 4 + 3


def test_grey_photos_can_be_evaluated(tmp_path: Path) -> None:
    grey = tiny_workshop.colour_crops(1)[0].convert("L").convert("RGB")
    shard = tiny_workshop.write_shard(tmp_path / "grey.tar", [grey])
    figures = evaluate_photos([str(shard)], Recolor([np.asarray(grey)]), [0.5])  # type: ignore[arg-type]
    assert row(figures, "vividness 0.5")["psnr"] == 99


def test_no_photos(tmp_path: Path) -> None:
    shard = tiny_workshop.write_tar(tmp_path / "empty.tar", [])
    with pytest.raises(DataError, match=r"no photos in .*empty\.tar"):
        evaluate_photos([str(shard)], Recolor([]), [0.5])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"nowhere"):
        evaluate_photos([str(tmp_path / "nowhere")], Recolor([]), [0.5])  # type: ignore[arg-type]


def test_markdown_table(figures) -> None:
    lines = markdown(figures).splitlines()
    assert lines[0] == f"8 photos, model {figures['model']}"
    table = lines[2:]
    assert len(table) == 2 + 2 * len(figures["rows"])
    assert len({line.count("|") for line in table}) == 1
    cells = [cell.strip() for cell in table[2].strip("|").split("|")]
    grey = row(figures, "grey")
    assert cells[:3] == ["grey", f"{grey['psnr']:.2f}", "+0.00"]
    assert cells[5] == f"{grey['ciede2000']:.2f}"
    assert [line.split("|")[1].strip() for line in table[2:]] == [
        found["name"] + label for label in ("", " (odd)") for found in figures["rows"]
    ]


def test_contact_sheet_shows_grey_ours_and_real(figures, sheet: Path, photos) -> None:
    with Image.open(sheet) as image:
        picture = np.asarray(image.convert("RGB"))
    # the first row of photos is 160 pixels high; the first photo is grey, three times ours, real
    width = round(photos[0].shape[1] * 160 / photos[0].shape[0])
    cells = [picture[:160, index * width : (index + 1) * width] for index in range(5)]
    colours = [metrics.colourfulness(cell) for cell in cells]
    assert colours[0] < 2  # JPEG's noise
    assert min(colours[1:]) > 4
    real = np.asarray(Image.fromarray(photos[0]).resize((width, 160), Image.Resampling.LANCZOS))
    assert metrics.psnr(cells[4], real) > 28  # JPEG of quality 92, colours halved in resolution


def test_figures_by_kind(tmp_path: Path, photos) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("key,source\ncat,animals\notter,animals\nharbour,places\n", "utf-8")
    kinds = read_kinds(manifest, "source")
    assert kinds == {"cat": "animals", "otter": "animals", "harbour": "places"}
    files = sorted(Path(COLOUR).glob("*.jpg"))
    figures = evaluate_photos([COLOUR], Recolor(photos), [0.5], kinds=kinds)
    found = {kind: part["photos"] for kind, part in figures["kinds"].items()}
    assert found == {"unknown": len(files) - 3, "animals": 2, "places": 1}
    place = [file.stem for file in files].index("harbour")
    alone = evaluate_photos([str(Path(COLOUR) / "harbour.jpg")], Recolor([photos[place]]), [0.5])
    (found_grey,) = [r for r in figures["kinds"]["places"]["rows"] if r["name"] == "grey"]
    assert found_grey["ab_error"] == row(alone, "grey")["ab_error"] > 0
    assert "| animals | 2 |" in markdown(figures)


def test_a_manifest_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    with pytest.raises(DataError, match=r"manifest\.csv: not a readable manifest"):
        read_kinds(path, "source")
    path.write_text("key,licence\ncat,CC0\n", "utf-8")
    with pytest.raises(DataError, match=r"no column 'source'; it needs key and source"):
        read_kinds(path, "source")
