"""Tax regions, rates and the tax facts of clients and locations from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Location
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.tax.calculator import EXEMPT_NOTE
from plugins.tax.errors import TaxIdInvalid
from plugins.tax.models import ClientFacts, ExemptionRow, LocationRegion, Region
from plugins.tax.rate_files import load_brackets, load_components, load_holidays, load_rates
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
        _exempt_clients(ctx, rows, clients, ids)
    return wrong


def _facts(row: ImportRow, facts_id: UUID, client_id: UUID, countries: dict[UUID, str]) -> dict[str, object]:
    values = row.values
    tax_id = check_tax_id(values["tax_id"], countries.get(values["tax_region"], "")) if values["tax_id"] else None
    return {"id": facts_id, "client_id": client_id, "region_id": values["tax_region"], "tax_id": tax_id,
            "reverse_charge": bool(values["reverse_charge"])}  # fmt: skip


def _exempt_clients(ctx: CallContext, rows: Sequence[ImportRow], clients: Mapping[str, UUID], ids: Mapping[str, UUID]) -> None:
    """One exemption without days for each row that says so, by the id of the client's facts; a row that no longer says so
    takes its own back.
    """
    named = {row.external_id: row.values["tax_exemption_reason"] or EXEMPT_NOTE for row in rows if row.values["tax_exempt"]}
    ctx.session.execute(delete(ExemptionRow).where(ExemptionRow.id.in_([ids[one] for one in ids.keys() - named.keys()])))
    upsert(ctx.session, ExemptionRow, [
        {"id": ids[external], "client_id": clients[external], "reason": reason} for external, reason in named.items()
    ])  # fmt: skip


def load_exemptions(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Exemptions of clients and their locations, with certificates and days."""
    homes = _clients_of(ctx, {row.values["location"] for row in rows if row.values["location"]})
    wrong = [RowError(row.line, "valid_to", "An exemption ends after the day it begins.") for row in rows
             if row.values["valid_from"] and row.values["valid_to"]
             and row.values["valid_to"] <= row.values["valid_from"]]  # fmt: skip
    wrong += [RowError(row.line, "location", "This client has no such location.") for row in rows
              if row.values["location"] and homes[row.values["location"]] != row.values["client"]]  # fmt: skip
    if wrong:
        return wrong
    ids = resolver.claim("tax_exemption", [row.external_id for row in rows])
    upsert(ctx.session, ExemptionRow, [
        {"id": ids[row.external_id], "client_id": row.values["client"], "location_id": row.values["location"],
         "reason": row.values["reason"], "certificate": row.values["certificate"] or "",
         "starts": row.values["valid_from"], "ends": row.values["valid_to"]}
        for row in rows
    ])  # fmt: skip
    return []


def _clients_of(ctx: CallContext, location_ids: set[UUID]) -> Mapping[UUID, UUID]:
    return dict(ctx.session.execute(select(Location.id, Location.client_id).where(Location.id.in_(location_ids))).all())


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
        Column("kind", "enum", required=True, choices=("simple", "composite", "brackets")), _PERCENT, _FROM, _TO,
    ), load_rates, "Tax rates"),
    Importer("tax_rate_component", "tax_rate_components.csv", 50, (
        Column("rate", "reference", required=True, refers_to="tax_rate"), Column("sequence", "integer", required=True),
        Column("name", required=True), replace(_PERCENT, required=True), Column("compound", "boolean"), _FROM, _TO,
    ), load_components, "Parts of composite rates"),
    Importer("tax_rate_bracket", "tax_rate_brackets.csv", 52, (
        Column("rate", "reference", required=True, refers_to="tax_rate"), Column("lower", "money", required=True),
        Column("currency", "currency", required=True), replace(_PERCENT, required=True),
    ), load_brackets, "Brackets of tax rates"),
    Importer("tax_holiday", "tax_holidays.csv", 54, (
        Column("rate", "reference", required=True, refers_to="tax_rate"), Column("component"), Column("name", required=True),
        _FROM, replace(_TO, required=True),
    ), load_holidays, "Tax holidays"),
    Importer("tax_client", "clients.csv", 81, (
        _REGION, Column("tax_id"), Column("tax_exempt", "boolean"), Column("tax_exemption_reason"),
        Column("reverse_charge", "boolean"),
    ), load_client_facts, "Tax facts of clients"),
    Importer("tax_location", "locations.csv", 91, (_REGION,), load_location_regions, "Tax regions of locations"),
    Importer("tax_exemption", "tax_exemptions.csv", 95, (
        Column("client", "reference", required=True, refers_to="client"), Column("location", "reference", refers_to="location"),
        Column("reason", required=True, max_length=255), Column("certificate", max_length=100),
        replace(_FROM, required=False), _TO,
    ), load_exemptions, "Tax exemptions"),
)  # fmt: skip
