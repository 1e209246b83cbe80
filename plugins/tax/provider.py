"""The answer to `compute_taxes`: what the calculator needs, read in a fixed number of queries for a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from kernel.context import CallContext
from kernel.directory.models import Client
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxResult
from kernel.tenancy import get_settings
from plugins.tax.calculator import ClientTax, Exemption, compute
from plugins.tax.exemptions import exemptions_of
from plugins.tax.legal_notes import reverse_charge_note
from plugins.tax.models import ClientFacts, LocationRegion, Region
from plugins.tax.rate_book import load_book
from plugins.tax.taxids import find_valid


def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> list[TaxResult]:
    """The taxes of documents, with regions and tax ids filled in from what the tenant keeps. Nobody's region is guessed:
    a line's own, else its location's, else its client's, else it is an error of the document.
    """
    settings = get_settings(ctx, "tax")
    codes = dict(ctx.session.execute(select(Region.id, Region.code)).all())
    clients = {document.client_id for document in documents}
    facts = _client_facts(ctx, clients)
    places = _location_regions(ctx, documents)
    own_id = find_valid(settings["tax_id"], settings["tax_country"])
    filled = [_fill(document, own_id, facts.get(document.client_id), places, codes) for document in documents]
    return compute(filled, load_book(ctx, codes), _clients(ctx, facts, exemptions_of(ctx, clients), settings))


def _clients(ctx: CallContext, facts: Mapping[UUID, ClientFacts], exempt: Mapping[UUID, tuple[Exemption, ...]],
             settings: Mapping[str, Any]) -> dict[UUID, ClientTax]:  # fmt: skip
    """What is special about clients; under reverse charge the tenant's own words, else the law's in the client's language."""
    reversed_ = {one.client_id for one in facts.values() if one.reverse_charge}
    languages = _locales(ctx, reversed_) if reversed_ and not settings["reverse_charge_note"] else {}
    return {
        client_id: ClientTax(
            exempt.get(client_id, ()), client_id in reversed_,
            settings["reverse_charge_note"] or reverse_charge_note(languages.get(client_id) or ctx.tenant.locale),
        )
        for client_id in exempt.keys() | reversed_
    }  # fmt: skip


def _locales(ctx: CallContext, client_ids: Collection[UUID]) -> dict[UUID, str | None]:
    return dict(ctx.session.execute(select(Client.id, Client.locale).where(Client.id.in_(client_ids))).all())


def _client_facts(ctx: CallContext, client_ids: set[UUID]) -> dict[UUID, ClientFacts]:
    found = select(ClientFacts).where(ClientFacts.client_id == any_(literal(list(client_ids), ARRAY(Uuid))))
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
    lines = [
        line if line.region else TaxLine(line.key, line.net, line.category, _region(line, places, codes) or region, line.discount,
                                         line.location_id, line.exemption)
        for line in document.lines
    ]  # fmt: skip
    buyer_id = document.buyer_tax_id or (client.tax_id if client else None)
    return document._replace(lines=lines, seller_tax_id=document.seller_tax_id or own_id, buyer_tax_id=buyer_id)


def _region(line: TaxLine, places: Mapping[UUID, UUID], codes: Mapping[UUID, str]) -> str | None:
    region_id = places.get(line.location_id) if line.location_id else None
    return codes.get(region_id) if region_id else None
