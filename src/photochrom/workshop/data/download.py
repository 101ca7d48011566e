"""Downloads of photos: few at once, repeated when a server is busy, checked to be complete."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx2

from photochrom._system.retries import Retries, RetryPolicy
from photochrom.errors import ConfigError, DataError

T = TypeVar("T")

LARGEST_BODY = 64 << 20
"""Bytes; no photo of a training set is larger."""
LONGEST_PAUSE = 3600.0
"""Seconds; the longest pause that a Retry-After header gets."""
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class GaveUpError(Exception):
    """A file cannot be downloaded; the message says why."""


class _RetryError(Exception):
    """A try failed in a way that another may not."""

    def __init__(self, fault: str, pause: float = 0.0) -> None:
        super().__init__(fault)
        self.pause = pause


@dataclass(frozen=True)
class DownloadPolicy(RetryPolicy):
    """How often a file is tried, and how many downloads run at once (`connections`)."""

    tries: int = 6
    connections: int = 8

    def __post_init__(self) -> None:
        """Raise ConfigError for values that would never fetch anything."""
        super().__post_init__()
        if self.connections < 1:
            raise ConfigError(None, "connections must be positive")


class Download:
    """Downloads over one client; a server's Retry-After holds all of them."""

    def __init__(self, client: httpx2.AsyncClient, policy: DownloadPolicy) -> None:
        self._client = client
        self._policy = policy
        self._gate = asyncio.Semaphore(policy.connections)
        self._closed_until = 0.0

    async def fetch(self, address: str, use: Callable[[bytes], Awaitable[T]]) -> T:
        """Fetch a file and return what `use` makes of it.

        use: raises DataError where the bytes are not what was wanted; then they are fetched again.
        Raises GaveUpError with the last fault.
        """
        retries = Retries(self._policy)
        while True:
            try:
                return await use(await self._body(address))
            except (_RetryError, DataError) as error:
                pause = retries.pause()
                if pause is None:
                    tries = f"{retries.failures} tries" if retries.failures > 1 else "one try"
                    raise GaveUpError(f"gave up after {tries}: {error}") from error
                least = error.pause if isinstance(error, _RetryError) else 0.0
                await asyncio.sleep(max(least, pause))

    async def _body(self, address: str) -> bytes:
        async with self._gate:
            while (wait := self._closed_until - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            try:
                async with (
                    asyncio.timeout(self._policy.timeout),
                    self._client.stream("GET", address) as response,
                ):
                    self._check(response)
                    return await _whole(response)
            except TimeoutError as error:
                raise _RetryError(f"no answer in {self._policy.timeout:g} s") from error
            except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as error:
                raise GaveUpError(f"{type(error).__name__}: {error}") from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise _RetryError(f"{type(error).__name__}: {error}") from error
            except httpx2.InvalidURL as error:
                raise GaveUpError(f"not an address ({error})") from error

    def _check(self, response: httpx2.Response) -> None:
        """Raise for an answer that is not an image; a Retry-After holds all downloads."""
        status = response.status_code
        if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            pause = _retry_after(response.headers.get("Retry-After", ""))
            now = asyncio.get_running_loop().time()
            self._closed_until = max(self._closed_until, now + pause)
            raise _RetryError(f"HTTP {status}", pause)
        if status != HTTPStatus.OK:
            raise GaveUpError(f"HTTP {status}")
        kind = response.headers.get("Content-Type", "image").split(";")[0].strip().lower()
        if not kind.startswith(("image", "application/octet-stream", "binary/")):
            raise GaveUpError(f"not an image but {kind}")


async def _whole(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise GaveUpError(f"larger than {LARGEST_BODY >> 20} MiB")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != response.num_bytes_downloaded:
        raise _RetryError(f"{response.num_bytes_downloaded} of {length} bytes came")
    return bytes(body)


def _retry_after(value: str) -> float:
    """Seconds to wait by a Retry-After header: a number or a date; 0 for anything else."""
    value = value.strip()
    if value.isdigit():
        return min(float(value), LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return min(max((date - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_PAUSE)
