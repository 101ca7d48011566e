"""Whole trees of photographs: a ledger of what is done, worker processes, a job that resumes."""

from photochrom.batch.job import Contents, Job, Report, Summary, contents_of, entries_of, run_job
from photochrom.batch.ledger import LEDGER, Ledger, Record, State
from photochrom.batch.tree import Patterns, photos_in
from photochrom.batch.work import JobSettings
from photochrom.batch.workers import Workers

__all__ = [
    "LEDGER",
    "Contents",
    "Job",
    "JobSettings",
    "Ledger",
    "Patterns",
    "Record",
    "Report",
    "State",
    "Summary",
    "Workers",
    "contents_of",
    "entries_of",
    "photos_in",
    "run_job",
]
