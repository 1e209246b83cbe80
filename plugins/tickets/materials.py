"""Materials: products used on tickets, from the entry to the invoice line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.db import among, cursor
from kernel.directory.clients import apply_changes, get_client
from kernel.errors import InvalidInput
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Unbilled, Waiting
from kernel.hookspecs.pricing import ItemFacts, PriceMissingInCurrency, price_on
from plugins.tickets.errors import MaterialBilled, MaterialNotFound, MaterialsMoved
from plugins.tickets.models import Material, Ticket
from plugins.tickets.services import get_ticket

SOURCE = "tickets.material"
# Whoever has a row open to change it finds another version, and a row that was changed since it was priced is not marked.
_MARK = """
update tickets_materials m
set invoice_id = x.invoice_id, invoice_line_id = x.line_id, version = m.version + 1, updated_at = now()
from unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[]) as x(id, version, invoice_id, line_id)
where m.tenant_id = %s and m.id = x.id and m.version = coalesce(nullif(x.version, 0), m.version) and m.invoice_id is null
"""
_RELEASE = """
update tickets_materials set invoice_id = null, invoice_line_id = null, version = version + 1, updated_at = now()
where tenant_id = %s and id = any(%s::uuid[])
"""


def list_materials(ctx: CallContext, ticket_id: UUID) -> list[Material]:
    """A ticket's materials in the order of entry."""
    return list(ctx.session.scalars(select(Material).where(Material.ticket_id == ticket_id).order_by(Material.id)))


def get_material(ctx: CallContext, ticket_id: UUID, material_id: UUID) -> Material:
    """One material of a ticket. Raises MaterialNotFound."""
    wanted = (Material.id == material_id) & (Material.ticket_id == ticket_id)
    material = ctx.session.scalar(select(Material).where(wanted))
    if material is None:
        raise MaterialNotFound("There is no material with this id on the ticket.")
    return material


def add_material(ctx: CallContext, ticket_id: UUID, *, item_id: UUID, quantity: Decimal | None = None, rate: int | None = None,
                 currency: str | None = None, description: str = "", used_on: date | None = None) -> Material:  # fmt: skip
    """Note a product used on a ticket; `quantity` defaults to the item's usual one, `rate` (minor units) to what the client
    pays for it on that day: its own price, else the list price in the currency.

    Raises InvalidInput when the item is unknown, PriceMissingInCurrency when it has no price in that currency.
    """
    ticket = get_ticket(ctx, ticket_id)
    client = get_client(ctx, ticket.client_id)
    item = ctx.hooks.get_items(ctx=ctx, item_ids=[item_id]).get(item_id)
    if item is None:
        raise InvalidInput(errors={"item_id": "There is no catalog item with this id."})
    currency = currency or client.currency
    if currency not in currencies():
        raise InvalidInput(errors={"currency": f"{currency} is not a currency of ISO 4217."})
    day = used_on or ctx.today()
    material = Material(
        ticket_id=ticket_id, client_id=ticket.client_id, item_id=item_id, description=description or item.name,
        quantity=quantity or item.default_quantity, currency=currency, used_on=day,
        rate=_price(ctx, ticket.client_id, item, currency, day) if rate is None else rate,
    )  # fmt: skip
    ctx.session.add(material)
    ctx.session.flush()
    audit.record(ctx, "material.added", kind="ticket", row_id=ticket_id, label=material.description)
    return material


def _price(ctx: CallContext, client_id: UUID, item: ItemFacts, currency: str, on: date) -> int:
    promised = ctx.hooks.get_client_prices(ctx=ctx, client_ids=[client_id], item_ids=[item.id])
    own = price_on(promised.get((client_id, item.id, currency), ()), on)
    price = item.list_price(currency, on) if own is None else own
    if price is None:
        raise PriceMissingInCurrency(
            f"No price in {currency} for: {item.name}. Give a rate here, or the item a price in {currency}.",
            errors={"rate": f"{item.name} has no price in {currency}. Give a rate, or price it in the catalog."},
            items=[item.name], item_ids=[str(item.id)], currency=currency,
        )  # fmt: skip
    return price


def change_material(ctx: CallContext, ticket_id: UUID, material_id: UUID, changes: Mapping[str, Any],
                    version: int | None = None) -> Material:  # fmt: skip
    """Change an unbilled material. Raises MaterialBilled."""
    material = _unbilled(ctx, ticket_id, material_id)
    apply_changes(ctx, material, changes, version, kind="material", label=material.description)
    return material


def delete_material(ctx: CallContext, ticket_id: UUID, material_id: UUID) -> None:
    """Take an unbilled material off a ticket. Raises MaterialBilled."""
    material = _unbilled(ctx, ticket_id, material_id)
    ctx.session.delete(material)
    audit.record(ctx, "material.deleted", kind="ticket", row_id=ticket_id, label=material.description)


def _unbilled(ctx: CallContext, ticket_id: UUID, material_id: UUID) -> Material:
    material = get_material(ctx, ticket_id, material_id)
    if material.invoice_id is not None:
        raise MaterialBilled("This material stands on an invoice. Void the invoice first.")
    return material


def owed_materials(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> list[Charge]:
    """Every unbilled material of these clients dated before the window's end, in any currency."""
    found = (
        select(Material, Ticket.number, Ticket.location_id)
        .join(Ticket, (Ticket.tenant_id == Material.tenant_id) & (Ticket.id == Material.ticket_id))
        .where(among(Material.client_id, clients), Material.used_on < window.end, Material.invoice_id.is_(None))
        .order_by(Material.client_id, Material.used_on, Material.id)
    )
    return [_charge(material, number, location) for material, number, location in ctx.session.execute(found)]


def _charge(material: Material, number: int, location_id: UUID | None) -> Charge:
    return Charge(
        client_id=material.client_id, source_kind=SOURCE, source_id=material.id, item_id=material.item_id,
        description=material.description, quantity=material.quantity, unit="each", on_date=material.used_on,
        unit_price=material.rate, currency=material.currency, location_id=location_id, detail={"ticket": number},
        version=material.version,
    )  # fmt: skip


def mark_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Mark materials as standing on invoice lines, all or none. Raises MaterialsMoved when one was changed meanwhile."""
    rows = [(one.source_id, one.version, one.invoice_id, one.line_id) for one in settled if one.source_kind == SOURCE]
    if not rows:
        return
    with cursor(ctx.session) as cur:
        done = cur.execute(_MARK, [*map(list, zip(*rows, strict=True)), ctx.tenant_id]).rowcount
    if done != len(rows):
        raise MaterialsMoved("Some materials were billed, changed or removed meanwhile. Run the billing again.")


def release_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Make materials billable again after their invoice was voided or deleted."""
    ids = [one.source_id for one in settled if one.source_kind == SOURCE]
    if ids:
        with cursor(ctx.session) as cur:
            cur.execute(_RELEASE, [ctx.tenant_id, ids])


def waiting_materials(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    """How many materials would be billed by a run over this window."""
    found = select(func.count()).where(Material.used_on < window.end, Material.invoice_id.is_(None))
    count = ctx.session.scalar(found) or 0
    return Waiting("tickets", count, f"{count} ticket materials") if count else None


def unbilled_materials(ctx: CallContext, until: date) -> list[Unbilled]:
    """Materials used before a day that stand on no invoice, by month."""
    month = cast(func.date_trunc("month", Material.used_on), Date).label("month")
    wanted = select(month, func.count()).where(Material.used_on < until, Material.invoice_id.is_(None))
    rows = ctx.session.execute(wanted.group_by("month").order_by("month"))
    return [Unbilled(first, "material", count) for first, count in rows]
