"""Polite downloads: few at once, patient with a busy server, sure that what came is whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx2

from photochrom.errors import ConfigError, DataError

T = TypeVar("T")

LARGEST_BODY = 64 << 20
"""Bytes; no photo of a training set is larger."""
LONGEST_PAUSE = 3600.0
"""Seconds; a server that asks for more is asked again after this."""
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class GaveUpError(Exception):
    """A file cannot be had; the message says why."""


class _RetryError(Exception):
    """A try failed in a way that another may not."""

    def __init__(self, fault: str, pause: float = 0.0) -> None:
        super().__init__(fault)
        self.pause = pause


@dataclass(frozen=True)
class Patience:
    """How hard a file is tried for.

    connections: downloads at once. tries: for one file. timeout: seconds for one try.
    first_pause: seconds after the first failure; doubled with each, at most `longest_pause`.
    """

    connections: int = 8
    tries: int = 6
    timeout: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 60.0

    def __post_init__(self) -> None:
        """Raise ConfigError for values that would never fetch anything."""
        if self.connections < 1 or self.tries < 1 or self.timeout <= 0:
            raise ConfigError(None, "connections, tries and timeout must be positive")

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures, half of them drawn by chance."""
        longest = min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)
        return longest * random.uniform(0.5, 1.0)


class Download:
    """Downloads over one client; a server's Retry-After holds all of them."""

    def __init__(self, client: httpx2.AsyncClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience
        self._gate = asyncio.Semaphore(patience.connections)
        self._closed_until = 0.0

    async def fetch(self, address: str, use: Callable[[bytes], Awaitable[T]]) -> T:
        """Fetch a file and return what `use` makes of it.

        use: raises DataError where the bytes are not what was wanted; then they are fetched again.
        Raises GaveUpError with the last fault.
        """
        failures = 0
        while True:
            try:
                return await use(await self._body(address))
            except (_RetryError, DataError) as error:
                failures += 1
                if failures == self._patience.tries:
                    tries = f"{failures} tries" if failures > 1 else "one try"
                    raise GaveUpError(f"gave up after {tries}: {error}") from error
                asked = error.pause if isinstance(error, _RetryError) else 0.0
                await asyncio.sleep(max(asked, self._patience.pause(failures)))

    async def _body(self, address: str) -> bytes:
        async with self._gate:
            while (wait := self._closed_until - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            try:
                async with (
                    asyncio.timeout(self._patience.timeout),
                    self._client.stream("GET", address) as response,
                ):
                    self._check(response)
                    return await _whole(response)
            except TimeoutError as error:
                raise _RetryError(f"no answer in {self._patience.timeout:g} s") from error
            except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as error:
                raise GaveUpError(f"{type(error).__name__}: {error}") from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise _RetryError(f"{type(error).__name__}: {error}") from error
            except httpx2.InvalidURL as error:
                raise GaveUpError(f"not an address ({error})") from error

    def _check(self, response: httpx2.Response) -> None:
        """Raise for an answer that is no image, and close the gate where the server asks for it."""
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
    """Seconds to wait by a Retry-After header: a number or a date; 0 where it says nothing."""
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
