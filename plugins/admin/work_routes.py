"""REST of recurring work, and of deliveries of events that were given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.jobs import schedules
from plugins.admin import deliveries, recurring
from plugins.admin import work_schemas as schemas

rest = Rest("admin")
_SCHEDULE = "/schedules/<uuid:schedule_id>"
_DELIVERY = "/event-deliveries/<uuid:delivery_id>"


@rest.get("/schedules", permission="job.read", out=schemas.ScheduleList)
def list_schedules(ctx: CallContext) -> Any:
    """List recurring work"""
    return {"items": [recurring.shown(ctx, one) for one in schedules.list_schedules(ctx)]}


@rest.post("/schedules", permission="job.manage", body=schemas.ScheduleIn, out=schemas.ScheduleOut)
def add_schedule(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Let a kind of work recur"""
    return recurring.shown(ctx, recurring.add(ctx, **body))


@rest.get(_SCHEDULE, permission="job.read", out=schemas.ScheduleOut)
def get_schedule(ctx: CallContext, schedule_id: UUID) -> Any:
    """Read a schedule with its next times"""
    return recurring.shown(ctx, schedules.get_schedule(ctx, schedule_id))


@rest.patch(_SCHEDULE, permission="job.manage", body=schemas.SchedulePatch, out=schemas.ScheduleOut, if_match=True)
def change_schedule(ctx: CallContext, schedule_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change when a schedule fires, or switch it on or off"""
    return recurring.shown(ctx, recurring.change(ctx, schedule_id, body, version))


@rest.delete(_SCHEDULE, permission="job.manage")
def remove_schedule(ctx: CallContext, schedule_id: UUID) -> None:
    """Remove a schedule; an upgrade does not bring it back"""
    recurring.remove(ctx, schedule_id)


@rest.post(f"{_SCHEDULE}/run", permission="job.manage", out=schemas.QueuedOut, status=202)
def run_schedule(ctx: CallContext, schedule_id: UUID) -> Any:
    """Queue a schedule's job now"""
    return {"job_id": recurring.run_now(ctx, schedule_id)}


@rest.get("/event-deliveries", permission="job.read", query=schemas.DeliveryQuery, out=schemas.DeliveryPage)
def list_deliveries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List deliveries of events that were given up"""
    return deliveries.list_given_up(ctx, query)


@rest.get(_DELIVERY, permission="job.read", out=schemas.DeliveryOut)
def get_delivery(ctx: CallContext, delivery_id: UUID) -> Any:
    """Read a delivery that was given up, with its event and error"""
    return deliveries.show_delivery(ctx, delivery_id)


@rest.post(f"{_DELIVERY}/retry", permission="job.manage", out=schemas.DeliveryState, status=200)
def retry_delivery(ctx: CallContext, delivery_id: UUID) -> Any:
    """Try a delivery again that was given up"""
    return deliveries.retry_delivery(ctx, delivery_id)


@rest.post(f"{_DELIVERY}/dismiss", permission="job.manage", out=schemas.DeliveryState, status=200)
def dismiss_delivery(ctx: CallContext, delivery_id: UUID) -> Any:
    """Put a delivery aside that was given up; the event stays unheard"""
    return deliveries.dismiss_delivery(ctx, delivery_id)
