"""Files that nobody registered: recognised, described, or refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import convolution, ddcolor_like, deoldify_like, light_to_ab, save

from photochrom import Colorizer
from photochrom.cleaning import clean
from photochrom.cli.main import app
from photochrom.color import lab_from_srgb, luminance_from_lightness, srgb_from_linear
from photochrom.errors import ConfigError, ModelError
from photochrom.session import Session

pytestmark = pytest.mark.workshop
onnx = pytest.importorskip("onnx")


def code_of(lightness):
    return srgb_from_linear(luminance_from_lightness(clean(lightness)))


def ddcolor_ab(lightness):
    code = code_of(lightness)
    return np.stack([20 * code, 30 * code], axis=-1)


def deoldify_ab(lightness):
    rgb = code_of(lightness)[..., None] * np.float32([1, 0.8, 0.6])
    return lab_from_srgb(rgb)[..., 1:]


@pytest.mark.parametrize("opset", [11, 13, 17, 18, 21, 22])
def test_ddcolor_by_its_names_in_any_opset(tmp_path, examples, opset):
    path = ddcolor_like(tmp_path / "dd.onnx", opset=opset)
    result = Colorizer(path).colorize(examples / "harbour.jpg")
    assert result.model == "dd"
    assert result.ab.shape[:2] == (256, 544)  # the photo's shape, in steps of 32
    assert np.abs(result.ab - ddcolor_ab(result.lightness)).max() < 1e-3


@pytest.mark.parametrize("sides", [(256, 256), (192, 320)])
def test_a_fixed_size_gets_the_photo_undistorted_and_without_margins(tmp_path, examples, sides):
    path = ddcolor_like(tmp_path / "dd.onnx", sides)
    colorizer = Colorizer(path)
    result = colorizer.colorize(examples / "harbour.jpg")
    height, width = result.photo.upright_size
    rows, columns = result.ab.shape[:2]
    assert rows <= sides[0]
    assert columns <= sides[1]
    assert max(rows / sides[0], columns / sides[1]) > 0.95
    assert columns / rows == pytest.approx(width / height, rel=0.05)
    assert np.abs(result.ab - ddcolor_ab(result.lightness)).max() < 1e-3
    with pytest.raises(ConfigError, match=f"{sides[0]} x {sides[1]} only"):
        colorizer.colorize(examples / "harbour.jpg", size=512)


def test_rgb_counts_by_its_ab(tmp_path, examples, lab_of):
    result = Colorizer(deoldify_like(tmp_path / "do.onnx")).colorize(examples / "cat.jpg")
    assert np.abs(result.ab - deoldify_ab(result.lightness)).max() < 1e-3
    grey = lab_of(np.asarray(Colorizer().colorize(examples / "cat.jpg").rgb))[..., 0]
    assert np.abs(lab_of(result.rgb)[..., 0] - grey).mean() < 0.2  # the photo's own lightness


def test_codes_of_255_in_and_out(tmp_path, examples):
    path = deoldify_like(tmp_path / "do.onnx", name="input", out="output")
    with pytest.raises(ModelError, match="--model-kind") as caught:
        Colorizer(path)
    assert "input (1x3x?x?, float)" in str(caught.value)
    assert "\n" not in str(caught.value)
    result = Colorizer(path, kind="gray255-rgb").colorize(examples / "cat.jpg")
    assert np.abs(result.ab - deoldify_ab(result.lightness)).max() < 1e-2


def test_bytes_leave_no_doubt(tmp_path, examples):
    cast = onnx.helper.make_node("Cast", ["x"], ["f"], to=onnx.TensorProto.FLOAT)
    node = onnx.helper.make_node("Conv", ["f", "w"], ["y"])
    path = save(
        tmp_path / "bytes.onnx",
        [("x", (1, 3, "h", "w"))],
        [("y", (1, 2, "h", "w"))],
        [cast, node],
        [convolution(3, 2, scale=0.05)],
        kind=onnx.TensorProto.UINT8,
        kind_out=onnx.TensorProto.FLOAT,
    )
    session = Session(path)
    assert session.contract.white == 255
    assert Colorizer(path).colorize(examples / "cat.jpg").ab.std() > 1


def test_halves_and_external_data(tmp_path, examples):
    half = ddcolor_like(tmp_path / "half.onnx", kind=onnx.TensorProto.FLOAT16)
    result = Colorizer(half).colorize(examples / "cat.jpg")
    assert np.abs(result.ab - ddcolor_ab(result.lightness)).max() < 0.05  # of 10 bits
    outside = ddcolor_like(tmp_path / "outside.onnx", external=True)
    assert (tmp_path / "data.bin").is_file()
    result = Colorizer(outside).colorize(examples / "cat.jpg")
    assert np.abs(result.ab - ddcolor_ab(result.lightness)).max() < 1e-3


def test_a_toml_file_beside_it_settles_everything(tmp_path, examples):
    path = light_to_ab(tmp_path / "mine.onnx", name="data")
    with pytest.raises(ModelError, match="could be several things"):
        Colorizer(path)
    (tmp_path / "mine.toml").write_text(
        'name = "my model"\n[contract]\ninputs = {light = "data"}\noutputs = {ab = "ab"}\n'
        'black = -1\nwhite = 1\nab_unit = 10\nfit = "square"\nusual = 128\nmultiple = 16\n'
    )
    result = Colorizer(path).colorize(examples / "cat.jpg")
    assert result.model == "my model"
    assert result.ab.shape == (128, 128, 2)
    shown = clean(result.lightness) / 50 - 1
    wanted = 10 * np.stack([shown / 4, shown / 2], axis=-1)
    assert np.abs(result.ab - wanted).max() < 1e-3


WRONG = {
    "": "has no \\[contract\\]",
    "x = [": "not valid TOML",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nsized = 3": "unknown key 'sized'",
    "[contract]\noutputs = {ab = 'ab'}": "inputs must say",
    "[contract]\ninputs = {L = 'L'}\noutputs = {ab = 'ab'}": "inputs has 'L'",
    "[contract]\ninputs = {light = 'L', gray = 'g'}\noutputs = {ab = 'ab'}": "either light",
    "[contract]\ninputs = {light = 'L'}\noutputs = {entropy = 'ab'}": "either ab or rgb",
    "[contract]\ninputs = {light = 'L', hint_ab = 'h'}\noutputs = {ab = 'ab'}": "belong together",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nfit = 'best'": "fit is 'best'",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nwhite = 'x'": "must be a number",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nusual = 0": "whole number",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nfixed = [3]": "height, width",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nwhite = 0": "both 0",
    "[contract]\ninputs = {light = 'x'}\noutputs = {ab = 'ab'}": "not the model that",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_description_is_one_line(tmp_path, text):
    path = light_to_ab(tmp_path / "mine.onnx")
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ModelError, match=WRONG[text]) as caught:
        Session(path)
    assert "\n" not in str(caught.value)
    assert "mine" in str(caught.value)


def test_an_answer_of_another_shape_is_told(tmp_path, examples):
    node = onnx.helper.make_node("Conv", ["L", "w"], ["ab"], strides=[3, 3])
    path = save(
        tmp_path / "third.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "a", "b"))],
        [node],
        [convolution(1, 2)],
    )
    with pytest.raises(ModelError, match="answers 1x2x86x182 to a picture of 256x544") as caught:
        Colorizer(path).colorize(examples / "harbour.jpg")
    assert "\n" not in str(caught.value)


def test_a_size_that_the_graph_refuses_is_told(tmp_path, examples):
    """It says that it takes any sides, and does not."""
    shape = onnx.numpy_helper.from_array(np.int64([1, 1, 100, 100]), "s")
    nodes = [
        onnx.helper.make_node("Reshape", ["L", "s"], ["r"]),
        onnx.helper.make_node("Conv", ["r", "w"], ["ab"]),
    ]
    path = save(
        tmp_path / "hundred.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "a", "b"))],
        nodes,
        [shape, convolution(1, 2)],
    )
    with pytest.raises(ModelError, match="failed on L \\(1, 1, 256, 544\\)") as caught:
        Colorizer(path).colorize(examples / "harbour.jpg")
    assert "\n" not in str(caught.value)


def test_no_numbers_are_told(tmp_path, examples):
    weights = onnx.numpy_helper.from_array(np.full((2, 1, 1, 1), np.nan, np.float32), "w")
    node = onnx.helper.make_node("Conv", ["L", "w"], ["ab"])
    path = save(
        tmp_path / "nan.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "h", "w"))],
        [node],
        [weights],
    )
    with pytest.raises(ModelError, match="no number"):
        Colorizer(path).colorize(examples / "harbour.jpg")


def test_a_file_that_is_no_model(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"\x08\x01nothing")
    with pytest.raises(ModelError, match="not a model that can be loaded") as caught:
        Session(tmp_path / "x.onnx")
    assert "\n" not in str(caught.value)


def test_kinds_by_command(tmp_path, examples, runner):
    path = ddcolor_like(tmp_path / "dd.onnx", name="input", out="output")
    command = ["colorize", str(examples / "cat.jpg"), "-o", str(tmp_path / "c.jpg"), "--model"]
    refused = runner.invoke(app, [*command, str(path)])
    assert refused.exit_code == 1
    assert "--model-kind" in refused.stderr
    unknown = runner.invoke(app, [*command, str(path), "--model-kind", "grey-ab"])
    assert "must be one of" in unknown.stderr
    done = runner.invoke(app, [*command, str(path), "--model-kind", "gray-ab"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "c.jpg").is_file()
