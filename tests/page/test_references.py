"""Colours after another photo: references of a photo, and a photo that leads all others."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from support.desk import Desk
from support.screens import settle_colors, violations

pytestmark = pytest.mark.browser

LEADERS = "#leaders li"


@pytest.fixture(scope="module")
def small(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small copies of examples, and in the folder "color" of their originals."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "color").mkdir()
    for name in ("cat.jpg", "otter.jpg", "square.jpg", "students.jpg"):
        for path in (Path(name), Path("color") / name):
            with Image.open(examples / path) as image:
                image.thumbnail((320, 320))
                image.save(folder / path, quality=95)
    return folder


@pytest.fixture
def students(desk: Desk, small: Path) -> Desk:
    """The page with a photo whose usual colours are pale."""
    desk.put(small / "students.jpg")
    return desk


def sessions(desk: Desk) -> dict[str, str]:
    """The sessions of photos by name, of those with one name the first that was seen."""
    found: dict[str, str] = {}
    seen = dict.fromkeys(one.path.split("/")[2] for one in desk.all("preview"))
    for session in seen:
        answer = desk.page.context.request.get(f"{desk.address}api/v1/sessions/{session}")
        found.setdefault(answer.json()["name"], session)
    return found


def shown(desk: Desk, session: str) -> np.ndarray:
    """What the server makes of a session's latest look, float sRGB."""
    address = f"{desk.address}api/v1/sessions/{session}/preview?format=png&longest=300"
    answer = desk.page.context.request.get(address)
    assert answer.ok
    return np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB"), np.float32)


def error(picture: np.ndarray, original: Path) -> float:
    """The mean difference from an original in colour, codes."""
    height, width, _ = picture.shape
    with Image.open(original) as image:
        wanted = np.asarray(image.convert("RGB").resize((width, height)), np.float32)
    return float(np.abs(picture - wanted).mean())


def lead(desk: Desk, *references: Path) -> None:
    """Choose files of references, and wait for the colours."""
    before = len(desk.patches)
    desk.page.set_input_files("#references-input", [str(path) for path in references])
    desk.until(lambda: len(desk.patches) == before + len(references))
    desk.rest()


def answer(desk: Desk, session: str) -> int:
    return desk.page.context.request.get(f"{desk.address}api/v1/sessions/{session}").status


def test_reference_leads_until_it_is_removed(students: Desk, small: Path) -> None:
    desk = students
    original = small / "color" / "students.jpg"
    photo = sessions(desk)["students.jpg"]
    usual, screen = shown(desk, photo), desk.pixels(0.75, 0.35)
    lead(desk, original)
    (reference,) = desk.patches[-1]["references"]
    assert reference != photo
    assert desk.states() == ["ready"]  # the reference is no photo to be coloured
    assert desk.page.locator(LEADERS).inner_text() == "students.jpg"
    led = shown(desk, photo)
    assert error(led, original) < 0.7 * error(usual, original)
    assert np.abs(np.subtract(desk.pixels(0.75, 0.35)["bands"], screen["bands"])).max() > 5
    desk.press("Control+z")
    desk.rest()
    assert desk.status == "Undone: a reference"
    assert np.array_equal(shown(desk, photo), usual)
    desk.press("Control+Shift+z")
    desk.rest()
    assert np.array_equal(shown(desk, photo), led)
    remove = desk.page.get_by_role("button", name="Remove the reference students.jpg")
    remove.focus()
    desk.press("Enter")
    desk.rest()
    expect(desk.page.locator("#add-reference")).to_be_focused()
    expect(desk.page.locator(LEADERS)).to_have_count(0)
    assert np.array_equal(shown(desk, photo), usual)
    assert answer(desk, reference) == 200  # a step back needs it
    desk.press("Control+z")
    desk.rest()
    assert np.array_equal(shown(desk, photo), led)


def test_gray_reference_is_refused(students: Desk, small: Path) -> None:
    desk = students
    desk.page.set_input_files("#references-input", str(small / "cat.jpg"))
    words = "cat.jpg is black and white, so it cannot lead the colours of others."
    desk.until(lambda: words in desk.status)
    desk.until(lambda: [one for one in desk.requests if one.method == "DELETE"])
    expect(desk.page.locator(LEADERS)).to_have_count(0)
    assert desk.patches == []
    expect(desk.page.locator("#undo")).to_be_disabled()


def test_photo_dropped_onto_the_section_leads(students: Desk, small: Path) -> None:
    desk = students
    veil = desk.page.locator("#veil")
    desk.drop([small / "color" / "cat.jpg"], on="#references-help")
    expect(veil).to_be_hidden()
    desk.until(lambda: len(desk.patches) == 1)
    assert desk.page.locator(LEADERS).all_inner_texts() == ["cat.jpg"]
    assert desk.films.count() == 1
    desk.drop([small / "cat.jpg"], on="#sliders")
    desk.until(lambda: desk.states() == ["ready"] * 2)
    assert desk.page.locator(LEADERS).count() == 0  # of the photo that was opened


def test_photo_leads_all_others(desk: Desk, small: Path) -> None:
    color = small / "color" / "otter.jpg"
    desk.put(small / "cat.jpg", small / "square.jpg", color, small / "students.jpg")
    known = sessions(desk)
    cat, students = known["cat.jpg"], known["students.jpg"]
    desk.slide("warmth", 0.8)
    desk.rest()
    usual = shown(desk, students)
    desk.page.get_by_role("button", name="These colours for all other photos").click()
    assert "2 photos take their colours after this one now." in desk.status  # not the one in colour
    desk.until(lambda: desk.patches[1:] == [{"references": [cat]}] * 2)
    desk.until(lambda: desk.states() == ["ready"] * 4)
    assert not np.array_equal(shown(desk, students), usual)
    desk.page.get_by_role("button", name="Give all photos this look").click()
    desk.until(lambda: len(desk.patches) == 6)
    assert all(patch.keys() == {"warmth"} for patch in desk.patches[3:])
    desk.films.last.locator(".film").click()
    desk.rest()
    assert desk.page.locator(LEADERS).all_inner_texts() == ["cat.jpg"]
    desk.press("Control+z", "Control+z")
    desk.rest()
    assert np.array_equal(shown(desk, students), usual)
    expect(desk.page.locator("#undo")).to_be_disabled()


def test_open_photo_is_taken_by_keyboard(desk: Desk, small: Path, axe: str) -> None:
    desk.put(small / "cat.jpg", small / "color" / "otter.jpg")
    desk.page.locator("#open-photos summary").focus()
    desk.press("Enter")
    offer = desk.page.locator("#candidates").get_by_role("button", name="otter.jpg")
    expect(offer).to_be_visible()
    desk.press("Tab")
    expect(offer).to_be_focused()
    expect(offer).to_have_attribute("aria-pressed", "false")
    desk.press("Enter")
    desk.until(lambda: len(desk.patches) == 1)
    expect(offer).to_be_focused()
    expect(offer).to_have_attribute("aria-pressed", "true")
    assert desk.patches == [{"references": [sessions(desk)["otter.jpg"]]}]
    desk.rest()
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("Enter")
    desk.until(lambda: desk.patches[1:] == [{"references": []}])


def expires_in(desk: Desk, session: str) -> float:
    answer = desk.page.context.request.get(f"{desk.address}api/v1/sessions/{session}")
    assert answer.ok
    return float(answer.json()["expires_in"])


def test_reference_is_held_and_given_back(open_desk: Callable[..., Desk], small: Path) -> None:
    desk = open_desk(viewport={"width": 1000, "height": 700})
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.put(small / "cat.jpg")
    lead(desk, small / "color" / "otter.jpg")
    photo, reference = (sessions(desk)[name] for name in ("cat.jpg", "otter.jpg"))
    assert expires_in(desk, reference) == 600
    desk.page.goto("about:blank")
    desk.until(lambda: expires_in(desk, reference) == 45)
    desk.go()  # the page knows the photo and its reference again
    desk.until(lambda: desk.states() == ["ready"])
    assert desk.page.locator(LEADERS).all_inner_texts() == ["otter.jpg"]
    desk.until(lambda: expires_in(desk, reference) == 600)
    desk.click("remove-photo")
    assert expires_in(desk, reference) == 600  # the photo can still come back
    desk.page.locator("#status .toast button").last.click()
    desk.until(lambda: [answer(desk, one) for one in (photo, reference)] == [404, 404])


def test_photo_leads_on_when_it_has_left_the_table(desk: Desk, small: Path) -> None:
    desk.put(small / "color" / "otter.jpg", small / "cat.jpg")
    known = sessions(desk)
    desk.page.get_by_role("button", name="These colours for all other photos").click()
    desk.until(lambda: desk.patches == [{"references": [known["otter.jpg"]]}])
    desk.click("remove-photo")
    desk.page.locator("#status .toast button").last.click()
    desk.until(lambda: desk.states() == ["ready"])
    led = shown(desk, known["cat.jpg"])
    desk.press("Control+z", "Control+Shift+z")
    desk.rest()
    assert np.array_equal(shown(desk, known["cat.jpg"]), led)
    assert answer(desk, known["otter.jpg"]) == 200
    assert desk.page.locator(LEADERS).all_inner_texts() == ["otter.jpg"]


def test_lost_reference_is_sent_again(students: Desk, small: Path) -> None:
    desk = students
    desk.forgiven.append("404")
    lead(desk, small / "color" / "students.jpg")
    photo = sessions(desk)["students.jpg"]
    (reference,) = desk.patches[-1]["references"]
    led = shown(desk, photo)
    desk.press("Control+z")
    desk.rest()
    desk.page.context.request.delete(f"{desk.address}api/v1/sessions/{reference}")
    desk.press("Control+Shift+z")
    desk.until(lambda: len(desk.patches) == 4)  # the third named what is no longer there
    desk.rest()
    assert desk.patches[2] == {"references": [reference]}
    assert desk.patches[3] not in ({"references": []}, desk.patches[2])
    assert np.array_equal(shown(desk, photo), led)


def test_model_without_references_says_so(students: Desk) -> None:
    def without(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        session = route.fetch().json()
        session["can"]["references"] = False
        route.fulfill(json=session)

    desk = students
    desk.page.route("**/api/v1/sessions/*", without)
    desk.slide("warmth", 0.1)
    desk.rest()
    expect(desk.page.locator("#references-how")).to_be_hidden()
    assert "takes no other photo as a reference" in desk.page.inner_text("#references-help")
