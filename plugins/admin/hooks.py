"""Administration's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from kernel.hookspecs.start import DefaultSchedule, EventType, JobType, NavEntry
from kernel.hookspecs.transfer import Importer
from kernel.mail import MAIL_JOB
from plugins.admin import (
    answers,
    commands,
    importers,
    people_pages,
    profile_pages,
    routes,
    system_pages,
    system_routes,
    tasks,
    tidying,
    work_pages,
    work_routes,
)
from plugins.admin.work_schemas import MailSent

if TYPE_CHECKING:
    import click

    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest, system_routes.rest, work_routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [people_pages.pages, profile_pages.pages, system_pages.pages, work_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("settings", "Company", "/company", "tenant.manage", "briefcase", 10),
        NavEntry("settings", "Users", "/users", "user.read", "users", 20, "People"),
        NavEntry("settings", "Teams", "/teams", "user.read", "users-group", 22, "People"),
        NavEntry("settings", "Roles", "/roles", "role.manage", "user-shield", 24, "People"),
        NavEntry("settings", "API keys", "/api-keys", "api_key.create", "key", 71, "System"),
        NavEntry("settings", "Plugins", "/plugins", "plugin.manage", "puzzle", 70, "System"),
        NavEntry("settings", "Jobs", "/jobs", "job.read", "progress", 72, "System"),
        NavEntry("settings", "Schedules", "/schedules", "job.read", "clock-play", 74, "System"),
        NavEntry("settings", "Audit trail", "/audit", "audit.read", "history", 80, "System"),
    ]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [commands.user]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [
        JobType(tasks.TIDY_JOB, "Tidy up", tasks.tidy, stepwise=True, recurs_by="job.manage"),
        JobType(MAIL_JOB, "Send a mail", tasks.send_mail, max_attempts=tasks.MAIL_TRIES),
    ]


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [DefaultSchedule("Tidy up at night", tasks.TIDY_JOB, "40 2 * * *")]


@hookimpl
def register_events() -> Sequence[EventType]:
    return [EventType("mail.sent", "The mail server took a mail for one recipient.", MailSent)]


@hookimpl
def tidy_up(ctx: CallContext, limit: int) -> int:
    return tidying.tidy_up(ctx, limit)


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)
