"""From a photo to its place in a set: reduced, judged, compared with all before it, written.

`examine` is the work on one photo, for as many threads as there are; an `Assembly` takes the
findings in the order of the photos, so that the set does not depend on how many those were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from photochrom.errors import DataError
from photochrom.workshop.data.fingerprint import HashIndex, perceptual_hashes
from photochrom.workshop.data.manifest import CREDITS, Entry, Reason, Tally, one_line
from photochrom.workshop.data.originals import Original
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.rendition import Rendition, central_square, encode
from photochrom.workshop.data.screen import judge
from photochrom.workshop.data.shard_writer import ShardWriter

Item = TypeVar("Item")


@dataclass(frozen=True)
class Finding:
    """The result of examining one photo; `encoded` is None where it is dropped.

    hashes: of the photo and its mirror image, then of its central square and that one's.
    """

    entry: Entry
    encoded: bytes | None = None
    record: Mapping[str, Any] | None = None
    hashes: tuple[int, ...] = ()


def examine(key: str, original: Original, recipe: Recipe) -> Finding:
    """Reduce, judge and encode one photo."""
    credit = {name: one_line(str(original.record.get(name) or "")) for name in CREDITS}
    entry = Entry(key, file=original.file, **credit)
    if original.content is None:
        return _dropped(entry, Reason.CORRUPT, original.fault)
    try:
        photo = Rendition(original.content)
        entry = replace(entry, width=str(photo.width), height=str(photo.height))
        if min(photo.width, photo.height) < recipe.min_side:
            return _dropped(entry, Reason.SMALL, f"{photo.width} x {photo.height}")
        pixels = photo.reduced(recipe.size, recipe.fit)
    except DataError as error:
        return _dropped(entry, Reason.CORRUPT, str(error))
    verdict = judge(pixels, recipe.min_colorfulness)
    entry = replace(entry, colorfulness=f"{verdict.colorfulness:.1f}")
    if verdict.reason is not None:
        return _dropped(entry, verdict.reason, verdict.detail)
    encoded, width, height = encode(pixels, recipe.size, recipe.fit, recipe.quality)
    hashes = (*perceptual_hashes(pixels), *perceptual_hashes(central_square(pixels)))
    entry = replace(entry, width=str(width), height=str(height), hash=f"{hashes[0]:016x}")
    stored = {"key": key, **credit, "width": width, "height": height, "file": original.file}
    return Finding(entry, encoded, dict(original.record) | stored, hashes)


def _dropped(entry: Entry, reason: Reason, detail: str) -> Finding:
    return Finding(replace(entry, reason=str(reason), detail=one_line(detail)))


def _find(index: HashIndex, hashes: tuple[int, ...]) -> str | None:
    """The key of a photo near any of the hashes."""
    return next((key for value in hashes if (key := index.find(value)) is not None), None)


class Assembly:
    """A set in the making; knows the photos it holds and drops near duplicates of them.

    A context manager: leaving it before `finish` keeps what is committed, for the next run.
    """

    def __init__(
        self,
        out: Path,
        recipe: Recipe,
        made_of: Mapping[str, Any],
        *,
        hashes: HashIndex | None = None,
        excluded: HashIndex | None = None,
    ) -> None:
        """Start a set or go on with an interrupted one.

        made_of: what else the set depends on (sources, labels), plain values.
        hashes: of photos that this one's may not repeat; the set's own are added to it.
        excluded: hashes of photos that must stay out.
        Raises as ShardWriter does.
        """
        self._writer = ShardWriter(out, {**made_of, **asdict(recipe)}, recipe.shard_size)
        self._hashes = HashIndex(recipe.duplicate_distance) if hashes is None else hashes
        self._excluded = excluded
        for entry in self._writer.committed():
            if not entry.reason:
                self._hashes.add(int(entry.hash, 16), entry.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    @property
    def finished(self) -> bool:
        """Whether the set is whole and nothing is left to do."""
        return self._writer.finished

    @property
    def tally(self) -> Tally:
        """Counts of photos kept and dropped so far, by earlier runs too."""
        return self._writer.tally

    def skip(
        self, photos: Iterator[Item], name: Callable[[Item], str], column: str
    ) -> Iterator[Item]:
        """Draw, and yield, the photos that an interrupted run has dealt with.

        name: of a photo, as it stands in the manifest's column.
        Raises DataError where the photos are not those of that run.
        """
        for entry in self._writer.committed():
            photo = next(photos, None)
            if photo is None or name(photo) != getattr(entry, column):
                raise DataError(
                    self._writer.out,
                    f"{getattr(entry, column)} is no longer where it was when this set was begun",
                    "restore the source, or start anew in another folder",
                )
            yield photo

    def take(self, finding: Finding) -> None:
        """Store or drop the next photo."""
        entry = finding.entry
        if finding.encoded is None or finding.record is None:
            self._writer.drop(entry)
            return
        if self._excluded is not None and _find(self._excluded, finding.hashes) is not None:
            self._writer.drop(replace(entry, reason=str(Reason.EXCLUDED)))
            return
        twin = _find(self._hashes, finding.hashes[:2])
        if twin is not None:
            self._writer.drop(replace(entry, reason=str(Reason.DUPLICATE), detail=f"of {twin}"))
            return
        self._hashes.add(finding.hashes[0], entry.key)
        self._writer.keep(entry, finding.encoded, finding.record)

    def finish(self) -> None:
        """Write the last shard and the manifest.

        Raises DataError where no photo was kept.
        """
        self._writer.finish()
        if not self.tally.kept:
            raise DataError(self._writer.out, "no photo was kept", "manifest.csv says why of each")
