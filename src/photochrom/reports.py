"""What is reported of one photo's file: on the command line, in jobs and by the server.

The JSON records of all of them are `FileReport.record`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from photochrom.errors import InColorError, PhotochromError, PhotoError, Spelling, unforeseen


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """The report on one photo's file.

    Attributes
    ----------
    input : str
        The photo's name, as the caller gave it.
    state : str
        "done", "skipped" (it is in colour already) or "failed".
    outputs : tuple of pathlib.Path
        The files written.
    width, height : int or None
        Of the upright photo, pixels.
    seconds : float or None
        Time from reading to the end of writing.
    model : str or None
        The name of the model.
    mended : float or None
        Pixels filled by the repair, as a share of all; None where nothing was repaired.
    notes : tuple of str
        Warnings about the photo, a line each.
    losses : tuple of str
        Properties of the photo that the written file format cannot hold.
    reason : str or None
        Why the photo is not done, as one word.
    fault : PhotochromError or None
        The error that stopped the work.

    Examples
    --------
    >>> import photochrom
    >>> report = photochrom.colorize_file("photo.jpg", "photo.png")
    >>> report.state, report.width, report.height, report.losses
    ('done', 451, 300, ())
    """

    input: str = ""
    state: str = "done"
    outputs: tuple[Path, ...] = ()
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    model: str | None = None
    mended: float | None = None
    notes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    reason: str | None = None
    fault: PhotochromError | None = None

    @classmethod
    def failure(cls, name: str, fault: Exception) -> Self:
        """The report on a photo that an error stopped, foreseen or not.

        Parameters
        ----------
        name
            The photo's name in the report.
        fault
            The error, of any class.

        Returns
        -------
        FileReport
            Its state is "skipped" for a photo in colour, else "failed".

        Examples
        --------
        >>> from photochrom import FileReport, PhotoError
        >>> FileReport.failure("scan.tif", PhotoError("scan.tif", "damaged")).error
        'scan.tif: damaged'
        """
        failed = partial(cls, input=name, state="failed")
        if isinstance(fault, InColorError):
            return cls(input=name, state="skipped", reason="in colour already", fault=fault)
        if isinstance(fault, PhotochromError):
            return failed(reason=type(fault).__name__, fault=fault)
        if isinstance(fault, MemoryError):
            remedy = "colour fewer photos at a time"
            large = PhotoError(name, "needs more memory than there is", remedy)
            return failed(reason="MemoryError", fault=large)
        return failed(reason="Unforeseen", fault=unforeseen(name, fault))

    @property
    def error(self) -> str | None:
        """The error in one line; None where the photo is done."""
        return None if self.fault is None else str(self.fault)

    @property
    def warnings(self) -> list[str]:
        """Warnings about the photo and its result, a line each."""
        return [*self.notes, *(f"the file cannot hold {loss}" for loss in self.losses)]

    def record(self, spelling: Spelling = str) -> dict[str, Any]:
        """The report as a JSON object.

        Parameters
        ----------
        spelling
            How the error writes options; as Python's keywords by default.

        Returns
        -------
        dict
            All keys are present, with None for unknown values.

        Examples
        --------
        >>> import photochrom
        >>> sorted(photochrom.FileReport(input="scan.tif").record())[:4]
        ['error', 'height', 'input', 'mended']
        """
        outputs = [str(path) for path in self.outputs]
        return {
            "input": self.input,
            "state": self.state,
            "output": outputs[0] if outputs else None,
            "outputs": outputs,
            "width": self.width,
            "height": self.height,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "model": self.model,
            "mended": self.mended,
            "warnings": self.warnings,
            "reason": self.reason,
            "error": None if self.fault is None else self.fault.line(spelling),
        }


def reported(name: str, work: Callable[[], FileReport]) -> FileReport:
    """The report that `work` returns, or that of the error which it raises on the photo `name`."""
    try:
        return work()
    except Exception as fault:
        return FileReport.failure(name, fault)
