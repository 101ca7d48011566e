"""Wide damage is filled by an inpainting model; thin damage and sound pixels never are."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import ConfigError, ModelError, RepairOptions, colorize, list_models, repair
from photochrom.batch import Job, JobSettings, run_job
from photochrom.cli.main import app
from photochrom.files import repair_file
from photochrom.models import find
from photochrom.models.inpainting import Inpainter
from photochrom.photo import Photo
from photochrom.restoration import filling
from photochrom.restoration.mask import DamageMask, difference, union
from photochrom.restoration.pieces import Pieces
from support import graphs

MARK = (200, 60, 100)
"""The colour of a model's holes, whose mean is 120."""
STAIN = np.s_[150:230, 260:330]
SCRATCH = np.s_[20:140, 60:64]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return graphs.inpainting_like(tmp_path_factory.mktemp("models") / "marker.onnx", MARK)


@pytest.fixture
def runner():
    return CliRunner()


@pytest.fixture
def clean(examples):
    return np.asarray(Image.open(examples / "cat.jpg").convert("L"))


@pytest.fixture
def mask(clean):
    drawn = np.zeros(clean.shape, np.uint8)
    drawn[STAIN] = drawn[SCRATCH] = 255
    return drawn


def wide_of(mask):
    wide = np.zeros(mask.shape, bool)
    wide[STAIN] = True
    return wide


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_only_wide_damage_goes_to_the_model(clean, mask, model):
    before = np.where(mask > 0, 255, clean).astype(np.uint8)
    repaired = repair(before, mask=mask, inpainter=model)
    after, wide = decoded(repaired.encode(".png")), wide_of(mask)
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert abs(after[wide].mean() - np.mean(MARK)) < 2
    thin = (mask > 0) & ~wide
    by_itself = decoded(repair(before, mask=mask).encode(".png"))
    assert np.array_equal(after[thin], by_itself[thin])
    assert np.array_equal(by_itself[wide], before[wide])
    assert np.array_equal(repaired.mended.picture(), mask)
    assert repaired.photo.notes == ()


def test_the_model_sees_the_photo_without_thin_damage(clean, mask, tmp_path):
    """A model that fills with the mean of what is known: scratches are no longer white in it."""
    mean = graphs.inpainting_like(tmp_path / "mean.onnx")
    flat = np.full_like(clean, 80)
    before = np.where(mask > 0, 255, flat).astype(np.uint8)
    after = decoded(repair(before, mask=mask, inpainter=str(mean)).encode(".png"))
    assert np.array_equal(after, flat)


def test_the_pixels_that_published_models_blend_are_hidden_from_them(clean, mask, monkeypatch):
    holes = []

    class Spy:
        name = "spy"

        def fill(self, image, hole):
            holes.append(hole)
            return image

    monkeypatch.setattr("photochrom.repaired.load_inpainter", lambda _: Spy())
    repair(clean, mask=mask, inpainter="spy")
    (hole,) = holes
    # the stain's height on every side, but for the photo's bottom, which is 70 pixels below it
    assert hole.shape == (80 + 80 + 70, 80 + 70 + 80)
    assert hole.sum() == (80 + 6) * (70 + 6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_depths_and_bands(clean, mask, model, dtype, bands):
    """Grey is the mean of the model's colours; alpha is left alone."""
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    gray = (clean / 255 * white).astype(dtype)
    alpha = np.full_like(gray, white // 2 if dtype != np.float32 else 0.5)
    colors = 1 if bands < 3 else 3
    pixels = np.dstack([gray] * colors + [alpha] * (bands - colors))
    repaired = repair(pixels, mask=mask, inpainter=model)
    after = repaired.photo.strips()(0, repaired.photo.height)
    wide = wide_of(mask)
    assert (after.dtype, after.shape) == (pixels.dtype, pixels.shape)
    assert np.array_equal(after[mask == 0], pixels[mask == 0])
    assert np.array_equal(after[..., colors:], pixels[..., colors:])
    filled = after[wide][:, :colors].mean(0) / white * 255
    assert filled == pytest.approx([120] if colors == 1 else MARK, abs=2)


def test_a_photo_of_another_space(clean, mask, model):
    """The model's sRGB becomes codes of the photo's own space: the colour is the same."""
    from photochrom.color.lab import XYZ_FROM_RGB
    from photochrom.color.rgb_space import STEPS, Curve, RgbSpace

    photo = Photo(np.dstack([clean] * 3))
    photo.space = RgbSpace("gamma 1.8", Curve(np.linspace(0, 1, STEPS) ** 1.8), XYZ_FROM_RGB)
    repaired = repair(photo, mask=mask, inpainter=model).photo
    filled = repaired.strips()(0, 300)[wide_of(mask)].mean(0)
    light = [((c / 255 + 0.055) / 1.055) ** 2.4 for c in MARK]
    assert filled == pytest.approx([255 * value ** (1 / 1.8) for value in light], abs=2)


@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_turned_photos(clean, model, orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(clean).save(tmp_path / "scan.tif", exif=exif)
    photo = Photo(tmp_path / "scan.tif")
    mask = np.zeros(photo.upright_size, np.uint8)
    mask[100:160, 180:220] = 255
    repair_file(photo, tmp_path / "out.tif", RepairOptions(mask=mask, inpainter=model))
    other = Photo(tmp_path / "out.tif")
    upright = other.turn.apply(other.strips()(0, other.height)[..., 0])
    assert np.array_equal(upright[mask == 0], photo.turn.apply(clean)[mask == 0])
    assert abs(upright[mask > 0].mean() - np.mean(MARK)) < 2


def test_large_pieces_are_seen_reduced(clean, mask, model, monkeypatch):
    monkeypatch.setattr(filling, "_UNREDUCED", 30)
    sizes = []
    fill = Inpainter.fill

    def watched(self, image, hole):
        sizes.append(hole.shape)
        return fill(self, image, hole)

    monkeypatch.setattr(Inpainter, "fill", watched)
    after = decoded(repair(clean, mask=mask, inpainter=model).encode(".png"))
    assert sizes == [(-(-(80 + 80 + 70) // 3), -(-(70 + 80 + 80) // 3))]
    assert np.array_equal(after[mask == 0], clean[mask == 0])
    assert abs(after[wide_of(mask)].mean() - np.mean(MARK)) < 2


def test_pieces_that_are_too_large_stay_and_are_said(clean, mask, model, monkeypatch, tmp_path):
    monkeypatch.setattr(filling, "_LARGEST", 200)
    mask[20:50, 380:410] = 255
    options = RepairOptions(mask=mask, inpainter=model)
    report = repair_file(clean, tmp_path / "a.png", options)
    (warning,) = report.warnings
    share = 80 * 70 / clean.size
    assert f"{share:.2%} of its pixels are in pieces of damage too large for marker" in warning
    after = np.asarray(Image.open(tmp_path / "a.png"))
    assert np.array_equal(after[STAIN], clean[STAIN])
    assert abs(after[20:50, 380:410].mean() - np.mean(MARK)) < 2
    xmp = Photo(tmp_path / "a.png").metadata.xmp.decode()
    assert f"wider damage filled by marker: {900 / clean.size:.4%} of the pixels" in xmp
    assert f"left as it is: {share:.4%}" in xmp
    assert report.mended == pytest.approx(1380 / clean.size)


def test_a_photo_that_is_damage_only(model):
    pixels = np.full((60, 70), 9, np.uint8)
    repaired = repair(pixels, mask=np.full((60, 70), 255, np.uint8), inpainter=model)
    assert np.array_equal(decoded(repaired.encode(".png")), pixels)
    assert "too large for marker" in repaired.photo.notes[0]


def test_filled_pixels_have_the_grain_of_their_surroundings(mask, model):
    """The model's answer is one flat colour; a photo without grain gets none."""
    random = np.random.default_rng(0)
    grain = random.normal(0, 6, mask.shape)
    inner = np.s_[160:220, 270:320]
    for strength, low, high in ((1, 3, 8), (0, 0, 0.5)):
        pixels = (120 + strength * grain).clip(0, 255).astype(np.uint8)
        after = decoded(repair(pixels, mask=mask, inpainter=model).encode(".png"))
        assert low <= after[inner].astype(float).std() <= high


def test_pieces_over_many_strips(model):
    """Tall photo, little strips; two pieces whose windows begin in another order than they do."""
    pixels = np.full((3000, 400), 50, np.uint8)
    mask = np.zeros_like(pixels)
    mask[900:930, 20:50] = 255
    mask[1000:1700, 200:260] = 255
    after = decoded(repair(pixels, mask=mask, inpainter=model).encode(".png"))
    assert np.array_equal(after, np.where(mask > 0, 120, 50))


def test_the_pieces_of_a_mask():
    rows = np.zeros((40, 50), bool)
    rows[3:9, 4:6] = rows[9, 6:20] = True  # touches at a corner
    rows[20:30, 30:40] = True
    rows[5, 30] = True
    pieces = Pieces(50)
    for part in (rows[:7], rows[7:]):
        pieces.add(part, part)
    boxes = [piece.box for piece in pieces.all()]
    assert boxes == [(3, 4, 10, 20), (5, 30, 6, 31), (20, 30, 30, 40)]
    drawn = np.zeros_like(rows)
    for piece in pieces.all():
        drawn[piece.places()] = True
    assert np.array_equal(drawn, rows)
    assert Pieces(50).all() == []


def test_masks_of_one_size(clean):
    one, other = (np.random.default_rng(seed).random((5, 13)) < 0.5 for seed in (1, 2))
    masks = [DamageMask(13, 5, np.packbits(part, axis=1)) for part in (one, other)]
    assert np.array_equal(union(*masks).picture() > 0, one | other)
    assert np.array_equal(difference(*masks).picture() > 0, one & ~other)


def test_colors_of_the_filled_photo(clean, mask, model):
    repaired = repair(clean, mask=mask, inpainter=model)
    expected = colorize(repaired.encode(".png"))
    assert np.array_equal(colorize(repaired.photo).rgb, expected.rgb)


def test_a_model_that_is_not_here(clean, mask, monkeypatch, tmp_path, runner):
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"^mi-gan: is not on this machine; get it: photochrom"):
        repair(clean, mask=mask, inpainter="mi-gan")
    Image.fromarray(clean).save(tmp_path / "a.png")
    for command in (["repair"], ["colorize", "--repair"]):
        done = runner.invoke(app, [*command, str(tmp_path / "a.png"), "--inpainter", "mi-gan"])
        assert done.exit_code == 1
        (line,) = done.stderr.splitlines()
        assert line.endswith("is not on this machine; get it: photochrom models pull mi-gan")
    assert list(tmp_path.glob("*")) == [tmp_path / "a.png"]


def test_models_of_the_other_task(clean, mask, tmp_path, runner):
    with pytest.raises(ModelError, match="photochrom: colours photos, and fills no damage"):
        repair(clean, mask=mask, inpainter="photochrom")
    with pytest.raises(ModelError, match="mi-gan: fills damage, and colours no photo"):
        colorize(clean, model="mi-gan")
    done = runner.invoke(app, ["colorize", str(tmp_path / "a.png"), "--model", "mi-gan"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "photochrom: mi-gan: fills damage, and colours no photo; set --inpainter mi-gan to fill "
        "damage with it"
    ]
    assert "mi-gan" not in list_models()
    with pytest.raises(ModelError) as caught:
        find("zzz")
    assert "mi-gan" not in str(caught.value)
    with pytest.raises(ModelError, match="did you mean mi-gan"):
        find("mi-gam", "inpaint")


@pytest.mark.parametrize(
    "make",
    [
        graphs.ddcolor_like,
        lambda path: graphs.inpainting_like(path, image="photo"),
        lambda path: graphs.save(
            path, [("image", (1, 3, 8, 8)), ("mask", (1, 1, 8, 8))], [("result", (1, 3, 8, 8))],
            [_concatenation()], kind=2,
        ),
    ],
)  # fmt: skip
def test_another_contract(clean, mask, make, tmp_path):
    make(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx: fills no damage: from .* to ") as caught:
        repair(clean, mask=mask, inpainter=tmp_path / "other.onnx")
    assert "\n" not in str(caught.value)


def _concatenation():
    import onnx

    return onnx.helper.make_node("Identity", ["image"], ["result"])


def test_a_description_beside_the_file(clean, mask, tmp_path):
    path = graphs.inpainting_like(tmp_path / "own.onnx", MARK, "photo", "area", "fresh")
    description = """name = "mine"
task = "inpaint"
[contract]
inputs = {image = "photo", mask = "area"}
outputs = {filled = "fresh"}
"""
    path.with_suffix(".toml").write_text(description)
    repaired = repair(clean, mask=mask, inpainter=path)
    assert "wider damage filled by mine" in repaired.photo.edits[1]
    with pytest.raises(ModelError, match="mine: fills damage, and colours no photo"):
        colorize(clean, model=path)
    for old, new, fault in (
        ('mask = "area"', 'light = "area"', "may only have image, mask"),
        (', mask = "area"', "", "inputs must name image and mask"),
        ('"inpaint"', '"paint"', "task is 'paint', but must be colorize or inpaint"),
        ("outputs", "white = 1\noutputs", "unknown key 'white'"),
    ):
        path.with_suffix(".toml").write_text(description.replace(old, new))
        with pytest.raises(ModelError, match=fault):
            Inpainter(path)


def test_a_model_that_returns_another_size(clean, mask, tmp_path):
    import onnx

    node = onnx.helper.make_node("Concat", ["image", "image"], ["result"], axis=3)
    sides = [("image", (1, 3, "h", "w")), ("mask", (1, 1, "h", "w"))]
    path = graphs.save(
        tmp_path / "twice.onnx", sides, [("result", (1, 3, "h", "v"))], [node], kind=2
    )
    with pytest.raises(
        ModelError, match="twice: returned 1x3x230x460 for a picture of 1x3x230x230"
    ):
        repair(clean, mask=mask, inpainter=path)


def test_jobs(clean, model, tmp_path):
    """The model belongs to a job's settings; a job of another model begins anew."""
    source = tmp_path / "in"
    source.mkdir()
    Image.fromarray(clean).save(source / "a.png")
    options = RepairOptions(inpainter=model)
    settings = JobSettings(repair=options, color=False)
    record = json.loads(json.dumps(settings.as_dict()))
    assert JobSettings.of(record).repair == RepairOptions(inpainter=str(model))
    other = graphs.inpainting_like(tmp_path / "other.onnx", (1, 2, 3))
    digests = {
        with_model.digest(with_model.weights)
        for with_model in (
            settings,
            JobSettings(repair=RepairOptions(), color=False),
            JobSettings(repair=RepairOptions(inpainter=other), color=False),
        )
    }
    assert len(digests) == 3
    wrong = graphs.ddcolor_like(tmp_path / "wrong.onnx")
    job = Job([source], tmp_path / "out", JobSettings(repair=RepairOptions(inpainter=wrong)))
    with pytest.raises(ModelError, match="fills no damage"):
        run_job(job)


def test_needs_repair(runner, tmp_path):
    done = runner.invoke(app, ["colorize", str(tmp_path / "a.png"), "--inpainter", "mi-gan"])
    assert done.exit_code == 2
    assert "need --repair" in done.stderr
    with pytest.raises(ConfigError):
        RepairOptions(inpainter="mi-gan", max_width=0)
