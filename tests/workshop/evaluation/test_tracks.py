from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from photochrom.workshop.evaluation import tracks
from photochrom.workshop.evaluation.contenders import Setting
from photochrom.workshop.evaluation.degradations import Degraded
from photochrom.workshop.evaluation.original import Original
from support.known_colors import KnownColors

Degrade = Callable[[np.ndarray, np.random.Generator], Degraded]


def only(monkeypatch: pytest.MonkeyPatch, name: str, degrade: Degrade) -> None:
    monkeypatch.setattr(tracks, "DEGRADATIONS", {name: degrade})


def test_the_photo_is_cut_out_of_a_larger_scan(
    monkeypatch: pytest.MonkeyPatch, crops: list[np.ndarray]
) -> None:
    margins = ((3, 9), (7, 2))
    only(
        monkeypatch,
        "mounted",
        lambda photo, _: Degraded(np.pad(photo[..., 0], margins), top=3, left=7),
    )
    known = KnownColors([np.pad(crop, (*margins, (0, 0))) for crop in crops[:2]])
    table = tracks.Tracks([Setting(known, 0.5)])  # type: ignore[arg-type]
    for index, crop in enumerate(crops[:2]):
        table.add(Original(f"c{index}", index, crop))
    assert [seen.shape for seen in known.seen] == [
        (crop.shape[0] + 12, crop.shape[1] + 9) for crop in crops[:2]
    ]
    # the real colours came back in their places, so nothing is wrong
    assert table.tables({"known 0.5": 4.0}) == {
        "mounted": [{"name": "known 0.5", "ab_error": 0, "clean": 4, "above_clean_percent": -100}]
    }


def test_errors_are_means_beside_the_clean_track(
    monkeypatch: pytest.MonkeyPatch, crops: list[np.ndarray]
) -> None:
    only(monkeypatch, "none", lambda photo, _: Degraded(photo))
    grays = [np.repeat(crop[..., 1:2], 3, axis=2) for crop in crops[:2]]
    originals = [Original(f"c{index}", index, crop) for index, crop in enumerate(crops[:2])]
    table = tracks.Tracks([Setting(KnownColors(grays), 1.0)])  # type: ignore[arg-type]
    for original in originals:
        table.add(original)
    expected = np.mean([np.linalg.norm(o.lab[..., 1:], axis=-1).mean() for o in originals])
    (line,) = table.tables({"known 1": float(expected) / 2})["none"]
    assert line["ab_error"] == pytest.approx(expected, abs=1e-3)
    assert line["above_clean_percent"] == pytest.approx(100, abs=0.01)


def test_noise_repeats_and_belongs_to_the_photo(
    monkeypatch: pytest.MonkeyPatch, crops: list[np.ndarray]
) -> None:
    drawn: list[float] = []

    def noisy(photo: np.ndarray, random: np.random.Generator) -> Degraded:
        drawn.append(random.random())
        return Degraded(photo)

    only(monkeypatch, "noise", noisy)
    table = tracks.Tracks([Setting(KnownColors([crops[0]] * 3), 0.5)])  # type: ignore[arg-type]
    for key in ("c0", "c0", "c1"):
        table.add(Original(key, 0, crops[0]))
    assert drawn[0] == drawn[1] != drawn[2]
