"""The site's page: photos are colored, changed and taken home, all in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(open_site: Callable[..., Desk]) -> Desk:
    """The page, empty."""
    return open_site()


@pytest.fixture
def harbour(desk: Desk, examples: Path) -> Desk:
    """The page with a photo of 1024 x 477 pixels, colored."""
    desk.put(examples / "harbour.jpg")
    return desk


def test_photo_is_colored(harbour: Desk) -> None:
    assert harbour.chroma(0.3, 0.2) < 1
    assert harbour.chroma(0.7, 0.2) > 20
    assert harbour.page.inner_text("#facts") == "1024 × 477 · JPG"

def test_b(harbour): pass
