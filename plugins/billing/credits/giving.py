"""Credits by hand: granted, transferred to another client, given another last day, ended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit, events
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.money import format_minor
from plugins.billing.credits.applying import check_not_expired
from plugins.billing.credits.moving import give_credit, lock_credits, move_credit, said_of
from plugins.billing.days import check_days
from plugins.billing.errors import CreditNotFound, CreditNotMovable, CreditTooLarge
from plugins.billing.ledger import Booking, post_entries
from plugins.billing.models import Credit, CreditMovement
from plugins.billing.said import check_currency, check_reason

if TYPE_CHECKING:
    from kernel.context import CallContext


def get_credit(ctx: CallContext, credit_id: UUID) -> Credit:
    """One credit. Raises CreditNotFound."""
    credit = ctx.session.scalar(select(Credit).where(Credit.id == credit_id))
    if credit is None:
        raise CreditNotFound("There is no credit with this id.")
    return credit


def list_movements(ctx: CallContext, credit_id: UUID) -> list[CreditMovement]:
    """What happened to a credit, oldest first; together it is what is left."""
    return list(ctx.session.scalars(select(CreditMovement).where(CreditMovement.credit_id == credit_id)
                                    .order_by(CreditMovement.moved_at, CreditMovement.id)))  # fmt: skip


def grant_credit(ctx: CallContext, client_id: UUID, *, amount: int, reason: str, currency: str | None = None,
                 expires_on: date | None = None, idempotency_key: str | None = None) -> Credit:  # fmt: skip
    """Give a client a credit out of goodwill, in minor units; booked as an expense, since nothing was taken back.

    The same `idempotency_key` gives the credit it gave first. Raises ClientNotFound, and InvalidInput by field.
    """
    if idempotency_key is not None and (known := _sent_before(ctx, idempotency_key)) is not None:
        return known
    client = get_client(ctx, client_id)
    code = currency or client.currency
    check_currency(code)
    check_reason(reason)
    if amount <= 0:
        raise InvalidInput(errors={"amount": "An amount is above zero."})
    _check_last_day(ctx, expires_on)
    credit_id = uuid7()
    booked = {"goodwill": amount, "credit": -amount}
    [entry_id] = post_entries(ctx, [Booking("credit_granted", ctx.today(), code, client_id, credit_id,
                                            f"Credit granted: {reason.strip()}", booked)])  # fmt: skip
    credit = give_credit(ctx, client_id, code, amount, origin="grant", entry_id=entry_id, credit_id=credit_id,
                         reason=reason.strip(), expires_on=expires_on, idempotency_key=idempotency_key)  # fmt: skip
    _record(ctx, "credit.granted", credit, amount=amount, reason=reason.strip())
    return credit


def _sent_before(ctx: CallContext, key: str) -> Credit | None:
    if not 1 <= len(key) <= 255:
        raise InvalidInput(errors={"idempotency_key": "Write 1 to 255 characters."})
    return ctx.session.scalar(select(Credit).where(Credit.idempotency_key == key))


def _check_last_day(ctx: CallContext, expires_on: date | None) -> None:
    check_days(expires_on=expires_on)
    if expires_on is not None and expires_on < ctx.today():
        raise InvalidInput(errors={"expires_on": "The last day is today or later."})


def _record(ctx: CallContext, action: str, credit: Credit, **changes: object) -> None:
    audit.record(ctx, action, kind="credit", row_id=credit.id, changes=changes)


def transfer_credit(ctx: CallContext, credit_id: UUID, *, client_id: UUID, reason: str, amount: int | None = None,
                    version: int | None = None) -> Credit:  # fmt: skip
    """Move what is left of a credit, or part of it, to another client, such as the parent company; returns that client's new
    credit, which names the one it came from and keeps its last day.

    Raises CreditNotFound, ClientNotFound, CreditNotMovable, CreditExpired, CreditTooLarge, PreconditionFailed, InvalidInput.
    """
    check_reason(reason)
    [credit] = lock_credits(ctx, [credit_id], version)
    if client_id == credit.client_id:
        raise CreditNotMovable("The credit is this client's already.", errors={"client_id": "Choose another client."})
    receiver = get_client(ctx, client_id)
    check_not_expired(ctx, credit)
    wanted = credit.remaining if amount is None else amount
    if not 0 < wanted <= credit.remaining:
        raise CreditTooLarge(
            errors={"amount": f"At most {format_minor(credit.remaining, credit.currency)} are left of this credit."}
        )
    new_id, words = uuid7(), f"Credit transferred to {receiver.name}"
    [out_id] = post_entries(ctx, [Booking("credit_transferred", ctx.today(), credit.currency, credit.client_id, credit.id,
                                          words, {"credit": wanted, "transfer": -wanted})])  # fmt: skip
    [in_id] = post_entries(ctx, [Booking("credit_transferred", ctx.today(), credit.currency, client_id, new_id,
                                         "Credit received", {"transfer": wanted, "credit": -wanted})])  # fmt: skip
    new = give_credit(ctx, client_id, credit.currency, wanted, origin="transfer", entry_id=in_id, credit_id=new_id,
                      source=credit, reason=reason.strip())  # fmt: skip
    move_credit(ctx, credit, "transferred", -wanted, out_id, other=new, reason=reason.strip())
    _record(ctx, "credit.transferred", credit, amount=wanted, to=str(client_id), reason=reason.strip())
    return new


def change_expiry(ctx: CallContext, credit_id: UUID, *, expires_on: date | None, version: int | None = None) -> Credit:
    """Set the last day of a credit, or that it never ends (None).

    Raises CreditNotFound, CreditNotMovable when nothing is left, PreconditionFailed, and InvalidInput by field.
    """
    [credit] = lock_credits(ctx, [credit_id], version)
    if not credit.remaining:
        raise CreditNotMovable("Nothing is left of this credit.")
    _check_last_day(ctx, expires_on)
    before, credit.expires_on, credit.updated_at = credit.expires_on, expires_on, ctx.now()
    ctx.session.flush()
    _record(ctx, "credit.expiry_changed", credit, before=str(before or ""), after=str(expires_on or ""))
    return credit


def expire_credit(ctx: CallContext, credit_id: UUID, *, reason: str, version: int | None = None) -> Credit:
    """End a credit today, whatever its last day: what is left of it is earned.

    Raises CreditNotFound, CreditNotMovable when nothing is left, PreconditionFailed, and InvalidInput by field.
    """
    check_reason(reason)
    [credit] = lock_credits(ctx, [credit_id], version)
    if not credit.remaining:
        raise CreditNotMovable("Nothing is left of this credit.")
    end_credit(ctx, credit, reason.strip())
    return credit


def end_credit(ctx: CallContext, credit: Credit, reason: str) -> None:
    """Book what is left of a credit as earned. The caller holds it."""
    left = credit.remaining
    [entry_id] = post_entries(ctx, [Booking("credit_expired", ctx.today(), credit.currency, credit.client_id, credit.id,
                                            "Credit expired", {"credit": left, "credit_expired": -left})])  # fmt: skip
    credit.expired_at = ctx.now()
    move_credit(ctx, credit, "expired", -left, entry_id, reason=reason)
    _record(ctx, "credit.expired", credit, amount=left, reason=reason)
    events.publish(ctx, "credit.expired", {**said_of(credit), "amount": left})
