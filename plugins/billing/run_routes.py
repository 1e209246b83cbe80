"""REST of billing runs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing import comparing, parked_clients, runs
from plugins.billing.previewing import shown_preview
from plugins.billing.schemas import runs as schemas

rest = Rest("billing")
_RUN = "/billing-runs/<uuid:run_id>"


@rest.post("/billing-runs/preview", permission="billing_run.run", body=schemas.WindowIn, out=schemas.PreviewOut, status=200)
def preview_run(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Preview a billing run: its very lines, and nothing written"""
    return shown_preview(ctx, runs.preview_run(ctx, **body))


@rest.get("/billing-runs", permission="billing_run.run", query=schemas.RunQuery, out=schemas.RunPage)
def list_runs(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List billing runs"""
    return runs.list_runs(ctx, query)


@rest.post("/billing-runs", permission="billing_run.run", body=schemas.WindowIn, out=schemas.RunOut, status=202)
def start_run(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Start a billing run in the background"""
    return runs.describe_run(ctx, runs.start_run(ctx, **body).id)


@rest.get("/billing-runs/parked", permission="billing_run.run", query=schemas.ParkedClientQuery, out=schemas.ParkedClientPage)
def list_parked(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List the clients that the last run over them parked"""
    return parked_clients.list_parked(ctx, query)


@rest.get(_RUN, permission="billing_run.run", out=schemas.RunOut)
def get_run(ctx: CallContext, run_id: UUID) -> Any:
    """Read a billing run"""
    return runs.describe_run(ctx, run_id)


@rest.get(f"{_RUN}/clients", permission="billing_run.run", query=schemas.RunClientQuery, out=schemas.RunClientPage)
def list_run_clients(ctx: CallContext, run_id: UUID, query: dict[str, Any]) -> Page:
    """List what a run did for each client"""
    runs.get_run(ctx, run_id)
    return runs.list_run_clients(ctx, run_id, query)


@rest.get(f"{_RUN}/changes", permission="billing_run.run", out=schemas.ChangesOut)
def list_changes(ctx: CallContext, run_id: UUID) -> Any:
    """Compare a run's clients with what they were billed the last time"""
    return {"items": comparing.changes_of_run(ctx, runs.get_run(ctx, run_id))}


@rest.post(f"{_RUN}/cancel", permission="billing_run.run", out=schemas.RunOut, status=200)
def cancel_run(ctx: CallContext, run_id: UUID) -> Any:
    """Stop a run after its present batch"""
    return runs.describe_run(ctx, runs.cancel_run(ctx, run_id).id)


@rest.post(f"{_RUN}/resume", permission="billing_run.run", out=schemas.RunOut, status=202)
def resume_run(ctx: CallContext, run_id: UUID) -> Any:
    """Go on with a run that was stopped"""
    return runs.describe_run(ctx, runs.resume_run(ctx, run_id).id)
