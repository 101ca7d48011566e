"""Decides for each photo of a job, by its row and its results, whether it is to be coloured."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePosixPath

from photochrom.batch.ledger import Ledger, Outputs, Record, State
from photochrom.batch.work import Outcome
from photochrom.errors import OutputExistsError, Spelling
from photochrom.photo.naming import DEFAULT_NAME, Naming, check_results
from photochrom.photo.writer import REPLACE

OUTPUT_EXISTS = "OutputExistsError"
"""The reason of a photo whose result's name another file has."""
NOTHING = (-1, -1)
"""Size and time of a file that does not exist; in a row, of one that was about to be written."""


@dataclass(frozen=True)
class Plan:
    """The decision about one photo.

    record: its row; final where `todo` is false. todo: whether a worker is to colour the photo.
    new: whether the row is to be written. overwrite: whether a file with the result's name may be
    replaced. known: the SHA-256 that the photo had when its results were made; a worker does
    nothing where the photo still has it.
    """

    record: Record
    todo: bool = False
    new: bool = False
    overwrite: bool = False
    known: str | None = None


class Planner:
    """Plans the photos of one root, one after another; they must come folder by folder."""

    def __init__(
        self,
        ledger: Ledger,
        digest: str,
        result_stat: Callable[[str], tuple[int, int]],
        *,
        root: str,
        roots: Mapping[str, str | Path],
        results: str,
        naming: Naming,
        overwrite: bool,
        retry_failed: bool,
        spelling: Spelling = str,
    ) -> None:
        """Plan the photos of `root`, one of the job's `roots`.

        A row of a root that the job does not have belongs to a folder that was moved.
        digest: of the settings. roots: each with its name in errors. results: the folder of
        results, as errors name it. result_stat: size and time of a result by its relative path,
        `NOTHING` where it does not exist. naming: of results. spelling: of options in errors.
        """
        self._ledger, self._digest, self._result_stat = ledger, digest, result_stat
        self._root, self._roots, self._naming = root, roots, naming
        self._results = results
        self._overwrite, self._retry_failed = overwrite, retry_failed
        self._spelling = spelling
        self._folder: str | None = None
        self._owners: dict[str, str] = {}

    def plan(self, path: str, size: int, modified: int) -> Plan:
        """Decide about a photo of this size and time (ns)."""
        target = self._naming.result_of(path)
        known = self._ledger.find(path)
        fresh = Record(path, self._root, State.WAITING, self._digest, size, modified)
        if known is not None and known.root != self._root and known.root in self._roots:
            error = self._same_result(path, within(self._roots[known.root], path))
            return replace(
                self._refused(fresh, error), new=False
            )  # the row belongs to the other root
        other = self._owner(target, path)
        if other != path:
            return self._refused(fresh, self._same_result(path, other))
        same = known is not None and known.settings == self._digest
        unmoved = known is not None and (known.size, known.modified) == (size, modified)
        if known is not None and same and unmoved and self._settled(known):
            return Plan(known)
        outputs = () if known is None else known.outputs
        if not self._overwrite and (foreign := self._foreign_file(target, outputs)):
            changed = any(name == foreign for name, _, _ in outputs)
            problem = "was changed since it was made" if changed else "exists already"
            error = OutputExistsError(within(self._results, foreign), problem, REPLACE)
            return self._refused(replace(fresh, outputs=outputs), error)
        unchanged = None
        if known is not None and same and known.state is State.DONE and self._complete(known):
            unchanged = known.sha256
        else:
            outputs = (*outputs, (target, *NOTHING))
        overwrite = self._overwrite or self._result_stat(target) != NOTHING or len(outputs) > 1
        return Plan(
            replace(fresh, outputs=outputs, sha256=unchanged), True, True, overwrite, unchanged
        )

    def _refused(self, record: Record, error: OutputExistsError) -> Plan:
        line = error.line(self._spelling)
        return Plan(replace(record, state=State.FAILED, reason=OUTPUT_EXISTS, error=line), new=True)

    def _same_result(self, path: str, other: str) -> OutputExistsError:
        source = within(self._roots[self._root], path)
        return OutputExistsError(source, f"would have the same result as {other}", "rename one")

    def _owner(self, target: str, path: str) -> str:
        """The first photo of this folder with this target, which may be `path` itself."""
        folder = posixpath.dirname(target)
        if folder != self._folder:
            self._folder, self._owners = folder, {}
        return self._owners.setdefault(target, path)

    def _settled(self, known: Record) -> bool:
        """Whether a photo with unchanged settings and time is not to be coloured again."""
        if known.state is State.DONE:
            return self._complete(known)
        if known.state is State.FAILED:
            return not (self._retry_failed or (known.reason == OUTPUT_EXISTS and self._overwrite))
        return known.state is State.SKIPPED

    def _complete(self, known: Record) -> bool:
        """Whether all results exist as they were written."""
        return bool(known.outputs) and all(
            self._result_stat(name) == (size, modified) for name, size, modified in known.outputs
        )

    def _foreign_file(self, target: str, outputs: Outputs) -> str | None:
        """The path of a result, or of its first page, where a file lies that no job wrote."""
        if (target, *NOTHING) in outputs:  # it was about to be written, and perhaps was
            return None
        whole = PurePosixPath(target)
        for path in (target, str(whole.with_stem(f"{whole.stem}-1"))):
            status = self._result_stat(path)
            if status != NOTHING and (path, *status) not in outputs:
                return path
        return None


def check_names(naming: Naming, root: Path, results: Path, photos: Iterable[str]) -> None:
    """Check, before any work, the names that an own template gives to the photos of a folder.

    photos: their paths in `root`, folder by folder. Raises ConfigError where two photos would have
    one result, or a result would replace a photo. Under the usual name these are failures of single
    photos.
    """
    if naming.template == DEFAULT_NAME:
        return
    beside = root.resolve() == results.resolve()
    for _, names in groupby(photos, posixpath.dirname):
        sources = list(names)
        check_results({name: naming.result_of(name) for name in sources}, sources if beside else ())


def within(folder: str | Path, name: str) -> str:
    """The path of a file in a folder or below a URL, as a person would write it."""
    return name if str(folder) == "." else posixpath.join(str(folder), name)


def settle(record: Record, outcome: Outcome, outputs: Outputs, spelling: Spelling = str) -> Record:
    """A photo's row after its task.

    outputs: path, size and time (ns) of each result. spelling: of options in the error's line.
    """
    states = {"done": State.DONE, "unchanged": State.DONE, "skipped": State.SKIPPED}
    return replace(
        record,
        state=states.get(outcome.state, State.FAILED),
        size=outcome.size if outcome.size >= 0 else record.size,
        modified=outcome.modified if outcome.modified >= 0 else record.modified,
        sha256=outcome.sha256,
        outputs=outputs,
        seconds=outcome.seconds,
        reason=outcome.reason,
        error=None if outcome.fault is None else outcome.fault.line(spelling),
        at=time.time(),
    )


def earlier_outputs(record: Record, outcome: Outcome) -> Outputs:
    """The results of a photo that stay in its row after a task that wrote none."""
    if outcome.state == "unchanged" or outcome.cut_off:  # cut off, it may have been written
        return record.outputs
    return tuple(output for output in record.outputs if output[1:] != NOTHING)
