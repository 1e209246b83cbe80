"""Payments: money from a client for one invoice or several, and what of it is taken back or refunded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from kernel import audit, events
from kernel.directory.clients import get_client
from kernel.errors import Conflict, InvalidInput, PreconditionFailed
from kernel.ids import uuid7
from kernel.money import format_minor
from plugins.billing.credits.moving import give_credit, lock_credits, move_credit
from plugins.billing.days import check_days
from plugins.billing.errors import CreditUsed, PaymentNotFound, PaymentRefunded, PaymentTaken
from plugins.billing.ledger import Booking, post_entries, reverse_entry
from plugins.billing.models import Credit, Invoice, Payment, PaymentAllocation
from plugins.billing.receivables.early import give_early_discounts, shares_less_discounts, take_back_early_discount
from plugins.billing.said import check_currency
from plugins.billing.settling import OWED, lock_all, lock_payable, settle

if TYPE_CHECKING:
    from kernel.context import CallContext

METHODS = ("bank_transfer", "card", "cash", "check", "direct_debit", "other")


class Allocation(NamedTuple):
    """How much of a payment is meant for an invoice, in minor units."""

    invoice_id: UUID
    amount: int


class Paid(NamedTuple):
    """A payment as one invoice sees it: `applied` is what the invoice has of its `amount` now."""

    id: UUID
    invoice_id: UUID
    client_id: UUID
    amount: int
    applied: int
    refunded: int
    currency: str
    received_on: date
    method: str
    reference: str
    recorded_by: str
    taken_back_at: datetime | None


class _Part(NamedTuple):
    """An invoice that a payment pays; `prepaid` where the client has a credit for it from now on."""

    invoice: Invoice
    amount: int
    prepaid: bool


class _Received(NamedTuple):
    """Money as it came in."""

    amount: int
    received_on: date
    method: str
    reference: str
    idempotency_key: str | None


def record_payment(ctx: CallContext, invoice_id: UUID, *, amount: int, received_on: date | None = None,
                   method: str = "bank_transfer", reference: str = "", version: int | None = None,
                   idempotency_key: str | None = None) -> Payment:  # fmt: skip
    """Note money received for an invoice, in minor units; what exceeds the invoice becomes a credit of the client.

    `version` is that of the invoice as its reader saw it, so that what is sent twice is noted once. Raises
    InvoiceNotFinal, InvoiceVoid, PreconditionFailed, and InvalidInput by field.
    """
    if (known := _sent_before(ctx, idempotency_key)) is not None:
        return known
    [invoice] = lock_payable(ctx, [invoice_id])
    if version is not None and invoice.version != version:
        raise PreconditionFailed("This payment was noted already, or something else changed. Look at the invoice again.")
    money = _checked(ctx, amount, received_on, method, reference, idempotency_key)
    invoice.updated_at = ctx.now()  # a new version, even where all of it becomes a credit
    allocation = Allocation(invoice.id, min(amount, invoice.total - invoice.settled))
    return _receive(ctx, invoice.client_id, invoice.currency, money, _parts(ctx, [invoice], [allocation]))


def record_client_payment(ctx: CallContext, client_id: UUID, *, amount: int, currency: str,
                          allocations: Sequence[Allocation] | None = None, received_on: date | None = None,
                          method: str = "bank_transfer", reference: str = "",
                          idempotency_key: str | None = None) -> Payment:  # fmt: skip
    """Note money from a client for several invoices; what no invoice needs becomes a credit of the client.

    Without `allocations` the invoices that were due first are paid first, less their discounts for early payment if the amount
    is just that; with an empty list all becomes a credit. The same
    `idempotency_key` gives the payment it gave first. Raises ClientNotFound, InvoiceNotFound, InvoiceNotFinal, InvoiceVoid,
    and InvalidInput by field.
    """
    if (known := _sent_before(ctx, idempotency_key)) is not None:
        return known
    get_client(ctx, client_id)
    check_currency(currency)
    money = _checked(ctx, amount, received_on, method, reference, idempotency_key)
    if allocations is None:
        found = _open_invoices(ctx, client_id, currency)
        less = shares_less_discounts(ctx, found, amount, money.received_on)
        allocations = [Allocation(*one) for one in less] or _oldest_first(found, amount)
    else:
        found = lock_payable(ctx, {one.invoice_id for one in allocations})
    _check_shares(client_id, currency, amount, allocations, {one.id: one for one in found})
    return _receive(ctx, client_id, currency, money, _parts(ctx, found, allocations))


def _sent_before(ctx: CallContext, key: str | None) -> Payment | None:
    """What the same key gave before; the database refuses a second row of it, should two arrive at once."""
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise InvalidInput(errors={"idempotency_key": "Write 1 to 255 characters."})
    return ctx.session.scalar(select(Payment).where(Payment.idempotency_key == key))


def _checked(ctx: CallContext, amount: int, received_on: date | None, method: str, reference: str,
             idempotency_key: str | None) -> _Received:  # fmt: skip
    if amount <= 0:
        raise InvalidInput(errors={"amount": "An amount is above zero."})
    if method not in METHODS:
        raise InvalidInput(errors={"method": f"One of {', '.join(METHODS)}."})
    check_days(received_on=received_on)
    return _Received(amount, received_on or ctx.today(), method, reference, idempotency_key)


def _open_invoices(ctx: CallContext, client_id: UUID, currency: str) -> list[Invoice]:
    ids = open_invoice_ids(ctx, client_id, currency)
    return [one for one in lock_all(ctx, ids) if one.status == "finalized" and one.settled < one.total]


def open_invoice_ids(ctx: CallContext, client_id: UUID, currency: str) -> list[UUID]:
    """The invoices of a client that are not paid in full, those due first coming first."""
    owed = Invoice.status == "finalized", Invoice.kind.in_(OWED), Invoice.settled < Invoice.total
    mine = Invoice.client_id == client_id, Invoice.currency == currency
    return list(ctx.session.scalars(select(Invoice.id).where(*owed, *mine).order_by(Invoice.due_date, Invoice.id)))


def _oldest_first(found: Sequence[Invoice], amount: int) -> list[Allocation]:
    allocations = []
    for invoice in sorted(found, key=lambda one: (one.due_date, one.id)):
        share = min(amount, invoice.total - invoice.settled)
        if share:
            allocations.append(Allocation(invoice.id, share))
        amount -= share
    return allocations


def _check_shares(client_id: UUID, currency: str, amount: int, allocations: Sequence[Allocation],
                       found: Mapping[UUID, Invoice]) -> None:  # fmt: skip
    errors = {}
    for at, (invoice_id, share) in enumerate(allocations):
        invoice = found[invoice_id]
        left = invoice.total - invoice.settled
        if (invoice.client_id, invoice.currency) != (client_id, currency):
            errors[f"allocations[{at}].invoice_id"] = "Choose invoices of this client and currency."
        elif invoice_id in {one.invoice_id for one in allocations[:at]}:
            errors[f"allocations[{at}].invoice_id"] = "Name each invoice at most once."
        elif not 0 < share <= left:
            errors[f"allocations[{at}].amount"] = (
                f"{format_minor(left, currency)} are open of {invoice.number}; enter more than nothing, and no more."
            )
    if not errors and sum(one.amount for one in allocations) > amount:
        errors["amount"] = "More is shared out than was received."
    if errors:
        raise InvalidInput(errors=errors)


def _parts(ctx: CallContext, found: Sequence[Invoice], allocations: Sequence[Allocation]) -> list[_Part]:
    """A prepayment gives its credit as it is paid, unless it gave it when it was finalized."""
    asked = {one.id for one in found if one.kind == "prepayment"}
    given = set(ctx.session.scalars(select(Credit.invoice_id).where(Credit.invoice_id.in_(asked)))) if asked else set()
    by_id = {one.id: one for one in found}
    return [_Part(by_id[one.invoice_id], one.amount, one.invoice_id in asked - given) for one in allocations if one.amount]


def _receive(ctx: CallContext, client_id: UUID, currency: str, money: _Received, parts: Sequence[_Part]) -> Payment:
    payment_id, applied = uuid7(), sum(one.amount for one in parts)
    over, prepaid = money.amount - applied, sum(one.amount for one in parts if one.prepaid)
    amounts = {"cash": money.amount, "receivable": -applied, "prepayment": prepaid, "credit": -over - prepaid}
    words = ", ".join(one.invoice.number for one in parts[:5]) or money.reference or "on account"
    [entry_id] = post_entries(ctx, [Booking("payment", money.received_on, currency, client_id, payment_id,
                                            f"Payment of {words}", amounts)])  # fmt: skip
    payment = Payment(
        id=payment_id, client_id=client_id, amount=money.amount, applied=applied, currency=currency,
        received_on=money.received_on, method=money.method, reference=money.reference, entry_id=entry_id,
        recorded_at=ctx.now(), recorded_by=ctx.actor.name, idempotency_key=money.idempotency_key,
    )  # fmt: skip
    ctx.session.add(payment)
    ctx.session.flush()
    for origin, amount in (("payment", over), ("prepayment", prepaid)):
        if amount:
            give_credit(ctx, client_id, currency, amount, origin=origin, entry_id=entry_id, payment_id=payment_id)
    for one in parts:
        allocate(ctx, payment, one.invoice, one.amount, entry_id)
    give_early_discounts(ctx, payment, [one.invoice for one in parts])
    _say_received(ctx, payment, parts)
    return payment


def allocate(ctx: CallContext, payment: Payment, invoice: Invoice, amount: int, entry_id: UUID) -> None:
    ctx.session.add(PaymentAllocation(id=uuid7(), payment_id=payment.id, invoice_id=invoice.id, amount=amount,
                                      entry_id=entry_id, allocated_at=ctx.now()))  # fmt: skip
    settle(ctx, invoice, amount)
    if amount < 0:
        take_back_early_discount(ctx, invoice)


def _say_received(ctx: CallContext, payment: Payment, parts: Sequence[_Part]) -> None:
    for one in parts:
        audit.record(ctx, "payment.recorded", kind="invoice", row_id=one.invoice.id, label=one.invoice.number,
                     changes={"amount": one.amount, "method": payment.method})  # fmt: skip
    audit.record(ctx, "payment.recorded", kind="payment", row_id=payment.id, changes={"amount": payment.amount})
    events.publish(ctx, "payment.recorded", {
        "payment_id": payment.id, "client_id": payment.client_id, "currency": payment.currency, "amount": payment.amount,
        "invoice_id": parts[0].invoice.id if len(parts) == 1 else None,
    })  # fmt: skip


def take_back_payment(ctx: CallContext, payment_id: UUID, *, reason: str = "") -> Payment:
    """Take back a payment that was entered by mistake or bounced; the `reason` stands in the history.

    Raises PaymentNotFound, PaymentTaken, PaymentRefunded, Conflict, and CreditUsed when what it gave as a credit is spent.
    """
    invoices, payment, shares = hold_payment(ctx, payment_id)
    credits = credits_of(ctx, payment_id)
    if payment.taken_back_at is not None:
        raise PaymentTaken("This payment was taken back before.")
    if payment.refunded:
        raise PaymentRefunded("Part of this payment was paid back to the client; refund the rest instead.")
    if any(one.remaining != one.amount for one in credits):
        raise CreditUsed("What this payment gave as a credit is spent already.")
    entry_id = reverse_entry(ctx, payment.entry_id, "Payment taken back")
    for credit in credits:
        move_credit(ctx, credit, "withdrawn", -credit.remaining, entry_id)
    payment.taken_back_at, payment.applied = ctx.now(), 0
    for invoice in invoices:
        allocate(ctx, payment, invoice, -shares[invoice.id], entry_id)
        audit.record(ctx, "payment.taken_back", kind="invoice", row_id=invoice.id, label=invoice.number)
    audit.record(ctx, "payment.taken_back", kind="payment", row_id=payment.id,
                 changes={"amount": payment.amount} | ({"reason": reason} if reason else {}))  # fmt: skip
    events.publish(ctx, "payment.taken_back", {"payment_id": payment.id, "client_id": payment.client_id,
                                               "currency": payment.currency, "amount": payment.amount})  # fmt: skip
    return payment


def shares_of(ctx: CallContext, payment_id: UUID) -> dict[UUID, int]:
    """What each invoice has of a payment now."""
    amount = cast(func.sum(PaymentAllocation.amount), BigInteger)
    rows = ctx.session.execute(
        select(PaymentAllocation.invoice_id, amount).where(PaymentAllocation.payment_id == payment_id)
        .group_by(PaymentAllocation.invoice_id).having(amount != 0)
    )  # fmt: skip
    return dict(rows.all())


def hold_payment(ctx: CallContext, payment_id: UUID) -> tuple[list[Invoice], Payment, dict[UUID, int]]:
    """A payment with the invoices that have some of it, held in the order of all locks, and how much each has.

    Raises PaymentNotFound, and Conflict where it came to pay another invoice while this waited for it.
    """
    held = {one.id: one for one in lock_all(ctx, shares_of(ctx, payment_id))}
    payment, shares = lock_payment(ctx, payment_id), shares_of(ctx, payment_id)
    if shares.keys() - held.keys():
        raise Conflict("Somebody else changed this payment meanwhile. Look at it again.")
    return [one for one in held.values() if one.id in shares], payment, shares


def lock_payment(ctx: CallContext, payment_id: UUID) -> Payment:
    wanted = select(Payment).where(Payment.id == payment_id).with_for_update()
    payment = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if payment is None:
        raise PaymentNotFound("There is no payment with this id.")
    return payment


def credits_of(ctx: CallContext, payment_id: UUID) -> list[Credit]:
    return lock_credits(ctx, ctx.session.scalars(select(Credit.id).where(Credit.payment_id == payment_id)))


def list_credits_of(ctx: CallContext, payment_id: UUID) -> list[Credit]:
    """The credits that a payment gave: for what was prepaid, and for what no invoice needed."""
    return list(ctx.session.scalars(select(Credit).where(Credit.payment_id == payment_id).order_by(Credit.id)))


def get_payment(ctx: CallContext, payment_id: UUID) -> Payment:
    """One payment. Raises PaymentNotFound."""
    payment = ctx.session.scalar(select(Payment).where(Payment.id == payment_id))
    if payment is None:
        raise PaymentNotFound("There is no payment with this id.")
    return payment


def list_payments(ctx: CallContext, invoice_id: UUID) -> list[Paid]:
    """The payments of an invoice, oldest first, those taken back too: each with its share as `applied`."""
    return paid_of(ctx, [invoice_id])


def paid_of(ctx: CallContext, invoice_ids: Iterable[UUID]) -> list[Paid]:
    """The payments of invoices, oldest first, in one query: `applied` is what the invoice has of it now."""
    same = (Payment.tenant_id == PaymentAllocation.tenant_id) & (Payment.id == PaymentAllocation.payment_id)
    rows = ctx.session.execute(
        select(
            Payment.id, PaymentAllocation.invoice_id, Payment.client_id, Payment.amount,
            cast(func.sum(PaymentAllocation.amount), BigInteger).label("applied"), Payment.refunded, Payment.currency,
            Payment.received_on, Payment.method, Payment.reference, Payment.recorded_by, Payment.taken_back_at,
        )
        .join(Payment, same).where(PaymentAllocation.invoice_id.in_(list(invoice_ids)))
        .group_by(Payment.tenant_id, Payment.id, PaymentAllocation.invoice_id).order_by(Payment.id)
    )  # fmt: skip
    return [Paid._make(row) for row in rows]
