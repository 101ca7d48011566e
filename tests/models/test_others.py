"""Files outside the catalogue: recognized, described, or refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom import Colorizer
from photochrom.cli.main import app
from photochrom.color.lab import lab_from_srgb, luminance_from_lightness, srgb_from_linear
from photochrom.errors import ConfigError, ModelError
from photochrom.models.session import Session
from photochrom.pipeline.cleaning import clean
from support.graphs import convolution, ddcolor_like, deoldify_like, light_to_ab, save

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
    with pytest.raises(ConfigError, match=rf"must be {min(sides)} \({sides[0]} x {sides[1]}\)"):
        colorizer.colorize(examples / "harbour.jpg", size=512)


def test_rgb_counts_by_its_ab(tmp_path, examples, lab_of):
    result = Colorizer(deoldify_like(tmp_path / "do.onnx")).colorize(examples / "cat.jpg")
    assert np.abs(result.ab - deoldify_ab(result.lightness)).max() < 1e-3
    gray = lab_of(np.asarray(Colorizer().colorize(examples / "cat.jpg").rgb))[..., 0]
    assert np.abs(lab_of(result.rgb)[..., 0] - gray).mean() < 0.2  # the photo's own lightness


def test_codes_of_255_in_and_out(tmp_path, examples):
    path = deoldify_like(tmp_path / "do.onnx", name="input", out="output")
    with pytest.raises(ModelError, match="set kind to") as caught:
        Colorizer(path)
    assert "input (1x3x?x?, float)" in str(caught.value)
    assert "\n" not in str(caught.value)
    result = Colorizer(path, kind="gray255-rgb").colorize(examples / "cat.jpg")
    assert np.abs(result.ab - deoldify_ab(result.lightness)).max() < 1e-2


def of_bytes(path):
    """Bytes of three channels to ab."""
    cast = onnx.helper.make_node("Cast", ["x"], ["f"], to=onnx.TensorProto.FLOAT)
    node = onnx.helper.make_node("Conv", ["f", "w"], ["y"])
    return save(
        path,
        [("x", (1, 3, "h", "w"))],
        [("y", (1, 2, "h", "w"))],
        [cast, node],
        [convolution(3, 2, scale=0.05)],
        kind=onnx.TensorProto.UINT8,
        kind_out=onnx.TensorProto.FLOAT,
    )


def test_bytes_leave_no_doubt(tmp_path, examples):
    path = of_bytes(tmp_path / "bytes.onnx")
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


def test_whole_numbers_inside(tmp_path, examples):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = ddcolor_like(tmp_path / "floats.onnx")
    quantize_dynamic(path, tmp_path / "int8.onnx", weight_type=QuantType.QUInt8)
    inside = {node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node}
    assert "ConvInteger" in inside
    result = Colorizer(tmp_path / "int8.onnx").colorize(examples / "cat.jpg")
    assert np.abs(result.ab - ddcolor_ab(result.lightness)).max() < 1  # of some 250 steps


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
    "x = [": "not valid TOML",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nsized = 3": "unknown key 'sized'",
    "[contract]\noutputs = {ab = 'ab'}": "inputs must give tensor names",
    "[contract]\ninputs = {L = 'L'}\noutputs = {ab = 'ab'}": "inputs has 'L'",
    "[contract]\ninputs = {light = 'L', gray = 'g'}\noutputs = {ab = 'ab'}": "either light",
    "[contract]\ninputs = {light = 'L'}\noutputs = {entropy = 'ab'}": "outputs has 'entropy'",
    "[contract]\ninputs = {light = 'L', hint_ab = 'h'}\noutputs = {ab = 'ab'}": "belong together",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nfit = 'best'": "fit is 'best'",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nwhite = 'x'": "must be a number",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nusual = 0": "whole number",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nfixed = [3]": "height, width",
    "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\nwhite = 0": "must differ",
    "[contract]\ninputs = {light = 'x'}\noutputs = {ab = 'ab'}": "not the model that",
}


TABLE = "[contract]\ninputs = {light = 'L'}\noutputs = {ab = 'ab'}\n"
WRONG |= {
    "contract = 3": "must be a table",
    f"{TABLE}dial = 3": "must be a list of stops",
    f"{TABLE}dial = []": "must be a list of stops",
    f"{TABLE}dial = [[1]]": r"a stop is \[gamma",
    f"{TABLE}dial = [['a', 1, 1]]": "gamma is 'a'",
    f"{TABLE}dial = [[0, 1, nan]]": "gain is nan",
    f"{TABLE}dial = [[0, 0, 1]]": "the others above 0",
    f"{TABLE}dial = [[0, 1, 1, -0.1]]": "chroma power is at least 0",
    f"{TABLE}dial = [[0, 1, 1, 0.5]]": "a chroma power, which the network does not take",
    f"{TABLE}dial = [[0, 1, 1, 0, 0]]": "a fourth number is its chroma power",
    f"{TABLE}white = {'9' * 400}": "must be a number",
    f"{TABLE}white = inf": "must be a number",
    f"{TABLE}ab_unit = 0": "must not be 0",
    f"{TABLE}multiple = 20000": r"1\.\.8192",
    f"{TABLE}fixed = [30000, 30000]": r"1\.\.8192",
    f"{TABLE}smallest = 300": "usual is 256, but must lie in 300",
    f"name = ['x']\n{TABLE}": "name is .*line of text",
    f"fixd = 3\n{TABLE}": "unknown key 'fixd'",
    "[contract]\ninputs = {light = 'L', hint_ab = 'L', hint_mask = 'm'}\noutputs = {ab = 'ab'}":
        "names one tensor twice",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_description_is_one_line(tmp_path, text):
    path = light_to_ab(tmp_path / "mine.onnx")
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ModelError, match=WRONG[text]) as caught:
        Session(path)
    assert "\n" not in str(caught.value)
    assert "mine" in str(caught.value)


def test_an_output_of_another_shape_is_an_error(tmp_path, examples):
    node = onnx.helper.make_node("Conv", ["L", "w"], ["ab"], strides=[3, 3])
    path = save(
        tmp_path / "third.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "a", "b"))],
        [node],
        [convolution(1, 2)],
    )
    with pytest.raises(ModelError, match="returns 1x2x86x182 for a picture of 256x544") as caught:
        Colorizer(path).colorize(examples / "harbour.jpg")
    assert "\n" not in str(caught.value)


def test_a_size_that_the_graph_refuses_is_an_error(tmp_path, examples):
    """Its inputs allow any sides, but its nodes do not."""
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


def test_nan_is_an_error(tmp_path, examples):
    weights = onnx.numpy_helper.from_array(np.full((2, 1, 1, 1), np.nan, np.float32), "w")
    node = onnx.helper.make_node("Conv", ["L", "w"], ["ab"])
    path = save(
        tmp_path / "nan.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "h", "w"))],
        [node],
        [weights],
    )
    with pytest.raises(ModelError, match="NaN or infinity"):
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


def test_a_toml_file_of_something_else_is_passed_over(tmp_path):
    path = light_to_ab(tmp_path / "mine.onnx")
    (tmp_path / "mine.toml").write_text("name = 'mine'\n[data]\ntrain = ['a.tar']\n")
    assert Session(path).contract.inputs == {"light": "L"}


def test_a_toml_file_of_a_simple_editor_is_read(tmp_path):
    path = light_to_ab(tmp_path / "mine.onnx")
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + TABLE.encode())
    assert Session(path).contract.inputs == {"light": "L"}


def averaged(path, stride, **how):
    """L to ab = (L / 2, L / 2) of cells: a network with a coarse output."""
    pool = onnx.helper.make_node(
        "AveragePool", ["L"], ["p"], kernel_shape=[stride] * 2, strides=[stride] * 2
    )
    node = onnx.helper.make_node("Conv", ["p", "w"], ["ab"])
    weights = onnx.numpy_helper.from_array(np.full((2, 1, 1, 1), 0.5, np.float32), "w")
    shape = how.pop("sides", ("h", "w"))
    return save(
        path,
        [("L", (1, 1, *shape))],
        [("ab", (1, 2, "a", "b"))],
        [pool, node],
        [weights],
    )


@pytest.mark.parametrize("size", [(200, 300), (256, 230), (60, 1000)])
@pytest.mark.parametrize("stride", [4, 8, 16, 32])
def test_margins_that_cut_through_cells_shift_no_color(tmp_path, stride, size):
    path = averaged(tmp_path / "coarse.onnx", stride, sides=(256, 256))
    photo = np.full(size, 40, np.uint8)
    photo[:, size[1] // 2 :] = 200  # an edge in the middle
    result = Colorizer(path).colorize(photo)
    wanted = clean(result.lightness)[..., None] / 2
    apart = np.abs(result.ab - wanted)
    columns = result.ab.shape[1]
    inside = np.abs(np.arange(columns) - columns / 2) > 3  # beside the edge, cells mix
    rows = slice(2 * stride, -2 * stride) if result.ab.shape[0] > 5 * stride else slice(0, 0)
    assert apart[rows][:, inside].size == 0 or np.median(apart[rows][:, inside]) < 0.5


def test_fixed_sides_of_the_graph_count_beside_a_description(tmp_path, examples):
    path = light_to_ab(tmp_path / "mine.onnx", (256, 256))
    path.with_suffix(".toml").write_text(TABLE + "fit = 'square'")
    result = Colorizer(path).colorize(examples / "harbour.jpg")
    assert result.ab.shape == (256, 256, 2)


SHAPES = {
    "four": (4, 1, "h", "w"),
    "last": (1, "h", "w", 1),
    "flat": (1, "h", "w"),
    "half": (1, 1, 64, "w"),
    "none": (1, 1, 0, 0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_pictures_of_another_shape_are_refused_at_once(tmp_path, name):
    node = onnx.helper.make_node("Identity", ["L"], ["ab"])
    path = save(tmp_path / "x.onnx", [("L", SHAPES[name])], [("ab", SHAPES[name])], [node])
    with pytest.raises(ModelError) as caught:
        Session(path, kind="l-ab")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_kind_for_a_described_model_is_an_error(examples):
    for kind, match in (("nonsense", "must be one of"), ("gray-ab", "described already")):
        with pytest.raises(ConfigError, match=match):
            Colorizer(kind=kind)


def test_bytes_of_another_range_are_refused(tmp_path):
    path = of_bytes(tmp_path / "bytes.onnx")
    with pytest.raises(ModelError, match="takes bytes, but its white would be 1"):
        Session(path, kind="gray-ab")


def test_colors_that_there_are_not_are_cut(tmp_path, examples):
    weights = onnx.numpy_helper.from_array(np.full((2, 1, 1, 1), 1e15, np.float32), "w")
    node = onnx.helper.make_node("Conv", ["L", "w"], ["ab"])
    path = save(
        tmp_path / "huge.onnx",
        [("L", (1, 1, "h", "w"))],
        [("ab", (1, 2, "h", "w"))],
        [node],
        [weights],
    )
    result = Colorizer(path).colorize(examples / "cat.jpg")
    assert np.abs(result.ab).max() <= 128
    assert result.rgb.dtype == np.uint8


def hinted(path):
    """A network that predicts its hint inputs."""
    nodes = [
        onnx.helper.make_node("Mul", ["hint_ab", "hint_mask"], ["masked"]),
        onnx.helper.make_node("Mul", ["L", "zero"], ["nothing"]),
        onnx.helper.make_node("Add", ["masked", "nothing"], ["ab"]),
    ]
    zero = onnx.numpy_helper.from_array(np.float32([0]), "zero")
    plane = (1, 1, "h", "w")
    return save(
        path,
        [("L", plane), ("hint_ab", (1, 2, "h", "w")), ("hint_mask", plane)],
        [("ab", (1, 2, "h", "w"))],
        nodes,
        [zero],
    )


def test_hints_in_units_of_their_own(tmp_path, examples):
    path = hinted(tmp_path / "hinted.onnx")
    path.with_suffix(".toml").write_text(
        "[contract]\ninputs = {light = 'L', hint_ab = 'hint_ab', hint_mask = 'hint_mask'}\n"
        "outputs = {ab = 'ab'}\nab_unit = 110\nhint_unit = 110\n"
    )
    told = np.zeros((64, 64, 2), np.float32)
    told[30:34, 30:34] = (30, -20)
    mask = (told[..., 0] != 0).astype(np.float32)
    session = Session(path)
    found = session.predict(
        np.full((64, 64), 50, np.float32), session.contract.dial.at(0.5), told, mask
    )
    assert np.allclose(found.ab, told, atol=1e-3)


METADATA = ["not json", "[]", '{"output": "bins"}', '{"output": "what", "size": 3}']


@pytest.mark.parametrize("text", METADATA)
def test_metadata_of_another_program(tmp_path, text):
    path = light_to_ab(tmp_path / "mine.onnx")
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"photochrom": text})
    onnx.save(model, path)
    with pytest.raises(ModelError, match="export it again") as caught:
        Session(path)
    assert "\n" not in str(caught.value)


def test_changed_external_data_is_noticed(tmp_path):
    from photochrom.models import fingerprint

    path = ddcolor_like(tmp_path / "outside.onnx", external=True)
    before = fingerprint(path)
    data = tmp_path / "data.bin"
    data.write_bytes(bytes(byte ^ 1 for byte in data.read_bytes()))
    assert fingerprint(path) != before


def test_a_batch_tells_what_cannot_work_once(tmp_path, examples, runner):
    path = ddcolor_like(tmp_path / "dd.onnx", (64, 64))
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.jpg").write_bytes((examples / "cat.jpg").read_bytes())
    done = runner.invoke(
        app,
        [
            "colorize",
            str(source),
            "-o",
            str(tmp_path / "out"),
            "--model",
            str(path),
            "--size",
            "128",
        ],
    )
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "--size 128: must be 64 (64 x 64) for dd; leave it out" in done.stderr


def test_a_device_that_fails_warns_once_in_a_batch(tmp_path, examples, runner, monkeypatch):
    import onnxruntime

    offered = onnxruntime.get_available_providers()
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *offered]
    )
    source = tmp_path / "in"
    source.mkdir()
    (source / "1.jpg").write_bytes((examples / "cat.jpg").read_bytes())
    done = runner.invoke(
        app,
        ["colorize", str(source), "-o", str(tmp_path / "out"), "--device", "auto", "--jobs", "1"],
    )
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stderr.splitlines() if "CUDA" in line]
    assert len(lines) == 1
    assert lines[0].startswith("photochrom: warning: CUDAExecutionProvider failed")
