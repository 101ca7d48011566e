"""A result in a real browser: Chromium plays it from its beginning to its end."""

from __future__ import annotations

from fractions import Fraction

import pytest

from support.films import scene, write_film

pytest.importorskip("playwright", reason="needs the package playwright")

from support.chromium import chromium

PICTURES = [scene(number, size=(120, 160)) for number in range(30)]
PAGE = """<!doctype html><video id="film" muted src="out.mp4"></video>"""
PLAYED = """async () => {
  const film = document.getElementById("film");
  const happened = (name) => new Promise((resolve, reject) => {
    film.addEventListener(name, resolve, { once: true });
    film.addEventListener("error", () => reject(new Error(film.error.message)), { once: true });
  });
  if (film.readyState < 4) await happened("canplaythrough");
  const ended = happened("ended");
  await film.play();
  await ended;
  const canvas = new OffscreenCanvas(film.videoWidth, film.videoHeight).getContext("2d");
  canvas.drawImage(film, 0, 0);
  const pixels = canvas.getImageData(0, 0, film.videoWidth, film.videoHeight).data;
  let colorful = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue] = pixels.slice(at, at + 3);
    colorful += Math.max(red, green, blue) - Math.min(red, green, blue) > 6;
  }
  return {
    duration: film.duration, width: film.videoWidth, height: film.videoHeight,
    at: film.currentTime, error: film.error,
    colorful: colorful / (pixels.length / 4),
  };
}"""


@pytest.mark.slow
@pytest.mark.parametrize("sound", [0, 1.2], ids=["silent", "with sound"])
def test_chromium_plays_a_result_to_its_end(tmp_path, color, sound):
    source = write_film(
        tmp_path / "in.mp4",
        PICTURES,
        codec="libx264",
        times=[512 * number for number in range(30)],
        base=Fraction(1, 12800),
        audio=sound,
    )
    color(source, tmp_path / "out.mp4")
    (tmp_path / "film.html").write_text(PAGE)
    with chromium("--allow-file-access-from-files") as browser:
        page = browser.new_page()
        page.goto((tmp_path / "film.html").as_uri())
        played = page.evaluate(PLAYED)
    assert played["error"] is None
    assert played["duration"] == pytest.approx(1.2, abs=0.05)
    assert played["at"] == pytest.approx(played["duration"], abs=0.05)
    assert (played["width"], played["height"]) == (160, 120)
    assert played["colorful"] > 0.2
