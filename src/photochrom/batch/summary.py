"""What a job reports: how each photo ended, and how many ended in which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from photochrom.batch.ledger import Record, State
from photochrom.batch.work import Outcome
from photochrom.photo.unsupported import unsupported_format

UNSUPPORTED = "unsupported format"
"""The reason of a picture that Photochrom cannot read."""


@dataclass(frozen=True)
class Report:
    """How one photo ended.

    record: its row of the ledger. outcome: of this job's work; None where an earlier job did it.
    source: the photo's path, with its folder as the job names it.
    """

    record: Record
    outcome: Outcome | None
    source: str


@dataclass
class Summary:
    """How many photos of a job ended in which way.

    done: by this job. done_before: by an earlier job. skipped, failed: by any of them. reasons: of
    failed and skipped photos, a word each. passed_over: pictures that Photochrom cannot read, by
    their formats. lost: properties of photos that results of the chosen format could not hold.
    """

    done: int = 0
    done_before: int = 0
    skipped: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    seconds: float = 0.0


Listener = Callable[[Report], None]


def count_outcome(summary: Summary, record: Record, outcome: Outcome | None) -> None:
    """Add one photo to a summary; outcome: None where an earlier job ended it."""
    if record.state is State.PASSED_OVER:
        summary.passed_over[unsupported_format(record.path) or ""] += 1
        return
    if record.state is State.DONE:
        if outcome is None:
            summary.done_before += 1
        else:
            summary.done += 1
            summary.lost.update(outcome.losses)
        return
    if record.state is State.SKIPPED:
        summary.skipped += 1
    else:
        summary.failed += 1
    summary.reasons[record.reason or ""] += 1


def passed_over(path: str, root: str) -> Record:
    """The record of a picture that Photochrom cannot read; a ledger has no row for it."""
    return Record(path, root, State.PASSED_OVER, reason=UNSUPPORTED)
