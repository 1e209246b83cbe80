"""Background work: a ledger of jobs, schedules, and the workers that Celery wakes."""

from kernel.jobs.ledger import cancel_job, enqueue, get_job, list_history, list_jobs, retry_job
from kernel.jobs.models import Job, JobHistory, Schedule
from kernel.jobs.runner import JobRun
from kernel.jobs.work import drain, run_due, work

__all__ = [
    "Job", "JobHistory", "JobRun", "Schedule", "cancel_job", "drain", "enqueue", "get_job", "list_history", "list_jobs",
    "retry_job", "run_due", "work",
]  # fmt: skip
