"""The Unsplash dataset: its table in, shards with the photographers' credits out.

The dataset is published as a table (photos.tsv, or in pieces photos.tsv000, photos.tsv001, ...) of
addresses; the photos are fetched at the width that is wanted, and judged and stored as those of
`photochrom.workshop.data.prepare` are.
"""

from __future__ import annotations

import asyncio
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2

from photochrom._system.cpus import available_cpus
from photochrom.errors import DataError
from photochrom.workshop.data.assembly import Assembly, Finding, examine
from photochrom.workshop.data.download import Download, DownloadPolicy, GaveUpError
from photochrom.workshop.data.manifest import Entry, Reason, Tally, one_line
from photochrom.workshop.data.originals import Original
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.rendition import one_thread_each

LICENCE = "Unsplash Dataset licence (TERMS.md of the dataset)"
USER_AGENT = (
    f"photochrom/{version('photochrom')} (prepares training data; photos of the Unsplash dataset)"
)
JPEG_QUALITY = 90
"""Requested from the server; the photo is reduced once more before it is stored."""
_COLUMNS = ("photo_id", "photo_image_url")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AHEAD = 32
"""Photos under way for each connection: one that has to wait does not keep the others."""


@dataclass(frozen=True)
class Listed:
    """A photo in the table. key: its identifier; address: of the image file."""

    key: str
    address: str
    record: dict[str, Any]


def listed_photos(tables: Sequence[Path]) -> Iterator[Listed]:
    """Yield the photos of the table's files, in order, each identifier once.

    tables: photos.tsv; where there is none, its pieces photos.tsv000, ... are meant.
    Raises DataError where a file is missing, is no such table, or an identifier cannot be a name.
    """
    seen: set[str] = set()
    for table in tables:
        for piece in _pieces(table):
            for photo in _rows(piece):
                if photo.key not in seen:
                    seen.add(photo.key)
                    yield photo


def sized_address(address: str, width: int) -> str:
    """The address of a photo as a JPEG of this width; raises DataError where it is not http(s)."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise DataError(None, f"not an address ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DataError(None, "not an http or https address")
    wanted = {"w": str(width), "q": str(JPEG_QUALITY), "fm": "jpg"}
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | wanted)))


def fetch_unsplash(
    tables: Sequence[Path],
    out: Path,
    recipe: Recipe,
    *,
    width: int = 640,
    limit: int | None = None,
    terms: str = "",
    policy: DownloadPolicy | None = None,
    jobs: int | None = None,
    report: Callable[[Tally], None] = lambda *_: None,
) -> Tally:
    """Fetch the table's photos into shards; go on where an interrupted run ended.

    width: in which the photos are requested, pixels. limit: only the first so many photos.
    terms: what to note in the manifest's column. jobs: threads that reduce photos.
    Raises DataError where the table is missing or has changed, ConfigError where the folder holds
    another set.
    """
    made_of = {"tables": [table.name for table in tables], "width": width, "limit": limit}
    with Assembly(out, recipe, {**made_of, "terms": terms}) as assembly:
        if assembly.finished:
            return assembly.tally
        one_thread_each()
        photos = islice(listed_photos(tables), limit)
        for _ in assembly.skip(photos, lambda photo: photo.key, "key"):
            report(assembly.tally)
        visit = _Visit(recipe, width, terms, policy or DownloadPolicy())
        with ThreadPoolExecutor(jobs or available_cpus()) as pool:
            asyncio.run(visit.all(photos, pool, assembly, report))
        if not assembly.tally.total:
            raise DataError(", ".join(map(str, tables)), "no photos there", "name another table")
        assembly.finish()
        return assembly.tally


class _Visit:
    """One run: many photos under way at once, taken in the table's order."""

    def __init__(self, recipe: Recipe, width: int, terms: str, policy: DownloadPolicy) -> None:
        self.recipe = recipe
        self.width = width
        self.terms = terms
        self.policy = policy

    async def all(
        self,
        photos: Iterator[Listed],
        pool: ThreadPoolExecutor,
        assembly: Assembly,
        report: Callable[[Tally], None],
    ) -> None:
        def take(finding: Finding) -> None:
            assembly.take(finding)
            report(assembly.tally)

        headers = {"User-Agent": USER_AGENT, "Accept": "image/*"}
        pending: deque[asyncio.Task[Finding]] = deque()
        async with httpx2.AsyncClient(
            headers=headers, follow_redirects=True, timeout=None
        ) as client:
            download = Download(client, self.policy)
            try:
                for photo in photos:
                    pending.append(asyncio.create_task(self._one(photo, download, pool)))
                    if len(pending) >= _AHEAD * self.policy.connections:
                        take(await pending.popleft())
                while pending:
                    take(await pending.popleft())
            finally:
                for task in pending:
                    task.cancel()

    async def _one(self, photo: Listed, download: Download, pool: ThreadPoolExecutor) -> Finding:
        """Fetch and examine one photo, again where what came is no whole image."""

        async def usable(body: bytes) -> Finding:
            original = Original(photo.address, body, photo.record | {"terms": self.terms})
            loop = asyncio.get_running_loop()
            finding = await loop.run_in_executor(pool, examine, photo.key, original, self.recipe)
            if finding.entry.reason == Reason.CORRUPT:
                raise DataError(None, f"not a whole image ({finding.entry.detail})")
            return finding

        try:
            return await download.fetch(sized_address(photo.address, self.width), usable)
        except (GaveUpError, DataError) as error:
            credit = {"licence": LICENCE, "terms": self.terms, "source": "unsplash"}
            entry = Entry(
                photo.key,
                **credit,
                author=photo.record["author"],
                origin=photo.record["origin"],
                file=photo.address,
                reason=str(Reason.UNAVAILABLE),
                detail=one_line(str(error)),
            )
            return Finding(entry)


def _pieces(table: Path) -> list[Path]:
    if table.is_file():
        return [table]
    pieces = sorted(table.parent.glob(f"{table.name}[0-9]*"))
    if not pieces:
        raise DataError(table, "no such table", "name photos.tsv of the Unsplash dataset")
    return pieces


def _rows(table: Path) -> Iterator[Listed]:
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t")
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    table, f"no column {missing[0]}", "name photos.tsv of the Unsplash dataset"
                )
            for row in reader:
                yield _listed(row, f"{table}, line {reader.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(table, f"not a readable table ({error})", "fetch it again") from error


def _listed(row: dict[str, str | None], place: str) -> Listed:
    def text(name: str) -> str:
        return one_line(row.get(name) or "")

    key = text("photo_id")
    if not _IDENTIFIER.fullmatch(key):
        raise DataError(place, f"{key!r} is no photo_id", "fetch the table again")
    name = f"{text('photographer_first_name')} {text('photographer_last_name')}".strip()
    username = text("photographer_username")
    record = {
        "source": "unsplash",
        "licence": LICENCE,
        "author": f"{name} (@{username})".strip() if username else name,
        "origin": text("photo_url"),
    }
    return Listed(key, text("photo_image_url"), record)
