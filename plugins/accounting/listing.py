"""Lists of batches and their documents, for REST and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel.api.listing import Page, paginate
from kernel.directory.models import Client
from plugins.accounting.models import Batch, ExportDocument, Outgoing, Target
from plugins.accounting.validating import InTheWay

if TYPE_CHECKING:
    from kernel.context import CallContext

_SAME = (Target.tenant_id == Batch.tenant_id) & (Target.id == Batch.target_id)


def _count(*states: str) -> Any:
    mine = (ExportDocument.tenant_id == Batch.tenant_id) & (ExportDocument.batch_id == Batch.id)
    wanted = select(func.count()).select_from(ExportDocument).where(mine)
    return (wanted.where(ExportDocument.state.in_(states)) if states else wanted).correlate(Batch).scalar_subquery()


_BATCHES: Select[Any] = select(
    Batch.id, Batch.target_id, Target.name.label("target_name"), Batch.origin, Batch.state, Batch.filters, Batch.started_by,
    Batch.created_at, Batch.updated_at, Batch.delivered_at, _count().label("documents"),
    _count("delivered").label("delivered"), _count("open", "refused").label("attention"),
).join(Target, _SAME)  # fmt: skip
_DOCUMENTS: Select[Any] = select(
    ExportDocument.id, ExportDocument.batch_id, ExportDocument.target_id, ExportDocument.invoice_id, ExportDocument.kind,
    ExportDocument.number, ExportDocument.client_id, Client.name.label("client_name"), ExportDocument.issued_on,
    ExportDocument.currency, ExportDocument.total, ExportDocument.state, ExportDocument.code, ExportDocument.detail,
    ExportDocument.delivered_at, ExportDocument.updated_at,
).outerjoin(Client, (Client.tenant_id == ExportDocument.tenant_id) & (Client.id == ExportDocument.client_id))  # fmt: skip


_NOT_AT_ITS_END = ("waiting", "sending", "failed")
_WORK: Select[Any] = select(
    Outgoing.id, Outgoing.kind, Outgoing.action, Outgoing.our_id, Outgoing.document_id, Outgoing.label, Outgoing.state,
    Outgoing.attempts, Outgoing.due_at, Outgoing.code, Outgoing.detail, Outgoing.mend_url,
).where(Outgoing.state.in_(_NOT_AT_ITS_END))  # fmt: skip
_BY = {"rank": Outgoing.rank, "due_at": Outgoing.due_at}


def list_batches(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of batches, the newest first."""
    return paginate(ctx, _BATCHES, query, sortable={"created_at": Batch.created_at}, default="-created_at")


def list_batch_documents(ctx: CallContext, batch_id: UUID, query: Mapping[str, Any]) -> Page:
    """One page of the documents of a batch, by number."""
    mine = _DOCUMENTS.where(ExportDocument.batch_id == batch_id)
    return paginate(ctx, mine, query, sortable={"number": ExportDocument.number}, default="number")


def list_work(ctx: CallContext, target_id: UUID, query: Mapping[str, Any]) -> Page:
    """One page of a target's work that is not at its end, in the order in which it goes out."""
    return paginate(ctx, _WORK.where(Outgoing.target_id == target_id), query, sortable=_BY, default="rank")


def shared_troubles(ctx: CallContext, target_id: UUID) -> list[InTheWay]:
    """What is in the way of more than one piece of a target's work, what holds up most of it first."""
    facts, count = (Outgoing.code, Outgoing.detail, Outgoing.mend_url), func.count()
    mine = Outgoing.target_id == target_id, Outgoing.state.in_(_NOT_AT_ITS_END), Outgoing.code != ""
    found = select(*facts, count).where(*mine).group_by(*facts).having(count > 1).order_by(count.desc(), *facts).limit(20)
    return [InTheWay(*row) for row in ctx.session.execute(found)]
