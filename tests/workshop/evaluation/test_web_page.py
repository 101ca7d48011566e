from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import DataError
from photochrom.workshop.evaluation.web_page import (
    LONG_SIDE,
    PHOTOS_OF_A_SELECTION,
    select_photos,
    write_page,
)

HOSTILE = "</script><img src=x onerror=alert(1)><!-- /*SCRIPT*/ & '\""
PHOTOS = 60
VOID = {"meta", "img", "input", "br", "link"}

Picture = NDArray[np.uint8]
Pictures = Callable[[str], Mapping[str, Picture]]


def row(name: str, model: str | None = None, vividness: float | None = None) -> dict[str, Any]:
    figures = {"psnr": 23.0, "ab_error": 14.0, "colorfulness_ratio": 0.8}
    return {"name": name, "model": model, "vividness": vividness, "all": figures}


def record_of(rows: list[dict[str, Any]], errors: Mapping[str, list[float]]) -> dict[str, Any]:
    """A record whose photos have these ab errors by row; the last key is a hostile one."""
    count = len(next(iter(errors.values())))
    keys = [f"p{index:03}" for index in range(count - 1)] + [HOSTILE]
    photos = [
        {
            "key": key,
            "width": 512,
            "height": 384,
            "scores": {name: {"ab_error": of[index]} for name, of in errors.items()},
        }
        for index, key in enumerate(keys)
    ]
    baselines = [row("grey"), row("best constant")]
    return {
        "photos": count,
        "sources": [HOSTILE],
        "rows": [*baselines, *rows],
        "subsets": {"all": count},
        "per_photo": photos,
    }


@pytest.fixture
def record() -> dict[str, Any]:
    """Two models; A's error falls with the index, B's distance from A is largest in the middle."""
    index = np.arange(PHOTOS, dtype=float)
    first = 100 - index
    second = first + 30 - np.abs(index - 30)
    rows = [row("A 1", "A", 1.0), row("A 0.4", "A", 0.4), row("B", None)]
    errors = {"A 1": index % 7, "A 0.4": first, "B": second}
    return record_of(rows, {name: of.tolist() for name, of in errors.items()})


@pytest.fixture
def pictures_of(examples: Path) -> Callable[[tuple[int, int]], Pictures]:
    """Pictures of a size (width, height): one harbour, dimmed by the key, in crude colours."""
    with Image.open(examples / "color" / "harbour.jpg") as image:
        harbour = image.convert("RGB")

    def sized(size: tuple[int, int]) -> Pictures:
        photo = np.asarray(harbour.resize(size, Image.Resampling.LANCZOS))

        def of(key: str) -> dict[str, Picture]:
            real = (photo * (0.5 + crc32(key.encode()) % 97 / 200)).astype(np.uint8)
            gray = np.repeat(real.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
            colored = {"A 1": real // 2, "A 0.4": real[..., ::-1], "B": 255 - real}
            return {"grey": gray, **colored, "real": real}

        return of

    return sized


@pytest.fixture
def pictures(pictures_of: Callable[[tuple[int, int]], Pictures]) -> Pictures:
    """Pictures of 32 x 24 pixels, which are encoded fast."""
    return pictures_of((32, 24))


@pytest.fixture
def page(tmp_path: Path, record: dict[str, Any], pictures: Pictures) -> str:
    write_page(tmp_path / "report.html", record, pictures)
    return (tmp_path / "report.html").read_text("utf-8")


class Reader(HTMLParser):
    """Notes attributes, the text of scripts and every end tag that closes another element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_page_is_well_formed(page: str) -> None:
    reader = Reader(page)
    assert page.startswith("<!DOCTYPE html>")
    assert reader.wrong == []
    assert reader.open == []
    identities = [value for name, value in reader.attributes if name == "id"]
    assert len(identities) == len(set(identities))
    assert reader.tags.count("script") == len(reader.scripts) == 2
    assert "/*STYLE*/" not in page
    assert page.count("/*SCRIPT*/") == len(re.findall(r"/\*SCRIPT\*/", json.dumps(data_of(page))))


def test_nothing_comes_from_elsewhere(page: str) -> None:
    reader = Reader(page)
    assert not [1 for name, _ in reader.attributes if name in ("src", "href", "srcset", "action")]
    policy = next(
        value for name, value in reader.attributes if name == "content" and "src" in str(value)
    )
    assert str(policy).startswith("default-src 'none'; img-src data:;")
    assert re.findall(r"https?://[^\"' ]+", page) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|url\(|\bfetch\(|^\s*(import|export)\b", page, re.MULTILINE)


def test_the_scripts_share_one_scope_without_a_clash(page: str) -> None:
    script = Reader(page).scripts[1]
    names = re.findall(r"^(?:const|let|class|function) (\w+)", script, re.MULTILINE)
    assert {"element", "figuresTable", "gallery", "comparison"} <= set(names)
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_hostile_keys_and_names_stay_text(page: str, record: dict[str, Any]) -> None:
    assert "<img" not in page
    assert "innerHTML" not in page
    data = data_of(page)
    assert data["record"]["sources"] == [HOSTILE]
    assert HOSTILE in [photo["key"] for photo in data["photos"]]
    assert data["record"] == {name: of for name, of in record.items() if name != "per_photo"}


def test_each_picture_is_embedded_once(
    tmp_path: Path, record: dict[str, Any], pictures: Pictures
) -> None:
    requested: list[str] = []

    def counted(key: str) -> Mapping[str, Picture]:
        requested.append(key)
        return pictures(key)

    write_page(tmp_path / "report.html", record, counted)
    page = (tmp_path / "report.html").read_text("utf-8")
    chosen = {key for selection in select_photos(record) for key in selection.keys}
    shown = sum(len(selection.keys) for selection in select_photos(record))
    assert sorted(requested) == sorted(chosen)
    assert len(chosen) < shown
    assert page.count("data:image/webp;base64,") == 5 * len(chosen)
    data = data_of(page)
    for selection, expected in zip(data["selections"], select_photos(record), strict=True):
        assert [data["photos"][i]["key"] for i in selection["photos"]] == expected.keys


def test_pictures_are_small_copies_of_what_was_given(
    tmp_path: Path, pictures_of: Callable[[tuple[int, int]], Pictures]
) -> None:
    rows = [row("A 1", "A", 1.0), row("A 0.4", "A", 0.4), row("B")]
    record = record_of(rows, {"A 1": [3.0], "A 0.4": [2.0], "B": [4.0]})
    pictures = pictures_of((512, 384))
    write_page(tmp_path / "report.html", record, pictures)
    (photo,) = data_of((tmp_path / "report.html").read_text("utf-8"))["photos"]
    assert list(photo["pictures"]) == ["grey", "A 1", "A 0.4", "B", "real"]
    for name, given in pictures(HOSTILE).items():
        encoded = base64.b64decode(photo["pictures"][name].removeprefix("data:image/webp;base64,"))
        with Image.open(BytesIO(encoded)) as image:
            assert image.format == "WEBP"
            assert image.size == (LONG_SIDE, LONG_SIDE * 3 // 4)
            whole = Image.fromarray(given).resize(image.size, Image.Resampling.LANCZOS)
            error = np.abs(np.asarray(image.convert("RGB")).astype(float) - np.asarray(whole))
        # About 3 codes are lost at this quality; another row's picture is 40 or more away.
        assert error.mean() < 6, name


def test_best_and_worst_go_by_the_first_models_row_nearest_the_default(
    record: dict[str, Any],
) -> None:
    best, worst, *_ = select_photos(record)
    keys = [photo["key"] for photo in record["per_photo"]]
    assert (best.name, worst.name) == ("best", "worst")
    assert list(best.keys) == keys[::-1][:PHOTOS_OF_A_SELECTION]
    assert list(worst.keys) == keys[:PHOTOS_OF_A_SELECTION]
    assert "A 0.4" in best.words
    assert "A 0.4" in worst.words


def test_random_photos_are_always_the_same(record: dict[str, Any]) -> None:
    drawn = select_photos(record)[2]
    keys = [photo["key"] for photo in record["per_photo"]]
    assert drawn.name == "random"
    assert drawn.keys == select_photos(record)[2].keys
    assert len(set(drawn.keys)) == PHOTOS_OF_A_SELECTION
    places = [keys.index(key) for key in drawn.keys]
    assert places == sorted(places)
    assert places[-1] - places[0] > PHOTOS_OF_A_SELECTION


def test_disagreement_is_between_models_not_between_vividnesses(record: dict[str, Any]) -> None:
    apart = select_photos(record)[3]
    assert apart.words.startswith("The ab errors of A 0.4 and B ")
    # B is 30 - |index - 30| away from A 0.4: the photos around the thirtieth.
    assert apart.keys[0] == "p030"
    places = sorted(int(key[1:]) for key in apart.keys)
    assert places[0] in (18, 19)
    assert places == list(range(places[0], places[0] + PHOTOS_OF_A_SELECTION))


def test_one_model_disagrees_with_itself_at_other_vividness() -> None:
    rows = [row("A 0.5", "A", 0.5), row("A 1", "A", 1.0)]
    record = record_of(rows, {"A 0.5": [5.0, 6.0, 7.0], "A 1": [5.0, 9.0, 8.0]})
    *_, apart = select_photos(record)
    assert apart.words.startswith("The ab errors of A 0.5 and A 1 ")
    assert list(apart.keys) == ["p001", HOSTILE, "p000"]


def test_a_single_row_has_nothing_to_disagree_with() -> None:
    record = record_of([row("A 0.5", "A", 0.5)], {"A 0.5": [5.0, 4.0]})
    names = [selection.name for selection in select_photos(record)]
    assert names == ["best", "worst", "random"]


def test_a_page_that_cannot_be_written(
    tmp_path: Path, record: dict[str, Any], pictures: Pictures
) -> None:
    with pytest.raises(DataError, match=r"report\.html: cannot be written .*name another folder"):
        write_page(tmp_path / "nowhere" / "report.html", record, pictures)
