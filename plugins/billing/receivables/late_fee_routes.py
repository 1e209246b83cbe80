"""REST of late fees."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.receivables import late_fees, schemas

rest = Rest("billing")
_RULE = "/late-fees/<uuid:rule_id>"


@rest.get("/late-fees", permission="invoice.read", out=schemas.LateFeeList)
def list_late_fees(ctx: CallContext) -> Any:
    """List what late payment costs, by currency"""
    return {"items": late_fees.list_rules(ctx)}


@rest.post("/late-fees", permission="receivables.manage", body=schemas.LateFeeIn, out=schemas.LateFeeOut)
def add_late_fee(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Charge late fees in a currency"""
    return late_fees.add_rule(ctx, **body)


@rest.get(_RULE, permission="invoice.read", out=schemas.LateFeeOut)
def get_late_fee(ctx: CallContext, rule_id: UUID) -> Any:
    """Read a late fee"""
    return late_fees.get_rule(ctx, rule_id)


@rest.patch(_RULE, permission="receivables.manage", body=schemas.LateFeePatch, out=schemas.LateFeeOut, if_match=True)
def change_late_fee(ctx: CallContext, rule_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a late fee; what was charged stays"""
    return late_fees.change_rule(ctx, rule_id, body, version)


@rest.delete(_RULE, permission="receivables.manage")
def delete_late_fee(ctx: CallContext, rule_id: UUID) -> None:
    """Charge no late fees in a currency any more"""
    late_fees.delete_rule(ctx, rule_id)
