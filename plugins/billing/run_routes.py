"""REST of billing runs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing import runs
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


@rest.get(_RUN, permission="billing_run.run", out=schemas.RunOut)
def get_run(ctx: CallContext, run_id: UUID) -> Any:
    """Read a billing run"""
    return runs.describe_run(ctx, run_id)


@rest.get(f"{_RUN}/clients", permission="billing_run.run", query=schemas.RunClientQuery, out=schemas.RunClientPage)
def list_run_clients(ctx: CallContext, run_id: UUID, query: dict[str, Any]) -> Page:
    """List what a run did for each client"""
    runs.get_run(ctx, run_id)
    return runs.list_run_clients(ctx, run_id, query)


@rest.post(f"{_RUN}/cancel", permission="billing_run.run", out=schemas.RunOut, status=200)
def cancel_run(ctx: CallContext, run_id: UUID) -> Any:
    """Stop a run after its present batch"""
    return runs.describe_run(ctx, runs.cancel_run(ctx, run_id).id)
