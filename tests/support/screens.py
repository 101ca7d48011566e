"""Screens that the page is tested on, and what tells whether somebody cannot use it there."""

from __future__ import annotations

from typing import Any

from support.desk import Desk

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
SMALL_WINDOW: dict[str, Any] = {"viewport": {"width": 800, "height": 520}}
LOW: dict[str, Any] = {"viewport": {"width": 640, "height": 330}}  # 1280 x 660 at 200 %
NARROWEST: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
SIDEWAYS = {**PHONE, "viewport": {"width": 844, "height": 390}}
TABLET = {**PHONE, "viewport": {"width": 820, "height": 1180}, "device_scale_factor": 1}
SCREENS = {
    "desktop": DESKTOP,
    "small window": SMALL_WINDOW,
    "low": LOW,
    "narrowest": NARROWEST,
    "phone": PHONE,
    "sideways": SIDEWAYS,
    "tablet": TABLET,
}

AXE_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.map(({ target, any }) =>
      `${target} ${any.map(({ message }) => message)}`).join("; ")}`);
}"""


def violations(desk: Desk, axe: str) -> list[str]:
    if not desk.page.evaluate("() => 'axe' in window"):
        desk.page.evaluate(axe)
    return desk.page.evaluate(AXE_RUN)


def settle_colors(desk: Desk) -> None:
    """Let transitions of colours end, which contrast is measured by."""
    desk.page.wait_for_timeout(200)
