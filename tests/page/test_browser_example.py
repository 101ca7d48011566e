"""The example for programs that run in a browser, as docs/server.md has it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from support.desk import Desk

pytestmark = pytest.mark.browser

RUN = """async ([example, data]) => {
  const colored = new Function(`${example}; return colored;`)();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const picture = await colored(new Blob([bytes]));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const codes = pen.getImageData(0, 0, picture.width, picture.height).data;
  let difference = 0;
  for (let at = 0; at < codes.length; at += 4)
    difference += 4 * Math.abs(codes[at] - codes[at + 2]) / codes.length;
  return { width: picture.width, height: picture.height, difference };
}"""


def test_example_in_the_documentation_colors_a_photo(
    desk: Desk, examples: Path, repository: Path
) -> None:
    words = (repository / "docs" / "server.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```js\n(.*?)```", words, flags=re.DOTALL)
    example = example.replace("http://127.0.0.1:8000", desk.address.rstrip("/"))
    photo = base64.b64encode((examples / "cat.jpg").read_bytes()).decode()
    picture = desk.page.evaluate(RUN, [example, photo])
    assert (picture["width"], picture["height"]) == (400, 266)
    assert picture["difference"] > 8
    assert [one.method for one in desk.requests[-4:]] == ["POST", "PATCH", "GET", "DELETE"]
