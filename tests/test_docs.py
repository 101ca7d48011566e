"""The documentation: links lead somewhere, pages are in index and site, references are complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from tools.reference.__main__ import PAGES as REFERENCES
from tools.reference.http_texts import ANSWERS

import photochrom
from photochrom.cli.main import app
from support.documented import BLOCK, PAGES, REPOSITORY

DOCS = REPOSITORY / "docs"
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {target}#{anchor}"


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
    assert {page for page in PAGES if page.parent != REPOSITORY} - linked == {index}


def test_every_page_is_in_the_sites_navigation() -> None:
    site = tomllib.loads((DOCS / "zensical.toml").read_text(encoding="utf-8"))
    named = set(re.findall(r"'([^']+\.md)'", str(site["project"]["nav"])))
    assert named == {str(page.relative_to(REPOSITORY)) for page in PAGES} - {"docs/README.md"}


@pytest.mark.parametrize("name", REFERENCES)
def test_references_are_up_to_date(name: str) -> None:
    made = REFERENCES[name]()
    assert (REPOSITORY / name).read_text(encoding="utf-8") == made, "run make reference"


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def options(name: str, command: typer.core.TyperCommand) -> list[tuple[str, str]]:
    """Every command's name with each of its options and arguments."""
    members = getattr(command, "commands", {})
    below = [pair for part, member in members.items() for pair in options(f"{name} {part}", member)]
    flags = [
        flag if flag.startswith("-") else (param.metavar or flag.upper()).strip("[].")
        for param in command.params
        for flag in param.opts
    ]
    return below + [(name, flag) for flag in flags]


def test_every_command_and_option_is_in_the_reference() -> None:
    sections = re.split(r"^## ", reference("cli.md"), flags=re.MULTILINE)
    of = {section.splitlines()[0]: section for section in sections[1:]}
    found = options("photochrom", typer.main.get_command(app))
    assert len(found) > 100
    for command, flag in found:
        assert flag in of[command], f"{command} {flag}"


def test_every_public_name_is_in_the_reference() -> None:
    text = reference("python.md")
    assert [name for name in photochrom.__all__ if f"`photochrom.{name}`" not in text] == []
    assert {*re.findall(r"^::: photochrom\.(\w+)$", text, re.MULTILINE), "__version__"} == set(
        photochrom.__all__
    )


def test_every_route_and_setting_is_in_the_reference() -> None:
    from photochrom.server import create_app
    from photochrom.server.settings import Settings

    text = reference("http.md")
    schema = create_app(Settings()).openapi()
    routes = [(m.upper(), path) for path, methods in schema["paths"].items() for m in methods]
    assert [route for route in routes if f"### {' '.join(route)}\n" not in text] == []
    assert [name for name in Settings.model_fields if f"| `{name}` |" not in text] == []


def test_plain_answers_have_the_keys_that_the_reference_names() -> None:
    from fastapi.testclient import TestClient

    from photochrom.server import create_app

    with TestClient(create_app(), base_url="http://localhost") as client:
        for path, keys in ANSWERS.items():
            assert set(client.get(path).raise_for_status().json()) == set(keys), path


def test_every_configuration_key_is_in_the_reference() -> None:
    from photochrom.workshop.training.config import load_config

    text = reference("training.md")
    for file in sorted((REPOSITORY / "configs").glob("*.toml")):
        table = load_config(file).as_dict()
        for section, value in table.items():
            inner = value if isinstance(value, dict) else {}
            for name in [f"{section}.{key}" for key in inner] or [section]:
                assert f"| `{name}` |" in text, name


def test_the_citation_is_of_this_version() -> None:
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {photochrom.__version__}\n" in citation


def test_failures_are_called_as_the_code_calls_them() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "src").rglob("*.py")
    )
    source = re.sub(r'"\s*f?"', "", source)  # lines of one message
    rows = re.findall(r"^\| ([^|]+) \|[^|]+\|[^|]+\|$", (DOCS / "failures.md").read_text(), re.M)
    assert len(rows) > 20
    pieces = [piece.strip(" ,:()'") for row in rows[2:] for piece in re.split(r"\.\.\.|;", row)]
    assert [piece for piece in pieces if piece and piece not in source] == []
