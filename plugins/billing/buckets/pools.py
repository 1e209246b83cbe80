"""Buckets ready to be drawn from: with their line, their working hours, and what of them is billed already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from plugins.billing.buckets.hours import read_hours
from plugins.billing.buckets.terms import BucketTerms
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.models import InvoiceLine, Source
from plugins.billing.working_hours import Hours

BUCKET = "billing.bucket"

UsedBefore = Mapping[UUID, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Pool:
    """A bucket line, its terms, and the hours outside of which it may burn faster."""

    agreed: AgreedLine
    terms: BucketTerms
    hours: Hours | None

    @property
    def has_fee(self) -> bool:
        """True if the line itself costs something in each period."""
        return self.agreed.line.price is not None or bool(self.agreed.items)


def read_pools(ctx: CallContext, lines: Iterable[AgreedLine]) -> dict[UUID, Pool]:
    """Those of the lines that are buckets, by line id."""
    found = [(one, one.bucket) for one in lines if one.bucket]
    hours = read_hours(ctx, {terms.hours_id for _, terms in found if terms.hours_id})
    return {one.line.id: Pool(one, terms, hours[terms.hours_id] if terms.hours_id else None) for one, terms in found}


def read_used(ctx: CallContext, line_ids: Iterable[UUID]) -> defaultdict[UUID, dict[str, Decimal]]:
    """What was drawn in the billed periods of bucket lines, by line and period key, as the invoice lines tell."""
    used: defaultdict[UUID, dict[str, Decimal]] = defaultdict(dict)
    wanted = sorted(line_ids)
    if not wanted:
        return used
    drawn = InvoiceLine.trace["drawn"].as_string()
    found = (
        select(Source.source_id, Source.period_key, drawn)
        .outerjoin(InvoiceLine, (InvoiceLine.tenant_id == Source.tenant_id) & (InvoiceLine.id == Source.line_id))
        .where(Source.live, Source.source_kind == BUCKET, among(Source.source_id, wanted))
    )
    for line_id, key, amount in ctx.session.execute(found):
        used[line_id][key] = Decimal(amount or 0)  # a period that was closed without an invoice drew nothing
    return used
