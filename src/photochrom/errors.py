"""The exceptions that Photochrom raises.

    PhotochromError
    ├── PhotoError                a photograph cannot be read or written
    │   ├── DiskFullError         no room is left where a file is to be written
    │   ├── OutputExistsError     the result's name is taken (a FileExistsError too)
    │   ├── InColorError          the photograph is in colour already
    │   └── VideoError            a film cannot be read or written
    ├── ModelError                a model is missing, damaged or of an unknown kind
    ├── HintError                 hints do not fit the photograph (a ValueError too)
    ├── JobError                  a job cannot go on: its ledger, its workers
    ├── ConfigError               a configuration file or an option is wrong (a ValueError too)
    ├── DataError                 training or evaluation data is missing or unusable
    └── MissingExtraError         an optional part is not installed (an ImportError too)

Every error has three fields: `subject`, what it is about; `problem`, what is wrong; `remedy`, what
to do about it. `str(error)` is one line of them, "subject: problem; remedy".

A subject or a remedy may name an option, and every surface spells that in its own way: Python's
`recolor=True` is `--recolor` at the command line and `recolor=true` in an HTTP request. So the
library never writes a flag: it raises

    InColorError(photo.name, "is in colour already",
                 Remedy("add {} to colour it anew", Option("recolor", True)))

and a surface renders it with `error.line(spelling)`. Code that knows a better name for the subject
raises `error.with_subject(name)`. No code edits the text of an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeVar


@dataclass(frozen=True)
class Option:
    """An option that the caller sets: a field of an options class, or an argument.

    name: as in Python. value: the present or the recommended value; None for the name alone.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        """The option as a keyword argument of Python."""
        if self.value is None:
            return self.name
        value = repr(self.value) if isinstance(self.value, str) else str(self.value)
        return f"{self.name}={value}"


Spelling = Callable[[Option], str | None]
"""How a surface writes an option; None where the surface lacks it. `str` is Python's spelling."""


class Remedy:
    """A remedy that names options.

    text: with a "{}" for each option. otherwise: the remedy where a surface lacks one of the
    options; None for no remedy.
    """

    def __init__(self, text: str, *options: Option, otherwise: str | None = None) -> None:
        self.text, self.options, self.otherwise = text, options, otherwise

    def spelled(self, spelling: Spelling = str) -> str | None:
        """The remedy with the options as a surface spells them."""
        names = [spelling(option) for option in self.options]
        return self.otherwise if None in names else self.text.format(*names)

    def __str__(self) -> str:
        return self.text.format(*self.options)


class Fields(NamedTuple):
    """The fields of an error, as text."""

    subject: str | None
    problem: str
    remedy: str | None

    @property
    def line(self) -> str:
        """The fields as one line: "subject: problem; remedy"."""
        start = "" if self.subject is None else f"{self.subject}: "
        end = "" if self.remedy is None else f"; {self.remedy}"
        return f"{start}{self.problem}{end}"


class PhotochromError(Exception):
    """Root of the tree; catching it catches every failure that Photochrom foresees.

    subject: what the error is about, as text or an `Option`: a file, a model, an option, a key;
    None where that is clear. problem: what is wrong. remedy: what to do; None where nothing helps.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.colorize("missing.jpg")
    ... except photochrom.PhotochromError as error:
    ...     print(type(error).__name__)
    PhotoError
    """

    subject: str | Option | None
    problem: str
    remedy: str | Remedy | None

    def __init__(self, subject: object, problem: str, remedy: str | Remedy | None = None) -> None:
        """Store the fields; a subject that is no `Option`, such as a path, is stored as text."""
        self.subject = subject if subject is None or isinstance(subject, Option) else str(subject)
        self.problem, self.remedy = problem, remedy
        super().__init__(self.line())

    def __str__(self) -> str:
        return self.line()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by fields, whatever arguments the class takes: errors cross process boundaries."""
        return _rebuilt, (type(self), self.subject, self.problem, self.remedy), self.__dict__

    def fields(self, spelling: Spelling = str) -> Fields:
        """The three fields as text.

        Parameters
        ----------
        spelling
            How a surface writes options; as Python's keywords by default.

        Returns
        -------
        Fields
            Subject, problem and remedy; subject and remedy may be None.

        Examples
        --------
        >>> from photochrom import PhotoError
        >>> PhotoError("scan.tif", "damaged", "copy it again").fields().remedy
        'copy it again'
        """
        subject, remedy = self.subject, self.remedy
        return Fields(
            (spelling(subject) or str(subject)) if isinstance(subject, Option) else subject,
            self.problem,
            remedy.spelled(spelling) if isinstance(remedy, Remedy) else remedy,
        )

    def line(self, spelling: Spelling = str) -> str:
        """The error as one line.

        Parameters
        ----------
        spelling
            How a surface writes options; as Python's keywords by default.

        Returns
        -------
        str
            "subject: problem; remedy".

        Examples
        --------
        >>> from photochrom import PhotoError
        >>> PhotoError("scan.tif", "damaged", "copy it again").line()
        'scan.tif: damaged; copy it again'
        """
        return self.fields(spelling).line

    def with_subject(self, subject: object) -> Self:
        """The same error with another subject.

        Parameters
        ----------
        subject
            The name, or an `Option`.

        Returns
        -------
        PhotochromError
            A new error of the same class.

        Examples
        --------
        >>> from photochrom import PhotoError
        >>> print(PhotoError("/tmp/upload", "damaged").with_subject("scan.tif"))
        scan.tif: damaged
        """
        return _rebuilt(type(self), subject, self.problem, self.remedy)


_E = TypeVar("_E", bound="PhotochromError")


def _rebuilt(
    error_class: type[_E], subject: object, problem: str, remedy: str | Remedy | None
) -> _E:
    """An error of a class from its fields alone."""
    error = error_class.__new__(error_class)
    PhotochromError.__init__(error, subject, problem, remedy)
    return error


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


class DiskFullError(PhotoError):
    """The disk, or the user's quota of it, has no room for a file.

    Examples
    --------
    >>> from photochrom import DiskFullError, PhotoError
    >>> issubclass(DiskFullError, PhotoError)
    True
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


class VideoError(PhotoError):
    """A film cannot be read or written.

    Examples
    --------
    >>> import photochrom
    >>> try:
    ...     photochrom.Colorizer().video("photo.jpg")
    ... except photochrom.VideoError as error:
    ...     print("no film")
    no film
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
        The name of the part.
    extra
        The extra of the package that installs them.

    Examples
    --------
    >>> from photochrom import MissingExtraError
    >>> issubclass(MissingExtraError, ImportError)
    True
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, "needs extra packages", f"pip install 'photochrom[{extra}]'")


def see_docs(page: str) -> str:
    """The remedy that cites a page of the documentation; an installed package has no docs folder.

    page: of docs/, without the suffix.
    """
    return f"see the documentation: {page}"


def os_reason(error: OSError) -> str:
    """The operating system's text for a failure, without number and file."""
    return error.strerror or first_line(error)


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its class name where the text is empty."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def last_line(error: Exception) -> str:
    """The last line of an error's text, where PyTorch gives the reason."""
    return next(reversed(str(error).strip().splitlines()), type(error).__name__)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to `name`; None where none is similar."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)), None)


def unforeseen(name: object, error: Exception) -> PhotoError:
    """The error for a bug in Photochrom, so that one photo does not stop the others."""
    fault = type(error).__name__
    if (line := first_line(error)) != fault:
        fault += f": {line}"
    return PhotoError(name, f"unforeseen ({fault})", "please report it with the photo")
