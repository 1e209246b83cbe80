"""REST of what comes back: exceptions, the report that sets both sides beside each other, and looking now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.accounting.incoming import cursors, discrepancies, listing, reconciling, resolving, schemas
from plugins.accounting.targets import get_target

rest = Rest("accounting")
_EXCEPTION = "/accounting/exceptions/<uuid:exception_id>"
_TARGET = "/accounting/targets/<uuid:target_id>"


@rest.get("/accounting/exceptions", permission="accounting.read", query=schemas.ExceptionQuery, out=schemas.ExceptionPage)
def list_exceptions(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List where accounting systems differ from what was delivered"""
    return listing.list_exceptions(ctx, query)


@rest.get(_EXCEPTION, permission="accounting.read", out=schemas.ExceptionOut)
def get_exception(ctx: CallContext, exception_id: UUID) -> Any:
    """Read an exception"""
    return discrepancies.get_exception(ctx, exception_id)


@rest.post(f"{_EXCEPTION}/accept", permission="accounting.manage", out=schemas.ExceptionOut, status=200)
def accept_exception(ctx: CallContext, exception_id: UUID) -> Any:
    """Accept an exception as known

    It stays quiet as long as both sides say the same.
    """
    return discrepancies.accept(ctx, exception_id)


@rest.post(f"{_EXCEPTION}/push-again", permission="accounting.manage", out=schemas.ExceptionOut, status=200)
def push_again(ctx: CallContext, exception_id: UUID) -> Any:
    """Deliver a document once more over what was changed there"""
    return resolving.push_again(ctx, exception_id)


@rest.post(f"{_TARGET}/look", permission="accounting.manage", out=schemas.LookOut, status=202)
def look_now(ctx: CallContext, target_id: UUID) -> Any:
    """Look at all that is linked in the books of a target"""
    return {"job_id": cursors.look_soon(ctx, get_target(ctx, target_id), everything=True)}


@rest.get(f"{_TARGET}/reconciliation", permission="accounting.read", query=schemas.ReconciliationQuery,
          out=schemas.ReconciliationOut)  # fmt: skip
def reconcile(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> Any:
    """Set what was delivered beside what stands there

    As it was when the other side was last looked at.
    """
    rows = list(reconciling.reconcile(ctx, get_target(ctx, target_id).id))
    shown = [one for one in rows if one.differs or query["all"]]
    documents, behind = reconciling.page_of(shown, query["after"], query["limit"])
    return {"documents": documents, "next_after": behind, "clients": reconciling.by_client(rows)}
