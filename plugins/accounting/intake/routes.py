"""REST of taking in customers and items of the other side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.accounting.intake import deciding, reading, schemas

rest = Rest("accounting")
_INTAKE = "/accounting/targets/<uuid:target_id>/intake"


@rest.get(_INTAKE, permission="accounting.read", query=schemas.OfferQuery, out=schemas.OfferList)
def list_offers(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> Any:
    """List customers or items of the other side, and what of ours they are

    As they were when the other side was last read.
    """
    rows = deciding.list_offers(ctx, target_id, query["kind"], text=query["q"], state=query["state"])
    return {"items": [one._asdict() for one in rows]}


@rest.post(f"{_INTAKE}/read", permission="accounting.manage", out=schemas.JobOut, status=202)
def read_theirs(ctx: CallContext, target_id: UUID) -> Any:
    """Read the customers and items of the other side"""
    return {"job_id": reading.ask_to_read(ctx, target_id)}


@rest.post(f"{_INTAKE}/decide", permission="accounting.manage", body=schemas.DecisionIn, out=schemas.DecisionOut, status=202)
def decide(ctx: CallContext, target_id: UUID, body: dict[str, Any]) -> Any:
    """Make ours of them, link them to ours, or leave them

    A job does it; what cannot be made says why.
    """
    rows, job_id = deciding.decide(ctx, target_id, body["kind"], body["newcomer_ids"], body["choice"])
    return {"rows": rows, "job_id": job_id}
