"""What stands around a contract's lines on its page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from plugins.billing.agreements import discounts, price_schedules
from plugins.billing.models.agreements import ScheduledPrice
from plugins.billing.models.contracts import Contract


def around_contract(ctx: CallContext, contract: Contract) -> dict[str, Any]:
    """Dated prices by line, and discounts."""
    scheduled: defaultdict[UUID, list[ScheduledPrice]] = defaultdict(list)
    for one in price_schedules.list_prices(ctx, contract.id):
        scheduled[one.line_id].append(one)
    return {"scheduled": scheduled, "discounts": discounts.list_discounts(ctx, contract.id)}
