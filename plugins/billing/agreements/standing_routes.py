"""REST of clients' orders and of renewals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.agreements import orders, renewals
from plugins.billing.agreements import standing_schemas as schemas
from plugins.billing.contracts.listing import contract_view
from plugins.billing.contracts.schemas import ContractOut

rest = Rest("billing")
_CONTRACT = "/contracts/<uuid:contract_id>"


@rest.get("/purchase-orders", permission="contract.read", query=schemas.OrderQuery, out=schemas.OrderPage)
def list_purchase_orders(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List clients' orders: authorized, invoiced, left"""
    return orders.list_orders(ctx, query)


@rest.get("/contract-renewals", permission="contract.read", query=schemas.RenewalQuery, out=schemas.RenewalPage)
def list_contract_renewals(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List contracts whose renewal is due"""
    return renewals.list_due(ctx, query)


@rest.post(f"{_CONTRACT}/renew", permission="contract.manage", body=schemas.RenewIn, out=ContractOut, status=200)
def renew_contract(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Renew a contract in place"""
    return contract_view(ctx, renewals.renew(ctx, contract_id, **body))


@rest.post(f"{_CONTRACT}/let-end", permission="contract.manage", out=ContractOut, status=200)
def let_contract_end(ctx: CallContext, contract_id: UUID) -> Any:
    """Let a contract end on its last day"""
    return contract_view(ctx, renewals.let_end(ctx, contract_id))


@rest.post(f"{_CONTRACT}/snooze-renewal", permission="contract.manage", body=schemas.SnoozeIn, out=ContractOut, status=200)
def snooze_contract_renewal(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Put the decision about a renewal off"""
    return contract_view(ctx, renewals.snooze(ctx, contract_id, **body))
