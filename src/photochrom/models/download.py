"""Download of a published model's file from the first server that has it, whole or not at all.

Only `photochrom models pull` runs it.
"""

from __future__ import annotations

import glob
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import filelock
import httpx2

from photochrom._system.atomic import move_into_place
from photochrom._system.retries import Retries, RetryPolicy
from photochrom.errors import ModelError, os_reason
from photochrom.models.catalogue import sha256_of
from photochrom.models.descriptor import Descriptor

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far, and the total, None where it is unknown."""

_MAX_SIZE_FACTOR = 1.5
"""A server that sends more than this multiple of an inexact size is sending another file."""


class _FetchError(Exception):
    """An attempt failed. retryable: whether another attempt may succeed."""

    def __init__(self, text: str, retryable: bool) -> None:
        super().__init__(text)
        self.retryable = retryable


def pull(
    descriptor: Descriptor,
    progress: Progress = lambda *_: None,
    policy: RetryPolicy | None = None,
) -> Path:
    """Download a model's file into the user's data folder; returns its path.

    An interrupted pull is continued. The file gets its name only after its SHA-256 was checked. Of
    two pulls at once the second waits, and then uses the first one's file.
    Raises ModelError with the failure of each address; no file then has the final name.
    """
    if descriptor.shipped:
        raise ModelError(descriptor.name, "comes with its package", "there is nothing to pull")
    target = descriptor.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_name(f".{target.name}.lock")):
            if target.is_file() and sha256_of(target) == descriptor.sha256:
                return target
            # under a name that the next pull finds, to continue it
            part = target.with_name(f".{target.name}.{descriptor.sha256[:16]}.part")
            if not (part.is_file() and sha256_of(part) == descriptor.sha256):
                _download(descriptor, part, progress, policy or RetryPolicy())
            move_into_place(part, target, durable=True)
    except OSError as error:
        raise ModelError(
            target,
            f"cannot be written ({os_reason(error)})",
            "make room, or set PHOTOCHROM_HOME to another folder",
        ) from error
    return target


def remove(descriptor: Descriptor) -> int:
    """Remove a pulled model and partial downloads of it; returns the bytes that were freed.

    Raises ModelError for a model that was not pulled.
    """
    if descriptor.shipped:
        raise ModelError(descriptor.name, "comes with its package", "uninstall that instead")
    freed, folder = 0, descriptor.path.parent
    try:
        for path in (descriptor.path, *folder.glob(f".{glob.escape(descriptor.path.name)}.*")):
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
    except OSError as error:
        raise ModelError(descriptor.path, os_reason(error)) from error
    if not freed:
        raise ModelError(descriptor.name, "is not on this machine", "nothing to remove")
    return freed


def _download(descriptor: Descriptor, part: Path, progress: Progress, policy: RetryPolicy) -> None:
    """Fill `part` from the first address that succeeds; its content is verified."""
    faults = []
    timeout = httpx2.Timeout(policy.timeout)
    with httpx2.Client(follow_redirects=True, timeout=timeout) as client:
        for url in descriptor.urls:
            fault = _download_from(client, url, descriptor, part, progress, policy)
            if fault is None:
                return
            faults.append(f"{url}: {fault}")
    raise ModelError(
        descriptor.name, f"could not be downloaded ({'; '.join(faults)})", "try again later"
    )


def _download_from(
    client: httpx2.Client,
    url: str,
    descriptor: Descriptor,
    part: Path,
    progress: Progress,
    policy: RetryPolicy,
) -> _FetchError | None:
    """Fill `part` from one address; returns the error where that failed, else None.

    Each attempt continues the partial file; those that received bytes are not counted.
    """
    retries, received = Retries(policy), 0
    while True:
        resumed = part.exists()  # perhaps from another server
        try:
            _fetch(client, url, descriptor, part, progress)
            _check(descriptor, part, resumed)
            return None
        except _FetchError as fault:
            before, received = received, part.stat().st_size if part.exists() else 0
            pause = retries.pause(progress=received > before)
            if not fault.retryable or pause is None:
                return fault
        time.sleep(pause)


def _check(descriptor: Descriptor, part: Path, resumed: bool) -> None:
    """Raise for a file of another SHA-256; a resumed one may be a mixture of two files."""
    digest = sha256_of(part)
    if digest != descriptor.sha256:
        size = part.stat().st_size
        part.unlink()  # so that the next attempt starts over
        raise _FetchError(
            f"sent another file ({size} bytes, SHA-256 {digest[:12]}..., expected "
            f"{descriptor.sha256[:12]}...)",
            retryable=resumed,
        )


def _fetch(
    client: httpx2.Client, url: str, descriptor: Descriptor, part: Path, progress: Progress
) -> None:
    """Continue the file `part`, or start over where the server cannot continue."""
    received = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if received:
        headers["Range"] = f"bytes={received}-"
    try:
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and received:
                if _total_in_range(response) == received:
                    return  # the file is complete
                part.unlink()
                raise _FetchError("has a shorter file than before", retryable=True)
            start = _start_of(response, received)
            total = _total(response, start)
            _write(response, part, start, total, descriptor, progress)
    except (
        httpx2.UnsupportedProtocol,
        httpx2.InvalidURL,
        httpx2.TooManyRedirects,
        UnicodeError,
    ) as error:
        raise _FetchError(str(error) or type(error).__name__, retryable=False) from error
    except httpx2.TimeoutException as error:
        raise _FetchError("no answer in time", retryable=True) from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise _FetchError(str(error) or type(error).__name__, retryable=True) from error


def _start_of(response: httpx2.Response, received: int) -> int:
    """Offset in the file of the response's first byte; raises where the response is no file."""
    status = response.status_code
    if status == HTTPStatus.PARTIAL_CONTENT and received:
        content_range = response.headers.get("Content-Range", "")
        if content_range.replace(" ", "").startswith(f"bytes{received}-"):
            return received
        raise _FetchError("sent another range than requested", retryable=False)
    if status == HTTPStatus.OK:
        return 0
    busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    raise _FetchError(f"HTTP {status}", retryable=busy)


def _total(response: httpx2.Response, start: int) -> int | None:
    """The file's size by Content-Length, for a response that begins at `start`."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _total_in_range(response: httpx2.Response) -> int | None:
    """The file's size by the Content-Range of a response to an unsatisfiable range."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


def _write(
    response: httpx2.Response,
    part: Path,
    start: int,
    total: int | None,
    descriptor: Descriptor,
    progress: Progress,
) -> None:
    limit = descriptor.bytes if descriptor.exact else int(_MAX_SIZE_FACTOR * descriptor.bytes)
    if total is not None and total > limit:
        raise _FetchError(f"would send {total} bytes, not some {descriptor.bytes}", retryable=False)
    received = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in response.iter_raw():
            file.write(chunk)
            received += len(chunk)
            if received > limit:
                file.truncate(0)
                raise _FetchError(f"sends more than {limit} bytes", retryable=False)
            progress(received, total)
        file.truncate()
    if total is not None and received < total:
        raise _FetchError(f"broke off after {received} of {total} bytes", retryable=True)
    if total is None and received < (descriptor.bytes if descriptor.exact else 1):
        raise _FetchError(f"broke off after {received} bytes", retryable=True)
