"""A multipart form (RFC 7578): its photo goes straight to a file, its other parts are text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from photochrom.server.problems import RefusedError

PART = "photo"
"""The form's field with the file."""
AS_FORM = f"with curl: --form {PART}=@FILE"

_LONGEST_FIELD = 2**20
_MOST_FIELDS = 40
_LONGEST_PREAMBLE = 2**16
_LONGEST_BOUNDARY = 200
"""More than the 70 of RFC 2046, as some clients have it."""
_LONGEST_PATH = 4096
"""A part without a file's name that is no longer, and all text, is taken for a file's path."""
_CHARSET = "_charset_"  # browsers add it to forms that ask for it
_PLAIN_ENCODINGS = ("", "7bit", "8bit", "binary")


@dataclass
class _Part:
    """One part as it comes.

    file_name: None where the client gave none. text: the content of a part that is no file, or the
    beginning of a photo without a file's name.
    """

    name: str
    file_name: str | None
    is_file: bool
    size: int = 0
    text: bytearray = field(default_factory=bytearray)


class FormReader:
    """Reads a form as it comes; each method raises RefusedError, 400, for a form that is wrong.

    The photo is the file `photo`, with or without a file's name. Another file is refused.
    """

    def __init__(self, content_type: str, file: BinaryIO, options: Collection[str]) -> None:
        """Begin.

        file: takes the photo. options: fields that are text even where they come as files.
        """
        self._file, self._options = file, options
        self._fields: dict[str, str] = {}
        self._photo: _Part | None = None
        self._others: list[str] = []  # names of further files
        self._empty = False  # whether the photo has no bytes
        self._part = _Part("", None, False)
        self._headers: dict[str, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._count, self._ended = 0, False
        boundary = _boundary_of(content_type)
        self._delimiter, self._preamble = b"--" + boundary, bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if self._delimiter:
            self._preamble += data
            start = _delimiter_in(self._preamble, self._delimiter)
            if start is None:
                if len(self._preamble) > _LONGEST_PREAMBLE:
                    raise _wrong("the form is damaged (its boundary does not occur)")
                return
            data, self._delimiter = bytes(self._preamble[start:]), b""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _wrong(f"the form is damaged ({error})") from error

    def close(self) -> tuple[str, dict[str, str]]:
        """The photo's name, empty where it has none, and the other fields."""
        if not self._ended:
            raise _wrong("the form is damaged (it ends before its last boundary)")
        if self._photo is None:
            if self._empty:
                raise _wrong(f"the form's file {PART!r} is empty", "choose a photo")
            but = f", but one named {self._others[0]!r}" if self._others else ""
            raise _wrong(f"the form has no file named {PART!r}{but}", AS_FORM)
        if self._others:
            raise _wrong(
                f"the form has several files ({', '.join([PART, *self._others])})",
                "send one photo in a request",
            )
        return self._photo.file_name or self._fields.get("name", ""), self._fields

    def _begin_part(self) -> None:
        self._headers, self._header = {}, (bytearray(), bytearray())

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _end_headers(self) -> None:
        encoding = self._headers.get("content-transfer-encoding", b"").decode("latin-1")
        if encoding.strip().lower() not in _PLAIN_ENCODINGS:
            raise _wrong(f"a part of the form is sent as {encoding}", "send plain bytes")
        disposition = _header(
            "content-disposition", _text(self._headers.get("content-disposition", b""))
        )
        name, file_name = _parameter(disposition, "name"), _parameter(disposition, "filename")
        if name is None:
            raise _wrong("a part of the form has no name")
        is_file = name == PART or (file_name is not None and name not in self._options)
        self._part = _Part(name, file_name and _unescaped(file_name), is_file)
        self._count += 1
        if self._count > _MOST_FIELDS:
            raise _wrong(f"the form has more than {_MOST_FIELDS} parts")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if not part.is_file:
            if part.size > _LONGEST_FIELD:
                raise _wrong(f"the form's field {part.name!r} has more than {_LONGEST_FIELD} bytes")
            part.text += data[start:end]
            return
        if self._photo is None and part.name == PART:
            self._photo = part
        if self._photo is not part:
            if part.size == end - start:  # its first bytes
                self._others.append(part.name)
            return
        if part.file_name is None and part.size <= _LONGEST_PATH:
            part.text += data[start:end]
        self._file.write(data[start:end])

    def _end_part(self) -> None:
        part = self._part
        if not part.is_file:
            if part.size and part.name != _CHARSET:
                self._fields[part.name] = _text(bytes(part.text))
        elif not part.size:  # browsers send a file that nobody chose
            self._empty |= part.name == PART
        elif part is self._photo and len(part.text) == part.size and is_text(part.text):
            path = _text(bytes(part.text)).strip()
            raise _wrong(
                f"the form's {part.name!r} is the text {path[:80]!r}, and not a file",
                f"{AS_FORM}, where the @ makes curl send the file",
            )

    def _end(self) -> None:
        self._ended = True


def is_text(data: bytes | bytearray) -> bool:
    """Whether bytes are without the control characters that every picture begins with.

    curl's --data removes NUL and line ends from a file, and thereby damages it.
    """
    return not any(byte in b"\0\r\n" for byte in data)


def _boundary_of(content_type: str) -> bytes:
    boundary = _header("content-type", content_type).get_boundary() or ""
    if not boundary:
        raise _wrong(
            "the form's Content-Type has no boundary", "leave that header to your HTTP client"
        )
    if not boundary.isascii() or len(boundary) > _LONGEST_BOUNDARY:
        raise _wrong(
            f"the form's boundary is not of at most {_LONGEST_BOUNDARY} ASCII characters",
            "leave it to your HTTP client",
        )
    return boundary.encode()


def _delimiter_in(data: bytearray, delimiter: bytes) -> int | None:
    """Where the first delimiter begins, behind a preamble."""
    if data.startswith(delimiter):
        return 0
    line_end = data.find(b"\n" + delimiter)
    return None if line_end < 0 else line_end + 1


def _header(name: str, value: str) -> Message:
    """A header whose parameters can be read (RFC 2231 and 5987 too)."""
    message = Message()
    message[name] = value.replace("\r", " ").replace("\n", " ")
    return message


def _parameter(disposition: Message, name: str) -> str | None:
    """A parameter of a part's header; the extended spelling, filename*=, comes first."""
    parameters = disposition.get_params(failobj=[], header="content-disposition")
    values: list[Any] = [value for key, value in parameters if key.lower() == name]
    extended = [value for value in values if isinstance(value, tuple)]
    chosen = next(iter(extended or values), None)
    return None if chosen is None else collapse_rfc2231_value(chosen)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unescaped(name: str) -> str:
    """A file's name without the escapes of browsers and curl (HTML, multipart/form-data)."""
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _wrong(problem: str, remedy: str | None = None) -> RefusedError:
    return RefusedError(400, "bad-request", problem, remedy)
