"""Jobs: work that outlives a click, each a process of its own."""

from breakhis_core.jobs.asking import request_stop, resume, submit
from breakhis_core.jobs.folder import job_folder
from breakhis_core.jobs.reading import Job, active, curve, get, list_jobs, log_tail

__all__ = [
    "Job",
    "active",
    "curve",
    "get",
    "job_folder",
    "list_jobs",
    "log_tail",
    "request_stop",
    "resume",
    "submit",
]
