"""What contracts answer to other rooms: labels, blockers, panels, palette entries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import PaletteEntry, Panel
from plugins.billing.agreements.answers import describe_agreements
from plugins.billing.agreements.templates import item_blockers
from plugins.billing.contracts.listing import find_contracts
from plugins.billing.models.buckets import BucketMember
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, UsageEntry

_Column = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
_HELD_BY: dict[str, tuple[tuple[str, str, _Column], ...]] = {
    "client": (("contract", "contracts", Contract.client_id), ("usage", "usage records", UsageEntry.client_id)),
    "catalog.item": (
        ("contract_item", "items on contract lines", ContractItem.item_id),
        ("usage", "usage records", UsageEntry.item_id),
        ("bucket_member", "services of buckets", BucketMember.item_id),
    ),
    "location": (("contract_line", "contract lines", ContractLine.location_id),),
}


def describe_contracts(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of contracts and their lines, of templates and bundles."""
    contracts = _contracts(ctx, [ref.id for ref in refs if ref.kind == "contract"])
    lines = _lines(ctx, [ref.id for ref in refs if ref.kind == "contract_line"])
    return contracts | lines | describe_agreements(ctx, refs)


def _contracts(ctx: CallContext, ids: Sequence[UUID]) -> dict[Ref, Label]:
    if not ids:
        return {}
    found = ctx.session.execute(select(Contract.id, Contract.name).where(Contract.id.in_(ids)))
    return {Ref("contract", row.id): Label(row.name, f"/contracts/{row.id}") for row in found}


def _lines(ctx: CallContext, ids: Sequence[UUID]) -> dict[Ref, Label]:
    if not ids:
        return {}
    found = ctx.session.execute(
        select(ContractLine.id, ContractLine.name, ContractLine.contract_id, Contract.name.label("contract"))
        .join(Contract, (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id))
        .where(ContractLine.id.in_(ids))
    )
    return {Ref("contract_line", row.id): Label(f"{row.contract} / {row.name}", f"/contracts/{row.contract_id}") for row in found}


def contract_blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Contracts, templates and usage keep clients, catalog items and locations from being deleted."""
    found = item_blockers(ctx, refs)
    for ref in refs:
        for noun, words, held in _HELD_BY.get(ref.kind, ()):
            count = ctx.session.scalar(select(func.count()).where(held == ref.id)) or 0
            found += [Blocker(ref, noun, count, f"{count} {words}")] if count else []
    return found


def contract_panels(ref: Ref) -> list[Panel]:
    """The contracts of a client, on the client's page."""
    return [Panel("Contracts", f"/contracts/of-client/{ref.id}", "contract.read", 40)] if ref.kind == "client" else []


def contract_palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Contracts that the text may mean."""
    if len(text.strip()) < 2 or not ctx.actor.may("contract.read"):
        return []
    return [
        PaletteEntry(f"{row['name']} ({row['client_name']})", f"/contracts/{row['id']}", "Contract")
        for row in find_contracts(ctx, text, 6)
    ]
