"""The accounting room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.connections import Connection
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.notify import Event
from kernel.hookspecs.screen import Note
from kernel.hookspecs.start import DefaultSchedule, JobType, NavEntry
from plugins.accounting import answers, batch_pages, pages, reacting, routes, tasks
from plugins.accounting.incoming import cursors, parts
from plugins.accounting.intake import parts as taken

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return (*tasks.JOBS, *parts.JOBS, *taken.JOBS)


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return (*tasks.SCHEDULES, *parts.SCHEDULES)


@hookimpl
def on_event(ctx: CallContext, event: Event) -> None:
    reacting.react(ctx, event)


@hookimpl
def connection_changed(ctx: CallContext, connection: Connection) -> None:
    reacting.connection_changed(ctx, connection)


@hookimpl
def books_changed(ctx: CallContext, system: str, account_id: str, told: Sequence[tuple[str, str]]) -> bool:
    return cursors.books_changed(ctx, system, account_id)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def collect_notes(ctx: CallContext, ref: Ref) -> Sequence[Note]:
    return answers.notes(ctx, ref)


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest, *parts.REST, *taken.REST]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, batch_pages.pages, *parts.PAGES, *taken.PAGES]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("billing", "Batches", "/accounting", "accounting.read", "building-bank", 60, "Accounting"),
        NavEntry("billing", "Targets", "/accounting/targets", "accounting.read", "target", 61, "Accounting"),
        *parts.NAVIGATION,
    ]
