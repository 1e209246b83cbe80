"""The answer to `compute_taxes`: what the calculator needs, read in a fixed number of queries for a whole batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxResult
from kernel.tenancy import get_settings
from plugins.tax.calculator import REVERSE_CHARGE_NOTE, ClientTax, compute
from plugins.tax.exemptions import exemptions_of
from plugins.tax.models import ClientFacts, LocationRegion, Region
from plugins.tax.rate_book import load_book


def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> list[TaxResult]:
    """The taxes of documents, with regions and tax ids filled in from what the tenant keeps. Nobody's region is guessed:
    a line's own, else its location's, else its client's, else it is an error of the document.
    """
    settings = get_settings(ctx, "tax")
    codes = dict(ctx.session.execute(select(Region.id, Region.code)).all())
    facts = _client_facts(ctx, {document.client_id for document in documents})
    places = _location_regions(ctx, documents)
    filled = [_fill(document, settings["tax_id"] or None, facts.get(document.client_id), places, codes) for document in documents]
    exempt = exemptions_of(ctx, {document.client_id for document in documents})
    reversed_ = {one.client_id for one in facts.values() if one.reverse_charge}
    clients = {client_id: ClientTax(exempt.get(client_id, ()), client_id in reversed_) for client_id in exempt.keys() | reversed_}
    return compute(filled, load_book(ctx, codes), clients, settings["reverse_charge_note"] or REVERSE_CHARGE_NOTE)


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
