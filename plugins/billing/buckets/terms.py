"""What a bucket line includes, as it is agreed; and the writing of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from kernel.context import CallContext
from kernel.db import among
from plugins.billing.models.buckets import Bucket, BucketMember, WorkingHours

PER = {"hour": 60, "each": 1}
_COLUMNS = ("unit", "included", "overage_rate", "rollover", "covers_all", "after_hours", "hours_id", "alert_percent")
_DEFAULTS = {"unit": "hour", "rollover": False, "covers_all": False, "after_hours": None, "hours_id": None, "alert_percent": None}


@dataclass(frozen=True, slots=True)
class BucketTerms:
    """How much a period includes (`included` hours or units), what one more costs (minor units), and which services draw
    from it how fast (`members`, multiplier by item; all others at 1 if it `covers_all`).
    """

    unit: str
    included: Decimal
    overage_rate: int
    rollover: bool
    covers_all: bool
    after_hours: Decimal | None
    hours_id: UUID | None
    alert_percent: int | None
    members: Mapping[UUID, Decimal]

    @property
    def per(self) -> int:
        """How many of what is counted (minutes, units) make one hour or unit."""
        return PER[self.unit]

    @property
    def counted(self) -> Decimal:
        """What a period includes, in minutes or units."""
        return self.included * self.per

    def holds(self, item_id: UUID | None) -> bool:
        """True for a service that it names, or for any if it covers all."""
        return item_id in self.members or self.covers_all

    def multiplier(self, item_id: UUID | None) -> Decimal:
        """How fast a service burns it."""
        return self.members.get(item_id, Decimal(1)) if item_id else Decimal(1)


def read_terms(ctx: CallContext, line_ids: Sequence[UUID]) -> dict[UUID, BucketTerms]:
    """The terms of these bucket lines, by line; nothing is asked for none."""
    if not line_ids:
        return {}
    rows = list(ctx.session.scalars(select(Bucket).where(among(Bucket.line_id, line_ids))))
    members: defaultdict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    found = select(BucketMember).where(among(BucketMember.bucket_id, [one.id for one in rows])).order_by(BucketMember.id)
    for one in ctx.session.scalars(found):
        members[one.bucket_id][one.item_id] = one.multiplier
    return {row.line_id: BucketTerms(**{name: getattr(row, name) for name in _COLUMNS}, members=members[row.id]) for row in rows}


def terms_view(terms: BucketTerms | None) -> dict[str, Any] | None:
    """Terms as interfaces show them, and take them."""
    if terms is None:
        return None
    members = [{"item_id": item_id, "multiplier": multiplier} for item_id, multiplier in terms.members.items()]
    return {name: getattr(terms, name) for name in _COLUMNS} | {"members": members}


def check_bucket_known(ctx: CallContext, bucket: Mapping[str, Any], known: Container[UUID]) -> dict[str, str]:
    """What a bucket names and nobody knows, by field path; `known` are catalog items."""
    problems = {
        f"bucket.members[{at}].item_id": "There is no catalog item with this id."
        for at, one in enumerate(bucket.get("members") or ()) if one["item_id"] not in known
    }  # fmt: skip
    hours_id = bucket.get("hours_id")
    if hours_id and ctx.session.scalar(select(WorkingHours.id).where(WorkingHours.id == hours_id)) is None:
        problems["bucket.hours_id"] = "There are no working hours with this id."
    return problems


def write_terms(ctx: CallContext, line_id: UUID, bucket: Mapping[str, Any] | None) -> None:
    """Write what a bucket line includes; its members replace those that were there."""
    row = ctx.session.scalar(select(Bucket).where(Bucket.line_id == line_id))
    if bucket is None:
        if row is not None:
            ctx.session.delete(row)
        return
    row = row or Bucket(line_id=line_id)
    for name, value in {**_DEFAULTS, **bucket}.items():
        if name in _COLUMNS:
            setattr(row, name, value)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.execute(delete(BucketMember).where(BucketMember.bucket_id == row.id))
    ctx.session.add_all(
        BucketMember(bucket_id=row.id, item_id=one["item_id"], multiplier=one.get("multiplier", Decimal(1)))
        for one in bucket.get("members") or ()
    )
    ctx.session.flush()
