from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from photochrom import Colorizer, SaveOptions, colorize_file
from photochrom.cli.main import app
from photochrom.color import metrics
from photochrom.models import known_models
from support import tiny_workshop

pytestmark = pytest.mark.workshop

MODEL = known_models()[0].name


def evaluate(*arguments: str | Path) -> Result:
    """The command in this process: a new one would import PyTorch again."""
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.fixture
def torch_threads() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small photos a, b, c, and tables about them."""
    folder = tmp_path_factory.mktemp("photos")
    for key, crop in zip("abc", tiny_workshop.color_crops(3, short=96), strict=True):
        crop.save(folder / f"{key}.png")
    (folder / "table.csv").write_text(
        "key,source,label\na,cats,281\nb,dogs,207\nc,dogs,207\n", "utf-8"
    )
    (folder / "people.csv").write_text("key,tone\nc,dark\n", "utf-8")
    return folder


@pytest.mark.usefixtures("torch_threads")
def test_everything_at_once(photos: Path, tmp_path: Path) -> None:
    theirs, copy = tmp_path / "theirs", tmp_path / "copy.onnx"
    copy.write_bytes(known_models()[0].path.read_bytes())
    theirs.mkdir()
    for key in "bc":
        with Image.open(photos / f"{key}.png") as image:
            image.convert("L").save(theirs / f"{key}.jpg")
    table, report, sheet = photos / "table.csv", tmp_path / "report", tmp_path / "sheet.png"
    done = evaluate(
        *(photos, "--threads", "1", "--json", "--tracks", "--curve"),
        *("--model", MODEL, "--model", copy, "--vividness", "0", "--vividness", "1"),
        *("--from-folder", f"theirs={theirs}", "--subset", f"people={photos / 'people.csv'}"),
        *("--manifest", table, "--where", "source!=cats", "--labels", table, "--kinds", table),
        *("--report", report, "--sheet", sheet),
    )
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    record = json.loads(done.stdout)
    assert record["photos"] == 2
    assert record["subsets"] == {"all": 2, "odd": 1, "people": 1}
    settings = [f"{model} {value}" for model in (MODEL, "copy") for value in (0, 1)]
    names = ["grey", "best constant", *settings, "theirs"]
    assert [row["name"] for row in record["rows"]] == names
    figures = {row["name"]: row["all"] for row in record["rows"]}
    assert {"accuracy_percent", "frechet", "ssim"} <= figures["copy 0"].keys()
    # one network under two names
    assert without_seconds(figures["copy 1"]) == without_seconds(figures[f"{MODEL} 1"])
    assert record["curves"].keys() == {MODEL, "copy"}
    assert record["kinds"]["dogs"]["photos"] == 2
    for name, lines in record["tracks"].items():
        assert [line["name"] for line in lines] == settings, name
        assert [line["clean"] for line in lines] == [figures[row]["ab_error"] for row in settings]
    check_report(report, record)
    check_sheet(sheet, photos)


def without_seconds(figures: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if name != "seconds"}


def check_report(report: Path, record: dict[str, object]) -> None:
    assert {file.name for file in report.iterdir()} == {
        *("figures.json", "figures.md", "report.html", "curve.png")
    }
    assert json.loads((report / "figures.json").read_text("utf-8")) == record
    assert "| grey (people) |" in (report / "figures.md").read_text("utf-8")


def check_sheet(sheet: Path, photos: Path) -> None:
    """The first photo's pictures: grey, ours at 0 and 1 and again, theirs (grey), real."""
    with Image.open(sheet) as image, Image.open(photos / "b.png") as real:
        picture = np.asarray(image.convert("RGB"))
        width = round(real.width * 160 / real.height)
        shown = np.asarray(real.convert("RGB").resize((width, 160), Image.Resampling.LANCZOS))
    cells = [picture[:160, index * width : (index + 1) * width] for index in range(7)]
    colors = [metrics.colorfulness(cell) for cell in cells]
    assert colors[0] == colors[5] == 0
    assert 0 < colors[1] == colors[3] < colors[2] == colors[4]
    assert metrics.psnr(cells[6], shown) > 40  # nothing but PNG is between them


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--where", "source=cats"], 2, "--manifest and --where go together"),
        (["--from-folder", "theirs"], 2, "--from-folder theirs: has no name; write NAME=PATH"),
        (["--subset", "a=x", "--subset", "a=y"], 2, "--subset a=y: a is named twice"),
        (["--model", "nobody"], 1, "nobody: no such model"),
        (["--model", MODEL, "--model", MODEL], 2, f"two rows would be called '{MODEL} 0.5'"),
        (
            ["--sheet", "sheet.pdf"],
            2,
            "sheet.pdf: cannot write this format; end the name in one of .jpg",
        ),
        (["--labels", "none.csv"], 1, "none.csv: not a readable table"),
        (["--report", "table.csv"], 2, "no such folder can be made"),
    ],
)
def test_usage_that_cannot_be_meant(
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(photos)
    done = evaluate(photos, *arguments)
    assert done.exit_code == code
    (line,) = done.stderr.splitlines()
    assert line.startswith("photochrom: ")
    assert words in line
    assert done.stdout == ""


@pytest.fixture(scope="module")
def results(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The photos made grey and coloured again, reversibly and as usual; by the way."""
    colorizer = Colorizer(MODEL, threads=1)
    folder = tmp_path_factory.mktemp("results")
    gray = folder / "gray.jpg"
    folders = {way: folder / way for way in ("reversible", "usual")}
    for way, results in folders.items():
        results.mkdir()
        for key in "abc":
            with Image.open(photos / f"{key}.png") as image:
                image.convert("L").save(gray, quality=95)
            save = SaveOptions(reversible=way == "reversible")
            colorize_file(gray, results / f"{key}.jpg", save=save, colorizer=colorizer)
    assert (folders["reversible"] / "a.jpg").read_bytes() != (
        folders["usual"] / "a.jpg"
    ).read_bytes()
    return folders


@pytest.mark.usefixtures("torch_threads")
def test_reversible_results_are_scored_like_any_other(
    photos: Path, results: dict[str, Path]
) -> None:
    given = [f"{way}={folder}" for way, folder in results.items()]
    options = [word for name in given for word in ("--from-folder", name)]
    done = evaluate(photos, "--threads", "1", "--json", *options)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    rows = {row["name"]: row["all"] for row in json.loads(done.stdout)["rows"]}
    reversible, usual = rows["reversible"], rows["usual"]
    assert reversible["colorfulness_ratio"] > 0.7 * usual["colorfulness_ratio"] > 0
    assert abs(reversible["ab_error"] - usual["ab_error"]) < 2
    assert abs(reversible["psnr"] - usual["psnr"]) < 1.5


def compare(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).parents[2] / "benchmarks" / "compare.py"
    command = [sys.executable, script, *arguments, "--no-pull", "--most-mb", "0"]
    return subprocess.run(command, capture_output=True, text=True)


def test_models_are_compared_on_reversible_results(
    results: dict[str, Path], tmp_path: Path
) -> None:
    """`make compare` with a folder of them as the photos: their colours are the truth."""
    report, outputs = tmp_path / "report", results["usual"].parent
    about = ("--report", report, "--limit", "2", "--outputs", outputs)
    done = compare(results["reversible"], *about)
    assert done.returncode == 0, done.stderr
    record = json.loads((report / "figures.json").read_text("utf-8"))
    rows = {row["name"]: row["all"] for row in record["rows"]}
    assert record["photos"] == 2
    assert rows[f"{MODEL} 0.5"]["ab_error"] < 0.5 * rows["grey"]["ab_error"]
    assert rows["reversible"]["ab_error"] < 0.1 < rows["usual"]["ab_error"]


def test_outputs_without_a_folder_of_a_method_are_refused(photos: Path, tmp_path: Path) -> None:
    done = compare(photos, "--report", tmp_path / "report", "--outputs", photos)
    assert done.returncode == 1
    assert done.stderr == (
        f"{photos}: holds no folder of pictures; give each method one, OUTPUTS/METHOD/\n"
    )
