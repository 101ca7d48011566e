"""Retries: pauses that double, and a count that progress resets."""

from __future__ import annotations

import pytest

from photochrom._system.retries import Retries, RetryPolicy
from photochrom.errors import ConfigError


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_pause=1.0, longest_pause=60.0)
    for failures, longest in ((1, 1), (2, 2), (4, 8), (9, 60)):
        pauses = [policy.pause(failures) for _ in range(50)]
        assert longest / 2 <= min(pauses) < max(pauses) <= longest


def test_a_download_is_given_up_after_its_tries() -> None:
    retries = Retries(RetryPolicy(tries=3))
    assert [retries.pause() is None for _ in range(3)] == [False, False, True]
    assert retries.failures == 3


def test_progress_starts_the_count_again() -> None:
    retries = Retries(RetryPolicy(tries=2))
    assert all(retries.pause(progress=True) is not None for _ in range(10))
    assert retries.pause() is not None
    assert retries.pause() is None


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"timeout": 0}])
def test_a_policy_that_never_fetches_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        RetryPolicy(**wrong)
