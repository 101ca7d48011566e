"""Models that are loaded: of a name, a file or a blend; ahead of their use on a thread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from photochrom.models import parse_blend
from photochrom.models.devices import CPU, providers_for
from photochrom.models.session import Session


def load(
    model: str | Path | None,
    threads: int | None,
    providers: Sequence[str] | None,
    device: str,
    kind: str | None,
) -> list[tuple[Session, float]]:
    """The networks of a model, or of a blend, with their weights; arguments as for `Session`."""
    providers = None if providers is None else tuple(providers)
    begun = _begun.pop((model, threads, providers, device, kind), None)
    if begun is not None:
        return begun.result()
    return _loaded(model, threads, providers, device, kind)


def _loaded(
    model: str | Path | None,
    threads: int | None,
    providers: Sequence[str] | None,
    device: str,
    kind: str | None,
) -> list[tuple[Session, float]]:
    return [
        (Session(name, threads, providers, device=device, kind=kind), weight)
        for name, weight in parse_blend(model)
    ]


def load_ahead(
    model: str | Path | None, threads: int | None, device: str, kind: str | None
) -> None:
    """Begin to load a model on a thread of its own; the next `load` of the same takes it.

    Only for the CPU: other devices may fail, with warnings, which belong to the caller's thread.
    Raises ConfigError for an unknown device; other errors come from `load`.
    """
    if providers_for(device) != [CPU]:
        return
    pool = ThreadPoolExecutor(1)
    arguments = (model, threads, None, device, kind)
    _begun[arguments] = pool.submit(_loaded, *arguments)
    pool.shutdown(wait=False)


_begun: dict[tuple[Any, ...], Future[list[tuple[Session, float]]]] = {}
