import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from photochrom.color.bins import annealed_mean, chroma_factor, gamut_bins
from photochrom.color.lab import lab_from_srgb
from photochrom.color.metrics import ab_error
from photochrom.color.vividness import Decoding
from photochrom.errors import ConfigError, ModelError, PhotoError
from photochrom.filters.upsample import cell_mean
from photochrom.photo import Photo
from photochrom.pipeline import variants

NAMES = ("students", "ceremony", "cat")


@pytest.fixture(scope="module")
def colored(colorizer, examples):
    """Four variants of some photos."""
    return {name: colorizer.variants(examples / f"{name}.jpg") for name in NAMES}


def blurred(field, radius):
    """Mean over a square window."""
    for axis in (0, 1):
        pad = [(radius, radius) if i == axis else (0, 0) for i in range(field.ndim)]
        padded = np.pad(field, pad, mode="edge")
        shifted = [
            padded.take(range(i, i + field.shape[axis]), axis) for i in range(2 * radius + 1)
        ]
        field = np.mean(shifted, axis=0)
    return field


def coherent(field):
    """Share of a squared difference that survives a blur over a twelfth of the short side."""
    return np.square(blurred(field, 8)).sum() / np.square(field).sum()


def distribution(colorizer, result):
    """What the network says of a photo's cells: (h, w, Q), at the dial's middle."""
    contract = colorizer.session.contract
    size = result.ab.shape[:2]
    light = np.ascontiguousarray(lab_from_srgb(result.photo.small_copy(*size))[..., 0])
    logits = colorizer.session.logits(light).transpose(1, 2, 0)
    z = logits - contract.dial.at(0.5).gamma * contract.log_weights
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_is_the_ordinary_coloring(colorizer, colored, examples, name):
    ordinary = colorizer.colorize(examples / f"{name}.jpg")
    assert len(colored[name]) == 4
    assert np.array_equal(colored[name][0].ab, ordinary.ab)
    assert np.array_equal(colored[name][0].rgb, ordinary.rgb)


@pytest.mark.parametrize("name", NAMES)
def test_variants_differ_from_each_other(colored, name):
    apart = [ab_error(one.ab, other.ab) for one, other in combinations(colored[name], 2)]
    # Measured 4 to 20; a difference of 2.3 in a patch is about the least that one can see.
    assert min(apart) > 2.3


@pytest.mark.parametrize("name", NAMES)
def test_they_differ_in_whole_objects(colorizer, colored, name):
    contract = colorizer.session.contract
    ordinary = colored[name][0]
    for other in colored[name][1:]:
        assert coherent(other.ab - ordinary.ab) > 0.7  # measured 0.85 to 0.98
    p = distribution(colorizer, ordinary)
    noise = np.random.default_rng(0).gumbel(size=p.shape)
    drawn = contract.bins[(np.log(p) + noise).argmax(axis=-1)]
    speckled = drawn.repeat(contract.stride, 0).repeat(contract.stride, 1)
    assert coherent(speckled - ordinary.ab) < 0.4  # the way not to do it: measured 0.1 to 0.2


@pytest.mark.parametrize("name", NAMES)
def test_every_color_has_a_chance_at_its_place(colorizer, colored, name):
    contract = colorizer.session.contract
    gain = contract.dial.at(0.5).gain
    p = distribution(colorizer, colored[name][0])

    def chances(ab):
        """Probability near each cell's colour, as a part of the likeliest colour's."""
        distance = np.square(ab[:, :, None] - contract.bins * gain).sum(axis=-1)
        near = (p * np.exp(-distance / (2 * 20**2))).sum(axis=-1)
        between = np.square(contract.bins[:, None] - contract.bins).sum(axis=-1) * gain**2
        best = (p @ np.exp(-between / (2 * 20**2))).max(axis=-1)
        return near / best

    violet = np.broadcast_to(np.float32((60, -60)), (*p.shape[:2], 2))
    assert np.percentile(chances(violet), 95) < 0.05  # what no photo here has: measured 0.01
    for result in colored[name][1:]:
        cells = cell_mean(result.ab, contract.stride)
        assert np.percentile(chances(cells), 5) > 0.4  # measured 0.8 and more


def test_what_the_network_is_sure_of_changes_least(colorizer, examples):
    results = colorizer.variants(examples / "harbour.jpg", 6) + colorizer.variants(
        examples / "ceremony.jpg", 6
    )
    changes = {"sure": [], "unsure": []}
    for start in (0, 6):
        ordinary, *others = results[start : start + 6]
        low, high = np.percentile(ordinary.confidence, (10, 90))
        change = np.mean([np.linalg.norm(o.ab - ordinary.ab, axis=-1) for o in others], axis=0)
        change = cell_mean(change, colorizer.session.contract.stride)
        changes["sure"].append(change[ordinary.confidence > high].mean())
        changes["unsure"].append(change[ordinary.confidence < low].mean())
    assert np.mean(changes["sure"]) < 0.7 * np.mean(changes["unsure"])


def test_at_most_one_is_quieter(colorizer, examples):
    for name in NAMES:
        ordinary, *others = colorizer.variants(examples / f"{name}.jpg", 8)
        chroma = [np.linalg.norm(result.ab, axis=-1).mean() for result in (ordinary, *others)]
        # The choice is made on objects' means; cells make it 10 % less at most.
        assert sum(c < 0.8 * variants.QUIET * chroma[0] for c in chroma[1:]) <= 1


def test_the_seed_repeats_and_counts(colorizer, colored, examples):
    path = examples / "ceremony.jpg"
    more = colorizer.variants(path, 6)
    for one, other in zip(colored["ceremony"], more, strict=False):
        assert np.array_equal(one.ab, other.ab)
    again = colorizer.variants(path, 3, seed=1)
    assert np.array_equal(again[0].ab, more[0].ab)
    assert ab_error(again[2].ab, more[2].ab) > 1


def test_lightness_and_files(colored, examples, lab_of, tmp_path):
    gray = lab_of(np.asarray(Image.open(examples / "ceremony.jpg")))[..., 0]
    for number, result in enumerate(colored["ceremony"]):
        with Image.open(result.save(tmp_path / f"{number}.png")) as saved:
            pixels = np.asarray(saved)
        assert np.array_equal(pixels, result.rgb)
        # Rounding three channels to 8 bit costs about 0.08.
        assert np.abs(lab_of(pixels)[..., 0] - gray).mean() < 0.1


def test_vividness_and_size(colorizer, colored, examples):
    muted = colorizer.variants(examples / "cat.jpg", vividness=0)
    for one, other in zip(muted, colored["cat"], strict=True):
        assert not np.array_equal(one.ab, other.ab)
    assert np.linalg.norm(muted[0].ab) < np.linalg.norm(colored["cat"][0].ab)
    small = colorizer.variants(examples / "cat.jpg", 2, size=64)
    assert [result.ab.shape for result in small] == [(64, 96, 2)] * 2


def test_a_sideways_photo_has_upright_variants(colorizer, colored, examples, tmp_path):
    with Image.open(examples / "ceremony.jpg") as upright:
        exif = Image.Exif()
        exif[274] = 6
        path = tmp_path / "sideways.png"
        upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    for one, other in zip(colorizer.variants(path), colored["ceremony"], strict=True):
        assert one.ab.shape == other.ab.shape
        assert ab_error(one.ab, other.ab) < 0.5  # rows are summed in another order


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (300, 400)])
def test_a_blank_card_stays_gray(colorizer, shape):
    for result in colorizer.variants(np.full(shape, 128, np.uint8), 12):
        assert np.abs(result.ab).max() < 0.01


@pytest.mark.parametrize("options", [{"count": 1}, {"count": 13}, {"seed": -1}])
def test_options_out_of_range(colorizer, examples, options):
    with pytest.raises(ConfigError) as error:
        colorizer.variants(examples / "cat.jpg", **options)
    assert "\n" not in str(error.value)


def test_no_photo(colorizer, tmp_path):
    with pytest.raises(PhotoError, match="nowhere"):
        colorizer.variants(tmp_path / "nowhere.jpg")


@pytest.mark.workshop
def test_a_model_without_a_distribution(examples, tmp_path):
    from photochrom import Colorizer
    from support.linear_model import write_model

    simple = Colorizer(write_model(tmp_path / "simple.onnx", "stretch"))
    with pytest.raises(ModelError, match="no distribution over them") as error:
        simple.variants(examples / "cat.jpg")
    assert "\n" not in str(error.value)


def test_gumbel_noise():
    x = np.linspace(-3, 3, 61)
    exact = [-math.log(-math.log((1 + math.erf(v / math.sqrt(2))) / 2)) for v in x]
    # Φ is good to 2e-4, which the logarithms enlarge in the tails: measured 0.1 at 3.
    assert np.abs(variants._gumbel_from_normal(x) - exact).max() < 0.2
    assert np.abs(variants._gumbel_from_normal(x) - exact)[10:51].max() < 5e-3


def test_colors_are_drawn_as_often_as_they_are_likely():
    """Two objects that are red in 3 of 4 cases and else blue; blue is never improbable."""
    bins = gamut_bins()
    red, blue, green = (
        np.flatnonzero((bins == c).all(axis=1))[0] for c in ((60, 40), (20, -60), (-50, 40))
    )
    pooled = np.full((2, len(bins)), 1e-9, np.float32)
    pooled[:, red], pooled[:, blue], pooled[:, green] = 0.735, 0.245, 0.02
    drawn = bins[variants._draw(pooled, bins, np.random.default_rng(0))]
    reds = np.linalg.norm(drawn - bins[red], axis=-1) < 30
    blues = np.linalg.norm(drawn - bins[blue], axis=-1) < 30
    assert (reds | blues).all()
    # 300 draws of two objects: a standard deviation of 0.025 at the most.
    assert abs(reds.mean() - 0.75) < 0.1
    # They share a part of the noise: independent, both would be red in 9 of 16 cases.
    assert (reds[:, 0] == reds[:, 1]).mean() > 0.66


def test_the_farthest_are_chosen():
    """Draws of one object near four colours: after the typical one, each in a group of its own."""
    centers = np.float32([(40, 0), (-40, 0), (0, 40), (0, -40)])
    rng = np.random.default_rng(0)
    drawn = np.repeat(centers, 75, axis=0)[:, None] + rng.normal(0, 3, (300, 1, 2))
    ordinary = np.float32([(5, 0)])
    chosen = variants._choose(drawn, ordinary, np.float32([1]), 4)
    assert {index // 75 for index in chosen} == {0, 1, 2, 3}
    assert chosen[:2] == variants._choose(drawn, ordinary, np.float32([1]), 2)


def test_a_result_is_of_its_photo(colored):
    """A variant can stand for its photo in another size, as it does on the contact sheet."""
    gray = np.full((20, 30), 120, np.uint8)
    moved = replace(colored["cat"][2], photo=Photo(gray))
    assert moved.rgb.shape == (20, 30, 3)


def test_a_chroma_factor_counts_as_gain():
    """Two halves, red or blue and green or yellow: their means have lost most of the chroma."""
    bins = gamut_bins()
    logits = np.full((24, 36, len(bins)), -9, np.float32)
    for columns, colors in (
        (slice(18), ((60, 40), (20, -60))),
        (slice(18, 36), ((-50, 40), (0, 70))),
    ):
        for color in colors:
            logits[:, columns, np.flatnonzero((bins == color).all(axis=1))[0]] = 3
    light, none = np.full((24, 36), 50, np.float32), np.zeros(len(bins), np.float32)
    planes = logits.transpose(2, 0, 1)[None]
    mean = annealed_mean(planes, bins, none, 1, 0.6)
    factor = chroma_factor(planes, bins, none, 1, mean, 0.5)

    with_power, with_gain = (
        variants.draw_variants(logits, light, bins, none, Decoding(1, 0.6, *rest), 3, seed=0)
        for rest in ((1.2, 0.5), (1.2 * factor,))
    )

    assert factor > 1.1
    assert len(with_power) == len(with_gain) == 3
    for ours, theirs in zip(with_power, with_gain, strict=True):
        assert np.abs(ours - factor * theirs).max() < 1e-3
