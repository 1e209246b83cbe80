"""REST of a client's billing cycle."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.cycles import schemas, services

rest = Rest("billing")
_CYCLE = "/clients/<uuid:client_id>/billing-cycle"


@rest.get(_CYCLE, permission="contract.read", out=schemas.BillingCycleOut)
def get_billing_cycle(ctx: CallContext, client_id: UUID) -> Any:
    """Read in which cycle a client is billed"""
    return services.billing_cycle(ctx, client_id)


@rest.post(_CYCLE, permission="contract.manage", body=schemas.CycleIn, out=schemas.BillingCycleOut, status=200)
def set_billing_cycle(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Set in which cycle a client is billed, and where its periods begin"""
    services.set_cycle(ctx, client_id, **body)
    return services.billing_cycle(ctx, client_id)
