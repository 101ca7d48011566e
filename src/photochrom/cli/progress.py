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
    """A bar of photos coloured and time left, for several photos; call it after each."""
    return _bar(
        lambda bars: [bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeRemainingColumn()],
        lambda progress, task: lambda: progress.advance(task),
        shown=total > 1,
        total=total,
    )


def job_progress(total: int) -> AbstractContextManager[Callable[[], None]]:
    """A bar of photos coloured, photos per second and time left; call it after each photo."""

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


def film_progress() -> AbstractContextManager[Callable[[str, int, int], None]]:
    """A bar of a film: what is done, pictures of all, pictures per second and time left.

    Call it with the stage, the pictures done, and all pictures.
    """

    def advance(progress: Progress, task: TaskID) -> Callable[[str, int, int], None]:
        stage, started, first = "", time.monotonic(), 0

        def advance(name: str, done: int, total: int) -> None:
            nonlocal stage, started, first
            if name != stage:
                stage, started, first = name, time.monotonic(), done - 1
                progress.reset(task)
            rate = (done - first) / max(1e-3, time.monotonic() - started)
            progress.update(
                task, description=name, completed=done, total=total, rate=f"{rate:.1f} pictures/s"
            )

        return advance

    return _bar(
        lambda bars: [
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(),
        ],
        advance,
        total=None,
        rate="",
    )


def scored_progress(total: int | None) -> AbstractContextManager[Callable[[], None]]:
    """A bar of photos scored and time elapsed; call it after each photo."""
    return _bar(
        lambda bars: [bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeElapsedColumn()],
        lambda progress, task: lambda: progress.advance(task),
        total=total,
    )


def source_bytes_progress(
    total: int | None,
) -> AbstractContextManager[Callable[[int, Tally | None], None]]:
    """A bar of bytes read; call it with the bytes of a photo and, if known, the tally so far."""

    def advance(progress: Progress, task: TaskID) -> Callable[[int, Tally | None], None]:
        photos = 0

        def advance(size: int, tally: Tally | None) -> None:
            nonlocal photos
            photos = tally.total if tally else photos + 1
            count = f"{photos} photos" + (f", {tally.kept} kept" if tally else "")
            progress.update(task, advance=size, count=count)

        return advance

    return _bar(
        lambda bars: [
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TextColumn("{task.fields[count]}"),
            bars.TimeElapsedColumn(),
            bars.TimeRemainingColumn(),
        ],
        advance,
        total=total,
        count="0 photos",
    )


def download_progress(name: str) -> AbstractContextManager[Callable[[int, int | None], None]]:
    """A bar of bytes downloaded; call it with the bytes so far and the total."""
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
    """A bar on a terminal; yields the function that moves it on.

    columns: makes the bar's columns out of the module `rich.progress`. advance: makes the function.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    with bars.Progress(*columns(bars), console=console, transient=True) as progress:
        yield advance(progress, progress.add_task(description, total=total, **fields))
