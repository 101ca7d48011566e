"""Size rules: what shape a network is shown for a photo of any shape."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from photochrom.errors import ConfigError, ModelError
from photochrom.models import (
    SizeRule,
    broken_packages,
    catalogue,
    contract_from_table,
    describe,
    descriptors_from,
    find,
    fingerprint,
    known_models,
    parse_blend,
    sha256_of,
)

SIDES = st.integers(1, 30_000)


@given(
    SIDES, SIDES, st.sampled_from([4, 8, 16]), st.sampled_from([(256, 256), (192, 320), (60, 44)])
)
def test_a_fixed_frame_holds_the_photo_in_the_middle(height, width, multiple, fixed):
    rule = SizeRule("pad", min(fixed), multiple, fixed=fixed)
    rows, columns = rule.copy_size(height, width)
    assert rule.input_size(rows, columns) == fixed
    for side, frame in zip((rows, columns), fixed, strict=True):
        assert 1 <= side <= frame
        assert (frame - side) % (2 * multiple) == 0  # margins of whole cells on both sides


@given(SIDES, SIDES)
def test_a_square_is_a_square(height, width):
    rule = SizeRule("square", 500, 16)
    assert rule.copy_size(height, width) == (496, 496)
    assert rule.copy_size(height, width, 64) == (64, 64)


@given(SIDES, SIDES, st.integers(32, 2048))
def test_a_stretched_copy_is_of_multiples_and_not_too_long(height, width, size):
    rows, columns = SizeRule().copy_size(height, width, size)
    assert rows % 32 == columns % 32 == 0
    assert max(rows, columns) <= 4 * size + 32
    assert min(rows, columns) <= size + 16


def test_sizes_out_of_bounds():
    rule = SizeRule("square", 512, smallest=64, largest=2048)
    for size in (32, 4096):
        with pytest.raises(ConfigError, match=r"64\.\.2048"):
            rule.copy_size(100, 100, size)


def test_every_descriptor_of_the_catalogue_is_complete():
    for model in known_models():
        assert len(model.sha256) == 64
        assert model.purpose
        assert model.licence
        assert model.licence_url.startswith("https://")
        assert model.authors
        assert model.shipped or all(url.startswith("https://") for url in model.urls)
        assert model.shipped or model.citation
    rules = {model.name: model.contract.size_rule for model in known_models()}
    assert rules["eccv16"].copy_size(100, 300) == (256, 256)
    assert rules["ddcolor"].copy_size(100, 300) == (512, 512)
    assert rules["deoldify-stable"].copy_size(100, 300) == (560, 560)
    assert rules["siggraph17"].copy_size(100, 300) == (256, 256)
    contracts = {model.name: model.contract for model in known_models()}
    assert [contracts[n].input for n in ("photochrom", "eccv16", "siggraph17", "ddcolor")] == [
        "l-hints", "l", "l-hints", "gray",
    ]  # fmt: skip
    assert contracts["deoldify-artistic"].output == "rgb"
    assert contracts["photochrom-lite"].output == "bins"
    assert contracts["mi-gan"].outputs == {"filled": "result"}
    assert [model.name for model in known_models() if model.task != "colorize"] == ["mi-gan"]
    assert all(model.task == model.contract.task for model in known_models())


def test_the_catalogues_contract_is_that_of_the_shipped_files():
    from photochrom.models.session import Session

    for model in known_models():
        if model.shipped:
            loaded = Session(model.name).contract
            assert loaded.inputs == model.contract.inputs
            assert loaded.size_rule == model.contract.size_rule
            assert loaded.outputs == model.contract.outputs


CATALOGUE = """
[[model]]
name = "mine"
purpose = "for a test"
file = "mine.onnx"
bytes = 3
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
licence = "MIT"
[model.contract]
inputs = {light = "L"}
outputs = {ab = "ab"}
"""


class Point:
    """An entry point of another package."""

    dist = None
    value = "other:models"

    def __init__(self, load):
        self.load = lambda: load


@pytest.fixture
def plugged(monkeypatch):
    """Put entry points in, and forget the catalogue before and after."""

    def plug(*functions):
        points = [Point(function) for function in functions]
        monkeypatch.setattr(catalogue, "entry_points", lambda group: points)
        forget()

    def forget():
        catalogue.known_models.cache_clear()
        catalogue._package_models.cache_clear()

    yield plug
    monkeypatch.undo()
    forget()


def test_another_packages_models(tmp_path, plugged):
    (tmp_path / "models.toml").write_text(CATALOGUE)
    (tmp_path / "mine.onnx").write_bytes(b"abc")
    plugged(lambda: descriptors_from(tmp_path / "models.toml"))
    assert find("mine").path == tmp_path / "mine.onnx"
    assert describe(None).name == "photochrom"
    (tmp_path / "mine.onnx").write_bytes(b"abd")
    with pytest.raises(ModelError, match="reinstall its package"):
        find("mine")


def test_a_name_used_twice(tmp_path, plugged):
    (tmp_path / "models.toml").write_text(CATALOGUE.replace('"mine"', '"photochrom"'))
    plugged(lambda: descriptors_from(tmp_path / "models.toml"))
    with pytest.raises(ModelError, match="photochrom: several models have this name"):
        known_models()


def leave():
    raise SystemExit(3)


def broken():
    raise RuntimeError("its own\nfault")


@pytest.mark.parametrize("function", [broken, leave, lambda: ["a"], lambda: 3])
def test_another_package_that_fails_is_left_out(plugged, function):
    plugged(function)
    assert describe(None).name == "photochrom"
    [line] = broken_packages()
    assert line.startswith("other:models: its models cannot be loaded (")
    assert "\n" not in line
    with pytest.raises(ModelError, match=r"theirs: no such model.*other:models: .*uninstall"):
        describe("theirs")


def test_two_models_cannot_share_a_file(tmp_path, plugged):
    text = CATALOGUE.replace("licence", 'urls = ["https://example.org/x"]\nlicence')
    path = tmp_path / "models.toml"
    path.write_text(text + text.replace('"mine"', '"other"'))
    plugged(lambda: descriptors_from(path))
    with pytest.raises(ModelError, match=r"mine\.onnx: several models have this file"):
        known_models()


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('name = "mine"', 'name = "a/b"', "letters"),
        ('file = "mine.onnx"', 'file = "../x.onnx"', "plain name"),
        ('licence = "MIT"', "", "licence missing"),
        ("bytes = 3", "bytes = 3\nsize = 3", "unknown key 'size'"),
        ("bytes = 3", 'bytes = "3"', "bytes is '3'"),
        ('licence = "MIT"', "licence = 2020-01-01", "licence is .*line of text"),
        ('licence = "MIT"', 'licence = "MIT"\nurls = "https://x"', "list of http"),
        ('licence = "MIT"', 'licence = "MIT"\nurls = [1]', "list of http"),
        ('name = "mine"', 'name = "mine.onnx"', "no file's"),
        ("ba7816bf", "xa7816bf", "64 hexadecimal"),
        ('outputs = {ab = "ab"}', 'outputs = {ab = "ab", logits = "l"}', "outputs has 'logits'"),
    ],
)
def test_a_catalogue_with_a_fault(tmp_path, old, new, match):
    path = tmp_path / "models.toml"
    path.write_text(CATALOGUE.replace(old, new))
    with pytest.raises(ModelError, match=match) as caught:
        descriptors_from(path)
    assert str(path) in str(caught.value)


def test_the_default_of_white_depends_on_the_input():
    assert (
        contract_from_table({"inputs": {"light": "L"}, "outputs": {"ab": "ab"}}, "x").white == 100
    )
    assert contract_from_table({"inputs": {"gray": "g"}, "outputs": {"ab": "ab"}}, "x").white == 1


def test_blends():
    assert parse_blend(None) == [(None, 1.0)]
    assert parse_blend("a") == [("a", 1.0)]
    assert parse_blend("a+b") == [("a", 0.5), ("b", 0.5)]
    assert parse_blend("a:3 + b:1") == [("a", 0.75), ("b", 0.25)]
    assert parse_blend("C:/m/a.onnx:1+b:1") == [("C:/m/a.onnx", 0.5), ("b", 0.5)]
    for wrong in ("a:x+b", "a:0+b", "a:-1+b", "a+", "a:inf+b", "a:nan+b", "a:1e308+b:1e308"):
        with pytest.raises(ConfigError, match=r"^model="):
            parse_blend(wrong)


def test_a_file_with_a_plus_in_its_name_is_one_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a+b.onnx").write_bytes(b"x")
    assert parse_blend("a+b.onnx") == [("a+b.onnx", 1.0)]


def test_names_that_no_file_can_have_are_errors():
    many = "+".join(["photochrom:0.1"] * 30)
    assert len(parse_blend(many)) == 30
    with pytest.raises(ModelError, match="no such model file"):
        find("x" * 300 + ".onnx")


def test_fingerprints_know_weights_shares_and_descriptions(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"x")
    alone = fingerprint(path)
    assert alone == sha256_of(path)
    assert fingerprint("photochrom") == fingerprint(None)
    fingerprints = {alone, fingerprint(f"photochrom+{path}"), fingerprint(f"photochrom:2+{path}")}
    path.with_suffix(".toml").write_text(
        '[contract]\ninputs = {light = "L"}\noutputs = {ab = "ab"}\n'
    )
    fingerprints.add(fingerprint(path))
    assert len(fingerprints) == 4
