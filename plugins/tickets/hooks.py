"""The service desk's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Unbilled, Waiting
from kernel.hookspecs.directory import Blocker, Label, Ref, WorkItem
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from kernel.hookspecs.start import EventType, HostFunction, HostInterface, NavEntry
from kernel.hookspecs.transfer import Importer
from plugins.tickets import answers, host, importers, materials, pages, routes, services, settings_pages
from plugins.tickets.schemas import TicketAssigned, TicketCommented, TicketEvent

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, settings_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("desk", "Tickets", "/tickets", "ticket.read", "ticket", 10),
        NavEntry("settings", "Boards", "/boards", "ticket_settings.manage", "layout-kanban", 12),
    ]


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType("ticket.opened", "A ticket was opened.", TicketEvent),
        EventType("ticket.closed", "A ticket reached a closed status.", TicketEvent),
        EventType("ticket.reopened", "A closed ticket was opened again.", TicketEvent),
        EventType("ticket.assigned", "A ticket was given to somebody, or to nobody.", TicketAssigned),
        EventType("ticket.commented", "Somebody commented on a ticket.", TicketCommented),
    ]


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return [host.TICKETS]


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return host.HOST_FUNCTIONS


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def furnish_tenant(ctx: CallContext) -> None:
    services.furnish_desk(ctx)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def get_work_items(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, WorkItem]:
    return answers.work_items(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ref)


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return [Card("/tickets/card", "ticket.read", 10, 6)]


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)


@hookimpl
def collect_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Charge]:
    return materials.owed_materials(ctx, window, clients)


@hookimpl
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    materials.mark_billed(ctx, settled)


@hookimpl
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    materials.release_billed(ctx, settled)


@hookimpl
def count_waiting(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    return materials.waiting_materials(ctx, window)


@hookimpl
def count_unbilled(ctx: CallContext, until: date) -> Sequence[Unbilled]:
    return materials.unbilled_materials(ctx, until)
