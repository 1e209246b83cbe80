"""Assets from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Contact, Location
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.assets.models import STATES, TYPES, Asset


def load_assets(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Assets; one that the tenant has already is met by its tag."""
    tags = {row.external_id: row.values["asset_tag"].lower() for row in rows}
    known = dict(ctx.session.execute(select(Asset.tag_key, Asset.id).where(Asset.tag_key.in_(tags.values()))).all())
    met = {external_id: known[tag] for external_id, tag in tags.items() if tag in known}
    ids = resolver.claim("asset", list(tags), met)
    wrong = [*_taken_tags(rows, ids, tags, known), *_strangers(ctx, rows), *_short_warranties(rows)]
    if not wrong:
        upsert(ctx.session, Asset, [{"id": ids[row.external_id], **_asset(row)} for row in rows])
    return wrong


def _asset(row: ImportRow) -> dict[str, object]:
    values = row.values
    return {
        "client_id": values["client"], "location_id": values["location"], "contact_id": values["contact"],
        "asset_type": values["asset_type"], "tag": values["asset_tag"], "name": values["name"],
        "serial_number": values["serial_number"], "status": values["status"], "purchased_on": values["purchase_date"],
        "warranty_ends_on": values["warranty_end"], "notes": values["notes"] or "",
    }  # fmt: skip


def _taken_tags(rows: Sequence[ImportRow], ids: Mapping[str, UUID], tags: Mapping[str, str],
                known: Mapping[str, UUID]) -> list[RowError]:  # fmt: skip
    owners = dict(known)
    return [
        RowError(row.line, "asset_tag", f"The tag {row.values['asset_tag']} is another asset's.")
        for row in rows
        if owners.setdefault(tags[row.external_id], ids[row.external_id]) != ids[row.external_id]
    ]


def _strangers(ctx: CallContext, rows: Sequence[ImportRow]) -> list[RowError]:
    """Rows whose location or contact is another client's."""
    wrong = []
    for column, table in (("location", Location), ("contact", Contact)):
        wanted = {row.values[column] for row in rows if row.values[column]}
        owners = dict(ctx.session.execute(select(table.id, table.client_id).where(table.id.in_(wanted))).all())
        wrong += [RowError(row.line, column, f"This {column} is another client's.") for row in rows
                  if row.values[column] and owners.get(row.values[column]) != row.values["client"]]  # fmt: skip
    return wrong


def _short_warranties(rows: Sequence[ImportRow]) -> list[RowError]:
    return [
        RowError(row.line, "warranty_end", "The warranty would end before the purchase.")
        for row in rows
        if row.values["purchase_date"] and row.values["warranty_end"]
        and row.values["warranty_end"] < row.values["purchase_date"]
    ]  # fmt: skip


IMPORTERS = (
    Importer("asset", "assets.csv", 240, (
        Column("client", "reference", required=True, refers_to="client"), Column("location", "reference", refers_to="location"),
        Column("contact", "reference", refers_to="contact"), Column("asset_type", "enum", required=True, choices=TYPES),
        Column("asset_tag", required=True, max_length=100), Column("name", required=True, max_length=255),
        Column("serial_number", max_length=100), Column("status", "enum", required=True, choices=STATES),
        Column("purchase_date", "date"), Column("warranty_end", "date"), Column("notes", max_length=20_000),
    ), load_assets, "Assets"),
)  # fmt: skip
