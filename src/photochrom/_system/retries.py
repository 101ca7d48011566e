"""Repeating a download that failed: how often, and after which pauses."""

from __future__ import annotations

import random
from dataclasses import dataclass

from photochrom.errors import ConfigError


@dataclass(frozen=True)
class RetryPolicy:
    """How often a download is tried.

    tries: failed tries in a row after which it is given up. timeout: seconds without an answer.
    first_pause: seconds after the first failure; doubled with each, at most `longest_pause`.
    """

    tries: int = 4
    timeout: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 60.0

    def __post_init__(self) -> None:
        """Raise ConfigError for values that would never fetch anything."""
        if self.tries < 1 or self.timeout <= 0:
            raise ConfigError(None, "tries and timeout must be positive")

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures, half of them random."""
        longest = min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)
        return longest * random.uniform(0.5, 1.0)


class Retries:
    """Counts the failures of one download."""

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self.failures = 0

    def pause(self, *, progress: bool = False) -> float | None:
        """Count a failed try; returns the seconds until the next one, None after the last.

        progress: the try brought the download forward, so that the count begins again.
        """
        self.failures = 0 if progress else self.failures + 1
        if self.failures >= self.policy.tries:
            return None
        return self.policy.pause(max(1, self.failures))
