"""The invoicing host's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Unbilled, Waiting
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.start import HostFunction, HostInterface, NavEntry
from plugins.invoicing_host import charges, host, pages, routes

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return [host.INVOICING, host.CHARGES]


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return [host.CREATE_MANUAL_INVOICE, host.CREATE_CHARGES]


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("billing", "Extension charges", "/extension-charges", "extension_charge.read", "puzzle", 37, "Contracts")]


@hookimpl
def collect_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Charge]:
    return charges.owed_charges(ctx, window, clients)


@hookimpl
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    charges.mark_billed(ctx, settled)


@hookimpl
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    charges.release_billed(ctx, settled)


@hookimpl
def count_waiting(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    return charges.waiting_charges(ctx, window)


@hookimpl
def count_unbilled(ctx: CallContext, until: date) -> Sequence[Unbilled]:
    return charges.unbilled_charges(ctx, until)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return charges.blockers(ctx, refs)
