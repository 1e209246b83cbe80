"""Automatic payments: which invoices are charged when, and how often a refused one is tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from kernel.hookspecs.paying import ChargeAsked
from kernel.hookspecs.receipts import OpenInvoice, OpenInvoiceQuery
from kernel.ids import uuid7
from kernel.jobs import enqueue
from kernel.money import exponent
from plugins.payments.checkouts import claim_invoice
from plugins.payments.errors import PaymentUnderWay
from plugins.payments.models import Attempt, AttemptInvoice, Mandate
from plugins.payments.services import CHARGE, SAFE_TO_REPEAT, end_attempt, get_attempt, shares_of
from plugins.payments.settings import payment_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

WAITS = tuple(timedelta(days=days) for days in (1, 2, 4, 7))
"""How long after its first, second, … refusal a card is tried again; the last wait repeats."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often an invoice was tried under the consent that holds, and when it may be again (None: not any more)."""

    count: int
    next_at: datetime | None
    words: str


def clients_to_charge(ctx: CallContext) -> list[UUID]:
    """The clients whose consent holds."""
    return list(ctx.session.scalars(select(Mandate.client_id).where(Mandate.ended_at.is_(None)).order_by(Mandate.client_id)))


def charge_client(ctx: CallContext, client_id: UUID) -> int:
    """Begin to charge what a client owes and is due; returns how many invoices. An invoice is tried once at a time."""
    mandate = ctx.session.scalar(
        select(Mandate).where(Mandate.client_id == client_id, Mandate.ended_at.is_(None)).with_for_update()
    )
    if mandate is None:
        return 0
    settings = payment_settings(ctx)
    found: Sequence[OpenInvoice] = ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(client_id=client_id))
    owed = [one for one in found if settings["charge_on"] == "finalized" or one.due_date <= ctx.today()]
    tries, before = tries_of(ctx, mandate, [one.id for one in owed]), paid_before(ctx, [one.id for one in owed])
    owed = [one for one in owed if one.id not in before]
    ready = [one for one in owed if one.id not in tries or (tries[one.id].next_at or _never(ctx)) <= ctx.now()]
    return sum(_begin(ctx, mandate, one) for one in ready)


def paid_before(ctx: CallContext, invoice_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these invoices were paid online once. What is open of them was refunded or disputed, or the books do not have it
    yet: they are not charged by themselves again.
    """
    same = (Attempt.tenant_id == AttemptInvoice.tenant_id) & (Attempt.id == AttemptInvoice.attempt_id)
    paid = Attempt.state == "paid", AttemptInvoice.invoice_id.in_(list(invoice_ids))
    return set(ctx.session.scalars(select(AttemptInvoice.invoice_id).join(Attempt, same).where(*paid)))


def _never(ctx: CallContext) -> datetime:
    return ctx.now() + timedelta(days=1)


def _begin(ctx: CallContext, mandate: Mandate, invoice: OpenInvoice) -> bool:
    attempt = Attempt(id=uuid7(), client_id=mandate.client_id, mandate_id=mandate.id, kind="auto", provider=mandate.provider,
                      currency=invoice.currency, amount=invoice.due, customer=mandate.customer, state="starting",
                      looked_at=ctx.now(), started_at=ctx.now())  # fmt: skip
    try:
        with ctx.session.begin_nested():
            ctx.session.add(attempt)
            ctx.session.flush()
            claim_invoice(ctx, attempt, invoice.id, invoice.number, invoice.due)
    except PaymentUnderWay:  # somebody pays it at this moment
        return False
    enqueue(ctx, CHARGE, {"attempt_id": str(attempt.id)}, key=str(attempt.id))
    return True


def tries_of(ctx: CallContext, mandate: Mandate, invoice_ids: Sequence[UUID]) -> Mapping[UUID, Tries]:
    """How often these invoices were refused under a consent, in one query."""
    most = payment_settings(ctx)["charge_tries"]
    same = (Attempt.tenant_id == AttemptInvoice.tenant_id) & (Attempt.id == AttemptInvoice.attempt_id)
    words = func.array_agg(Attempt.refused_words.op("order by")(Attempt.id.desc()))
    rows = ctx.session.execute(
        select(AttemptInvoice.invoice_id, func.count(), func.max(Attempt.ended_at), words).join(Attempt, same)
        .where(Attempt.mandate_id == mandate.id, Attempt.state == "failed", AttemptInvoice.invoice_id.in_(list(invoice_ids)))
        .group_by(AttemptInvoice.invoice_id)
    )  # fmt: skip
    return {
        invoice_id: Tries(count, None if count >= most or last is None else last + WAITS[min(count, len(WAITS)) - 1], said[0])
        for invoice_id, count, last, said in rows
    }


class Charge(NamedTuple):
    """What the service is asked for: the charge, or only a look where no more is safe. `again` where it was asked before."""

    attempt: Attempt
    asked: ChargeAsked | None
    again: bool


def charge_asked(ctx: CallContext, attempt_id: UUID) -> Charge | None:
    """What the service shall charge. None where there is nothing to do any more.

    Before the service was asked for the first time the invoice is looked at again: who paid otherwise meanwhile is not charged.
    """
    attempt = get_attempt(ctx, attempt_id, lock=True)
    if not attempt.live:
        return None
    mandate = ctx.session.scalars(select(Mandate).where(Mandate.id == attempt.mandate_id)).one()
    [share] = shares_of(ctx, attempt.id)
    again = attempt.called_at is not None
    if attempt.called_at is None:
        query = OpenInvoiceQuery(ids=(share.invoice_id,))
        still = [one.due for one in ctx.hooks.find_open_invoices(ctx=ctx, query=query)]
        if still != [attempt.amount] or mandate.ended_at is not None:
            end_attempt(ctx, attempt, "expired")
            return None
        attempt.called_at = ctx.now()
    if ctx.now() - attempt.called_at > SAFE_TO_REPEAT:
        return Charge(attempt, None, again)
    asked = ChargeAsked(str(attempt.id), attempt.id, attempt.currency, exponent(attempt.currency), attempt.amount, share.number,
                        mandate.customer, mandate.method)  # fmt: skip
    return Charge(attempt, asked, again)
