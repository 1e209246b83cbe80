"""REST of working hours, and of how full buckets are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.directory.clients import get_client
from plugins.billing.buckets import hours, schemas
from plugins.billing.buckets.meters import bucket_meters

rest = Rest("billing")
_HOURS = "/working-hours/<uuid:hours_id>"


@rest.get("/working-hours", permission="contract.read", out=schemas.WorkingHoursList)
def list_working_hours(ctx: CallContext) -> Any:
    """List working hours"""
    return {"items": [hours.view(ctx, one) for one in hours.list_hours(ctx)]}


@rest.post("/working-hours", permission="contract.manage", body=schemas.WorkingHoursIn, out=schemas.WorkingHoursOut)
def add_working_hours(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add working hours"""
    return hours.view(ctx, hours.add_hours(ctx, **body))


@rest.get(_HOURS, permission="contract.read", out=schemas.WorkingHoursOut)
def get_working_hours(ctx: CallContext, hours_id: UUID) -> Any:
    """Read working hours"""
    return hours.view(ctx, hours.get_hours(ctx, hours_id))


@rest.patch(
    _HOURS, permission="contract.manage", body=schemas.WorkingHoursPatch, out=schemas.WorkingHoursOut, if_match=True
)  # fmt: skip
def change_working_hours(ctx: CallContext, hours_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change working hours"""
    return hours.view(ctx, hours.change_hours(ctx, hours_id, body, version))


@rest.delete(_HOURS, permission="contract.manage")
def delete_working_hours(ctx: CallContext, hours_id: UUID) -> None:
    """Delete working hours that no bucket burns by"""
    hours.delete_hours(ctx, hours_id)


@rest.get("/clients/<uuid:client_id>/buckets", permission="contract.read", out=schemas.MeterList)
def list_buckets(ctx: CallContext, client_id: UUID) -> Any:
    """Read how full a client's buckets are"""
    get_client(ctx, client_id)
    meters = bucket_meters(ctx, [client_id])
    return {"items": [{**asdict(one), "period": one.period._asdict()} for one in meters]}
