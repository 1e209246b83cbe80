"""What comes back, as the room's door names it: jobs and schedules."""

from __future__ import annotations

from kernel.hookspecs.start import DefaultSchedule, JobType
from plugins.accounting.incoming import looking
from plugins.accounting.incoming.cursors import ALL_JOB, JOB

JOBS = (
    JobType(JOB, "Look at the books of an accounting system", looking.look, stepwise=True),
    JobType(ALL_JOB, "Look at all accounting systems", looking.run_everywhere, recurs_by="accounting.manage"),
)
SCHEDULES = (DefaultSchedule("Look at accounting systems", ALL_JOB, "*/10 * * * *"),)
