"""A tax region with a rate, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from kernel.context import CallContext
from plugins.tax.exemptions import add_exemption
from plugins.tax.services import add_holiday, add_rate, add_region, set_client_facts


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """Germany with VAT of 19 %, in which the client is taxed; days and an exemption that are over."""
    region = add_region(ctx, code="DE", name="Germany", country="DE")
    rate = add_rate(ctx, region_id=region.id, category="standard", name="VAT", percent=Decimal(19), starts=date(2020, 1, 1))
    holiday = add_holiday(ctx, rate.id, name="School start", starts=date(2020, 7, 1), ends=date(2020, 8, 1))
    set_client_facts(ctx, there["client_id"], region_id=region.id)
    exemption = add_exemption(ctx, there["client_id"], reason="Charity", certificate="4711", ends=date(2021, 1, 1))
    return {"region_id": region.id, "rate_id": rate.id, "holiday_id": holiday.id, "exemption_id": exemption.id}
