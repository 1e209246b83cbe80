"""Taking in, as the room's door names it."""

from __future__ import annotations

from kernel.hookspecs.start import JobType
from plugins.accounting.intake import deciding, pages, reading, routes, taking_in

JOBS = (
    JobType(reading.JOB, "Read customers and items of an accounting system", reading.read, stepwise=True),
    JobType(deciding.TAKE_IN, "Take in customers and items of an accounting system", taking_in.take_in, stepwise=True),
)
REST = (routes.rest,)
PAGES = (pages.pages,)
