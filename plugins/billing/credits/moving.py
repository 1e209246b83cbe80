"""The two ways in which a credit changes: it is given, and it moves. Both keep the history that `remaining` adds up from.

The caller books the entry and holds the credit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import events
from kernel.errors import PreconditionFailed
from kernel.ids import uuid7
from plugins.billing.credits.rules import expiry_of
from plugins.billing.errors import CreditNotFound
from plugins.billing.models import Credit, CreditMovement

if TYPE_CHECKING:
    from kernel.context import CallContext


def give_credit(ctx: CallContext, client_id: UUID, currency: str, amount: int, *, origin: str, entry_id: UUID,
                credit_id: UUID | None = None, invoice_id: UUID | None = None, payment_id: UUID | None = None,
                source: Credit | None = None, reason: str = "", expires_on: date | None = None,
                idempotency_key: str | None = None) -> Credit:  # fmt: skip
    """Owe a client an amount in minor units. `origin` is credit_note, payment, prepayment, grant or transfer (of `source`,
    whose last day it keeps); without `expires_on` the rules of client and tenant say when it ends."""
    ends = source.expires_on if source else expires_on or expiry_of(ctx, client_id, origin)
    credit = Credit(
        id=credit_id or uuid7(), client_id=client_id, currency=currency, amount=amount, remaining=0, origin=origin,
        invoice_id=invoice_id, payment_id=payment_id, transferred_from_id=source and source.id, reason=reason, expires_on=ends,
        idempotency_key=idempotency_key, created_at=ctx.now(), updated_at=ctx.now(),
    )  # fmt: skip
    ctx.session.add(credit)
    ctx.session.flush()
    move_credit(ctx, credit, "given", amount, entry_id, other=source, reason=reason)
    events.publish(ctx, "credit.given", {**said_of(credit), "amount": amount, "origin": origin})
    return credit


def move_credit(ctx: CallContext, credit: Credit, kind: str, amount: int, entry_id: UUID, *, invoice_id: UUID | None = None,
                other: Credit | None = None, reason: str = "") -> None:  # fmt: skip
    """Add to what is left of a credit, or take from it (below zero); the database refuses more than there is."""
    credit.remaining += amount
    credit.updated_at = ctx.now()
    ctx.session.add(CreditMovement(
        id=uuid7(), credit_id=credit.id, kind=kind, amount=amount, invoice_id=invoice_id, other_credit_id=other and other.id,
        entry_id=entry_id, reason=reason, moved_on=ctx.today(), moved_at=ctx.now(), actor_name=ctx.actor.name,
    ))  # fmt: skip
    ctx.session.flush()


def lock_credits(ctx: CallContext, credit_ids: Iterable[UUID], version: int | None = None) -> list[Credit]:
    """Credits held to the end of the transaction, by id; `version` is the one their reader saw.

    Raises CreditNotFound and PreconditionFailed.
    """
    wanted = set(credit_ids)
    rows = select(Credit).where(Credit.id.in_(wanted)).order_by(Credit.id).with_for_update()
    found = list(ctx.session.scalars(rows, execution_options={"populate_existing": True}))
    if len(found) != len(wanted):
        raise CreditNotFound("There is no credit with this id.")
    if version is not None and any(one.version != version for one in found):
        raise PreconditionFailed("This was done already, or something else changed. Look at the credit again.")
    return found


def said_of(credit: Credit) -> dict[str, object]:
    """What events say of a credit."""
    return {"credit_id": credit.id, "client_id": credit.client_id, "currency": credit.currency}
