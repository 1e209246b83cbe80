"""Which payment services a tenant has, and the rows of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update

from kernel.hookspecs.paying import AttemptSought, Hint, PaymentGateway, PaymentProvider
from kernel.jobs import enqueue
from kernel.money import exponent
from plugins.payments.errors import AttemptNotFound, NothingToPay
from plugins.payments.models import Attempt, AttemptInvoice

if TYPE_CHECKING:
    from kernel.context import CallContext

SAFE_TO_REPEAT = timedelta(hours=20)
"""Services remember request ids for a day; after that only looking is safe."""
LOOK, CHARGE, REFUND, RETIRE = "payments.look", "payments.charge", "payments.refund", "payments.retire"


def providers(ctx: CallContext) -> dict[str, PaymentProvider]:
    """The payment services of the rooms that are switched on, by key."""
    return {one.key: one for answer in ctx.hooks.register_payment_providers() for one in answer}


def find_provider(ctx: CallContext) -> PaymentProvider | None:
    """The first payment service with which the tenant has an account."""
    return next((one for one in providers(ctx).values() if one.open(ctx) is not None), None)


def open_gateway(ctx: CallContext, provider: str) -> PaymentGateway:
    """The tenant's account with a service. Raises NothingToPay where it has none any more."""
    known = providers(ctx).get(provider)
    gateway = known.open(ctx) if known else None
    if gateway is None:
        raise NothingToPay(f"No account with {known.title if known else provider} is connected.")
    return gateway


def get_attempt(ctx: CallContext, attempt_id: UUID, *, lock: bool = False) -> Attempt:
    """One attempt. Raises AttemptNotFound."""
    wanted = select(Attempt).where(Attempt.id == attempt_id)
    attempt = ctx.session.scalar(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    if attempt is None:
        raise AttemptNotFound("There is no online payment with this id.")
    return attempt


def shares_of(ctx: CallContext, attempt_id: UUID) -> list[AttemptInvoice]:
    """What an attempt is to pay, by invoice."""
    wanted = select(AttemptInvoice).where(AttemptInvoice.attempt_id == attempt_id).order_by(AttemptInvoice.id)
    return list(ctx.session.scalars(wanted))


def sought(attempt: Attempt) -> AttemptSought:
    """By what the service may know an attempt."""
    return AttemptSought(attempt.id, attempt.checkout, attempt.payment, attempt.customer, attempt.currency,
                         exponent(attempt.currency), attempt.started_at)  # fmt: skip


def end_attempt(ctx: CallContext, attempt: Attempt, state: str, *, code: str = "", words: str = "") -> None:
    """Close an attempt, so that another one may pay its invoices."""
    attempt.state, attempt.ended_at, attempt.refused_code, attempt.refused_words = state, ctx.now(), code, words[:500]
    ctx.session.flush()
    ctx.session.execute(update(AttemptInvoice).where(AttemptInvoice.attempt_id == attempt.id).values(live=False))


def live_attempts(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[Attempt]:
    """The attempts that are paying some of these invoices now."""
    paying = select(AttemptInvoice.attempt_id).where(AttemptInvoice.invoice_id.in_(list(invoice_ids)), AttemptInvoice.live)
    return list(ctx.session.scalars(select(Attempt).where(Attempt.id.in_(paying)).order_by(Attempt.id)))


def unbooked_attempt(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Attempt | None:
    """A payment of one of these invoices that came in and that the books do not have, if there is one."""
    paying = select(AttemptInvoice.attempt_id).where(AttemptInvoice.invoice_id.in_(list(invoice_ids)))
    stuck = Attempt.state == "paid", Attempt.receipt_id.is_(None)
    return ctx.session.scalar(select(Attempt).where(Attempt.id.in_(paying), *stuck).order_by(Attempt.id).limit(1))


def hinted(ctx: CallContext, provider: str, hint: Hint) -> bool:
    """Look for the truth of the attempt that a service named; False where it is none of this tenant's.

    Each notice has a look of its own: one that is under way may have asked before the thing happened.
    """
    found = _meant(ctx, provider, hint)
    if found is None:
        return False
    enqueue(ctx, LOOK, {"attempt_id": str(found)}, key=f"{found} {hint.notice}".strip())
    return True


def _meant(ctx: CallContext, provider: str, hint: Hint) -> UUID | None:
    of_provider = select(Attempt.id).where(Attempt.provider == provider)
    for column, value in ((Attempt.payment, hint.payment), (Attempt.checkout, hint.checkout), (Attempt.id, hint.attempt_id)):
        if value and (found := ctx.session.scalar(of_provider.where(column == value))) is not None:
            return found
    return None
