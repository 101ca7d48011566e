"""Build a training corpus out of git repositories that hold photographs.

    OUT/SOURCE/       the shards and the manifest of one source, as `prepare` makes them
    OUT/manifest.csv  the photos kept, of all sources
    SHEETS/SOURCE.jpg some of each source's photos, to look at

A source is a row of a list: a repository, which of its files are meant, and under what terms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from photochrom._system.atomic import atomic_write
from photochrom._system.cpus import available_cpus
from photochrom._system.threads import ordered_map
from photochrom.errors import DataError
from photochrom.workshop.contact_sheet import save_sheet
from photochrom.workshop.data.assembly import Assembly, Finding, examine
from photochrom.workshop.data.clones import BlobReader, blob_reader, committed_images, find_clone
from photochrom.workshop.data.csv_table import read_table
from photochrom.workshop.data.fingerprint import HashIndex
from photochrom.workshop.data.manifest import Entry, Tally, one_line, read_entries, write_entries
from photochrom.workshop.data.originals import Original
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.rendition import one_thread_each
from photochrom.workshop.data.shard_writer import MANIFEST
from photochrom.workshop.data.shards import decode_rgb, encoded_photos

SHEET_PHOTOS = 60
COLUMNS = ("repo", "source", "include", "cap", "licence", "terms")
_NAME = re.compile(r"[A-Za-z0-9_-]+")

Report = Callable[[str, Tally], None]
"""Called after each photo with the name of its source and the counts of that source."""


@dataclass(frozen=True)
class Source:
    """One row of the list.

    repository: OWNER/NAME. name: of the source, unique in the list. include: what a file's path
    must match somewhere. cap: most photos to keep. split: "train", or another set that the
    source's photos belong to. licence, terms: of its photos.
    """

    repository: str
    name: str
    include: re.Pattern[str]
    cap: int
    licence: str
    terms: str
    split: str


@dataclass
class Gathered:
    """The result of gathering.

    tallies: counts by source. missing: repositories without a clone. absent: origins of the photos
    that were requested one by one and were not kept.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Photos of all sources."""
        return sum(tally.kept for tally in self.tallies.values())


def read_sources(path: Path) -> list[Source]:
    """Read a list of sources: a CSV with the columns of `COLUMNS`, and `split` where it is there.

    Raises DataError, naming row and column, for what is missing or malformed.
    """
    columns, rows = read_table(path)
    absent = set(COLUMNS).difference(columns)
    if absent:
        raise DataError(path, f"no column {', '.join(sorted(absent))}", "add it")
    sources = [_source(path, number, row) for number, row in enumerate(rows, 2)]
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(path, f"source {twice[0]} occurs twice", "give each its own name")
    return sources


def _source(path: Path, number: int, row: dict[str, str]) -> Source:
    where = f"{path}, line {number}"
    row = {column: row.get(column) or "" for column in (*COLUMNS, "split")}  # short rows have None
    if not re.fullmatch(r"[^/\s]+/[^/\s]+", row["repo"]):
        raise DataError(where, f"repo is {row['repo']!r}, but must be OWNER/NAME")
    if not _NAME.fullmatch(row["source"]):
        raise DataError(where, f"source is {row['source']!r}, but must be letters, digits, - and _")
    if not row["cap"].isdecimal() or int(row["cap"]) < 1:
        raise DataError(where, f"cap is {row['cap']!r}, but must be a whole number from 1")
    try:
        include = re.compile(row["include"])
    except re.error as error:
        raise DataError(where, f"include is no regular expression ({error})") from error
    return Source(
        row["repo"],
        row["source"],
        include,
        int(row["cap"]),
        row["licence"],
        row["terms"],
        row["split"] or "train",
    )


def read_hashes(paths: Iterable[Path]) -> list[int]:
    """The perceptual hashes in tables with a column `hash` of 16 hexadecimal digits.

    Rows without a hash (dropped photos of a manifest) are passed over.
    Raises DataError where a file is no such table.
    """
    hashes: list[int] = []
    for path in paths:
        columns, rows = read_table(path)
        if "hash" not in columns:
            raise DataError(path, "no column hash", "name a manifest or a table of hashes")
        try:
            hashes += [int(row["hash"], 16) for row in rows if row["hash"]]
        except ValueError as error:
            raise DataError(path, str(error), "a hash has 16 hexadecimal digits") from error
    return hashes


def gather(
    listing: Path,
    clones: Path,
    out: Path,
    recipe: Recipe,
    *,
    split: str = "train",
    only: Path | None = None,
    excluded: Sequence[Path] = (),
    sheets: Path | None = None,
    jobs: int | None = None,
    report: Report = lambda *_: None,
) -> Gathered:
    """Make a set of every source of the list; go on where an interrupted run ended.

    listing: see `read_sources`. clones: the repositories, see `clones.LAYOUTS`.
    split: only sources of this split.
    only: a table with a column `origin` (REPOSITORY:PATH); no other files are looked at, and caps
        do not count. So a published list of photos is built again.
    excluded: tables of hashes; photos near one of them, mirrored or cut square, are dropped.
    sheets: a folder that gets a contact sheet of each source. jobs: threads, all cores by default.
    Near duplicates are looked for in all sources; the first one stays.
    Raises DataError for a list or a clone that cannot be read, ConfigError where the output folder
    was begun with other arguments.
    """
    sources = [source for source in read_sources(listing) if source.split == split]
    if not sources:
        raise DataError(listing, f"no source of the split {split}", "look at that column")
    origins = None if only is None else _origins(only)
    if origins is not None:
        listed = {origin.partition(":")[0] for origin in origins}
        sources = [source for source in sources if source.repository in listed]
    avoid = HashIndex(recipe.duplicate_distance)
    hashes = read_hashes(excluded)
    for value in hashes:
        avoid.add(value, "an excluded photo")
    digest = hashlib.sha256(repr(sorted(hashes)).encode()).hexdigest()[:16] if hashes else ""
    kept_hashes = HashIndex(recipe.duplicate_distance)
    gathered = Gathered()
    one_thread_each()
    for source in sources:
        git_folder = find_clone(clones, source.repository)
        if git_folder is None:
            gathered.missing.append(source.repository)
            continue
        made_of = {
            "repository": source.repository,
            "include": source.include.pattern,
            "cap": source.cap if origins is None else None,
            "excluded": digest,
        }
        folder = out / source.name
        with Assembly(folder, recipe, made_of, hashes=kept_hashes, excluded=avoid) as assembly:
            if not assembly.finished:
                files = _originals(source, git_folder, origins)
                cap = source.cap if origins is None else len(origins)
                _fill(assembly, files, source, cap, recipe, jobs or available_cpus(), report)
            gathered.tallies[source.name] = assembly.tally
        if sheets is not None and not (sheet := sheets / f"{source.name}.jpg").exists():
            _save_sheet(folder, assembly.tally.kept, sheet)
    if gathered.tallies:
        _join_manifests(out, list(gathered.tallies))
    if origins is not None:
        kept_origins = {entry.origin for name in gathered.tallies for entry in _kept(out, name)}
        gathered.absent = sorted(origins - kept_origins)
    return gathered


def _originals(
    source: Source, git_folder: Path, origins: frozenset[str] | None
) -> Iterator[Original]:
    """The source's files in their order, with contents; only those of `origins` where given."""
    files = committed_images(git_folder, source.include)
    credit = {"source": source.name, "licence": source.licence, "terms": source.terms}
    with blob_reader(git_folder) as reader:
        for file in files:
            origin = one_line(f"{source.repository}:{file.path}")
            if origins is None or origin in origins:
                yield _original(reader, file.blob, origin, credit)


def _original(reader: BlobReader, blob: str, origin: str, credit: dict[str, str]) -> Original:
    content = reader.read(blob)
    fault = "" if content is not None else "the clone lacks this file's content"
    return Original(origin, content, {**credit, "origin": origin}, fault)


def _fill(
    assembly: Assembly,
    files: Iterator[Original],
    source: Source,
    cap: int,
    recipe: Recipe,
    jobs: int,
    report: Report,
) -> None:
    """Take the source's photos up to its cap, and finish its set."""

    def work(numbered: tuple[int, Original]) -> Finding:
        number, original = numbered
        finding = examine(f"{source.name}-{number:06d}", original, recipe)
        return replace(finding, entry=replace(finding.entry, split=source.split))

    numbered = enumerate(files)
    for _ in assembly.skip(numbered, lambda item: item[1].file, "file"):
        pass
    if assembly.tally.kept < cap:
        for finding in ordered_map(work, numbered, jobs):
            assembly.take(finding)
            report(source.name, assembly.tally)
            if assembly.tally.kept >= cap:
                break
    if not assembly.tally.kept:
        raise DataError(
            source.name,
            f"no photo of {source.repository} was kept "
            f"({dict(assembly.tally.dropped) or 'no file matches'})",
            "mend include, or drop the row",
        )
    assembly.finish()


def _origins(path: Path) -> frozenset[str]:
    columns, rows = read_table(path)
    if "origin" not in columns:
        raise DataError(path, "no column origin", "name a table of photos")
    return frozenset(row["origin"] for row in rows)


def _save_sheet(folder: Path, count: int, path: Path) -> None:
    """Some of a source's photos, evenly spread."""
    step = max(1, count // SHEET_PHOTOS)
    chosen = islice(encoded_photos([folder]), 0, step * SHEET_PHOTOS, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_sheet([[decode_rgb(encoded, key)] for key, encoded in chosen], path)


def _kept(out: Path, name: str) -> Iterator[Entry]:
    """The manifest's rows of the photos that a source gave."""
    return (entry for entry in read_entries(out / name / MANIFEST) if not entry.reason)


def _join_manifests(out: Path, names: Sequence[str]) -> None:
    rows = (
        replace(entry, shard=f"{name}/{entry.shard}")
        for name in names
        for entry in _kept(out, name)
    )
    try:
        with atomic_write(out / MANIFEST) as draft:
            write_entries(draft, rows)
    except OSError as error:
        raise DataError(out / MANIFEST, f"cannot be written ({error})", "make room") from error
