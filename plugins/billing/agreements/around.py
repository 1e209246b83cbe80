"""What stands around a contract's lines on its page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from plugins.billing.agreements import discounts, orders, price_schedules, renewals
from plugins.billing.agreements.words import ORDER_STATES, PO_POLICIES, RENEWAL_MODES
from plugins.billing.models.agreements import ScheduledPrice
from plugins.billing.models.contracts import Contract


def around_contract(ctx: CallContext, contract: Contract) -> dict[str, Any]:
    """Dated prices by line, discounts, how the order stands, and what is decided about its end."""
    scheduled: defaultdict[UUID, list[ScheduledPrice]] = defaultdict(list)
    for one in price_schedules.list_prices(ctx, contract.id):
        scheduled[one.line_id].append(one)
    return {
        "scheduled": scheduled, "discounts": discounts.list_discounts(ctx, contract.id), "order": orders.order_of(ctx, contract),
        "order_states": ORDER_STATES, "policies": PO_POLICIES, "renewal_modes": RENEWAL_MODES,
        "renewal": renewals.renewal_of(ctx, contract), "decide_by": renewals.decide_by(contract),
    }  # fmt: skip
