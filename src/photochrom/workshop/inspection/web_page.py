"""One page with everything on it: no server, nothing from elsewhere, light and dark."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Picture:
    """A PNG file with words for those who see it and for those who do not.

    name: of the file, without its suffix. small: may stand beside others of its section.
    """

    name: str
    png: bytes
    alt: str
    caption: str
    small: bool = False

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.png"


@dataclass(frozen=True)
class Section:
    """A heading, a paragraph or two in plain words, and pictures."""

    heading: str
    words: Sequence[str]
    pictures: Sequence[Picture] = field(default_factory=tuple)


STYLE = """
:root { color-scheme: light dark;
  --paper: #fbfaf7; --ink: #1f2a36; --soft: #55606b; --rule: #dcd8cf; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171b; --ink: #e6e4df; --soft: #a5adb6; --rule: #343a42; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.1rem 4rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.2; margin: 1rem 0 .5rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .4rem; }
p { max-width: 42rem; margin: .4rem 0 .8rem; }
section { border-top: 1px solid var(--rule); margin-top: 2.4rem; padding-top: 1.6rem; }
.facts { color: var(--soft); font-size: .95rem; }
.side { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
figure { margin: 1rem 0 0; }
.side figure { margin: 0; }
img { display: block; width: 100%; height: auto; border-radius: 4px; }
figure.alone { max-width: 36rem; }
figcaption { color: var(--soft); font-size: .92rem; line-height: 1.5; margin-top: .5rem;
  max-width: 42rem; }
""".strip()


def build_page(title: str, facts: str, sections: Sequence[Section]) -> str:
    """The whole page as one HTML document; pictures are inside it as data URIs.

    facts: one line below the title.
    """
    body = "\n".join(map(_section, sections))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{STYLE}
</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="facts">{escape(facts)}</p>
{body}
</main>
</body>
</html>
"""


def _section(section: Section) -> str:
    words = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in section.words)
    alone = "\n".join(_figure(p, "alone") for p in section.pictures if not p.small)
    beside = "\n".join(_figure(p, "beside") for p in section.pictures if p.small)
    grid = f'<div class="side">\n{beside}\n</div>' if beside else ""
    parts = (f"<h2>{escape(section.heading)}</h2>", words, grid, alone)
    return "<section>\n" + "\n".join(part for part in parts if part) + "\n</section>"


def _figure(picture: Picture, css_class: str) -> str:
    data = base64.b64encode(picture.png).decode("ascii")
    return (
        f'<figure class="{css_class}">\n'
        f'<img src="data:image/png;base64,{data}" alt="{escape(picture.alt)}">\n'
        f"<figcaption>{escape(picture.caption)}</figcaption>\n</figure>"
    )
