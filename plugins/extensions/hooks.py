"""The extensions room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.notify import Event, Listening
from kernel.hookspecs.papers import InvoiceLayout, InvoicePaper, LaidOut
from kernel.hookspecs.screen import Card, PageLink, PaletteEntry, Panel
from kernel.hookspecs.start import DefaultSchedule, EventType, HostFunction, HostInterface, JobType, NavEntry
from plugins.extensions import answers, commands, host, pages, routes, tasks
from plugins.extensions.calls import pages as call_pages
from plugins.extensions.calls import replays
from plugins.extensions.gateway import door as gateway
from plugins.extensions.gateway import pages as signing_pages
from plugins.extensions.installs import limits_pages, options_pages, secret_pages
from plugins.extensions.installs import pages as install_pages
from plugins.extensions.interfaces import scheduling as scheduling_host
from plugins.extensions.publishers import pages as trust_pages
from plugins.extensions.publishers import routes as trust_routes
from plugins.extensions.publishing import releases
from plugins.extensions.slots import asset_door
from plugins.extensions.slots import frames as slots
from plugins.extensions.slots import pages as slot_pages
from plugins.extensions.triggers import guest_charges, guest_layouts, telling, timetable

if TYPE_CHECKING:
    import click

    from kernel.api.rest import Rest
    from kernel.web.pages import Pages

_PAGES = (
    gateway, pages, install_pages, call_pages, options_pages, limits_pages, secret_pages, signing_pages, slot_pages, trust_pages,
    asset_door,
)  # fmt: skip


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest, trust_routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [one.pages for one in _PAGES]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("extensions", "Apps", "/apps", "extension.use", "apps", 5),
        NavEntry("extensions", "Installed", "/extensions", "extension.read", "puzzle", 10),
        NavEntry("extensions", "Releases", "/extensions/releases", "extension.read", "package", 20),
        NavEntry("extensions", "Publishers", "/extensions/publishers", "extension.read", "certificate", 25),
        NavEntry("extensions", "Calls", "/extensions/invocations", "extension.read", "activity", 30),
    ]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [commands.ext]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [
        JobType(releases.COMPILE_JOB, "Compile an extension", tasks.compile_release, stepwise=True),
        JobType(telling.TELL_JOB, "Tell an extension of an event", tasks.tell_event, stepwise=True, max_attempts=8),
        JobType(timetable.RUN_JOB, "Call an extension on schedule", tasks.run_schedule, stepwise=True, max_attempts=1),
        JobType(replays.REPLAY_JOB, "Replay a call of an extension", tasks.replay_call, stepwise=True, max_attempts=8),
        JobType("extensions.tidy", "Forget old extension calls", tasks.tidy_invocations, recurs_by="job.manage"),
    ]


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [DefaultSchedule("Forget old extension calls", "extensions.tidy", "20 3 * * *")]


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return (*host.HOST_INTERFACES, *scheduling_host.HOST_INTERFACES)


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return (*host.HOST_FUNCTIONS, *scheduling_host.HOST_FUNCTIONS)


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType(telling.SAID, "An extension said an event of its own; extensions that list it are told.", telling.ExtensionSaid)
    ]


@hookimpl
def collect_listened(ctx: CallContext) -> Listening | None:
    return telling.listened(ctx)


@hookimpl
def on_event(ctx: CallContext, event: Event) -> None:
    telling.tell_installs(ctx, event)


@hookimpl
def collect_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Charge]:
    return guest_charges.owed_to_guests(ctx, window, clients)


@hookimpl
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    guest_charges.mark_billed(ctx, settled)


@hookimpl
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    guest_charges.release_billed(ctx, settled)


@hookimpl
def collect_invoice_layouts(ctx: CallContext) -> Sequence[InvoiceLayout]:
    return guest_layouts.layouts_of_guests(ctx)


@hookimpl
def lay_out_invoices(
    ctx: CallContext, layout_key: str, papers: Sequence[InvoicePaper], pictures: Mapping[UUID, str]
) -> Sequence[LaidOut] | None:
    return guest_layouts.laid_out_by_guests(ctx, layout_key, papers, pictures)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.labels(ctx, refs)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return slots.panels(ctx, ref)


@hookimpl
def collect_links(ctx: CallContext, ref: Ref) -> Sequence[PageLink]:
    return slots.links(ctx, ref)


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return slots.cards(ctx)


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return slots.palette(ctx, text)
