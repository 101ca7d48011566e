"""The page's engine and the command color photos alike, with the same model.

`PHOTOCHROM_PHOTOS` may name a tar of photos, of which the first 40 are taken; without it they are
parts of the examples' color originals.
"""

from __future__ import annotations

import base64
import os
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import pyvips
from playwright.sync_api import Browser, Page

from photochrom import Colorizer
from support.programs import missing

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 40
SUFFIXES = (".webp", ".jpg", ".jpeg", ".png")
SHORT, LONG = 180, 240  # pixels of the parts
MOST_APART = 0.3  # of a code, on average over a photo
NEAR, MOST_FAR = 2, 0.001  # codes, and the share of pixels that may differ by more

LOAD = """async () => {
  const described = await (await fetch("site.json")).json();
  const { Network } = await import(new URL("engine/network.js", location));
  const { Kernel } = await import(new URL("engine/kernel.js", location));
  const { Session } = await import(new URL("engine/session.js", location));
  const at = (path) => new URL(path, location).href;
  const { model, contract, options: ranges, mostHints } = described;
  const runtimes = Object.fromEntries(Object.entries(described.runtimes).map(
    ([name, { module, glue, binary, bytes }]) =>
      [name, { module: at(module), glue: at(glue), binary: at(binary), bytes }]));
  const files = { runtimes, model: { ...model, address: at(model.address) } };
  const network = await Network.load(files, contract, () => {});
  const kernel = await Kernel.load(at("engine/kernel.wasm"));
  const engine = { kernel, network, ranges, mostHints, formats: ["jpg", "png", "webp"],
    limits: { pixels: 8e7 } };
  window.colored = async (text) => {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const session = await Session.open(new File([bytes], "photo.jpg"), "1", engine);
    const { blob } = await session.result({ format: "png" });
    session.close();
    const reader = new FileReader();
    const read = new Promise((done) => { reader.onload = () => done(reader.result); });
    reader.readAsDataURL(blob);
    return (await read).split(",")[1];
  };
}"""


def parts(examples: Path) -> Iterator[pyvips.Image]:
    """Parts of the examples' color originals that do not overlap, in turn from each."""
    originals = [
        pyvips.Image.new_from_file(str(path)) for path in sorted((examples / "color").iterdir())
    ]
    for place in range(100):
        for photo in originals:
            across = photo.width // LONG
            if place < across * (photo.height // SHORT):
                row, column = divmod(place, across)
                yield photo.crop(column * LONG, row * SHORT, LONG, SHORT)


def of_tar(path: Path) -> Iterator[pyvips.Image]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(SUFFIXES):
                data = archive.extractfile(member).read()  # type: ignore[union-attr]
                yield pyvips.Image.new_from_buffer(data, "")


@pytest.fixture(scope="module")
def grays(examples: Path) -> list[bytes]:
    """Photos in shades of grey, as JPEGs of quality 95."""
    named = os.environ.get("PHOTOCHROM_PHOTOS")
    if named and not Path(named).is_file():
        missing(f"PHOTOCHROM_PHOTOS names {named}, which is missing")
    found = islice(of_tar(Path(named)) if named else parts(examples), COUNT)
    photos = [photo.colourspace("b-w").write_to_buffer(".jpg[Q=95]") for photo in found]
    assert len(photos) == COUNT
    return photos


@pytest.fixture(scope="module")
def page(browser: Browser, site: str) -> Page:
    """The engine in a page, ready for `colored`."""
    page = browser.new_page()
    page.goto(f"{site}site.json")
    page.evaluate(LOAD)
    return page


def test_engine_and_command_agree(
    page: Page, grays: list[bytes], colorizer: Colorizer, tmp_path: Path
) -> None:
    apart: dict[int, tuple[float, float]] = {}
    for number, data in enumerate(grays):
        source = tmp_path / f"{number}.jpg"
        source.write_bytes(data)
        colorizer.colorize(source).save(tmp_path / f"{number}.png")
        expected = pyvips.Image.new_from_file(str(tmp_path / f"{number}.png")).numpy()
        answer = page.evaluate("(text) => colored(text)", base64.b64encode(data).decode())
        found = pyvips.Image.new_from_buffer(base64.b64decode(answer), "").numpy()
        assert found.shape[:2] == expected.shape[:2]
        off = np.abs(found[..., :3].astype(int) - expected[..., :3])
        apart[number] = (float(off.mean()), float((off.max(axis=2) > NEAR).mean()))
        assert np.ptp(expected[..., :3].astype(int), axis=2).mean() > 0.2, number
    wrong = {n: one for n, one in apart.items() if one[0] > MOST_APART or one[1] > MOST_FAR}
    assert not wrong
