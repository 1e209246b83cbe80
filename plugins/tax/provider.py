"""The answer to `compute_taxes`: what the calculator needs, read in a fixed number of queries for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from kernel.context import CallContext
from kernel.directory.models import Client
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxResult, TaxSource
from kernel.tenancy import get_settings
from plugins.tax.calculator import ClientTax, Exemption
from plugins.tax.elsewhere import Imported, ImportedTax, compute_with
from plugins.tax.exemptions import exemptions_of
from plugins.tax.legal_notes import reverse_charge_note
from plugins.tax.models import ClientFacts, DocumentRow, ImportedLine, LocationRegion, Region
from plugins.tax.rate_book import load_book
from plugins.tax.taxids import find_valid


class Known(NamedTuple):
    """What the tenant keeps that documents are taxed by: filled in into them, special rules of clients, and which of them (by
    position) are reckoned elsewhere, with the amounts that were imported.
    """

    filled: list[TaxDocument]
    clients: Mapping[UUID, ClientTax]
    elsewhere: Mapping[int, Imported]
    codes: Mapping[UUID, str]


def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> list[TaxResult]:
    """The taxes of documents, with regions and tax ids filled in from what the tenant keeps. Nobody's region is guessed:
    a line's own, else its location's, else its client's, else it is an error of the document.
    """
    known = read_tenant(ctx, documents)
    return compute_with(known.filled, load_book(ctx, known.codes), known.clients, known.elsewhere)


def read_tenant(ctx: CallContext, documents: Sequence[TaxDocument]) -> Known:
    """What the tenant keeps for documents, in a fixed number of queries."""
    settings = get_settings(ctx, "tax")
    codes = dict(ctx.session.execute(select(Region.id, Region.code)).all())
    clients = {document.client_id for document in documents}
    facts = _client_facts(ctx, clients)
    places = _location_regions(ctx, documents)
    own_id = find_valid(settings["tax_id"], settings["tax_country"])
    filled = [_fill(document, own_id, facts.get(document.client_id), places, codes) for document in documents]
    special = _clients(ctx, facts, exemptions_of(ctx, clients), settings)
    return Known(filled, special, _elsewhere(ctx, documents, facts, settings), codes)


def _elsewhere(ctx: CallContext, documents: Sequence[TaxDocument], facts: Mapping[UUID, ClientFacts],
               settings: Mapping[str, Any]) -> dict[int, Imported]:  # fmt: skip
    """Which documents are reckoned elsewhere: as the document itself says, else its client where it may, else the tenant."""
    rows = _document_rows(ctx, [document.document_id for document in documents if document.document_id])
    own = {row.document_id: row for row in rows}
    external = [at for at, one in enumerate(documents) if _source(one, own, facts, settings) == TaxSource.EXTERNAL]
    amounts = _amounts(ctx, [own[key].id for at in external if (key := documents[at].document_id) in own])
    return {at: amounts.get(own[key].id, {}) if (key := documents[at].document_id) in own else {} for at in external}


def _source(document: TaxDocument, own: Mapping[UUID, DocumentRow], facts: Mapping[UUID, ClientFacts],
            settings: Mapping[str, Any]) -> str:  # fmt: skip
    if document.document_id in own:
        return own[document.document_id].source
    client = facts.get(document.client_id) if settings["client_may_differ"] else None
    return (client and client.tax_source) or settings["tax_source"]


def _document_rows(ctx: CallContext, ids: Sequence[UUID]) -> list[DocumentRow]:
    return list(ctx.session.scalars(select(DocumentRow).where(DocumentRow.document_id.in_(ids)))) if ids else []


def _amounts(ctx: CallContext, row_ids: Sequence[UUID]) -> dict[UUID, dict[str, ImportedTax]]:
    found: dict[UUID, dict[str, ImportedTax]] = defaultdict(dict)
    if row_ids:
        for line in ctx.session.scalars(select(ImportedLine).where(ImportedLine.row_id.in_(row_ids))):
            found[line.row_id][line.key] = ImportedTax(line.base, line.tax, line.name, line.code, line.percent)
    return found


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
