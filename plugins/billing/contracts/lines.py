"""The verbs of contract lines: add, change, delete; with their items, tiers and rates by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.models import Location
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.pricing import ItemFacts
from plugins.billing.buckets.terms import check_bucket_known, write_terms
from plugins.billing.contracts import usage_records
from plugins.billing.contracts.agreed import AgreedLine, as_view, read_agreed
from plugins.billing.contracts.billed import ever_billed
from plugins.billing.contracts.checks import as_tiers, check_line, usual_timing
from plugins.billing.contracts.ends import move_ends
from plugins.billing.contracts.turns import begin_change
from plugins.billing.days import check_days
from plugins.billing.errors import ContractLineNotFound, PeriodsBilled
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, RoleRate, UsageTier

_COLUMNS = (
    "position", "name", "kind", "cycle", "timing", "prorate", "price", "hourly_rate", "minimum_minutes",
    "round_up_minutes", "overtime_after", "overtime_per", "overtime_rate", "overtime_factor", "location_id", "start_on", "end_on",
    "invoice_text",
)  # fmt: skip
_FROZEN = {"kind": "its kind", "cycle": "its cycle", "start_on": "its first day"}


def get_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> AgreedLine:
    """One line of a contract. Raises ContractLineNotFound."""
    found = read_agreed(ctx, (ContractLine.id == line_id) & (ContractLine.contract_id == contract_id))
    if not found:
        raise ContractLineNotFound("There is no line with this id on the contract.")
    return found[0]


def add_line(ctx: CallContext, contract: Contract, **line: Any) -> AgreedLine:
    """Add a line with its `items` (each perhaps with `tiers`) and `role_rates`. Raises InvalidInput by field."""
    begin_change(ctx)
    last = ctx.session.scalar(select(func.max(ContractLine.position)).where(ContractLine.contract_id == contract.id))
    row = write_line(ctx, contract, None, {"position": (last or 0) + 1, **line})
    audit.record(ctx, "contract.line_added", kind="contract", row_id=contract.id, label=row.name)
    return get_line(ctx, contract.id, row.id)


def change_line(ctx: CallContext, contract_id: UUID, line_id: UUID, changes: Mapping[str, Any],
                version: int | None = None) -> AgreedLine:  # fmt: skip
    """Change a line from its next unbilled period on; `items` and `role_rates` replace all that were there.

    Raises PeriodsBilled for what billed periods stand on, InvalidInput, PreconditionFailed.
    """
    begin_change(ctx)
    agreed = get_line(ctx, contract_id, line_id)
    if version is not None and agreed.line.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    _refuse_billed(ctx, agreed, changes)
    before = as_view(agreed)
    write_line(ctx, agreed.contract, agreed, {**before, **changes})
    audit.record(ctx, "contract.line_changed", kind="contract", row_id=contract_id, label=agreed.line.name,
                 changes={name: str(value) for name, value in changes.items() if before.get(name) != value})  # fmt: skip
    return get_line(ctx, contract_id, line_id)


def _refuse_billed(ctx: CallContext, agreed: AgreedLine, changes: Mapping[str, Any]) -> None:
    line = agreed.line
    frozen = [name for name in _FROZEN if changes.get(name, getattr(line, name)) != getattr(line, name)]
    if frozen and ever_billed(ctx, [line.id]):
        raise PeriodsBilled(
            f"This line was billed: {', '.join(_FROZEN[name] for name in frozen)} cannot change."
            " Give it a last day, and add another line from the next day on.",
            errors=dict.fromkeys(frozen, "Billed already."),
        )
    if changes.get("end_on", line.end_on) != line.end_on:
        days = [day for day in (changes["end_on"], agreed.contract.end_on) if day]
        move_ends(ctx, {line.id: min(days, default=None)})


def delete_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> None:
    """Remove a line that was never billed. Raises PeriodsBilled, StillInUse."""
    begin_change(ctx)
    agreed = get_line(ctx, contract_id, line_id)
    if ever_billed(ctx, [line_id]):
        raise PeriodsBilled("This line was billed. Give it a last day instead.")
    refs = [Ref("contract_line", line_id)]
    refuse_if_needed(ctx, refs, usage_records.line_blockers(ctx, refs), f"{agreed.words} cannot be deleted.", ["end"])
    audit.record(ctx, "contract.line_deleted", kind="contract", row_id=contract_id, label=agreed.line.name)
    ctx.session.delete(agreed.line)
    ctx.session.flush()


def write_line(ctx: CallContext, contract: Contract, before: AgreedLine | None, line: Mapping[str, Any],
               path: str = "") -> ContractLine:  # fmt: skip
    """Write a line (a new one without `before`) with its items and rates. Raises InvalidInput, paths led by `path`."""
    whole, known = complete_line(ctx, line, path, contract.client_id)
    row = before.line if before else ContractLine(contract_id=contract.id)
    for name in _COLUMNS:
        if name in whole:
            setattr(row, name, whole[name])
    row.updated_at = func.now()  # so that new items alone make a new version, too
    ctx.session.add(row)
    ctx.session.flush()
    _write_items(ctx, row, before, [{"quantity": known[one["item_id"]].default_quantity, **one} for one in whole["items"]])
    ctx.session.execute(delete(RoleRate).where(RoleRate.line_id == row.id))
    write_terms(ctx, row.id, whole.get("bucket"))
    ctx.session.add_all(RoleRate(line_id=row.id, role=one["role"], hourly_rate=one["hourly_rate"]) for one in whole["role_rates"])
    ctx.session.flush()
    return row


def complete_line(ctx: CallContext, line: Mapping[str, Any], path: str = "", client_id: UUID | None = None
                  ) -> tuple[dict[str, Any], Mapping[UUID, ItemFacts]]:  # fmt: skip
    """A line with what was left out, and the facts of its items. Raises InvalidInput, paths led by `path`."""
    whole = {"items": [], "role_rates": [], "timing": usual_timing(line["kind"]), **line}
    check_days(**{f"{path}start_on": whole.get("start_on")})
    members = (whole.get("bucket") or {}).get("members") or ()
    known = _known(ctx, [*whole["items"], *members])
    problems = check_line(whole) or _unknown(ctx, client_id, whole, known)
    if problems:
        raise InvalidInput(errors={path + field: words for field, words in problems.items()})
    return whole, known


def _known(ctx: CallContext, items: Sequence[Mapping[str, Any]]) -> Mapping[UUID, ItemFacts]:
    ids = [item["item_id"] for item in items]
    found: Mapping[UUID, ItemFacts] = ctx.hooks.get_items(ctx=ctx, item_ids=ids) if ids else {}
    return found


def _unknown(
    ctx: CallContext, client_id: UUID | None, line: Mapping[str, Any], known: Mapping[UUID, ItemFacts]
) -> dict[str, str]:
    problems = {
        f"items[{at}].item_id": "There is no catalog item with this id."
        for at, one in enumerate(line["items"]) if one["item_id"] not in known
    }  # fmt: skip
    problems |= check_bucket_known(ctx, line.get("bucket") or {}, known)
    place = line.get("location_id")
    if place and ctx.session.scalar(select(Location.client_id).where(Location.id == place)) != client_id:
        problems["location_id"] = "This is no location of the client."
    return problems


def _write_items(ctx: CallContext, row: ContractLine, before: AgreedLine | None, items: Sequence[Mapping[str, Any]]) -> None:
    """Keep the rows of items that stay: billed periods refer to them."""
    present = {one.item_id: one for one in ctx.session.scalars(select(ContractItem).where(ContractItem.line_id == row.id))}
    for item_id in present.keys() - {item["item_id"] for item in items}:
        ctx.session.delete(present[item_id])
    for item in items:
        kept = present.get(item["item_id"]) or ContractItem(line_id=row.id, item_id=item["item_id"])
        kept.quantity = item["quantity"]
        kept.unit_price = item.get("unit_price")
        kept.minimum_quantity = item.get("minimum_quantity", Decimal(0))
        ctx.session.add(kept)
        ctx.session.flush()
        if before:
            ctx.session.execute(delete(UsageTier).where(UsageTier.contract_item_id == kept.id))
        ctx.session.add_all(
            UsageTier(contract_item_id=kept.id, from_quantity=tier.start, to_quantity=tier.end, unit_price=int(tier.unit_price))
            for tier in as_tiers(item.get("tiers") or ())
        )
    ctx.session.flush()
