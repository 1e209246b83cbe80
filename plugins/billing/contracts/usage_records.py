"""Usage records: what a client used, from the entry to the invoice line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit
from kernel.context import CallContext
from kernel.db import cursor, id_array
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from kernel.hookspecs.charging import Settled
from kernel.hookspecs.directory import Blocker, Ref
from plugins.billing.days import check_days
from plugins.billing.errors import UsageBilled, UsageMoved, UsageNotFound
from plugins.billing.models.contracts import Contract, ContractLine, UsageEntry

SOURCE = "billing.usage"
# Whoever has a row open to change it finds another version, and a row that was changed since it was priced is not marked.
_MARK = """
update billing_usage m
set invoice_id = x.invoice_id, invoice_line_id = x.line_id, version = m.version + 1, updated_at = now()
from unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[]) as x(id, version, invoice_id, line_id)
where m.tenant_id = %s and m.id = x.id and m.version = coalesce(nullif(x.version, 0), m.version) and m.invoice_id is null
"""
_RELEASE = """
update billing_usage set invoice_id = null, invoice_line_id = null, version = version + 1, updated_at = now()
where tenant_id = %s and id = any(%s::uuid[])
"""


def get_usage(ctx: CallContext, usage_id: UUID) -> UsageEntry:
    """One usage record. Raises UsageNotFound, also for another tenant's."""
    entry = ctx.session.scalar(select(UsageEntry).where(UsageEntry.id == usage_id))
    if entry is None:
        raise UsageNotFound("There is no usage record with this id.")
    return entry


def add_usage(ctx: CallContext, *, client_id: UUID, item_id: UUID, used_on: date, quantity: Decimal,
              contract_line_id: UUID | None = None, note: str = "") -> UsageEntry:  # fmt: skip
    """Note what a client used; below zero corrects an earlier record. Without a line, the contract in force is found
    when it is billed. Raises ClientNotFound, InvalidInput.
    """
    client = get_client(ctx, client_id)
    if item_id not in ctx.hooks.get_items(ctx=ctx, item_ids=[item_id]):
        raise InvalidInput(errors={"item_id": "There is no catalog item with this id."})
    if not quantity:
        raise InvalidInput(errors={"quantity": "Give a quantity other than zero."})
    check_days(used_on=used_on)
    if contract_line_id is not None and contract_line_id not in usage_lines_of(ctx, [contract_line_id], client_id):
        raise InvalidInput(errors={"contract_line_id": "This is no usage line of the client's contracts."})
    entry = UsageEntry(client_id=client_id, item_id=item_id, used_on=used_on, quantity=quantity,
                       contract_line_id=contract_line_id, note=note)  # fmt: skip
    ctx.session.add(entry)
    ctx.session.flush()
    audit.record(ctx, "usage.added", kind="usage", row_id=entry.id, label=client.name)
    return entry


def usage_lines_of(ctx: CallContext, line_ids: Sequence[UUID], client_id: UUID | None = None) -> dict[UUID, UUID]:
    """The client of each of these lines that is a usage line."""
    found = (
        select(ContractLine.id, Contract.client_id)
        .join(Contract, (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id))
        .where(ContractLine.id.in_(line_ids), ContractLine.kind == "usage")
    )
    owners = dict(ctx.session.execute(found).all())
    return {line_id: owner for line_id, owner in owners.items() if client_id in (None, owner)}


def delete_usage(ctx: CallContext, usage_id: UUID) -> None:
    """Take back a record that is not billed. Raises UsageBilled."""
    entry = get_usage(ctx, usage_id)
    if entry.invoice_id is not None:
        raise UsageBilled("This usage stands on an invoice. Void the invoice first, or enter a correction.")
    audit.record(ctx, "usage.deleted", kind="usage", row_id=usage_id)
    ctx.session.delete(entry)
    ctx.session.flush()


def mark_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Mark usage as standing on invoice lines, all or none. Raises UsageMoved when a record was changed meanwhile."""
    mine = [one for one in settled if one.source_kind == SOURCE]
    if not mine:
        return
    versions, ids = f"{{{','.join([str(one.version) for one in mine])}}}", id_array([one.source_id for one in mine])
    invoices, lines = id_array([one.invoice_id for one in mine]), id_array([one.line_id for one in mine])
    with cursor(ctx.session) as cur:
        done = cur.execute(_MARK, [ids, versions, invoices, lines, ctx.tenant_id]).rowcount
    if done != len(mine):
        raise UsageMoved("Some usage was billed, changed or removed meanwhile. Run the billing again.")


def release_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Make usage billable again after its invoice was voided or deleted."""
    ids = [one.source_id for one in settled if one.source_kind == SOURCE]
    if ids:
        with cursor(ctx.session) as cur:
            cur.execute(_RELEASE, [ctx.tenant_id, ids])


def line_blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Usage that was booked on contract lines keeps those from being deleted."""
    ids = {ref.id: ref for ref in refs if ref.kind == "contract_line"}
    found = (
        select(UsageEntry.contract_line_id, func.count())
        .where(UsageEntry.contract_line_id.in_(ids))
        .group_by(UsageEntry.contract_line_id)
    )
    return [Blocker(ids[line_id], "usage", count, f"{count} usage records")
            for line_id, count in ctx.session.execute(found) if line_id is not None]  # fmt: skip
