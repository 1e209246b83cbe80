"""The connections room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.connections import Access, Connection
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import Card
from kernel.hookspecs.start import DefaultSchedule, EventType, JobType, NavEntry
from plugins.connections import access, answers, consents, pages, parting, routes, services, tasks
from plugins.connections.schemas import ConnectionEvent

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("settings", "Connections", "/connections", "connection.read", "plug-connected", 60, "Services outside")]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [
        JobType(consents.CONNECT, "Connecting", tasks.connect, stepwise=True),
        JobType(services.RENEW, "Renewing a connection", tasks.renew, stepwise=True, max_attempts=1),
        JobType(parting.REVOKE, "Disconnecting", tasks.revoke, stepwise=True),
        JobType("connections.keep_alive", "Keeping connections alive", tasks.keep_alive, stepwise=True,
                recurs_by="connection.manage"),
    ]  # fmt: skip


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [DefaultSchedule("Keeping connections alive", "connections.keep_alive", "40 2 * * *")]


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType("connection.connected", "Somebody connected a service outside, or connected it anew.", ConnectionEvent),
        EventType("connection.withdrawn", "A service outside takes our tokens no more.", ConnectionEvent),
    ]


@hookimpl
def list_connections(ctx: CallContext, provider: str) -> list[Connection]:
    return services.list_connections(ctx, provider)


@hookimpl
def open_connection(ctx: CallContext, connection_id: UUID, refused: str) -> Access:
    return access.open_connection(ctx, connection_id, refused)


@hookimpl
def withdraw_connection(ctx: CallContext, connection_id: UUID, detail: str) -> Connection:
    return access.withdraw_connection(ctx, connection_id, detail)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return answers.cards(ctx)
