"""Whole trees of photographs: a ledger of what is done, worker processes, a job that resumes."""

from photochrom.batch.job import Job, Report, Summary, count_photos, photos_of, run_job
from photochrom.batch.ledger import LEDGER, Ledger, Record, State
from photochrom.batch.tree import Patterns, photos_in
from photochrom.batch.work import JobSettings

__all__ = [
    "LEDGER",
    "Job",
    "JobSettings",
    "Ledger",
    "Patterns",
    "Record",
    "Report",
    "State",
    "Summary",
    "count_photos",
    "photos_in",
    "photos_of",
    "run_job",
]
