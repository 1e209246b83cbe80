"""What billing answers to other rooms about invoices: labels, blockers, panels, cards, palette entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from plugins.billing import listing
from plugins.billing.models import Invoice, InvoiceLine

_HELD_BY: Mapping[str, InstrumentedAttribute[Any]] = {"client": Invoice.client_id, "catalog.item": InvoiceLine.item_id}
CARDS = (Card("/invoices/card", "invoice.read", 20, 6), Card("/ledger/card", "ledger.read", 30, 6),
         Card("/billing-runs/card", "billing_run.run", 40, 6))  # fmt: skip
_PLACES = (
    ("New invoice", "/invoices/new", "invoice.create"),
    ("Billing run", "/billing-runs", "billing_run.run"),
    ("Invoices", "/invoices", "invoice.read"),
    ("Payments", "/payments", "invoice.read"),
    ("Credits", "/credits", "invoice.read"),
    ("Ledger", "/ledger", "ledger.read"),
    ("Invoice layouts", "/invoice-layouts", "invoice_layout.manage"),
    ("Ageing", "/ageing", "invoice.read"),
    ("Reminders", "/reminders", "invoice.read"),
    ("Late fees", "/late-fees", "invoice.read"),
    ("Terms of payment", "/payment-terms", "invoice.read"),
)


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of invoices."""
    ids = [ref.id for ref in refs if ref.kind == "invoice"]
    words = listing.labels_of(ctx, ids) if ids else {}
    return {Ref("invoice", one): Label(number, f"/invoices/{one}") for one, number in words.items()}


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Invoices keep their clients and the items on them from being deleted."""
    found = []
    for ref in refs:
        if ref.kind in _HELD_BY and (count := _count(ctx, _HELD_BY[ref.kind], ref.id)):
            found.append(Blocker(ref, "invoice", count, f"{count} invoices"))
    return found


def _count(ctx: CallContext, column: InstrumentedAttribute[Any], row_id: UUID) -> int:
    what = Invoice.id if column is Invoice.client_id else InvoiceLine.invoice_id
    return ctx.session.scalar(select(func.count(what.distinct())).where(column == row_id)) or 0


def panels(ref: Ref) -> list[Panel]:
    """The invoices and credits of a client, on the client's page."""
    if ref.kind != "client":
        return []
    return [Panel("Invoices", f"/invoices/of-client/{ref.id}", "invoice.read", 50),
            Panel("Credits", f"/credits/of-client/{ref.id}", "invoice.read", 55)]  # fmt: skip


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Invoices that the text may mean, and the pages of this room."""
    wanted = text.lower().strip()
    found = []
    if len(wanted) > 1 and ctx.actor.may("invoice.read"):
        found = [PaletteEntry(f"{row['number']} {row['client_name']}", f"/invoices/{row['id']}", "Invoice")
                 for row in listing.find_invoices(ctx, wanted, 4)]  # fmt: skip
    places = [PaletteEntry(name, url, "Go to") for name, url, permission in _PLACES
              if wanted and wanted in name.lower() and ctx.actor.may(permission)]  # fmt: skip
    return [*found, *places][:8]
