"""What must hold on the page when hands rest: it agrees with itself and with the server."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page

OPENING = "  return new Shelf(album).open();"
EXPOSED = "  globalThis.desk = desk;\n" + OPENING
"""What `expose` puts into main.js, so that checks see the page's own state."""

STATE = """() => {
  const { album, preview, stage, place, gestures } = globalThis.desk;
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const said = JSON.stringify;
  const { current } = album;
  const plain = (look) => ({ ...look, hints: look.hints.map(({ mark, ...hint }) => hint) });
  return {
    moving: preview.busy || album.byState.coming.length > 0
      || Boolean(current && stage.line !== stage.split),
    photos: album.photos.map((photo) => ({ name: photo.name, state: photo.state,
      problem: photo.problem, file: Boolean(photo.file), id: photo.session?.id ?? null,
      revision: photo.revision, current: photo === current,
      look: photo.look && plain(photo.look) })),
    current: album.photos.indexOf(current),
    films: all("#films li").map((film) => [film.dataset.state,
      film.querySelector(".film").getAttribute("aria-current") === "true",
      film.querySelectorAll("canvas").length]),
    undo: [!one("#undo").disabled, !one("#redo").disabled],
    steps: [Boolean(current?.history?.canUndo), Boolean(current?.history?.canRedo)],
    step: !current?.history || said(current.history.look) === said(current.look),
    sliders: Object.fromEntries(
      all("#sliders input").map((input) => [input.id.slice(5), Number(input.value)])),
    marks: all("#marks li").length,
    wanted: current?.look ? new Set(current.look.hints.map(({ mark }) => mark)).size
      + current.look.strokes.length : 0,
    split: stage.split, line: stage.line, holding: stage.holding, deed: gestures.deed ?? null,
    valuenow: Number(one("#divider").getAttribute("aria-valuenow")),
    frame: stage.view.frame, viewport: one("#viewport").getBoundingClientRect().left,
    divider: one("#divider span").getBoundingClientRect().toJSON(),
    busy: all(".busy").map((node) => node.id), asking: document.body.classList.contains("asking"),
    place: place.isOpen, dialogs: all("dialog[open]").map((node) => node.id),
    overlay: Boolean(stage.overlay), compared: Boolean(current?.pinned),
    lines: all("#status li, #status .toast span").map((node) => node.textContent),
  };
}"""

# The mean difference, in codes, of what is drawn right of the divider and the server's picture.
DIFFERENCE = """async (id) => {
  const { album, stage, preview } = globalThis.desk;
  const answer = await fetch(`api/v1/sessions/${id}/preview?longest=640`);
  if (!answer.ok) return -1;
  const bitmap = await createImageBitmap(await answer.blob());
  const { left, top, width, height } = stage.view.frame;
  const [size, block] = [16, 16];
  const means = (draw) => { // of blocks, so that the way of resampling does not count
    const pen = new OffscreenCanvas(size * block, size * block).getContext("2d");
    pen.imageSmoothingQuality = "high";
    draw(pen, size * block);
    const { data } = pen.getImageData(0, 0, size * block, size * block);
    const sums = new Float64Array(3 * size * size);
    for (let at = 0; at < data.length; at += 4) {
      const [row, column] = [Math.floor(at / 4 / size / block), (at / 4) % (size * block)];
      const mean = 3 * (Math.floor(row / block) * size + Math.floor(column / block));
      for (const band of [0, 1, 2]) sums[mean + band] += data[at + band] / block ** 2;
    }
    return sums;
  };
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const scale = devicePixelRatio;
  const drawn = means((pen, side) => pen.drawImage(stage.canvas, left * scale, top * scale,
    width * scale, height * scale, 0, 0, side, side));
  const { look, size: photo } = album.current; // the server's preview is neither cut nor turned
  const [across, down, x, y] = look.crop ? look.crop.match(/\\d+/g).map(Number)
    : [photo.width, photo.height, 0, 0];
  const share = bitmap.width / photo.width;
  const wanted = means((pen, side) => {
    pen.translate(side / 2, side / 2);
    pen.rotate(look.turn * Math.PI / 180);
    pen.drawImage(bitmap, x * share, y * share, across * share, down * share,
      -side / 2, -side / 2, side, side);
  });
  let [sum, count] = [0, 0];
  for (let at = 0; at < drawn.length; at += 1) {
    const [row, column] = [Math.floor(at / 3 / size), Math.floor(at / 3) % size];
    const inside = row > 0 && row < size - 1 && column > stage.line * size + 1 && column < size - 1;
    if (!inside) continue;
    sum += Math.abs(drawn[at] - wanted[at]);
    count += 1;
  }
  return count ? sum / count : 0;
}"""

PATIENCE_S = 60.0
LARGEST_DIFFERENCE = 1.5
"""Codes: two JPEGs of different size differ by 0.3; another look or photo by more."""


def expose(page: Page) -> None:
    """Let the page's own state be seen by checks."""

    def answer(route: Any) -> None:
        fetched = route.fetch()
        body = fetched.text()
        assert OPENING in body, "main.js no longer ends as this script expects"
        route.fulfill(response=fetched, body=body.replace(OPENING, EXPOSED))

    page.route("**/page/main.js", answer)


def state(page: Page) -> dict[str, Any]:
    return page.evaluate(STATE)


def let_go(page: Page) -> None:
    """Close what is open, show the whole photo without marks, and wait until nothing moves."""
    for _ in range(6):
        if not page.evaluate("() => Boolean(document.querySelector('dialog[open]'))"):
            break
        page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement?.blur()")
    for key in ("Escape", "Escape", "h", "0"):
        page.keyboard.press(key)


def settled(page: Page) -> list[str]:
    """Wait until all photos are open or failed; returns what is stuck."""
    until = time.monotonic() + PATIENCE_S
    while True:
        seen = state(page)
        busy = [name for name in seen["busy"] if name not in ("share-clip",)]
        if not seen["moving"] and not busy:
            page.wait_for_timeout(350)  # slides of the divider and the view
            if not state(page)["moving"]:
                return []
        if time.monotonic() > until:
            states = {photo["name"]: photo["state"] for photo in seen["photos"]}
            return [f"stuck: busy {seen['busy']}, photos {states}, lines {seen['lines']}"]
        page.wait_for_timeout(100)


def page_agrees(page: Page) -> list[str]:
    """Where the page contradicts itself."""
    seen = state(page)
    faults = []

    def same(what: str, one: Any, other: Any) -> None:
        if one != other:
            faults.append(f"{what}: {one} is not {other}")

    photos, current = seen["photos"], seen["current"]
    shown = [[photo["state"], at == current, 1] for at, photo in enumerate(photos)]
    same("strip and photos", seen["films"], shown)
    same("a dialog is open", seen["dialogs"], [])
    same("the place is open", seen["place"] or seen["asking"], False)
    same("the original is held", seen["holding"], False)
    if not photos:
        return faults
    same("undo and redo", seen["undo"], seen["steps"])
    same("the look is a step of the history", seen["step"], True)
    look = photos[current]["look"]
    if look:
        same("list of colors", seen["marks"], seen["wanted"])
        for name in ("vividness", "saturation", "warmth", "tint", "smooth"):
            if abs(seen["sliders"][name] - look[name]) > 0.006:
                same(name, seen["sliders"][name], look[name])
    same("line and divider", seen["line"], seen["split"])
    same("the divider's value", seen["valuenow"], int(100 * seen["split"] + 0.5))
    frame, handle = seen["frame"], seen["divider"]
    wanted = seen["viewport"] + frame["left"] + seen["split"] * frame["width"]
    if handle["width"] and abs(handle["left"] + handle["width"] / 2 - wanted) > 2:
        same("the divider's place", handle["left"] + handle["width"] / 2, wanted)
    return faults


def _differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two looks differ; hints are sent with one digit."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        pairs = [(one.get(key), other.get(key), f"{path}.{key}") for key in keys]
        return [line for pair in pairs for line in _differences(*pair)]
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return [f"{path}: {len(one)} and {len(other)}"]
        pairs = [(*pair, f"{path}[{at}]") for at, pair in enumerate(zip(one, other, strict=True))]
        return [line for pair in pairs for line in _differences(*pair)]
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return [f"{path}: {one} and {other}"] if abs(one - other) > 0.06 else []
    return [] if one == other else [f"{path}: {one} and {other}"]


def server_agrees(page: Page, address: str, known: set[str]) -> list[str]:
    """Where the page contradicts the server, after requests that are under way.

    `known`: the sessions that the server has opened since it was started.
    """
    until = time.monotonic() + PATIENCE_S / 3
    while True:
        faults = _contradictions(page, address, known)
        if not faults or time.monotonic() > until:
            return faults
        page.wait_for_timeout(500)


def _contradictions(page: Page, address: str, known: set[str]) -> list[str]:
    faults = []
    seen = state(page)
    for photo in seen["photos"]:
        if photo["id"] not in known or photo["state"] != "ready":
            continue
        answer = page.context.request.get(f"{address}api/v1/sessions/{photo['id']}")
        if not answer.ok:
            faults.append(f"{photo['name']}: the server answers {answer.status}")
            continue
        body = answer.json()
        for line in _differences(photo["look"], body["look"])[:4]:
            faults.append(f"{photo['name']}{' (current)' * photo['current']}: look{line}")
        if body["revision"] != photo["revision"]:
            faults.append(f"{photo['name']}: revision {photo['revision']}, not {body['revision']}")
    current = seen["photos"][seen["current"]] if seen["photos"] else None
    if current and current["state"] == "ready" and current["id"] in known and not seen["overlay"]:
        difference = page.evaluate(DIFFERENCE, current["id"])
        if not 0 <= difference < LARGEST_DIFFERENCE:
            faults.append(
                f"{current['name']}: drawn {difference:.1f} codes off the server's picture"
            )
    return faults
