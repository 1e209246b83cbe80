"""The later bells' door: as before, and a bell in the evening that somebody has to switch on."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs import hookimpl
from kernel.hookspecs.start import DefaultSchedule
from tests.kernel.work_rooms.bells.hooks import register_events, register_jobs

__all__ = ["register_events", "register_jobs", "register_schedules"]


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [
        DefaultSchedule("Morning bell", "bell.ring", "0 7 * * *", {"tone": "A"}),
        DefaultSchedule("Evening bell", "bell.ring", "0 19 * * *", {"tone": "E"}, enabled=False),
    ]
