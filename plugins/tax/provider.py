"""The answer to `compute_taxes`: what the calculator needs, read in a fixed number of queries for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.util import LRUCache

from kernel.context import CallContext
from kernel.db import cursor
from kernel.directory.models import Client
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxResult, TaxSource
from kernel.tenancy import get_settings
from plugins.tax.calculator import ClientTax, Exemption
from plugins.tax.elsewhere import Imported, ImportedTax, compute_with
from plugins.tax.legal_notes import reverse_charge_note
from plugins.tax.models import DocumentRow, ImportedLine, LocationRegion
from plugins.tax.rate_book import RATES, book_of, codes_of
from plugins.tax.taxids import find_valid


class Known(NamedTuple):
    """What the tenant keeps that documents are taxed by: filled in into them, special rules of clients, and which of them (by
    position) are reckoned elsewhere, with the amounts that were imported.
    """

    filled: list[TaxDocument]
    clients: Mapping[UUID, ClientTax]
    elsewhere: Mapping[int, Imported]
    rates: str


class Facts(NamedTuple):
    """What `ClientFacts` says of a client, in plain values."""

    client_id: UUID
    region_id: UUID | None
    tax_id: str | None
    reverse_charge: bool
    tax_source: str | None


# Rates that this process read at the tenant's present version of facts are not read again. What a transaction that has
# written something sees may be its own changes: it reads all of them, and nobody keeps what it saw.
_TENANT = f"""
select t.facts_version as version, pg_current_xact_id_if_assigned() is null as unwritten,
  case when pg_current_xact_id_if_assigned() is null and t.facts_version = %(known)s::bigint then null else {RATES} end as rates,
  (select json_agg(json_build_array(client_id, region_id, tax_id, reverse_charge, tax_source)) from tax_clients
    where client_id = any(%(clients)s::uuid[]))::text as facts,
  (select json_agg(json_build_array(client_id, reason, starts, ends, certificate, location_id) order by starts, id)
    from tax_exemptions where client_id = any(%(clients)s::uuid[]))::text as exemptions
from tenants t where t.id = %(tenant)s
"""
_KEPT: LRUCache[UUID, tuple[int, str]] = LRUCache(1_000)


def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> list[TaxResult]:
    """The taxes of documents, with regions and tax ids filled in from what the tenant keeps. Nobody's region is guessed:
    a line's own, else its location's, else its client's, else it is an error of the document.
    """
    known = read_tenant(ctx, documents)
    return compute_with(known.filled, book_of(known.rates), known.clients, known.elsewhere)


def read_tenant(ctx: CallContext, documents: Sequence[TaxDocument]) -> Known:
    """What the tenant keeps for documents, in a fixed number of queries."""
    settings = get_settings(ctx, "tax")
    row, rates = _read(ctx, {document.client_id for document in documents})
    codes, facts = codes_of(rates), _facts(row["facts"])
    places = _location_regions(ctx, documents)
    own_id = find_valid(settings["tax_id"], settings["tax_country"])
    filled = [_fill(document, own_id, facts.get(document.client_id), places, codes) for document in documents]
    special = _clients(ctx, facts, _exemptions(row["exemptions"]), settings)
    return Known(filled, special, _elsewhere(ctx, documents, facts, settings), rates)


def _read(ctx: CallContext, client_ids: Collection[UUID]) -> tuple[dict[str, Any], str]:
    """What is kept of clients, and all rates, in one query, for this is asked for each draft that somebody writes."""
    version, rates = _KEPT.get(ctx.tenant_id) or (None, "")
    asked = {"tenant": ctx.tenant_id, "known": version, "clients": list(client_ids)}
    with cursor(ctx.session) as hot:
        [row] = hot.execute(_TENANT, asked).fetchall()
    if row["rates"] is None:
        return row, rates
    if row["unwritten"]:
        _KEPT[ctx.tenant_id] = row["version"], row["rates"]
    return row, row["rates"]


def _facts(text: str | None) -> dict[UUID, Facts]:
    rows = (Facts(UUID(client_id), _id(region_id), *rest) for client_id, region_id, *rest in orjson.loads(text or "[]"))
    return {one.client_id: one for one in rows}


def _exemptions(text: str | None) -> dict[UUID, tuple[Exemption, ...]]:
    """The exemptions of clients as the calculator takes them."""
    found: dict[UUID, tuple[Exemption, ...]] = {}
    for client, reason, starts, ends, certificate, location_id in orjson.loads(text or "[]"):
        one, client_id = Exemption(reason, _day(starts), _day(ends), certificate, _id(location_id)), UUID(client)
        found[client_id] = (*found.get(client_id, ()), one)
    return found


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _elsewhere(ctx: CallContext, documents: Sequence[TaxDocument], facts: Mapping[UUID, Facts],
               settings: Mapping[str, Any]) -> dict[int, Imported]:  # fmt: skip
    """Which documents are reckoned elsewhere: as the document itself says, else its client where it may, else the tenant."""
    rows = _document_rows(ctx, [document.document_id for document in documents if document.document_id])
    own = {row.document_id: row for row in rows}
    external = [at for at, one in enumerate(documents) if _source(one, own, facts, settings) == TaxSource.EXTERNAL]
    amounts = _amounts(ctx, [own[key].id for at in external if (key := documents[at].document_id) in own])
    return {at: amounts.get(own[key].id, {}) if (key := documents[at].document_id) in own else {} for at in external}


def _source(document: TaxDocument, own: Mapping[UUID, DocumentRow], facts: Mapping[UUID, Facts],
            settings: Mapping[str, Any]) -> str:  # fmt: skip
    if document.document_id and document.document_id in own:
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


def _clients(ctx: CallContext, facts: Mapping[UUID, Facts], exempt: Mapping[UUID, tuple[Exemption, ...]],
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


def _location_regions(ctx: CallContext, documents: Sequence[TaxDocument]) -> dict[UUID, UUID]:
    wanted = {line.location_id for document in documents for line in document.lines if line.location_id}
    if not wanted:
        return {}
    found = select(LocationRegion.location_id, LocationRegion.region_id).where(LocationRegion.location_id.in_(wanted))
    return dict(ctx.session.execute(found).all())


def _fill(document: TaxDocument, own_id: str | None, client: Facts | None, places: Mapping[UUID, UUID],
          codes: Mapping[UUID, str]) -> TaxDocument:  # fmt: skip
    region = codes.get(client.region_id) if client and client.region_id else None
    lines = [
        TaxLine(key, net, category, own or (_region(place, places, codes) if place else None) or region, discount, place, exempt)
        for key, net, category, own, discount, place, exempt in document.lines
    ]
    buyer_id = document.buyer_tax_id or (client.tax_id if client else None)
    return TaxDocument(document.client_id, document.tax_date, document.currency, lines, document.policy,
                       document.seller_tax_id or own_id, buyer_id, document.document_id)  # fmt: skip


def _region(location_id: UUID, places: Mapping[UUID, UUID], codes: Mapping[UUID, str]) -> str | None:
    region_id = places.get(location_id)
    return codes.get(region_id) if region_id else None
