"""Getting a published model's file: from the first server that has it, whole or not at all.

Nothing here runs unless a person asks for it by `photochrom models pull`.
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
"""Called with the bytes that are there, and how many there will be where that is known."""

_TOO_LARGE = 1.5
"""A server that sends more than so many times the expected bytes sends something else."""


class _FetchError(Exception):
    """An address failed. again: whether another try may help."""

    def __init__(self, text: str, again: bool) -> None:
        super().__init__(text)
        self.again = again


def pull(
    descriptor: Descriptor,
    progress: Progress = lambda *_: None,
    policy: RetryPolicy | None = None,
) -> Path:
    """Download a model's file into the user's data folder; returns where it is.

    What an interrupted pull left is continued. The file gets its name only after its SHA-256 was
    checked. Two pulls at once wait for each other, and the second finds the file.
    Raises ModelError that says which address failed how; nothing is then under the final name.
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
                _from_any(descriptor, part, progress, policy or RetryPolicy())
            move_into_place(part, target, durable=True)
    except OSError as error:
        raise ModelError(
            target,
            f"cannot be written ({os_reason(error)})",
            "make room, or set PHOTOCHROM_HOME to another folder",
        ) from error
    return target


def remove(descriptor: Descriptor) -> int:
    """Remove a pulled model and what is left of pulls; returns the bytes that were freed.

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


def _from_any(descriptor: Descriptor, part: Path, progress: Progress, policy: RetryPolicy) -> None:
    """Fill `part` from one of the addresses; its content is verified."""
    faults = []
    timeout = httpx2.Timeout(policy.timeout)
    with httpx2.Client(follow_redirects=True, timeout=timeout) as client:
        for url in descriptor.urls:
            fault = _from_one(client, url, descriptor, part, progress, policy)
            if fault is None:
                return
            faults.append(f"{url}: {fault}")
    raise ModelError(
        descriptor.name, f"could not be downloaded ({'; '.join(faults)})", "try again later"
    )


def _from_one(
    client: httpx2.Client,
    url: str,
    descriptor: Descriptor,
    part: Path,
    progress: Progress,
    policy: RetryPolicy,
) -> _FetchError | None:
    """Fill `part` from one address; returns why it failed.

    Each try continues the partial file; a failed one that received bytes is not counted.
    """
    retries, there = Retries(policy), 0
    while True:
        resumed = part.exists()  # perhaps of another server's file
        try:
            _fetch(client, url, descriptor, part, progress)
            _check(descriptor, part, resumed)
            return None
        except _FetchError as fault:
            before, there = there, part.stat().st_size if part.exists() else 0
            pause = retries.pause(progress=there > before)
            if not fault.again or pause is None:
                return fault
        time.sleep(pause)


def _check(descriptor: Descriptor, part: Path, again: bool) -> None:
    digest = sha256_of(part)
    if digest != descriptor.sha256:
        size = part.stat().st_size
        part.unlink()  # the next try begins anew
        raise _FetchError(
            f"sent another file ({size} bytes, SHA-256 {digest[:12]}..., expected "
            f"{descriptor.sha256[:12]}...)",
            again,
        )


def _fetch(
    client: httpx2.Client, url: str, descriptor: Descriptor, part: Path, progress: Progress
) -> None:
    """Go on with what is in `part`, or begin anew where the server cannot."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    try:
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and there:
                if _whole_length(response) == there:
                    return  # all of it is there already
                part.unlink()
                raise _FetchError("has a shorter file than before", again=True)
            there = _place(response, there)
            total = _total(response, there)
            _write(response, part, there, total, descriptor, progress)
    except (
        httpx2.UnsupportedProtocol,
        httpx2.InvalidURL,
        httpx2.TooManyRedirects,
        UnicodeError,
    ) as error:
        raise _FetchError(str(error) or type(error).__name__, again=False) from error
    except httpx2.TimeoutException as error:
        raise _FetchError("no answer in time", again=True) from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise _FetchError(str(error) or type(error).__name__, again=True) from error


def _place(response: httpx2.Response, there: int) -> int:
    """Where in the file the answer begins; raises for an answer that is no file."""
    status = response.status_code
    if status == HTTPStatus.PARTIAL_CONTENT and there:
        content_range = response.headers.get("Content-Range", "")
        if content_range.replace(" ", "").startswith(f"bytes{there}-"):
            return there
        raise _FetchError("sent another range than requested", again=False)
    if status == HTTPStatus.OK:
        return 0
    busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    raise _FetchError(f"HTTP {status}", again=busy)


def _total(response: httpx2.Response, there: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return there + int(length) if length.isdigit() else None


def _whole_length(response: httpx2.Response) -> int | None:
    """The file's length in the answer to a part that it does not have."""
    length = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(length) if length.isdigit() else None


def _write(
    response: httpx2.Response,
    part: Path,
    there: int,
    total: int | None,
    descriptor: Descriptor,
    progress: Progress,
) -> None:
    most = descriptor.bytes if descriptor.exact else int(_TOO_LARGE * descriptor.bytes)
    if total is not None and total > most:
        raise _FetchError(f"would send {total} bytes, not some {descriptor.bytes}", again=False)
    with part.open("r+b" if there else "wb") as file:
        file.seek(there)
        for chunk in response.iter_raw():
            file.write(chunk)
            there += len(chunk)
            if there > most:
                file.truncate(0)
                raise _FetchError(f"sends more than {most} bytes", again=False)
            progress(there, total)
        file.truncate()
    if total is not None and there < total:
        raise _FetchError(f"broke off after {there} of {total} bytes", again=True)
    if total is None and there < (descriptor.bytes if descriptor.exact else 1):
        raise _FetchError(f"broke off after {there} bytes", again=True)
