"""Each night: say of each bucket that is filled to where its contract wants a warning, once in a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import events
from kernel.hookspecs.start import DefaultSchedule, EventType, JobType
from kernel.ids import uuid7
from plugins.billing.buckets.meters import Meter, bucket_meters
from plugins.billing.models import Bucket, BucketAlert
from plugins.billing.models.contracts import Contract, ContractLine

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from kernel.context import CallContext
    from kernel.jobs import JobRun

JOB, EVENT = "billing.bucket_alerts", "bucket.nearly_used"
BATCH = 200


class BucketNearlyUsed(Schema):
    """`used` of `available` hours or units (`unit`) in the period that began on `first_day`, approved work only."""

    client_id = fields.UUID(required=True)
    contract_id = fields.UUID(required=True)
    contract_line_id = fields.UUID(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    used = fields.String(required=True)
    available = fields.String(required=True)
    first_day = fields.Date(required=True)


def say_filled(ctx: CallContext, client_ids: list[UUID]) -> int:
    """Say it of the buckets of these clients; returns of how many."""
    clients = dict(ctx.session.execute(select(Contract.id, Contract.client_id).where(Contract.client_id.in_(client_ids))).all())
    fresh = [meter for meter in bucket_meters(ctx, client_ids) if meter.alert and _note(ctx, meter)]
    for meter in fresh:
        events.publish(ctx, EVENT, {
            "client_id": clients[meter.contract_id], "contract_id": meter.contract_id, "contract_line_id": meter.line_id,
            "name": meter.words, "unit": meter.unit, "used": f"{meter.used:f}", "available": f"{meter.available:f}",
            "first_day": meter.period.start,
        })  # fmt: skip
    return len(fresh)


def _note(ctx: CallContext, meter: Meter) -> bool:
    """Whether it was not said yet of this period."""
    row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "line_id": meter.line_id, "period_start": meter.period.start}
    return ctx.session.scalar(insert(BucketAlert).values(row).on_conflict_do_nothing().returning(BucketAlert.id)) is not None


def _watched(ctx: CallContext) -> list[UUID]:
    """Clients with a bucket that warns."""
    line = (ContractLine.tenant_id == Bucket.tenant_id) & (ContractLine.id == Bucket.line_id)
    contract = (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id)
    wanted = select(Contract.client_id).select_from(Bucket).join(ContractLine, line).join(Contract, contract)
    return list(ctx.session.scalars(
        wanted.where(Bucket.alert_percent.is_not(None), Contract.status == "active").distinct().order_by(Contract.client_id)
    ))  # fmt: skip


def watch_buckets(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Batch after batch; what was said is remembered, so it can end at any moment."""
    with job.step() as ctx:
        clients = _watched(ctx)
    yield
    said = 0
    for start in range(0, len(clients), BATCH):
        with job.step() as ctx:
            said += say_filled(ctx, clients[start : start + BATCH])
        job.progress(min(start + BATCH, len(clients)), len(clients))
        yield
    return {"said": said}


JOBS = (JobType(JOB, "Watch included hours", watch_buckets, stepwise=True, recurs_by="contract.manage"),)
SCHEDULES = (DefaultSchedule("Watch included hours", JOB, "0 6 * * *"),)
EVENTS = (EventType(EVENT, "A bucket is filled to where its contract wants a warning; said once in a period.", BucketNearlyUsed),)
