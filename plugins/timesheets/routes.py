"""REST of the timesheets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.timesheets import approval, listing, schemas, services

rest = Rest("timesheets")
_ENTRY = "/time-entries/<uuid:entry_id>"


@rest.get("/time-entries", permission="time.read", query=schemas.EntryQuery, out=schemas.EntryPage)
def list_entries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List time entries"""
    return listing.list_entries(ctx, query)


@rest.post("/time-entries", permission="time.log", body=schemas.EntryIn, out=schemas.EntryOut)
def log_time(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Log time"""
    return services.log_time(ctx, **body)


@rest.get(_ENTRY, permission="time.read", out=schemas.EntryOut)
def get_entry(ctx: CallContext, entry_id: UUID) -> Any:
    """Read a time entry"""
    return services.get_entry(ctx, entry_id)


@rest.patch(_ENTRY, permission="time.log", body=schemas.EntryPatch, out=schemas.EntryOut, if_match=True)
def change_entry(ctx: CallContext, entry_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a time entry that is not approved"""
    return services.change_entry(ctx, entry_id, body, version)


@rest.delete(_ENTRY, permission="time.log")
def delete_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Delete a time entry that is not approved"""
    services.delete_entry(ctx, entry_id)


@rest.post("/time-entries/submit", permission="time.log", body=schemas.Ids, out=schemas.Count, status=200)
def submit(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Submit time for approval"""
    return {"count": approval.submit(ctx, body["ids"])}


@rest.post("/time-entries/approve", permission="time.approve", body=schemas.Ids, out=schemas.Count, status=200)
def approve(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Approve submitted time"""
    return {"count": approval.approve(ctx, body["ids"])}


@rest.post("/time-entries/approve-until", permission="time.approve", body=schemas.ApproveUntil, out=schemas.Count, status=200)
def approve_until(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Approve all submitted time up to a day"""
    return {"count": approval.approve_until(ctx, **body)}


@rest.post("/time-entries/request-changes", permission="time.approve", body=schemas.IdsWithReason, out=schemas.Count,
           status=200)  # fmt: skip
def request_changes(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Send submitted time back"""
    return {"count": approval.request_changes(ctx, body["ids"], body["reason"])}


@rest.post("/time-entries/reverse", permission="time.approve", body=schemas.IdsWithReason, out=schemas.Count, status=200)
def reverse(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Reverse approvals of unbilled time"""
    return {"count": approval.reverse(ctx, body["ids"], body["reason"])}
