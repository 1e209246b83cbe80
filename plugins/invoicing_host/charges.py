"""Charges of extensions: kept once for each key, offered to billing runs, marked when they stand on an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.db import among, cursor
from kernel.directory.clients import get_clients
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Unbilled, Waiting
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.pricing import ItemFacts
from kernel.ids import uuid7
from plugins.invoicing_host.errors import ChargeBilled, ChargeNotFound, ChargesMoved
from plugins.invoicing_host.models import ExtensionCharge

SOURCE = "invoicing_host.charge"
_HELD_BY = {"client": ExtensionCharge.client_id, "catalog.item": ExtensionCharge.item_id}
_MARK = """
update invoicing_host_charges c
set invoice_id = x.invoice_id, invoice_line_id = x.line_id, version = c.version + 1, updated_at = now()
from unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[]) as x(id, version, invoice_id, line_id)
where c.tenant_id = %s and c.id = x.id and c.version = coalesce(nullif(x.version, 0), c.version) and c.invoice_id is null
"""
_RELEASE = """
update invoicing_host_charges set invoice_id = null, invoice_line_id = null, version = version + 1, updated_at = now()
where tenant_id = %s and id = any(%s::uuid[])
"""


class Kept(NamedTuple):
    """A charge that is kept now; not `created` where its key was known."""

    id: UUID
    created: bool


def keep_charges(ctx: CallContext, asked: Sequence[Mapping[str, Any]]) -> list[Kept]:
    """Keep charges for the next billing run, all or none; a key of this extension that is known stays what it was,
    also where an install of it before this one sent it.

    Raises InvalidInput with `charges[i].…` paths.
    """
    items = _items(ctx, asked)
    _check(ctx, asked, items)
    rows = [_row(ctx, one, items.get(one["service_id"])) for one in asked]
    # In one order, so that two calls with the same keys wait for each other instead of for both.
    ordered = sorted(rows, key=lambda row: row["idempotency_key"])
    fresh = insert(ExtensionCharge).values(ordered).on_conflict_do_nothing(
        index_elements=["tenant_id", "extension", "idempotency_key"]
    )  # fmt: skip
    created = set(ctx.session.scalars(fresh.returning(ExtensionCharge.id)))
    known = _by_key(ctx, [one["idempotency_key"] for one in asked])
    for row in rows:
        if row["id"] in created:
            audit.record(ctx, "extension_charge.created", kind="extension_charge", row_id=row["id"], label=row["description"])
    return [Kept(known[row["idempotency_key"]], row["id"] in created) for row in rows]


def _items(ctx: CallContext, asked: Sequence[Mapping[str, Any]]) -> Mapping[UUID, ItemFacts]:
    wanted = sorted({one["service_id"] for one in asked if one["service_id"]})
    return ctx.hooks.get_items(ctx=ctx, item_ids=wanted) if wanted else {}


def _check(ctx: CallContext, asked: Sequence[Mapping[str, Any]], items: Mapping[UUID, ItemFacts]) -> None:
    clients = get_clients(ctx, sorted({one["client_id"] for one in asked}))
    problems: dict[str, str] = {}
    for at, one in enumerate(asked):
        if one["client_id"] not in clients:
            problems[f"charges[{at}].client_id"] = "There is no client with this id."
        if one["service_id"] and one["service_id"] not in items:
            problems[f"charges[{at}].service_id"] = "There is no service with this id."
        if one["currency_code"] and one["currency_code"] not in currencies():
            problems[f"charges[{at}].currency_code"] = f"{one['currency_code']} is not a currency of ISO 4217."
    if problems:
        raise InvalidInput(errors=problems)


def _row(ctx: CallContext, one: Mapping[str, Any], facts: ItemFacts | None) -> dict[str, Any]:
    return {
        "tenant_id": ctx.tenant_id, "id": uuid7(), "client_id": one["client_id"], "item_id": one["service_id"],
        "description": one["description"], "quantity": Decimal(one["quantity"]), "unit": facts.unit if facts else "each",
        "rate": one["rate"], "currency": one["currency_code"], "charged_on": one["charged_on"] or ctx.today(),
        "install_id": ctx.actor.id, "author": ctx.actor.author, "extension": _extension(ctx),
        "idempotency_key": one["idempotency_key"],
    }  # fmt: skip


def _by_key(ctx: CallContext, keys: Sequence[str]) -> dict[str, UUID]:
    mine = ExtensionCharge.extension == _extension(ctx), ExtensionCharge.idempotency_key.in_(keys)
    return dict(ctx.session.execute(select(ExtensionCharge.idempotency_key, ExtensionCharge.id).where(*mine)).all())


def _extension(ctx: CallContext) -> str:
    """The name of the extension that acts, which it keeps when it is installed anew."""
    return (ctx.actor.author or "").partition("@")[0]


def list_charges(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of charges with their clients and whether they are billed."""
    client = (Client.tenant_id == ExtensionCharge.tenant_id) & (Client.id == ExtensionCharge.client_id)
    billed = ExtensionCharge.invoice_id.is_not(None)
    rows = select(
        ExtensionCharge.id, ExtensionCharge.client_id, Client.name.label("client_name"), ExtensionCharge.item_id,
        ExtensionCharge.description, ExtensionCharge.quantity, ExtensionCharge.unit, ExtensionCharge.rate,
        ExtensionCharge.currency, ExtensionCharge.charged_on, ExtensionCharge.author, billed.label("billed"),
        ExtensionCharge.invoice_id, ExtensionCharge.created_at,
    ).join(Client, client)  # fmt: skip
    return paginate(ctx, rows, query, sortable={"charged_on": ExtensionCharge.charged_on}, default="-charged_on",
                    filters={"billed": billed})  # fmt: skip


def remove_charge(ctx: CallContext, charge_id: UUID) -> None:
    """Take back a charge that is not billed. Raises ChargeNotFound, ChargeBilled."""
    charge = ctx.session.scalar(select(ExtensionCharge).where(ExtensionCharge.id == charge_id).with_for_update())
    if charge is None:
        raise ChargeNotFound("There is no charge with this id.")
    if charge.invoice_id is not None:
        raise ChargeBilled("This charge stands on an invoice. Delete the draft, or write a credit note.")
    ctx.session.delete(charge)
    audit.record(ctx, "extension_charge.removed", kind="extension_charge", row_id=charge.id, label=charge.description)
    ctx.session.flush()


def owed_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> list[Charge]:
    """The unbilled charges of these clients dated before the window's end."""
    found = (
        select(ExtensionCharge)
        .where(among(ExtensionCharge.client_id, clients), *_unbilled(window.end))
        .order_by(ExtensionCharge.client_id, ExtensionCharge.charged_on, ExtensionCharge.id)
    )
    return [
        Charge(one.client_id, SOURCE, one.id, one.item_id, one.description, one.quantity, one.unit, one.charged_on, one.rate,
               one.currency, detail={"extension": one.author}, version=one.version)
        for one in ctx.session.scalars(found)
    ]  # fmt: skip


def _unbilled(until: date) -> tuple[Any, ...]:
    return ExtensionCharge.charged_on < until, ExtensionCharge.invoice_id.is_(None)


def mark_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Mark charges as standing on invoice lines, all or none. Raises ChargesMoved when one was billed or removed meanwhile."""
    rows = [(one.source_id, one.version, one.invoice_id, one.line_id) for one in settled if one.source_kind == SOURCE]
    if rows:
        with cursor(ctx.session) as cur:
            done = cur.execute(_MARK, [*map(list, zip(*rows, strict=True)), ctx.tenant_id]).rowcount
        if done != len(rows):
            raise ChargesMoved("Some charges of extensions were billed or removed meanwhile. Run the billing again.")


def release_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Make charges billable again after their invoice was voided or deleted."""
    ids = [one.source_id for one in settled if one.source_kind == SOURCE]
    if ids:
        with cursor(ctx.session) as cur:
            cur.execute(_RELEASE, [ctx.tenant_id, ids])


def waiting_charges(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    """How many charges would be billed by a run over this window."""
    count = ctx.session.scalar(select(func.count()).where(*_unbilled(window.end))) or 0
    return Waiting("invoicing_host", count, f"{count} charges of extensions") if count else None


def unbilled_charges(ctx: CallContext, until: date) -> list[Unbilled]:
    """Charges before a day that stand on no invoice, by month."""
    month = cast(func.date_trunc("month", ExtensionCharge.charged_on), Date).label("month")
    wanted = select(month, func.count()).where(*_unbilled(until)).group_by("month").order_by("month")
    return [Unbilled(first, "material", count) for first, count in ctx.session.execute(wanted)]


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Charges keep their clients and items from being deleted."""
    found: list[Blocker] = []
    for ref in refs:
        if ref.kind in _HELD_BY:
            count = ctx.session.scalar(select(func.count()).where(_HELD_BY[ref.kind] == ref.id)) or 0
            found += [Blocker(ref, "extension_charge", count, f"{count} charges of extensions")] if count else []
    return found
