"""The networks of Zhang and others, rebuilt at full size, through the whole pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photochrom import Colorizer, Hint
from photochrom.cli.main import app
from photochrom.color.lab import lab_from_srgb
from photochrom.errors import ConfigError, ModelError
from photochrom.pipeline.cleaning import clean
from photochrom.workshop.evaluation.original import lab_of

pytestmark = pytest.mark.workshop
MILLIONS = {"eccv16": 32.2, "siggraph17": 34.2}
NAMES = tuple(MILLIONS)


@pytest.mark.parametrize("name", NAMES)
def test_its_size_is_that_of_the_paper(rebuilt, name):
    network = rebuilt[name].network
    count = sum(parameter.numel() for parameter in network.parameters())
    assert round(count / 1e6, 1) == MILLIONS[name]
    assert rebuilt[name].spread > 20  # a network that says nothing would prove nothing


@pytest.mark.parametrize("name", NAMES)
def test_the_pipeline_gives_the_networks_colors(rebuilt, examples, name):
    import torch

    result = Colorizer(rebuilt[name].onnx).colorize(examples / "harbour.jpg")
    assert result.ab.shape == (256, 256, 2)  # stretched to a square, as its authors do
    seen = torch.from_numpy(clean(result.lightness))[None, None]
    nothing = torch.zeros(1, 3, 256, 256)
    shown = (seen,) if name == "eccv16" else (seen, nothing[:, :2], nothing[:, 2:])
    with torch.no_grad():
        wanted = rebuilt[name].network(*shown)[0].permute(1, 2, 0).numpy()
    scale = np.abs(wanted).mean()
    assert scale > 10
    assert np.abs(result.ab - wanted).mean() < 1e-3 * scale
    with Image.open(examples / "harbour.jpg") as photo:
        assert result.rgb.shape == (photo.height, photo.width, 3)
    assert result.confidence is None


def test_hints_reach_the_network_that_takes_them(rebuilt, examples):
    photo = examples / "harbour.jpg"
    hint = Hint(100, 30, (40, 20))
    colorizer = Colorizer(rebuilt["siggraph17"].onnx)
    assert colorizer.session.contract.hints
    lab = lab_of(colorizer.colorize(photo, hints=[hint]).rgb)
    asked = lab_from_srgb(np.float32([[[0.5, 0.5, 0.5]]]))
    assert asked.shape == (1, 1, 3)
    assert np.linalg.norm(lab[30, 100, 1:] - hint.ab) < 5
    predicted = []
    session = colorizer.session
    original = session._run
    session._run = lambda outputs, feed: predicted.append(feed) or original(outputs, feed)
    colorizer.colorize(photo, hints=[hint])
    told = [feed for feed in predicted if feed["hint_mask"].any()]
    assert len(told) == 1
    where = told[0]["hint_mask"][0, 0] == 1
    assert np.allclose(told[0]["hint_ab"][0, :, where], hint.ab)


def test_a_network_without_hints_raises(rebuilt, examples):
    from photochrom.errors import HintError

    with pytest.raises(HintError, match="takes no hints"):
        Colorizer(rebuilt["eccv16"].onnx).colorize(examples / "cat.jpg", hints=[Hint(1, 1, (0, 0))])


def test_variants_need_a_distribution(rebuilt, examples):
    with pytest.raises(ModelError, match="no distribution over them"):
        Colorizer(rebuilt["eccv16"].onnx).variants(examples / "cat.jpg")


def test_vividness_is_a_gain(rebuilt, examples):
    colorizer = Colorizer(rebuilt["eccv16"].onnx)
    dull, middle, vivid = (
        colorizer.colorize(examples / "cat.jpg", vividness=v).ab for v in (0.0, 0.5, 1.0)
    )
    assert np.allclose(dull, 0.5 * middle, atol=1e-4)
    assert np.allclose(vivid, 1.5 * middle, atol=1e-4)


def test_a_blend_is_the_mean_of_both(rebuilt, examples):
    one, other = (rebuilt[name].onnx for name in NAMES)
    photo = examples / "cat.jpg"
    alone = [Colorizer(path).colorize(photo).ab for path in (one, other)]
    blend = Colorizer(f"{one}:3+{other}:1")
    assert blend.name == "eccv16:0.75+siggraph17:0.25"
    assert np.allclose(blend.colorize(photo).ab, 0.75 * alone[0] + 0.25 * alone[1], atol=1e-3)


def test_a_blend_with_the_default_keeps_the_photos_shape_confidence_and_hints(rebuilt, examples):
    blend = Colorizer(f"photochrom+{rebuilt['eccv16'].onnx}")
    result = blend.colorize(examples / "harbour.jpg", hints=[Hint(100, 30, (40, 20))])
    assert result.confidence is not None
    assert np.linalg.norm(lab_of(result.rgb)[30, 100, 1:] - (40, 20)) < 5
    with pytest.raises(ModelError, match="blend has no variants"):
        blend.variants(examples / "harbour.jpg")


def test_convert_by_command(rebuilt, tmp_path, runner):
    name = "siggraph17"
    target = tmp_path / "again.onnx"
    command = ["models", "convert", name, str(rebuilt[name].checkpoint), "-o", str(target)]
    refused = runner.invoke(app, command)
    assert refused.exit_code == 1
    assert "not the authors' file" in refused.stderr
    assert not target.exists()
    done = runner.invoke(app, [*command, "--any-weights"])
    assert done.exit_code == 0, done.output
    assert "ab against PyTorch" in done.stdout
    assert target.with_suffix(".toml").is_file()
    strange = runner.invoke(app, ["models", "convert", "photochrom", str(target)])
    assert strange.exit_code == 2
    assert "name eccv16 or siggraph17" in strange.stderr


def test_a_checkpoint_of_another_network_is_refused(rebuilt, tmp_path):
    from photochrom.workshop.published.exporting import export_published

    with pytest.raises(ModelError, match="not a checkpoint of siggraph17"):
        export_published(
            "siggraph17", rebuilt["eccv16"].checkpoint, tmp_path / "x.onnx", any_weights=True
        )
    (tmp_path / "no.pth").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="not a checkpoint"):
        export_published("eccv16", tmp_path / "no.pth", tmp_path / "x.onnx", any_weights=True)
    assert not (tmp_path / "x.onnx").exists()


def test_a_size_that_it_does_not_take(rebuilt, examples):
    with pytest.raises(ConfigError, match="must lie in"):
        Colorizer(rebuilt["eccv16"].onnx).colorize(examples / "cat.jpg", size=4096)


def test_in_a_batch_and_an_evaluation(rebuilt, examples, tmp_path, runner):
    source = tmp_path / "in"
    source.mkdir()
    for name in ("cat", "harbour"):
        (source / f"{name}.jpg").write_bytes((examples / f"{name}.jpg").read_bytes())
    model = f"{rebuilt['eccv16'].onnx}"
    done = runner.invoke(
        app,
        [
            "colorize",
            str(source),
            "-o",
            str(tmp_path / "out"),
            "-r",
            "--model",
            model,
            "--jobs",
            "1",
        ],
    )
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out").glob("*.color.jpg"))) == 2
    scored = runner.invoke(
        app, ["evaluate", str(examples / "color"), "--model", model, "--limit", "2", "--json"]
    )
    assert scored.exit_code == 0, scored.output
    assert "eccv16 0.5" in scored.stdout
