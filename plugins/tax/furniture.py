"""A tax region with a rate, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from kernel.context import CallContext
from plugins.tax.services import add_rate, add_region, set_client_facts


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """Germany with VAT of 19 %, in which the client is taxed."""
    region = add_region(ctx, code="DE", name="Germany", country="DE")
    rate = add_rate(ctx, region_id=region.id, category="standard", name="VAT", percent=Decimal(19), starts=date(2020, 1, 1))
    set_client_facts(ctx, there["client_id"], region_id=region.id)
    return {"region_id": region.id, "rate_id": rate.id}
