"""The site on servers of several kinds, slow ones and none at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.desk import Desk
from support.static_server import serving

pytestmark = pytest.mark.browser


def test_page_takes_photos_before_the_network_has_come(
    open_site: Callable[..., Desk], site_folder: Path, examples: Path
) -> None:
    with serving(site_folder) as server:
        coming = server.hold("photochrom.onnx.gz")
        desk = open_site(address=server.address, ready=False)
        desk.page.wait_for_selector("body[data-ready]")
        expect(desk.page.get_by_role("button", name="Choose photos")).to_be_visible()
        desk.until(lambda: re.search(r"\d+ % of 15 MB", desk.engine))
        desk.page.set_input_files("#photo-input", str(examples / "harbour.jpg"))
        desk.until(lambda: "Loading what colours photos" in desk.page.inner_text("#card-text"))
        assert desk.states() == ["uploading"]
        assert "photochrom.onnx.gz" in server.asked[-1] or len(server.asked) > 90
        coming.set()
        desk.until(lambda: desk.states() == ["ready"], 60_000)
        desk.rest()
        assert desk.chroma(0.7, 0.2) > 20


def test_after_the_first_visit_no_server_is_needed(
    open_site: Callable[..., Desk], site_folder: Path, examples: Path, tmp_path: Path
) -> None:
    with serving(site_folder) as server:
        desk = open_site(address=server.address)
        assert len({path for path in server.asked if path.endswith(".onnx.gz")}) == 1
    desk.page.context.set_offline(True)
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.put(examples / "harbour.jpg")
    assert desk.chroma(0.7, 0.2) > 20
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.click("download-one")
    assert Path(download.value.path()).stat().st_size > 50_000


def test_second_visit_fetches_nothing_large(
    open_site: Callable[..., Desk], site_folder: Path
) -> None:
    with serving(site_folder) as server:
        desk = open_site(address=server.address)
        large = [path for path in server.asked if path.endswith(".gz")]
        assert (
            len(large) == len(set(large)) == 2
        )  # each once, though a service worker came meanwhile
        server.asked.clear()
        desk.go()
        desk.until(lambda: desk.engine.startswith("Ready"), 60_000)
        assert not [path for path in server.asked if path.endswith(".gz")]


def test_new_version_takes_the_place_of_the_old(
    open_site: Callable[..., Desk], site_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for path in site_folder.iterdir():
        if path.name in ("index.html", "service_worker.js"):
            (folder / path.name).write_bytes(path.read_bytes())
        else:
            (folder / path.name).symlink_to(path)
    with serving(folder) as server:
        desk = open_site(address=server.address)
        html = (folder / "index.html").read_text()
        (folder / "index.html").write_text(html.replace("<html ", "<html class=newer "))
        worker = (folder / "service_worker.js").read_text()
        (folder / "service_worker.js").write_text(
            re.sub(r'"[0-9a-f]{16}"', '"0123456789abcdef"', worker, count=1)
        )
        desk.page.evaluate(
            "async () => { await (await navigator.serviceWorker.getRegistration()).update(); }"
        )

        def versions() -> list[str]:
            return desk.page.evaluate("() => caches.keys()")

        desk.until(lambda: versions() == ["photochrom 0123456789abcdef"])
        desk.go()
        expect(desk.page.locator("html")).to_have_class("newer")


def test_site_works_below_another_address(
    open_site: Callable[..., Desk], site_folder: Path, examples: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "tool").symlink_to(site_folder)
    with serving(tmp_path) as server:
        desk = open_site(address=f"{server.address}photos/tool/")
        desk.put(examples / "harbour.jpg")
        assert desk.chroma(0.7, 0.2) > 20
        outside = [path for path in server.asked if not path.startswith("/photos/tool/")]
        assert not outside
    desk.page.context.set_offline(True)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")


def test_isolated_page_has_threads(
    open_site: Callable[..., Desk], isolated_site: str, examples: Path
) -> None:
    desk = open_site(address=isolated_site)
    assert desk.page.evaluate("() => crossOriginIsolated")
    (threads,) = re.findall(r"WebAssembly on (\d+) thread", desk.engine)
    assert int(threads) == min(8, desk.page.evaluate("() => navigator.hardwareConcurrency"))
    assert int(threads) > 1 or os.cpu_count() == 1
    desk.put(examples / "harbour.jpg")
    assert desk.chroma(0.7, 0.2) > 20


def test_page_of_a_plain_server_has_one_thread(tab: Desk) -> None:
    assert not tab.page.evaluate("() => crossOriginIsolated")
    assert "WebAssembly on 1 thread," in tab.engine


def test_page_opened_as_a_file_says_what_to_do(browser: Browser, site_folder: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((site_folder / "index.html").as_uri())
    words = page.locator("#empty")
    expect(words).to_contain_text("python3 -m http.server")
    expect(words).to_be_visible()
    assert "\n" not in page.inner_text("#empty").strip()
    context.close()


def test_strict_policy_is_in_force(tab: Desk, tmp_path: Path) -> None:
    """Neither a script in the page nor another host is let in, whatever a photo's name may hold."""
    tab.forgiven.append("Content Security Policy|Refused to|violates")
    with serving(tmp_path) as other:
        reached = tab.page.evaluate(
            """async (address) => {
              const script = document.createElement("script");
              script.textContent = "window.ran = true";
              document.body.append(script);
              script.remove();
              const answer = await fetch(address).then(() => true, () => false);
              return [Boolean(window.ran), answer];
            }""",
            other.address,
        )
        assert reached == [False, False]
        assert other.asked == []
    tab.faults.clear()


def test_missing_network_is_one_line(
    open_site: Callable[..., Desk], site_folder: Path, examples: Path, tmp_path: Path
) -> None:
    """A site that was copied without its model."""
    folder = tmp_path / "site"
    folder.mkdir()
    for path in site_folder.iterdir():
        if path.name != "models":
            (folder / path.name).symlink_to(path)
    with serving(folder) as server:
        desk = open_site(address=server.address, ready=False)
        desk.forgiven.append("404")
        desk.page.wait_for_selector("body[data-ready]")
        desk.until(lambda: desk.engine.startswith("This browser cannot colour photos"))
        assert "models/photochrom.onnx.gz" in desk.engine
        desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
        desk.until(lambda: desk.states() == ["failed"])
        assert "models/photochrom.onnx.gz" in desk.page.inner_text("#card-text")
