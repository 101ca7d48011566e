"""Random gestures on the page, as hands make them: mouse, fingers and keys at places of the screen.

A gesture looks at the page, does one thing, and returns what it did in a few words. It touches only
what can be seen and reached; a gesture for which there is no occasion returns None.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, TimeoutError

MOST_PHOTOS = 10
KEYS = [
    *"cbhsgao+-01[]?",
    *("PageUp", "PageDown", "Escape", "Enter", "Tab", "Shift+Tab", "Space", "Delete", "Backspace"),
    *("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift+ArrowRight", "Home", "End"),
    *("Control+z", "Control+Shift+z", "Control+y", "Control+s"),
]

# What can be seen and pressed in its middle; what an open dialog covers cannot.
REACHABLE = """(selector) => [...document.querySelectorAll(selector)].flatMap((node) => {
  if (node.disabled || !node.checkVisibility({ visibilityProperty: true })) return [];
  const { left, top, width, height } = node.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const hit = document.elementFromPoint(x, y);
  return hit && (node.contains(hit) || hit.contains(node))
    ? [{ left, top, width, height, words: node.id || node.ariaLabel || node.textContent.trim() }]
    : [];
})"""

DROP = """async ([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  for (const type of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type,
      { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

Spot = tuple[float, float]


class Hands:
    """The hands of one person at a tab; what they do follows from the seed and from the page."""

    def __init__(self, page: Page, chance: random.Random, photos: Sequence[Path], touch: bool):
        self.page, self.chance, self.photos, self.touch = page, chance, photos, touch
        self.line = page.context.new_cdp_session(page)
        self.without: set[str] = set()
        """Gestures that are left out for now."""
        every = {**COMMON, **(FINGERS if touch else MOUSE)}
        self._names, self._weights = list(every), [weight for weight, _ in every.values()]
        self._gestures = {name: gesture for name, (_, gesture) in every.items()}

    def act(self) -> str:
        """Make one gesture; returns its name and what it did."""
        if self.chance.random() < 0.3 and self.press("dialog[open] .shut"):
            return "dialog: closed"
        while True:
            name = self.chance.choices(self._names, self._weights)[0]
            done = None if name in self.without else self._gestures[name](self)
            if done is not None:
                return f"{name}: {done}"

    # What hands can do

    def spots(self, selector: str) -> list[dict[str, Any]]:
        """Boxes of what can be reached."""
        return self.page.evaluate(REACHABLE, selector)

    def tap(self, x: float, y: float) -> None:
        if self.touch:
            self.page.touchscreen.tap(x, y)
        else:
            self.page.mouse.click(x, y)

    def press(self, selector: str) -> str | None:
        """Press one of what a selector names; returns its name."""
        spots = self.spots(selector)
        if not spots:
            return None
        box = self.chance.choice(spots)
        self.tap(box["left"] + box["width"] / 2, box["top"] + box["height"] / 2)
        return str(box["words"])[:60]

    def within(self, box: dict[str, Any]) -> Spot:
        return (
            box["left"] + self.chance.uniform(0.02, 0.98) * box["width"],
            box["top"] + self.chance.uniform(0.02, 0.98) * box["height"],
        )

    def on(self, selector: str, count: int = 1) -> list[Spot]:
        """Random places on an element; none where it cannot be reached."""
        boxes = self.spots(selector)
        return [self.within(boxes[0]) for _ in range(count)] if boxes else []

    def fingers(self, kind: str, *spots: Spot) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(spots)]
        self.line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, way: Sequence[Spot], between: Callable[[], None] = lambda: None) -> None:
        """Along a way; `between` is done half way, with the button or the finger down."""
        if self.touch:
            self.fingers("touchStart", way[0])
        else:
            self.page.mouse.move(*way[0])
            self.page.mouse.down()
        for at, spot in enumerate(way[1:]):
            if at == len(way) // 2:
                between()
            if self.touch:
                self.fingers("touchMove", spot)
            else:
                self.page.mouse.move(*spot, steps=3)
        if self.touch:
            self.fingers("touchEnd")
        else:
            self.page.mouse.up()


def _said(way: Sequence[Spot]) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in way)


def add(hands: Hands) -> str | None:
    count = hands.page.locator("#films li").count()
    if count >= MOST_PHOTOS or not (hands.spots("#choose") or hands.spots("#add")):
        return None
    photos = hands.chance.sample(list(hands.photos), hands.chance.randint(1, 3))
    if len(photos) == 1:
        data = base64.b64encode(photos[0].read_bytes()).decode()
        hands.page.evaluate(DROP, [photos[0].name, data])
    else:
        hands.page.set_input_files("#photo-input", [str(photo) for photo in photos])
    return ", ".join(photo.name for photo in photos)


def pressing(selector: str) -> Callable[[Hands], str | None]:
    return lambda hands: hands.press(selector)


def key(hands: Hands) -> str:
    keys = [hands.chance.choice(KEYS) for _ in range(hands.chance.randint(1, 3))]
    for one in keys:
        hands.page.keyboard.press(one)
    return " ".join(keys)


def click_photo(hands: Hands) -> str | None:
    spots = hands.on("#canvas")
    for spot in spots:
        hands.tap(*spot)
    return _said(spots) if spots else None


def drag_photo(hands: Hands) -> str | None:
    way = hands.on("#canvas", hands.chance.randint(2, 5))
    if not way:
        return None
    hands.drag(way)
    return _said(way)


def drag_and_key(hands: Hands) -> str | None:
    """A key goes down while a drag is under way."""
    way = hands.on("#canvas", 3)
    if not way:
        return None
    pressed = hands.chance.choice(
        ["PageDown", "PageUp", "Control+z", "Delete", "Escape", "b", "h", "?", "Control+s"]
    )
    hands.drag(way, lambda: hands.page.keyboard.press(pressed))
    return f"{pressed} while {_said(way)}"


def stroke(hands: Hands) -> str | None:
    if hands.press("#tool-brush") is None:
        return None
    effects = hands.page.locator("#brush-effect option").evaluate_all(
        "(all) => all.map((one) => one.value)"
    )
    effect = hands.chance.choice(["color", *effects])
    if hands.spots("#brush-effect"):
        try:
            hands.page.select_option("#brush-effect", effect, timeout=2000)
        except TimeoutError:  # the photo is no longer open
            return None
    return f"{effect} {drag_photo(hands)}"


def divider(hands: Hands) -> str | None:
    from_ = hands.spots("#divider span")
    to = hands.on("#canvas", 2)
    if not from_ or not to:
        return None
    box = from_[0]
    way = [(box["left"] + box["width"] / 2, box["top"] + box["height"] / 2), *to]
    hands.drag(way)
    return _said(way)


def divider_key(hands: Hands) -> str | None:
    if not hands.spots("#divider span"):
        return None
    hands.page.focus("#divider")
    pressed = hands.chance.choice(["ArrowLeft", "ArrowRight", "Shift+ArrowLeft", "Home", "End"])
    hands.page.keyboard.press(pressed)
    return pressed


def slide(hands: Hands) -> str | None:
    sliders = hands.spots("input[type=range]")
    if not sliders:
        return None
    box = hands.chance.choice(sliders)
    middle = box["top"] + box["height"] / 2
    places = [box["left"] + hands.chance.random() * box["width"] for _ in range(4)]
    hands.drag([(x, middle) for x in places])
    return f"{box['words']} {_said([(x, middle) for x in places])}"


def mix(hands: Hands) -> str | None:
    """Move in the plane of a mixer, opening it first where it is folded."""
    if not hands.spots(".plane"):
        hands.press("#place summary") or hands.press("#tab-colors")
    spots = hands.on(".plane", 3)
    if not spots:
        return None
    hands.drag(spots)
    return _said(spots)


def grid(hands: Hands) -> str | None:
    if hands.press("#overview") is None:
        return None
    done = []
    for _ in range(hands.chance.randint(1, 4)):
        what = hands.chance.choice(
            [
                "#tiles input",
                "#tiles input",
                "#choose-all",
                "#apply-look",
                "#remove-chosen",
                "order",
            ]
        )
        if what == "order" and hands.spots("#order"):
            order = hands.chance.choice(["opened", "name", "size", "state"])
            hands.page.select_option("#order", order)
            done.append(order)
        elif what != "order":
            done.append(f"{what} {hands.press(what)}")
    closes = hands.chance.choice(["#tiles .tile", "#overview-dialog .shut", "key"])
    if closes == "key":
        hands.page.keyboard.press("Escape")
    else:
        hands.press(closes)
    return "; ".join([*done, closes])


def download(hands: Hands) -> str | None:
    if hands.press("#download") is None:
        return None
    if hands.chance.random() < 0.4 and hands.spots("#format"):
        hands.page.select_option("#format", hands.chance.choice(["", "png", "webp"]))
    what = hands.press("#download-one, #download-all, #share-picture, #share-clip")
    hands.page.wait_for_timeout(hands.chance.choice([0, 200, 1500]))
    after = hands.chance.choice(["Escape", "#download-stop", "#download-now", ""])
    if after == "Escape":
        hands.page.keyboard.press("Escape")
    elif after:
        hands.press(after)
    return f"{what}, {after}"


def choose_model(hands: Hands) -> str | None:
    if not hands.spots("#look-model"):
        return None
    name = hands.chance.choice(["photochrom", "photochrom-lite", "photochrom-free"])
    hands.page.select_option("#look-model", name)
    return name


def rapid(hands: Hands) -> str | None:
    """Go through the strip faster than photos open."""
    names = [hands.press("#films .film") for _ in range(hands.chance.randint(2, 6))]
    return None if None in names else ", ".join(map(str, names))


def reload(hands: Hands) -> str:
    hands.page.reload()
    hands.page.wait_for_selector("body[data-ready]")
    return ""


def turn(hands: Hands) -> str:
    """Another size of the window; a phone is turned."""
    size = hands.page.viewport_size
    assert size is not None
    if hands.touch:
        size = {"width": size["height"], "height": size["width"]}
    else:
        size = {"width": hands.chance.choice([1280, 900, 640]), "height": 800}
    hands.page.set_viewport_size(size)
    return f"{size['width']} x {size['height']}"


def wheel(hands: Hands) -> str | None:
    where = hands.chance.choice(["#canvas", "#canvas", "#films"])
    spots = hands.on(where)
    if not spots:
        return None
    hands.page.mouse.move(*spots[0])
    by = hands.chance.choice([-400, -120, 120, 400])
    hands.page.mouse.wheel(0, by)
    return f"{where} {by} at {_said(spots)}"


def hover(hands: Hands) -> str | None:
    spots = hands.on("#canvas", 3)
    for spot in spots:
        hands.page.mouse.move(*spot, steps=2)
    return _said(spots) if spots else None


def double_click(hands: Hands) -> str | None:
    spots = hands.on(hands.chance.choice(["#canvas", "#divider span"]))
    if not spots:
        return None
    hands.page.mouse.dblclick(*spots[0])
    return _said(spots)


def pinch(hands: Hands) -> str | None:
    spots = hands.on("#canvas", 4)
    if not spots:
        return None
    start, end = spots[:2], spots[2:]
    hands.fingers("touchStart", start[0])
    hands.fingers("touchStart", *start)
    for share in (0.25, 0.5, 0.75, 1):
        moved = [
            (x + share * (to_x - x), y + share * (to_y - y))
            for (x, y), (to_x, to_y) in zip(start, end, strict=True)
        ]
        hands.fingers("touchMove", *moved)
    if hands.chance.random() < 0.2:
        hands.fingers("touchCancel")
    else:
        hands.fingers("touchEnd", end[0])
        hands.fingers("touchEnd")
    return f"{_said(start)} to {_said(end)}"


Gesture = Callable[[Hands], str | None]
COMMON: dict[str, tuple[float, Gesture]] = {
    "add photos": (5, add),
    "photo of the strip": (8, pressing("#films .film")),
    "through the strip": (3, rapid),
    "remove": (1.5, pressing("#films .away, #remove-photo, #drop-photo")),
    "button of a line": (6, pressing("#status .toast button")),
    "undo or redo": (8, pressing("#undo, #redo")),
    "click on the photo": (10, click_photo),
    "drag on the photo": (5, drag_photo),
    "a drag and a key": (3, drag_and_key),
    "brush": (6, stroke),
    "divider": (6, divider),
    "divider by key": (2, divider_key),
    "likely color": (8, pressing("#place .chip")),
    "button of the place": (3, pressing("#place button:not(.chip), #place summary")),
    "mixer": (3, mix),
    "slider": (8, slide),
    "button of the look": (2, pressing("#sliders button")),
    "apply to all": (0.7, pressing("#apply-all")),
    "model": (0.4, choose_model),
    "tab": (6, pressing("#panel [role=tab]")),
    "variant": (4, pressing("#variant-cards button, #more-variants")),
    "compare": (4, pressing("#pin, #swap, #unpin")),
    "colors": (4, pressing("#marks button, #clear-hints")),
    "tool": (5, pressing("#tools button")),
    "keys": (8, key),
    "grid": (3, grid),
    "download": (1.5, download),
    "theme or help": (1, pressing("#theme, #help, dialog[open] .shut")),
    "retry": (1, pressing("#retry")),
    "window": (1, turn),
    "reload": (0.5, reload),
}
MOUSE: dict[str, tuple[float, Gesture]] = {
    "wheel": (6, wheel),
    "pointer": (3, hover),
    "double click": (2, double_click),
}
FINGERS: dict[str, tuple[float, Gesture]] = {"pinch": (8, pinch)}
