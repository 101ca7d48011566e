"""Everything that Photochrom raises on purpose.

    PhotochromError
    ├── PhotoError                a photograph cannot be read or written
    │   ├── OutputExistsError     the result's name is taken (a FileExistsError too)
    │   └── InColorError          it is in colour already
    ├── ModelError                a model is missing, damaged or of an unknown kind
    ├── HintError                 hints that do not fit the photograph (a ValueError too)
    ├── JobError                  a job cannot go on: its ledger, its workers
    ├── ConfigError               a configuration file or an option is wrong (a ValueError too)
    ├── DataError                 training or evaluation data is missing or unusable
    └── MissingExtraError         an optional part is not installed (an ImportError too)

Every message is one line: what is wrong, with which file, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PhotochromError(Exception):
    """Root of the tree; catching it catches every failure Photochrom foresees.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("missing.jpg")
    ... except photochrom.PhotochromError as error:
    ...     print(type(error).__name__)
    PhotoError
    """


class PhotoError(PhotochromError):
    """A photograph cannot be read or written.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize(b"no picture")
    ... except photochrom.PhotoError as error:
    ...     print("cannot be read")
    cannot be read
    """


class OutputExistsError(PhotoError, FileExistsError):
    """The result would overwrite a file.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("photo.jpg").save("photo.jpg")
    ... except photochrom.OutputExistsError as error:
    ...     print(isinstance(error, FileExistsError))
    True
    """


class InColorError(PhotoError):
    """A photograph is in colour already.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("color.jpg")
    ... except photochrom.InColorError as error:
    ...     print(photochrom.colorize("color.jpg", recolor=True))
    <Result of color.jpg, 451 x 300, by photochrom>
    """


class ModelError(PhotochromError):
    """A model is missing, damaged or of an unknown kind.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.Colorizer("unheard-of")
    ... except photochrom.ModelError as error:
    ...     print(photochrom.list_models()[0])
    photochrom
    """


class HintError(PhotochromError, ValueError):
    """Colour hints do not fit the photograph.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("photo.jpg", hints=[photochrom.Hint(9999, 0, (0, 0))])
    ... except photochrom.HintError as error:
    ...     print(isinstance(error, ValueError))
    True
    """


class JobError(PhotochromError):
    """A job on many photographs cannot go on; what is done stays done.

    Examples
    --------
    >>> from photochrom import JobError, PhotochromError
    >>> issubclass(JobError, PhotochromError)
    True
    """


class ConfigError(PhotochromError, ValueError):
    """A configuration file, or an option, is wrong.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("photo.jpg", vividness=2)
    ... except photochrom.ConfigError as error:
    ...     print(isinstance(error, ValueError))
    True
    """


class DataError(PhotochromError):
    """Training or evaluation data is missing or unusable.

    Examples
    --------
    >>> from photochrom import DataError, PhotochromError
    >>> issubclass(DataError, PhotochromError)
    True
    """


class MissingExtraError(PhotochromError, ImportError):
    """A part of Photochrom needs packages that are not installed.

    Parameters
    ----------
    what
        The part, as a person calls it.
    extra
        The extra of the package that brings them.

    Examples
    --------
    >>> from photochrom import MissingExtraError
    >>> issubclass(MissingExtraError, ImportError)
    True
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs extra packages: pip install 'photochrom[{extra}]'")


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its class where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be; None where none is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)), None)


def unforeseen(name: object, error: Exception) -> PhotoError:
    """The one line about a fault of Photochrom's own, so that one photo's costs no other."""
    fault = type(error).__name__
    if (line := first_line(error)) != fault:
        fault += f": {line}"
    return PhotoError(f"{name}: unforeseen ({fault}); please report it with the photo")
