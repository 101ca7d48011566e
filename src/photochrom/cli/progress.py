"""Progress bars on a terminal; in a pipe there is nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from photochrom.workshop.data.manifest import Tally

    Advance = Callable[["Progress", "TaskID"], Callable[..., None]]


def photo_progress(total: int) -> AbstractContextManager[Callable[[], None]]:
    """Photos coloured, and the time left, where there are several; call it after each."""
    return _bar(
        lambda bars: [bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeRemainingColumn()],
        lambda progress, task: lambda: progress.advance(task),
        shown=total > 1,
        total=total,
    )


def job_progress(total: int) -> AbstractContextManager[Callable[[], None]]:
    """Photos coloured, photos a second, and the time left; call it after each."""

    def advance(progress: Progress, task: TaskID) -> Callable[[], None]:
        started, ended = time.monotonic(), 0

        def advance() -> None:
            nonlocal ended
            ended += 1
            rate = ended / max(1e-3, time.monotonic() - started)
            progress.update(task, advance=1, rate=f"{rate:.1f} photos/s")

        return advance

    return _bar(
        lambda bars: [
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(),
        ],
        advance,
        shown=total > 1,
        total=total,
        rate="",
    )


def scored_progress(total: int | None) -> AbstractContextManager[Callable[[], None]]:
    """Photos scored, and the time they took; call it after each."""
    return _bar(
        lambda bars: [bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeElapsedColumn()],
        lambda progress, task: lambda: progress.advance(task),
        total=total,
    )


def source_bytes_progress(
    total: int | None,
) -> AbstractContextManager[Callable[[int, Tally | None], None]]:
    """Bytes read of a set's sources; call it with a photo's bytes and, if known, the tally."""

    def advance(progress: Progress, task: TaskID) -> Callable[[int, Tally | None], None]:
        photos = 0

        def advance(size: int, tally: Tally | None) -> None:
            nonlocal photos
            photos = tally.total if tally else photos + 1
            kept = f"{tally.kept} kept" if tally else ""
            progress.update(task, advance=size, photos=photos, kept=kept)

        return advance

    return _bar(
        lambda bars: [
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TextColumn("{task.fields[photos]} photos, {task.fields[kept]}"),
            bars.TimeElapsedColumn(),
            bars.TimeRemainingColumn(),
        ],
        advance,
        total=total,
        photos=0,
        kept="",
    )


def download_progress(name: str) -> AbstractContextManager[Callable[[int, int | None], None]]:
    """Bytes of a download; call it with those that are there and those in all."""
    return _bar(
        lambda bars: [
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.DownloadColumn(),
            bars.TransferSpeedColumn(),
            bars.TimeRemainingColumn(),
        ],
        lambda progress, task: (
            lambda done, total: progress.update(task, completed=done, total=total)
        ),
        description=name,
        total=None,
    )


@contextmanager
def _bar(
    columns: Callable[[Any], list[Any]],
    advance: Advance,
    *,
    shown: bool = True,
    description: str = "",
    total: int | None,
    **fields: Any,
) -> Iterator[Callable[..., None]]:
    """A bar of `columns`, which are given the module `rich.progress`, moved on by `advance`."""
    if not shown or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    with bars.Progress(*columns(bars), console=console, transient=True) as progress:
        yield advance(progress, progress.add_task(description, total=total, **fields))
