"""The timesheets' only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Unapproved, Unbilled, Waiting
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from kernel.hookspecs.start import EventType, HostFunction, HostInterface, NavEntry
from kernel.hookspecs.transfer import Importer
from plugins.timesheets import answers, approval, commands, host, importers, pages, routes, unbilled
from plugins.timesheets.schemas import TimeLogged, TimeMovedOn

if TYPE_CHECKING:
    import click

    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [commands.time]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("desk", "Time", "/time", "time.read", "clock", 20),
        NavEntry("desk", "Time approval", "/time/approval", "time.approve", "checks", 30),
    ]


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType("time.logged", "Somebody logged time.", TimeLogged),
        EventType("time.submitted", "Time was submitted for approval.", TimeMovedOn),
        EventType("time.approved", "Time was approved.", TimeMovedOn),
        EventType("time.changes_requested", "Time was sent back, or its approval reversed.", TimeMovedOn),
    ]


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return [host.TIME]


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return host.HOST_FUNCTIONS


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return [Panel("Time", f"/time/of-ticket/{ref.id}", "time.read", 10)] if ref.kind == "ticket" else []


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return [Card("/time/card", "time.read", 20, 6)]


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def collect_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Charge]:
    return approval.owed_time(ctx, window, clients)


@hookimpl
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    approval.mark_billed(ctx, settled)


@hookimpl
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    approval.release_billed(ctx, settled)


@hookimpl
def count_waiting(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    return approval.waiting_time(ctx, window)


@hookimpl
def collect_unapproved(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Unapproved]:
    return unbilled.unapproved_time(ctx, window, clients)


@hookimpl
def count_unbilled(ctx: CallContext, until: date) -> Sequence[Unbilled]:
    return unbilled.unbilled_time(ctx, until)
