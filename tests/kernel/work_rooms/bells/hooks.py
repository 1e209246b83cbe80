from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs import hookimpl
from kernel.hookspecs.start import DefaultSchedule, EventType, JobType
from tests.kernel.work_rooms.bells import tasks


@hookimpl
def register_events() -> Sequence[EventType]:
    return [EventType("bell.rung", "A bell was rung.", tasks.BellRung)]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [
        JobType("bell.ring", "Ring once", tasks.ring),
        JobType("bell.break", "Ring, then fail", tasks.ring_and_break, max_attempts=3),
        JobType("bell.chime", "Ring many times", tasks.chime, stepwise=True),
        JobType("bell.kill", "Ring, then end the process", tasks.ring_and_die),
    ]


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [DefaultSchedule("Morning bell", "bell.ring", "0 7 * * *", {"tone": "A"})]
