"""The answer to `compute_taxes`: what the calculator needs, read in a fixed number of queries for a whole batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxResult
from kernel.tenancy import get_settings
from plugins.tax.calculator import REVERSE_CHARGE_NOTE, ClientTax, Exemption, compute
from plugins.tax.models import ClientFacts, ComponentRow, LocationRegion, RateRow, Region
from plugins.tax.rates import Component, Rate, RateBook


def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> list[TaxResult]:
    """The taxes of documents, with regions and tax ids filled in from what the tenant keeps. Nobody's region is guessed:
    a line's own, else its location's, else its client's, else it is an error of the document.
    """
    settings = get_settings(ctx, "tax")
    codes = dict(ctx.session.execute(select(Region.id, Region.code)).all())
    facts = _client_facts(ctx, {document.client_id for document in documents})
    places = _location_regions(ctx, documents)
    filled = [_fill(document, settings["tax_id"] or None, facts.get(document.client_id), places, codes) for document in documents]
    clients = {
        one.client_id: ClientTax((Exemption(one.exemption),) if one.exemption else (), one.reverse_charge)
        for one in facts.values()
    }
    return compute(filled, _rate_book(ctx, codes), clients, settings["reverse_charge_note"] or REVERSE_CHARGE_NOTE)


def _client_facts(ctx: CallContext, client_ids: set[UUID]) -> dict[UUID, ClientFacts]:
    found = select(ClientFacts).where(ClientFacts.client_id.in_(client_ids))
    return {one.client_id: one for one in ctx.session.scalars(found)}


def _location_regions(ctx: CallContext, documents: Sequence[TaxDocument]) -> dict[UUID, UUID]:
    wanted = {line.location_id for document in documents for line in document.lines if line.location_id}
    if not wanted:
        return {}
    found = select(LocationRegion.location_id, LocationRegion.region_id).where(LocationRegion.location_id.in_(wanted))
    return dict(ctx.session.execute(found).all())


def _fill(document: TaxDocument, own_id: str | None, client: ClientFacts | None, places: Mapping[UUID, UUID],
          codes: Mapping[UUID, str]) -> TaxDocument:  # fmt: skip
    region = codes.get(client.region_id) if client and client.region_id else None
    lines = [line if line.region else line._replace(region=_region(line, places, codes) or region) for line in document.lines]
    return document._replace(
        lines=lines,
        seller_tax_id=document.seller_tax_id or own_id,
        buyer_tax_id=document.buyer_tax_id or (client.tax_id if client else None),
    )


def _region(line: TaxLine, places: Mapping[UUID, UUID], codes: Mapping[UUID, str]) -> str | None:
    region_id = places.get(line.location_id) if line.location_id else None
    return codes.get(region_id) if region_id else None


def _rate_book(ctx: CallContext, codes: Mapping[UUID, str]) -> RateBook:
    parts: dict[UUID, list[Component]] = {}
    for row in ctx.session.scalars(select(ComponentRow).order_by(ComponentRow.rate_id, ComponentRow.sequence)):
        component = Component(str(row.id), row.name, row.percent, row.compound, row.starts, row.ends)
        parts.setdefault(row.rate_id, []).append(component)
    rates = [
        Rate(str(row.id), codes[row.region_id], row.category, row.name, row.starts, row.ends, row.percent,
             tuple(parts.get(row.id, ())))
        for row in ctx.session.scalars(select(RateRow).order_by(RateRow.id))
    ]  # fmt: skip
    # A composite rate whose parts are not loaded yet holds nowhere; its lines are then refused by name.
    return RateBook(rate for rate in rates if rate.percent is not None or rate.components)
