"""What credits have paid and what is still open, for rooms that tell others about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, any_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from kernel.directory.models import Client
from kernel.hookspecs.papers import PaperSum
from kernel.hookspecs.receipts import CreditUse
from plugins.billing.models import Credit, CreditApplication, Invoice

if TYPE_CHECKING:
    from kernel.context import CallContext


def read_credit_uses(ctx: CallContext, source_ids: Sequence[UUID]) -> list[CreditUse]:
    """What these credits, or those that these credit notes and payments gave, have paid, in the order in which they did; uses may
    be named themselves.
    """
    source = func.coalesce(Credit.invoice_id, Credit.payment_id)
    use, same = CreditApplication, (Credit.tenant_id == CreditApplication.tenant_id) & (Credit.id == CreditApplication.credit_id)
    found = (
        select(use.id, use.credit_id, Credit.origin, source, use.invoice_id, Credit.client_id, Credit.currency, use.amount,
               use.applied_on, use.reversed_at.is_not(None))
        .join(Credit, same).where(or_(use.id.in_(source_ids), Credit.id.in_(source_ids), source.in_(source_ids))).order_by(use.id)
    )  # fmt: skip
    return [CreditUse(*row) for row in ctx.session.execute(found)] if source_ids else []


def sum_up_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, PaperSum]:
    """What these documents come to now; what credit notes gave and is not used is open of them."""
    one, counts = Invoice, Invoice.status != "void"
    unpaid = case((one.kind == "credit_note", func.coalesce(Credit.remaining, 0)), else_=one.total - one.settled)
    whose = (Client.tenant_id == one.tenant_id) & (Client.id == one.client_id)
    given = (Credit.tenant_id == one.tenant_id) & (Credit.invoice_id == one.id)
    amounts = [case((counts, amount), else_=literal(0, BigInteger)) for amount in (one.total, one.tax, unpaid)]
    named = select(one.id, one.kind, one.number, one.client_id, Client.name, one.currency, *amounts, one.finalized_at)
    found = named.join(Client, whose)
    asked = found.outerjoin(Credit, given).where(one.id == any_(literal(list(invoice_ids), ARRAY(Uuid))))
    return {row[0]: PaperSum(*row[1:]) for row in ctx.session.execute(asked)}
