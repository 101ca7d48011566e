from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvips

from photochrom import Colorizer, Hint, load_album, load_reference
from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab
from photochrom.errors import ModelError, PhotoError
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo
from photochrom.pipeline.inference import SmallCopy
from photochrom.pipeline.references import MOST_COMPARED, reference_colors
from photochrom.references import Reference


def ab_of(codes: Array) -> Array:
    return lab_from_srgb(codes[..., :3].astype(np.float32) / 255)[..., 1:]


@pytest.fixture(scope="module")
def cat(examples: Path) -> Array:
    """The colour original of the grey example."""
    return pyvips.Image.new_from_file(str(examples / "color" / "cat.jpg")).numpy()


@pytest.fixture(scope="module")
def gray_cat(examples: Path) -> Path:
    return examples / "cat.jpg"


def error(colorizer: Colorizer, photo: Path, truth: Array, **options: object) -> float:
    """Mean ab distance of the finished picture from the colour original."""
    made = colorizer.colorize(photo, **options).rgb  # type: ignore[arg-type]
    return float(np.linalg.norm(ab_of(made) - ab_of(truth), axis=-1).mean())


def test_the_original_as_reference_gives_its_colors_back(
    colorizer: Colorizer, gray_cat: Path, cat: Array, examples: Path
) -> None:
    own = load_reference(examples / "color" / "cat.jpg")
    without = error(colorizer, gray_cat, cat)
    assert error(colorizer, gray_cat, cat, references=[own]) < 0.6 * without


def test_a_mirrored_reference_leads_by_things_and_not_by_places(
    colorizer: Colorizer, gray_cat: Path, cat: Array
) -> None:
    mirrored = load_reference(np.ascontiguousarray(cat[:, ::-1]))
    without = error(colorizer, gray_cat, cat)
    assert error(colorizer, gray_cat, cat, references=[mirrored]) < 0.7 * without


def test_an_unlike_reference_changes_little(
    colorizer: Colorizer, gray_cat: Path, examples: Path
) -> None:
    plain = colorizer.colorize(gray_cat).ab
    other = load_reference(examples / "color" / "harbour.jpg")
    own = load_reference(examples / "color" / "cat.jpg")
    changed = np.abs(colorizer.colorize(gray_cat, references=[other]).ab - plain).mean()
    led = np.abs(colorizer.colorize(gray_cat, references=[own]).ab - plain).mean()
    assert changed < 0.5 * led


def test_the_right_one_of_many_leads(colorizer: Colorizer, gray_cat: Path, examples: Path) -> None:
    album = load_album(examples / "color")
    assert len(album) > MOST_COMPARED
    own = load_reference(examples / "color" / "cat.jpg")
    alone = colorizer.colorize(gray_cat, references=[own]).ab
    among = colorizer.colorize(gray_cat, references=album).ab
    assert np.abs(among - alone).mean() < 1.0, "others than the most similar one count little"


def test_the_colors_of_a_flat_reference_are_taken_as_they_are(colorizer: Colorizer) -> None:
    """Every cell of the reference has one colour: so do all that are alike."""
    rng = np.random.default_rng(3)
    gray = rng.integers(60, 190, (12, 16), np.uint8).repeat(16, 0).repeat(16, 1)
    lab = np.dstack(
        [gray / 2.55, np.full_like(gray, 20.0, float), np.full_like(gray, -30.0, float)]
    )
    member = colorizer.members[0]

    codes = np.rint(255 * srgb_from_lab(lab.astype(np.float32))).astype(np.uint8)
    reference = Reference.of_srgb("flat", codes)
    photo = Photo(codes)
    copy = SmallCopy.of(photo, *member.copy_size(*photo.upright_size, None))
    colors = reference_colors(member, copy, [reference], None)
    assert colors.weight.mean() > 0.9, "the same picture is like itself"
    mean = ab_of(codes).mean(axis=(0, 1))
    assert np.abs(colors.ab.mean(axis=(0, 1)) - mean).max() < 3  # the gamut clips some cells


def test_hints_count_more_than_references(
    colorizer: Colorizer, gray_cat: Path, examples: Path
) -> None:
    own = load_reference(examples / "color" / "cat.jpg")
    hint = Hint(225, 150, ab=(40.0, -40.0))
    work = colorizer.workspace(gray_cat)
    result = work.result(references=[own], hints=[hint])
    assert np.abs(work.ab_at(225, 150, result) - hint.ab).max() < 2


def test_confidence_rises_where_a_reference_leads(
    colorizer: Colorizer, gray_cat: Path, examples: Path
) -> None:
    own = load_reference(examples / "color" / "cat.jpg")
    plain, led = (colorizer.colorize(gray_cat, references=some).confidence for some in ([], [own]))
    assert plain is not None
    assert led is not None
    assert (led >= plain - 1e-6).all()
    assert led.mean() > plain.mean() + 0.1


def test_every_shipped_model_takes_references(gray_cat: Path, examples: Path) -> None:
    own = load_reference(examples / "color" / "cat.jpg")
    for name in ("photochrom-free", "photochrom-lite"):
        colorizer = Colorizer(name)
        plain, led = (colorizer.colorize(gray_cat, references=some).ab for some in ([], [own]))
        assert np.abs(led - plain).mean() > 1, name


def test_a_blend_takes_references_by_its_first_able_model(
    colorizer: Colorizer, gray_cat: Path, cat: Array, examples: Path
) -> None:
    blend = Colorizer.blend([(colorizer, 1), (Colorizer("photochrom-lite"), 1)], None)
    own = load_reference(examples / "color" / "cat.jpg")
    without = error(blend, gray_cat, cat)
    assert error(blend, gray_cat, cat, references=[own]) < 0.7 * without


def test_a_model_without_features_says_so(
    gray_cat: Path, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Colorizer()
    session = plain.session
    monkeypatch.setattr(session, "contract", replace(session.contract, features=()))
    assert not plain.workspace(gray_cat).takes_references
    own = load_reference(examples / "color" / "cat.jpg")
    with pytest.raises(ModelError, match="takes no references; choose a model that does"):
        plain.colorize(gray_cat, references=[own])


def test_a_gray_photo_leads_nothing(gray_cat: Path) -> None:
    with pytest.raises(PhotoError, match=r"cat\.jpg: has no colours"):
        load_reference(gray_cat)


def test_a_folder_without_colors_is_one_line(tmp_path: Path, gray_cat: Path) -> None:
    with pytest.raises(PhotoError, match=r"nowhere: No such file"):
        load_album(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / "gray.jpg").write_bytes(gray_cat.read_bytes())
    with pytest.raises(PhotoError, match="has no colour photo"):
        load_album(tmp_path)


def test_a_damaged_photo_of_an_album_is_named(tmp_path: Path, examples: Path) -> None:
    (tmp_path / "good.jpg").write_bytes((examples / "color" / "cat.jpg").read_bytes())
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    with pytest.raises(PhotoError, match=r"bad\.jpg"):
        load_album(tmp_path)


def test_equal_references_are_one_key(examples: Path) -> None:
    one, two = (load_reference(examples / "color" / "cat.jpg") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert ColorizeOptions(references=[one]) == ColorizeOptions(references=(two,))


def test_a_corrected_result_leads(colorizer: Colorizer, gray_cat: Path) -> None:
    work = colorizer.workspace(gray_cat)
    blue = work.result(hints=[Hint(225, 150, ab=(0.0, -45.0))])
    led = work.result(references=[blue.as_reference()])
    plain = work.result()
    nearer = [np.abs(one.ab - blue.ab).mean() for one in (led, plain)]
    assert nearer[0] < 0.6 * nearer[1]
