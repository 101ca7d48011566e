from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from photochrom.color import metrics
from photochrom.color.lab import lab_from_srgb
from photochrom.colorizer import Colorizer
from photochrom.errors import DataError
from photochrom.workshop.evaluation.classifier import Classifier
from photochrom.workshop.evaluation.contenders import BEST_CONSTANT, Folder
from photochrom.workshop.evaluation.figures import UNKNOWN
from photochrom.workshop.evaluation.frechet import frechet_distance, split_halves_distance
from photochrom.workshop.evaluation.gallery import Gallery, temporary_gallery
from photochrom.workshop.evaluation.plan import Plan
from photochrom.workshop.evaluation.run import evaluate_photos
from support import tiny_workshop
from support.known_colors import KnownColors

pytestmark = pytest.mark.workshop

VIVIDNESS = (0.0, 0.5, 1.0)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return Gallery(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def record(
    folder: Path, colorizer: Colorizer, classifier: Classifier, gallery: Gallery
) -> dict[str, Any]:
    plan = Plan([colorizer], VIVIDNESS, subsets={"few": {"c1", "c2", "else"}}, curve=True)
    return evaluate_photos([str(folder)], plan, classifier, gallery=gallery)


def known_plan(pictures: list[np.ndarray], **options: Any) -> Plan:
    return Plan([KnownColors(pictures)], [0.5], **options)  # type: ignore[list-item]


def row(record: dict[str, Any], name: str, subset: str = "all") -> dict[str, float]:
    (found,) = [row for row in record["rows"] if row["name"] == name]
    return found[subset]


def test_rows(record, colorizer) -> None:
    assert record["photos"] == 8
    assert record["subsets"] == {"all": 8, "odd": 4, "few": 2}
    model = colorizer.session.name
    assert [(row["name"], row["model"], row["vividness"]) for row in record["rows"]] == [
        ("grey", None, None),
        ("best constant", None, None),
        *((f"{model} {value:g}", model, value) for value in VIVIDNESS),
    ]
    for found in record["rows"]:
        for subset in record["subsets"]:
            assert {"psnr", "ssim", "frechet", "agreement_percent"} <= found[subset].keys()
            assert all(np.isfinite(value) for value in found[subset].values())


@pytest.mark.parametrize("subset", ["all", "odd", "few"])
def test_gray_gains_nothing_over_gray(record, subset: str) -> None:
    gray = row(record, "grey", subset)
    assert gray["psnr_gain"] == gray["ab_gain_percent"] == gray["agreement_gain"] == 0
    assert gray["colorfulness_ratio"] == 0
    assert gray["frechet_share_percent"] == 100


def test_gray_against_its_definition(record, crops) -> None:
    errors, differences, similar = [], [], []
    for photo in crops:
        lab = lab_from_srgb(photo.astype(np.float32) / 255)
        flat = lab.copy()
        flat[..., 1:] = 0
        errors.append(np.linalg.norm(lab[..., 1:], axis=-1).mean())
        differences.append(deltaE_ciede2000(lab, flat).mean())
        luminance = np.where(lab[..., 0] > 8, ((lab[..., 0] + 16) / 116) ** 3, lab[..., 0] / 903.3)
        codes = np.where(
            luminance > 0.0031308, 1.055 * luminance ** (1 / 2.4) - 0.055, 12.92 * luminance
        )
        gray = np.rint(codes * 255).astype(np.uint8)[..., None].repeat(3, 2)
        similar.append(structural_similarity(photo, gray, channel_axis=2, data_range=255))
    # the grey's lightness is rounded to eight bits
    assert row(record, "grey")["ab_error"] == pytest.approx(np.mean(errors), abs=0.05)
    assert row(record, "grey")["ciede2000"] == pytest.approx(np.mean(differences), abs=0.2)
    assert row(record, "grey")["ssim"] == pytest.approx(np.mean(similar), abs=1e-3)


def test_best_constant_against_its_definition(record, crops) -> None:
    errors = []
    for photo in crops:
        ab = lab_from_srgb(photo.astype(np.float32) / 255)[..., 1:]
        errors.append(np.linalg.norm(ab - BEST_CONSTANT, axis=-1).mean())
    # chroma is reduced where black and white leave no room for the constant
    assert row(record, "best constant")["ab_error"] == pytest.approx(np.mean(errors), abs=0.5)


def test_vividness_makes_photos_more_colorful(record, colorizer) -> None:
    model = colorizer.session.name
    ratios = [row(record, f"{model} {value}")["colorfulness_ratio"] for value in ("0", "0.5", "1")]
    assert ratios == sorted(ratios)
    assert 0.1 < ratios[0] < ratios[-1] < 2
    assert row(record, f"{model} 0.5")["seconds"] > 0


def test_figures_are_sane(record) -> None:
    for found in record["rows"]:
        # real photos coloured by guessing: CIEDE2000 of 2 is barely seen, 30 is another colour
        assert 2 < found["all"]["ciede2000"] < 30
        assert 10 < found["all"]["psnr"] < 40
        assert 0.5 < found["all"]["ssim"] < 1


def test_fréchet_distance_and_agreement_against_their_definition(
    record, classifier, gallery, colorizer
) -> None:
    name = f"{colorizer.session.name} 1"
    sights = {
        which: [classifier.look(gallery.pictures(key)[which]) for key in gallery.keys]
        for which in ("grey", name, "real")
    }
    features = {w: np.stack([sight.features for sight in of]) for w, of in sights.items()}
    distance = frechet_distance(features[name], features["real"])
    assert row(record, name)["frechet"] == pytest.approx(distance, abs=1e-3)
    share = 100 * distance / frechet_distance(features["grey"], features["real"])
    assert row(record, name)["frechet_share_percent"] == pytest.approx(share, abs=1e-2)
    assert record["frechet_floor"] == pytest.approx(
        split_halves_distance(features["real"]), abs=1e-3
    )
    labels = {which: [sight.label for sight in of] for which, of in sights.items()}
    agreed = [ours == real for ours, real in zip(labels[name], labels["real"], strict=True)]
    assert row(record, name)["agreement_percent"] == 100 * np.mean(agreed)


def test_curve_meets_the_rows(record, colorizer) -> None:
    (points,) = record["curves"].values()
    assert [point["vividness"] for point in points] == [step / 10 for step in range(11)]
    for value, point in ((0, points[0]), (0.5, points[5]), (1, points[10])):
        found = row(record, f"{colorizer.session.name} {value:g}")
        for figure in ("psnr", "ab_error", "colorfulness_ratio"):
            assert point[figure] == found[figure]
    # a dial of the faithful and the vivid: what is between them is between their figures
    ratios = [point["colorfulness_ratio"] for point in points]
    assert ratios[0] < ratios[3] < ratios[10]


def test_confidence_is_calibrated_somewhat(record, colorizer) -> None:
    assert len(record["calibration"]) == len(VIVIDNESS)
    bins = record["calibration"][f"{colorizer.session.name} 0.5"]
    assert sum(part["share"] for part in bins) == pytest.approx(1, abs=1e-3)
    confidence = [part["confidence"] for part in bins]
    assert confidence == sorted(confidence)
    assert 0 <= confidence[0] < confidence[-1] <= 1
    for value in record["confidence_rank_correlation"].values():
        assert -1 < value < 1


def test_every_photo_has_its_scores(record, crops) -> None:
    assert [photo["key"] for photo in record["per_photo"]] == [f"c{i}" for i in range(8)]
    for photo, crop in zip(record["per_photo"], crops, strict=True):
        assert (photo["height"], photo["width"]) == crop.shape[:2]
        assert photo["scores"].keys() == {"real", *(row["name"] for row in record["rows"])}
        assert photo["scores"]["real"] == {
            "colorfulness": pytest.approx(metrics.colorfulness(crop), abs=1e-4)
        }
    errors = [photo["scores"]["grey"]["ab_error"] for photo in record["per_photo"]]
    assert np.mean(errors) == pytest.approx(row(record, "grey")["ab_error"], abs=1e-3)
    assert np.mean(errors[1:3]) == pytest.approx(row(record, "grey", "few")["ab_error"], abs=1e-3)


def test_gallery_has_every_colored_picture(record, gallery, crops, colorizer) -> None:
    model = colorizer.session.name
    assert gallery.keys == [f"c{index}" for index in range(8)]
    for key, crop in zip(gallery.keys, crops, strict=True):
        pictures = gallery.pictures(key)
        assert list(pictures) == ["grey", f"{model} 0", f"{model} 0.5", f"{model} 1", "real"]
        assert np.array_equal(pictures["real"], crop)
        assert np.ptp(pictures["grey"], axis=2).max() == 0
        error = metrics.psnr(pictures[f"{model} 1"], crop)
        scores = record["per_photo"][gallery.keys.index(key)]["scores"]
        assert scores[f"{model} 1"]["psnr"] == pytest.approx(error, abs=1e-4)


def test_gallery_of_the_first_photos(crops) -> None:
    with temporary_gallery(2) as gallery:
        for index, crop in enumerate(crops[:3]):
            for name in ("grey", "real"):
                gallery.keep(f"c{index}", name, crop)
        assert gallery.keys == ["c0", "c1"]
        assert np.array_equal(gallery.pictures("c1")["real"], crops[1])


def test_real_photos_are_perfect(folder, crops, classifier) -> None:
    plan = known_plan(crops)
    record = evaluate_photos([str(folder)], plan, classifier)
    for subset in ("all", "odd"):
        perfect = row(record, "known 0.5", subset)
        assert perfect["psnr"] == 99  # what `metrics.psnr` says of equal images
        assert perfect["ssim"] == 1
        assert perfect["ab_error"] == perfect["colorfulness_photo_distance"] == 0
        assert perfect["ab_gain_percent"] == 100
        assert perfect["ciede2000"] == pytest.approx(0, abs=1e-3)
        assert perfect["colorfulness_ratio"] == perfect["colorfulness_absolute_ratio"] == 1
        assert perfect["frechet"] == 0
        assert perfect["agreement_percent"] == 100
    seen = plan.colorizers[0].seen  # type: ignore[attr-defined]
    for gray, photo in zip(seen, crops, strict=True):
        lightness = lab_from_srgb(photo.astype(np.float32) / 255)[..., 0]
        coded = lab_from_srgb(np.repeat(gray[..., None], 3, 2).astype(np.float32) / 255)[..., 0]
        # half a code is at most 0.25 L
        assert np.abs(coded - lightness).max() < 0.3


def test_confidence_that_knows_the_error(folder, crops, classifier) -> None:
    """Errors made where a known confidence is low are found there."""
    pictures, confidences = [], []
    for crop in crops[:2]:
        confidence = np.ones((6, 6), np.float32)
        confidence[:3] = 0.25
        picture = crop.copy()
        half = len(crop) // 2
        picture[:half] = crop[:half].mean(axis=2, keepdims=True).astype(np.uint8)
        pictures.append(picture)
        confidences.append(confidence)
    plan = Plan([KnownColors(pictures, confidences)], [0.5])  # type: ignore[list-item]
    record = evaluate_photos([str(folder)], plan, classifier, limit=2)
    errors = [part["ab_error"] for part in record["calibration"]["known 0.5"]]
    assert min(errors[:4]) > 2 * max(errors[6:])
    assert record["confidence_rank_correlation"]["known 0.5"] > 0.5


def test_other_programs_pictures(folder, crops, classifier, tmp_path: Path) -> None:
    for index, crop in enumerate(crops[:3]):
        Image.fromarray(crop[::-1]).save(tmp_path / f"c{index}.png")
    plan = known_plan(crops, folders=[Folder("upside down", tmp_path)])
    record = evaluate_photos([str(folder)], plan, classifier, limit=3)
    values = [metrics.psnr(crop[::-1], crop) for crop in crops[:3]]
    found = row(record, "upside down")
    assert found["psnr"] == pytest.approx(np.mean(values), abs=1e-3)
    assert found["colorfulness_distance"] == 0
    assert "seconds" not in found
    with pytest.raises(DataError, match="no picture of c3"):
        evaluate_photos([str(folder)], known_plan(crops, folders=plan.folders), classifier)


def test_accuracy_needs_labels(folder, crops, classifier) -> None:
    seen = classifier.look(crops[0]).label
    labels = {"c0": seen, "c1": (classifier.look(crops[1]).label + 1) % 1000, "else": 3}
    assert UNKNOWN not in labels.values()
    record = evaluate_photos([str(folder)], known_plan(crops, labels=labels), classifier, limit=3)
    assert row(record, "known 0.5")["accuracy_percent"] == 50
    assert record["real"]["all"]["accuracy_percent"] == 50
    assert (
        "accuracy_percent"
        not in evaluate_photos([str(folder)], known_plan(crops), classifier, limit=1)["real"]["all"]
    )


def test_means_and_odd_photos(folder, crops, classifier) -> None:
    darker = [(crop * 0.9).astype(np.uint8) for crop in crops]
    record = evaluate_photos([str(folder)], known_plan(darker), classifier)
    values = [metrics.psnr(d, crop) for d, crop in zip(darker, crops, strict=True)]
    gray = row(record, "grey")["psnr"]
    found = row(record, "known 0.5")
    # four digits are kept
    assert found["psnr"] == pytest.approx(np.mean(values), abs=1e-3)
    assert found["psnr_gain"] == pytest.approx(np.mean(values) - gray, abs=2e-3)
    odd = row(record, "known 0.5", "odd")["psnr"]
    assert odd == pytest.approx(np.mean(values[1::2]), abs=1e-3)
    # what is odd stays odd, whatever is selected
    some = [darker[2], darker[3]]
    part = evaluate_photos([str(folder)], known_plan(some), classifier, selection={"c2", "c3"})
    assert part["photos"] == 2
    assert part["subsets"]["odd"] == 1
    assert row(part, "known 0.5", "odd")["psnr"] == pytest.approx(values[3], abs=1e-3)


def test_shards_and_limit(crops, classifier, tmp_path: Path) -> None:
    shard = tiny_workshop.write_shard(
        tmp_path / "val.tar", [Image.fromarray(crop) for crop in crops[:3]]
    )
    record = evaluate_photos([str(shard)], known_plan(crops), classifier, limit=2)
    assert record["photos"] == 2
    assert record["sources"] == [str(shard)]
    assert row(record, "known 0.5")["psnr"] == 99
    one = evaluate_photos([str(tmp_path)], known_plan(crops), classifier, limit=1)
    assert "odd" not in one["rows"][0]
    assert "frechet_floor" not in one


def test_gray_photos_can_be_evaluated(crops, classifier, tmp_path: Path) -> None:
    gray = Image.fromarray(crops[0]).convert("L").convert("RGB")
    shard = tiny_workshop.write_shard(tmp_path / "grey.tar", [gray])
    plan = known_plan([np.asarray(gray)] * 11, curve=True)
    record = evaluate_photos([str(shard)], plan, classifier)
    assert row(record, "known 0.5")["psnr"] == 99
    assert "curves" not in record  # against the colourfulness of nothing


def test_no_photos(classifier, tmp_path: Path) -> None:
    shard = tiny_workshop.write_tar(tmp_path / "empty.tar", [])
    with pytest.raises(DataError, match=r"empty\.tar: no photos there"):
        evaluate_photos([str(shard)], known_plan([]), classifier)
    with pytest.raises(DataError, match=r"nowhere"):
        evaluate_photos([str(tmp_path / "nowhere")], known_plan([]), classifier)


def test_a_photo_too_small_to_compare(classifier, tmp_path: Path) -> None:
    tiny = np.zeros((6, 9, 3), np.uint8)
    Image.fromarray(tiny).save(tmp_path / "tiny.png")
    with pytest.raises(DataError, match="tiny: smaller than 7 pixels"):
        evaluate_photos([str(tmp_path)], known_plan([tiny]), classifier)


def test_figures_by_kind(folder, crops, classifier) -> None:
    kinds = {"c0": "animals", "c1": "animals", "c3": "places"}
    record = evaluate_photos([str(folder)], known_plan(crops, kinds=kinds), classifier, limit=6)
    found = {kind: part["photos"] for kind, part in record["kinds"].items()}
    assert list(found.items()) == [("unknown", 3), ("animals", 2), ("places", 1)]
    alone = evaluate_photos([str(folder / "c3.png")], known_plan([crops[3]]), classifier)
    (gray,) = [row for row in record["kinds"]["places"]["rows"] if row["name"] == "grey"]
    assert gray["ab_error"] == row(alone, "grey")["ab_error"] > 0


def test_tables_of_another_set(folder, crops, classifier) -> None:
    for options, words in (
        ({"subsets": {"people": {"else"}}}, "subset people: none of its keys"),
        ({"kinds": {"else": "animals"}}, "no photo's key is in the table of kinds"),
    ):
        with pytest.raises(DataError, match=words):
            evaluate_photos([str(folder)], known_plan(crops, **options), classifier, limit=1)


def test_progress_is_told_of_every_photo(folder, crops, classifier) -> None:
    advances: list[int] = []
    evaluate_photos(
        [str(folder)], known_plan(crops), classifier, limit=2, advance=lambda: advances.append(1)
    )
    assert advances == [1, 1]
