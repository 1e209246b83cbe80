"""Lists of online payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select

from kernel.api.listing import Columns, Page, paginate
from kernel.directory.models import Client
from plugins.payments.models import LIVE, Attempt, AttemptInvoice, Dispute, OnlineRefund

if TYPE_CHECKING:
    from kernel.context import CallContext

_MINE = AttemptInvoice.tenant_id == Attempt.tenant_id, AttemptInvoice.attempt_id == Attempt.id
_NUMBERS = select(func.string_agg(AttemptInvoice.number, ", ")).where(*_MINE).scalar_subquery()
_REFUNDS_STUCK = exists().where(OnlineRefund.tenant_id == Attempt.tenant_id, OnlineRefund.attempt_id == Attempt.id,
                                OnlineRefund.problem != "")  # fmt: skip
_DISPUTES_STUCK = exists().where(Dispute.tenant_id == Attempt.tenant_id, Dispute.attempt_id == Attempt.id, Dispute.problem != "")
STUCK = or_(Attempt.problem != "", _REFUNDS_STUCK, _DISPUTES_STUCK)
_ROWS: Select[Any] = select(
    Attempt.id, Attempt.client_id, Client.name.label("client_name"), Attempt.kind, Attempt.provider, Attempt.currency,
    Attempt.amount, Attempt.state, Attempt.paid, Attempt.paid_at, Attempt.receipt_id, Attempt.refused_code,
    Attempt.refused_words, Attempt.started_at, Attempt.ended_at, _NUMBERS.label("numbers"), STUCK.label("stuck"),
).join(Client, (Client.tenant_id == Attempt.tenant_id) & (Client.id == Attempt.client_id))  # fmt: skip
_SORTABLE: Columns = {"started_at": Attempt.started_at}
_FILTERS: Columns = {"client_id": Attempt.client_id, "state": Attempt.state, "kind": Attempt.kind}


def list_attempts(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of online payments; `stuck` ones need a person."""
    wanted = dict(query)
    statement = _ROWS.where(STUCK) if wanted.pop("stuck", None) else _ROWS
    return paginate(ctx, statement, wanted, sortable=_SORTABLE, default="-started_at", filters=_FILTERS)


def attempts_of_invoice(ctx: CallContext, invoice_id: UUID) -> Sequence[Mapping[str, Any]]:
    """The attempts to pay an invoice, the latest first."""
    paying = select(AttemptInvoice.attempt_id).where(AttemptInvoice.invoice_id == invoice_id)
    rows = ctx.session.execute(_ROWS.where(Attempt.id.in_(paying)).order_by(Attempt.id.desc())).mappings()
    return [dict(row) for row in rows]


def count_waiting(ctx: CallContext) -> tuple[int, int]:
    """How many attempts live, and how many need a person."""
    counted = select(func.count().filter(Attempt.state.in_(LIVE)), func.count().filter(STUCK)).select_from(Attempt)
    live, stuck = ctx.session.execute(counted).one()
    return live, stuck


def disputes_of(ctx: CallContext, attempt_id: UUID) -> list[Dispute]:
    """The disputes of an attempt, the oldest first."""
    return list(ctx.session.scalars(select(Dispute).where(Dispute.attempt_id == attempt_id).order_by(Dispute.id)))
