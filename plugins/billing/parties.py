"""Seller and buyer as they stand on an invoice, kept as they were when it was finalized."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel.db import among
from kernel.directory.models import Client, Location
from plugins.billing.bulk import read_rows
from plugins.billing.models import Invoice, InvoiceLine
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

_BUYER = (
    Client.id, Client.name, Client.billing_email, Client.email, Client.locale, Location.id.label("place_id"), Location.line1,
    Location.line2, Location.postal_code, Location.city, Location.subdivision, Location.country,
)  # fmt: skip


def find_parties(ctx: CallContext, invoices: Sequence[Invoice],
                 places: Mapping[UUID, Iterable[UUID]] | None = None,
                 buyers: Mapping[UUID, Any] | None = None) -> dict[UUID, dict[str, Any]]:  # fmt: skip
    """Seller and buyer of each invoice, and the names of its lines' locations: kept ones of finalized invoices, present ones
    of drafts. `places` has the locations of invoices that are not written yet, `buyers` the clients where they are known.
    """
    drafts = [one for one in invoices if one.parties is None]
    settings = billing_settings(ctx)
    buyers = _buyers(ctx, {one.client_id for one in drafts}) if buyers is None else buyers
    named = _place_names(ctx, [one.id for one in drafts]) if places is None else _names_of(ctx, places)
    sellers = {tax_id: _seller(ctx, settings, tax_id) for tax_id in {_tax_id(one, "seller_tax_id") for one in drafts}}
    return {
        one.id: one.parties or {
            "seller": sellers[_tax_id(one, "seller_tax_id")],
            "buyer": _buyer(buyers[one.client_id], _tax_id(one, "buyer_tax_id")),
            "places": named.get(one.id, {}),
        }
        for one in invoices
    }  # fmt: skip


def seller_now(ctx: CallContext) -> dict[str, Any]:
    """The tenant as it stands on invoices that are drafted today."""
    return _seller(ctx, billing_settings(ctx), None)


def buyer_now(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    """A client as it stands on invoices that are drafted today."""
    return _buyer(_buyers(ctx, [client_id])[client_id], None)


def _place_names(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """By invoice, what the locations of its lines are called."""
    found: dict[UUID, dict[str, str]] = {}
    here = (Location.tenant_id == InvoiceLine.tenant_id) & (Location.id == InvoiceLine.location_id)
    wanted = select(InvoiceLine.invoice_id, Location.id, Location.name).join(Location, here).distinct()
    for invoice_id, location_id, name in ctx.session.execute(wanted.where(among(InvoiceLine.invoice_id, invoice_ids))):
        found.setdefault(invoice_id, {})[str(location_id)] = name
    return found


def _names_of(ctx: CallContext, places: Mapping[UUID, Iterable[UUID]]) -> dict[UUID, dict[str, str]]:
    wanted = {place for own in places.values() for place in own}
    if not wanted:
        return {}
    names = dict(ctx.session.execute(select(Location.id, Location.name).where(among(Location.id, wanted))).all())
    return {invoice_id: {str(one): names[one] for one in own if one in names} for invoice_id, own in places.items() if own}


def _buyers(ctx: CallContext, client_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Clients, each with its default location (`place_id` None: it has none), as plain rows."""
    here = (Location.tenant_id == Client.tenant_id) & (Location.client_id == Client.id) & Location.is_default
    wanted = select(*_BUYER).outerjoin(Location, here).where(among(Client.id, client_ids))
    return {row.id: row for row in read_rows(ctx.session, wanted)}


def _tax_id(invoice: Invoice, name: str) -> str | None:
    """The tax id that the tax provider reckoned with, as its trace says."""
    for trace in (invoice.tax_trace or {}).values():
        if isinstance(trace, dict) and trace.get(name):
            return str(trace[name])
    return None


def _seller(ctx: CallContext, settings: dict[str, Any], tax_id: str | None) -> dict[str, Any]:
    return {
        "name": settings["seller_name"] or ctx.tenant.name,
        "address": _lines(settings["seller_address"]),
        "tax_id": settings["seller_tax_id"] or tax_id,
        "bank": _lines(settings["bank_lines"]),
        "footer": _lines(settings["footer"]),
        "email": settings["reply_to"] or None,
        "place": _seller_place(settings),
    }


def _seller_place(settings: dict[str, Any]) -> list[str] | None:
    """The address in the parts of `PaperPlace`, where the country was said."""
    if not settings["seller_country"]:
        return None
    street, addition, *_ = [*_lines(settings["seller_address"]), "", ""]
    town = (settings["seller_postal_code"], settings["seller_city"])
    return [street, "" if any(part and part in addition for part in town) else addition, *town, "", settings["seller_country"]]


def _buyer(row: Any, tax_id: str | None) -> dict[str, Any]:
    here = row.place_id is not None
    parts = [row.line1, row.line2, row.postal_code, row.city, row.subdivision, row.country] if here else None
    return {"name": row.name, "address": _address(row) if here else [], "tax_id": tax_id,
            "email": row.billing_email or row.email, "locale": row.locale, "place": parts}  # fmt: skip


def _address(place: Any) -> list[str]:
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    region = ", ".join(part for part in (place.subdivision, place.country) if part)
    return [line for line in (place.line1, place.line2, town, region) if line]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
