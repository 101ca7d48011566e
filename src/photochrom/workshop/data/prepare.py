"""Build a training set: folders, archives and shards in, clean shards and a manifest out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from photochrom._system.cpus import available_cpus
from photochrom._system.threads import ordered_map
from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.assembly import Assembly, Finding, examine
from photochrom.workshop.data.manifest import Tally
from photochrom.workshop.data.originals import Original, is_url, originals
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.rendition import one_thread_each

Report = Callable[[int, Tally], None]
"""Called after each photo with the bytes just dealt with and the counts so far."""


def prepare(
    sources: Sequence[str],
    out: Path,
    recipe: Recipe,
    *,
    labels: Mapping[str, str] | None = None,
    jobs: int | None = None,
    report: Report = lambda *_: None,
) -> Tally:
    """Turn photos into shards; go on where an interrupted run with the same arguments ended.

    sources: folders, photo files, tars, zips, shards, URLs of shards; the order decides which of
    near duplicates is kept (the first).
    labels: source, licence, terms of photos that carry none. jobs: threads, all cores by default.
    Returns how many photos were kept and dropped.
    Raises DataError where a source is missing or has changed since the interrupted run,
    ConfigError where the output folder holds another set or lies inside a source.
    """
    _check_apart(sources, out)
    labels = {name: text for name, text in (labels or {}).items() if text}

    def work(numbered: tuple[int, Original]) -> tuple[int, Finding]:
        number, original = numbered
        labelled = replace(original, record={**labels, **original.record})
        return original.size, examine(f"{number:09d}", labelled, recipe)

    with Assembly(out, recipe, {"sources": list(sources), "labels": labels}) as assembly:
        if assembly.finished:
            return assembly.tally
        one_thread_each()
        numbered = enumerate(originals(sources))
        for _, original in assembly.skip(numbered, lambda photo: photo[1].file, "file"):
            report(original.size, assembly.tally)
        for size, finding in ordered_map(work, numbered, jobs or available_cpus()):
            assembly.take(finding)
            report(size, assembly.tally)
        if not assembly.tally.total:
            raise DataError(", ".join(sources), "no photos there", "name another folder or archive")
        assembly.finish()
        return assembly.tally


def _check_apart(sources: Sequence[str], out: Path) -> None:
    """A set inside its own source would be read again when the run goes on."""
    for source in sources:
        if not is_url(source) and out.resolve().is_relative_to(Path(source).resolve()):
            raise ConfigError(out, f"lies inside {source}", "choose a folder beside it")
