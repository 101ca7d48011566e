"""Whole trees of photographs: a ledger of what is done, worker processes, a job that resumes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photochrom.batch.job import Contents as Contents
    from photochrom.batch.job import Job as Job
    from photochrom.batch.job import contents_of as contents_of
    from photochrom.batch.job import entries_of as entries_of
    from photochrom.batch.job import run_job as run_job
    from photochrom.batch.ledger import LEDGER as LEDGER
    from photochrom.batch.ledger import Ledger as Ledger
    from photochrom.batch.ledger import Record as Record
    from photochrom.batch.ledger import State as State
    from photochrom.batch.settings import JobSettings as JobSettings
    from photochrom.batch.summary import Report as Report
    from photochrom.batch.summary import Summary as Summary
    from photochrom.batch.tree import Patterns as Patterns
    from photochrom.batch.tree import photos_in as photos_in
    from photochrom.batch.watch import Watch as Watch
    from photochrom.batch.watch import WatchOptions as WatchOptions
    from photochrom.batch.workers import Workers as Workers

_MODULES = {
    "job": ("Contents", "Job", "contents_of", "entries_of", "run_job"),
    "ledger": ("LEDGER", "Ledger", "Record", "State"),
    "settings": ("JobSettings",),
    "summary": ("Report", "Summary"),
    "tree": ("Patterns", "photos_in"),
    "watch": ("Watch", "WatchOptions"),
    "workers": ("Workers",),
}
"""The names by module; a single photo needs the settings, and neither database nor processes."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"photochrom.batch.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'photochrom.batch' has no attribute {name!r}")
