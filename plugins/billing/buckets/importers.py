"""Included hours and units from files: what a bucket line includes, and the services that draw from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among, upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.billing.contracts.schemas import KINDS, UNITS
from plugins.billing.contracts.turns import begin_change
from plugins.billing.models import Bucket, BucketMember, WorkingHours

_MOST, _FASTEST = Decimal(10_000_000_000), Decimal(99)
_OURS = ("included", "overage_rate", "unit", "rollover", "covers_all", "after_hours", "working_hours", "alert_percent")


def load_buckets(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """What the bucket lines among contract lines include; they replace what was there."""
    mine = [row for row in rows if row.values["line_type"] == "bucket"]
    wrong = [
        RowError(row.line, name, "Only bucket lines have this.")
        for row in rows if row.values["line_type"] != "bucket" for name in _OURS if row.values[name] is not None
    ]  # fmt: skip
    hours = dict(ctx.session.execute(select(WorkingHours.name_key, WorkingHours.id)).all())
    wrong += [error for row in mine for error in _errors(row, hours)]
    if wrong or not mine:
        return wrong
    begin_change(ctx)
    lines = resolver.resolve("contract_line", [row.external_id for row in mine])
    present = dict(ctx.session.execute(select(Bucket.line_id, Bucket.id).where(among(Bucket.line_id, lines.values()))).all())
    met = {row.external_id: present[lines[row.external_id]] for row in mine if lines[row.external_id] in present}
    ids = resolver.claim("contract_line_bucket", [row.external_id for row in mine], met)
    upsert(ctx.session, Bucket, [_bucket(row, ids[row.external_id], lines[row.external_id], hours) for row in mine])
    return []


def _bucket(row: ImportRow, bucket_id: UUID, line_id: UUID, hours: dict[str, UUID]) -> dict[str, Any]:
    values = row.values
    named = values["working_hours"]
    return {
        "id": bucket_id, "line_id": line_id, "unit": values["unit"] or "hour", "included": values["included"],
        "overage_rate": values["overage_rate"], "rollover": bool(values["rollover"]), "covers_all": bool(values["covers_all"]),
        "after_hours": values["after_hours"], "hours_id": hours[named.lower()] if named else None,
        "alert_percent": values["alert_percent"],
    }  # fmt: skip


def _errors(row: ImportRow, hours: dict[str, UUID]) -> Iterator[RowError]:
    values = row.values
    for name in ("included", "overage_rate"):
        if values[name] is None or not 0 <= values[name] < _MOST:
            yield RowError(row.line, name, "Say what a bucket line includes, and what one more costs: zero or more.")
    if values["unit"] == "each" and values["covers_all"]:
        yield RowError(row.line, "covers_all", "Units are counted for named items only.")
    if values["unit"] == "each" and values["after_hours"] is not None:
        yield RowError(row.line, "after_hours", "Only hours burn faster after hours.")
    if (values["after_hours"] is None) != (values["working_hours"] is None):
        yield RowError(row.line, "working_hours", "Work after hours needs both: the hours, and how fast it burns outside.")
    if values["after_hours"] is not None and not 0 < values["after_hours"] <= _FASTEST:
        yield RowError(row.line, "after_hours", f"Above zero, at most {_FASTEST}.")
    if values["working_hours"] and values["working_hours"].lower() not in hours:
        yield RowError(row.line, "working_hours", f"There are no working hours {values['working_hours']}. Add them first.")
    if values["alert_percent"] is not None and not 1 <= values["alert_percent"] <= 100:
        yield RowError(row.line, "alert_percent", "Give 1 to 100.")


def load_members(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Services that draw from bucket lines, met by line and item."""
    buckets = dict(ctx.session.execute(
        select(Bucket.line_id, Bucket.id).where(among(Bucket.line_id, {row.values["contract_line"] for row in rows}))
    ).all())  # fmt: skip
    wrong = [error for row in rows for error in _member_errors(row, buckets)]
    pairs = [(row.values["contract_line"], row.values["item"]) for row in rows]
    wrong += [
        RowError(row.line, "item", "This service draws from it already.")
        for at, row in enumerate(rows)
        if pairs[at] in pairs[:at]
    ]
    if wrong:
        return wrong
    begin_change(ctx)
    of_buckets = select(BucketMember).where(among(BucketMember.bucket_id, buckets.values()))
    present = {(one.bucket_id, one.item_id): one.id for one in ctx.session.scalars(of_buckets)}
    met = {
        row.external_id: present[key]
        for row in rows if (key := (buckets[row.values["contract_line"]], row.values["item"])) in present
    }  # fmt: skip
    ids = resolver.claim("contract_line_bucket_service", [row.external_id for row in rows], met)
    upsert(ctx.session, BucketMember, [
        {"id": ids[row.external_id], "bucket_id": buckets[row.values["contract_line"]], "item_id": row.values["item"],
         "multiplier": row.values["multiplier"] or Decimal(1)}
        for row in rows
    ])  # fmt: skip
    return []


def _member_errors(row: ImportRow, buckets: dict[UUID, UUID]) -> Iterator[RowError]:
    if row.values["contract_line"] not in buckets:
        yield RowError(row.line, "contract_line", "Only bucket lines have services that draw from them.")
    if row.values["multiplier"] is not None and not 0 < row.values["multiplier"] <= _FASTEST:
        yield RowError(row.line, "multiplier", f"Above zero, at most {_FASTEST}.")


IMPORTERS = (
    Importer("contract_line_bucket", "contract_lines.csv", 121, (
        Column("line_type", "enum", required=True, choices=KINDS), Column("currency", "currency", required=True),
        Column("included", "decimal"), Column("overage_rate", "money"), Column("unit", "enum", choices=UNITS),
        Column("rollover", "boolean"), Column("covers_all", "boolean"), Column("after_hours", "decimal"),
        Column("working_hours", max_length=100), Column("alert_percent", "integer"),
    ), load_buckets, "Included hours and units"),
    Importer("contract_line_bucket_service", "contract_line_bucket_services.csv", 131, (
        Column("contract_line", "reference", required=True, refers_to="contract_line"),
        Column("item", "reference", required=True, refers_to="catalog_item"), Column("multiplier", "decimal"),
    ), load_members, "Services that draw from included hours"),
)  # fmt: skip
