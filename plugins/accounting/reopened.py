"""Documents whose invoice became a draft again after they were taken: what was taken is not what its client gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.papers import PaperSum
from plugins.accounting.models import ExportDocument, Outgoing

if TYPE_CHECKING:
    from kernel.context import CallContext

REOPENED = "draft_again"
_WORDS = "It became a draft again after it was taken. It is taken anew once it is final."


def find_reopened(ctx: CallContext, taken: Mapping[UUID, str | None]) -> set[UUID]:
    """Which of these invoices are drafts now, or final anew; `taken` says when each was final by its snapshot."""
    known = {invoice_id: at for invoice_id, at in taken.items() if at}
    now: Mapping[UUID, PaperSum] = ctx.hooks.sum_up_papers(ctx=ctx, invoice_ids=list(known)) if known else {}
    return {one for one, at in known.items() if one not in now or now[one].finalized_at != datetime.fromisoformat(at)}


def reopened_among(ctx: CallContext, documents: Sequence[ExportDocument]) -> list[ExportDocument]:
    """Those of these documents whose invoice became a draft again since they were taken."""
    gone = find_reopened(ctx, {one.invoice_id: one.snapshot.get("finalized_at") for one in documents})
    return [one for one in documents if one.invoice_id in gone]


def withdraw(ctx: CallContext, document: ExportDocument, code: str = REOPENED, detail: str = _WORDS) -> None:
    """Let a document that never went out not go out; a later batch may take its invoice as it stands then."""
    mine = select(Outgoing).where(Outgoing.document_id == document.id, Outgoing.state.in_(("waiting", "failed")))
    for one in ctx.session.scalars(mine):
        one.state, one.finished_at = "dropped", ctx.now()
    document.state, document.code, document.detail = "cancelled", code, detail
    ctx.session.flush()
