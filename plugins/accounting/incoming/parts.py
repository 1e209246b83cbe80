"""What comes back, as the room's door names it."""

from __future__ import annotations

from kernel.hookspecs.start import DefaultSchedule, JobType, NavEntry
from plugins.accounting.incoming import looking, pages, routes
from plugins.accounting.incoming.cursors import ALL_JOB, JOB

JOBS = (
    JobType(JOB, "Look at the books of an accounting system", looking.look, stepwise=True),
    JobType(ALL_JOB, "Look at all accounting systems", looking.run_everywhere, recurs_by="accounting.manage"),
)
SCHEDULES = (DefaultSchedule("Look at accounting systems", ALL_JOB, "*/10 * * * *"),)
REST = (routes.rest,)
PAGES = (pages.pages,)
NAVIGATION = (
    NavEntry("billing", "Accounting exceptions", "/accounting/exceptions", "accounting.read", "alert-triangle", 62, "Accounting"),
    NavEntry("billing", "Reconciliation", "/accounting/reconciliation", "accounting.read", "scale", 64, "Accounting"),
)
