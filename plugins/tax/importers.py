"""Tax regions, rates and the tax facts of clients and locations from files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from sqlalchemy import delete, select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.tax.errors import TaxIdInvalid
from plugins.tax.models import ClientFacts, ComponentRow, LocationRegion, RateRow, Region
from plugins.tax.taxids import check_tax_id


def load_regions(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Regions by code."""
    known = dict(ctx.session.execute(select(Region.code, Region.id)).all())
    externals = [row.external_id for row in rows]
    remembered = resolver.resolve("tax_region", externals)
    resolver.remember("tax_region", {row.external_id: known[row.values["code"]] for row in rows
                                     if row.external_id not in remembered and row.values["code"] in known})  # fmt: skip
    ids = resolver.claim("tax_region", externals)
    wrong = [RowError(row.line, "country", "Write an ISO 3166 code of two letters, such as DE.")
             for row in rows if len(row.values["country"]) != 2]  # fmt: skip
    if not wrong:
        upsert(ctx.session, Region, [
            {"id": ids[row.external_id], "code": row.values["code"], "name": row.values["name"],
             "country": row.values["country"].upper()}
            for row in rows
        ])  # fmt: skip
    return wrong


def load_rates(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Rates; a composite one has no percentage of its own, its parts come from the next file."""
    wrong = [RowError(row.line, "percentage", "A simple rate has a percentage, a composite one has none.") for row in rows
             if (row.values["kind"] == "simple") != (row.values["percentage"] is not None)]  # fmt: skip
    wrong += [RowError(row.line, "valid_to", "A rate ends after the day it begins.") for row in rows
              if row.values["valid_to"] and row.values["valid_to"] <= row.values["valid_from"]]  # fmt: skip
    wrong += _bad_percentages(rows)
    if wrong:
        return wrong
    ids = resolver.claim("tax_rate", [row.external_id for row in rows])
    wrong = list(_overlaps(ctx, rows, list(ids.values())))
    if wrong:
        return wrong
    upsert(ctx.session, RateRow, [
        {"id": ids[row.external_id], "region_id": row.values["region"], "category": row.values["tax_category"],
         "name": row.values["name"], "percent": row.values["percentage"], "starts": row.values["valid_from"],
         "ends": row.values["valid_to"]}
        for row in rows
    ])  # fmt: skip
    return []


def _overlaps(ctx: CallContext, rows: Sequence[ImportRow], replaced: Sequence[UUID]) -> Iterator[RowError]:
    """Rows that would hold on the same day as another rate of their region and category."""
    regions = {row.values["region"] for row in rows}
    kept = ctx.session.scalars(select(RateRow).where(RateRow.region_id.in_(regions), RateRow.id.not_in(replaced)))
    spans: list[tuple[UUID, str, date, date | None, int]] = [
        (one.region_id, one.category, one.starts, one.ends, 0) for one in kept
    ]
    for row in rows:
        got = row.values
        spans.append((got["region"], got["tax_category"], got["valid_from"], got["valid_to"], row.line))
    for earlier, later in pairwise(sorted(spans, key=lambda one: one[:3])):
        if earlier[:2] == later[:2] and (earlier[3] is None or later[2] < earlier[3]):
            yield RowError(
                later[4] or earlier[4], "valid_from", "Another rate of this region and category holds on the same day."
            )


def load_components(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """The parts of composite rates."""
    wrong = _bad_percentages(rows)
    if wrong:
        return wrong
    ids = resolver.claim("tax_rate_component", [row.external_id for row in rows])
    upsert(ctx.session, ComponentRow, [
        {"id": ids[row.external_id], "rate_id": row.values["rate"], "sequence": row.values["sequence"],
         "name": row.values["name"], "percent": row.values["percentage"], "compound": bool(row.values["compound"]),
         "starts": row.values["valid_from"], "ends": row.values["valid_to"]}
        for row in rows
    ])  # fmt: skip
    return []


def _bad_percentages(rows: Sequence[ImportRow]) -> list[RowError]:
    return [RowError(row.line, "percentage", "A percentage is from 0 to 100 with at most six decimals.") for row in rows
            if row.values["percentage"] is not None
            and (not 0 <= row.values["percentage"] <= 100 or row.values["percentage"].scaleb(6) % 1)]  # fmt: skip


def load_client_facts(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Where and how clients are taxed, from the tax columns of their file."""
    countries = dict(ctx.session.execute(select(Region.id, Region.country)).all())
    clients = resolver.resolve("client", [row.external_id for row in rows])
    known = dict(ctx.session.execute(
        select(ClientFacts.client_id, ClientFacts.id).where(ClientFacts.client_id.in_(clients.values()))
    ).all())  # fmt: skip
    resolver.remember("tax_client", {external: known[client] for external, client in clients.items() if client in known})
    ids = resolver.claim("tax_client", [row.external_id for row in rows])
    wrong: list[RowError] = []
    facts = []
    for row in rows:
        try:
            facts.append(_facts(row, ids[row.external_id], clients[row.external_id], countries))
        except TaxIdInvalid as error:
            wrong.append(RowError(row.line, "tax_id", error.detail))
    if not wrong:
        upsert(ctx.session, ClientFacts, facts)
    return wrong


def _facts(row: ImportRow, facts_id: UUID, client_id: UUID, countries: dict[UUID, str]) -> dict[str, object]:
    values = row.values
    tax_id = check_tax_id(values["tax_id"], countries.get(values["tax_region"], "")) if values["tax_id"] else None
    exemption = (values["tax_exemption_reason"] or "Exempt from tax.") if values["tax_exempt"] else None
    return {"id": facts_id, "client_id": client_id, "region_id": values["tax_region"], "tax_id": tax_id,
            "exemption": exemption, "reverse_charge": bool(values["reverse_charge"])}  # fmt: skip


def load_location_regions(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """The tax regions of locations, where the file names one."""
    locations = resolver.resolve("location", [row.external_id for row in rows])
    ctx.session.execute(delete(LocationRegion).where(LocationRegion.location_id.in_(locations.values())))
    ids = resolver.claim("tax_location", [row.external_id for row in rows])
    upsert(ctx.session, LocationRegion, [
        {"id": ids[row.external_id], "location_id": locations[row.external_id], "region_id": row.values["tax_region"]}
        for row in rows if row.values["tax_region"]
    ])  # fmt: skip
    return []


_CATEGORY = Column("tax_category", "enum", required=True, choices=("standard", "reduced"))
_PERCENT = Column("percentage", "decimal", at_most=Decimal(100))
_FROM, _TO = Column("valid_from", "date", required=True), Column("valid_to", "date")
_REGION = Column("tax_region", "reference", refers_to="tax_region")

IMPORTERS = (
    Importer("tax_region", "tax_regions.csv", 30, (
        Column("code", required=True, max_length=40), Column("name", required=True), Column("country", required=True),
    ), load_regions, "Tax regions"),
    Importer("tax_rate", "tax_rates.csv", 40, (
        Column("region", "reference", required=True, refers_to="tax_region"), Column("name", required=True), _CATEGORY,
        Column("kind", "enum", required=True, choices=("simple", "composite")), _PERCENT, _FROM, _TO,
    ), load_rates, "Tax rates"),
    Importer("tax_rate_component", "tax_rate_components.csv", 50, (
        Column("rate", "reference", required=True, refers_to="tax_rate"), Column("sequence", "integer", required=True),
        Column("name", required=True), replace(_PERCENT, required=True), Column("compound", "boolean"), _FROM, _TO,
    ), load_components, "Parts of composite rates"),
    Importer("tax_client", "clients.csv", 81, (
        _REGION, Column("tax_id"), Column("tax_exempt", "boolean"), Column("tax_exemption_reason"),
        Column("reverse_charge", "boolean"),
    ), load_client_facts, "Tax facts of clients"),
    Importer("tax_location", "locations.csv", 91, (_REGION,), load_location_regions, "Tax regions of locations"),
)  # fmt: skip
